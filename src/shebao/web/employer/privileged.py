"""特权查询 for the employer: what of its data was looked at whole, by whom, why, and who agreed."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from shebao.hall.privileged.models import PrivilegedLook

from ..access import needs
from .common import crumbs, word

PAGE = 50


@require_safe
@needs("see_audit")
def looks(request):
    """Every look, the newest first."""
    rows = PrivilegedLook.objects.visible_to(request.user).select_related(
        "by", "query__asked_by", "query__decided_by", "query__person"
    )
    title = word(request, "menu.privileged", "特权查询")
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "title": title,
        "crumbs": crumbs(title),
    }
    return render(request, "employer/privileged.html", context)


urlpatterns = [path("privileged/", looks, name="e_privileged")]
