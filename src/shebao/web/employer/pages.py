"""The pages that a region's catalogue names: lists of cases by kind, the employer's papers, the month's papers."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.evidence.operations import add_monthly_evidence
from shebao.hall.evidence.queries import monthly_papers
from shebao.hall.phone_uploads.operations import ask_for_month
from shebao.hall.phone_uploads.queries import code_in_session
from shebao.rules.region import Service
from shebao.rules.region_pages import Page

from ..by_phone import PART, count_codes, panel, part
from ..middleware import go
from ..rights import open_page
from ..sent_files import uploads
from . import cases, choosing, collection, debiting, help_pages, people_paying, vouchers
from .common import crumbs, here, this_month


def page_of(request, key: str) -> Page:
    """An entry of the region's catalogue that is shown here. Raises Http404, and Refused for whom it is not."""
    found = here(request).pages.get(key)
    if found is None or found.page not in SHOWN:
        raise Http404
    open_page(request.user, found)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def page(request, key):
    """Whatever the region shows under this name; what it asks for, `rights.PAGE_NEEDS` tells."""
    spec = page_of(request, key)
    return SHOWN[spec.page](request, spec)


def _monthly(request, spec: Page):
    """The papers that all declarations of a service share this month (申报材料上传)."""
    service, errors, status = here(request).services[spec.service], [], 200
    if request.method == "POST":
        title = request.POST.get("title", "")
        try:
            if "phone" in request.POST:
                return _ask_for_phone(request, spec, service, title)
            made = add_monthly_evidence(request.user.employer_id, service.key, title, uploads(request), by=request.user)
        except Refused as no:
            errors, status = [{"id": "", "text": no.message}], no.status
        else:
            messages.success(request, f"“{title}”已上传 {len(made)} 个文件。")
            return go(request, reverse("e_page", args=[spec.key]))
    if PART in request.GET:
        return _part(request, spec, service)
    context = _monthly_context(request, spec, service, errors)
    return render(request, "employer/papers.html", context, status=status)


def _monthly_context(request, spec: Page, service: Service, errors=()) -> dict:
    views = monthly_papers(request.user, service, this_month(request))
    return {
        "declaration": None,
        "title": spec.title,
        "sub": f"{service.title} · {this_month(request).label}，本月的申报共用",
        "crumbs": crumbs(spec.title),
        "papers": views,
        "action": reverse("e_page", args=[spec.key]),
        "own": [],
        "missing": [one.paper.title for one in views if one.is_missing],
        "next_url": f"{reverse('e_import')}?service={service.key}",
        "single_url": reverse("e_declare", args=[service.key]),
        "service": service,
        "phone": panel(request, _code(request, service)),
        "errors": errors,
        "notes": spec.notes,
        "monthly_url": "",
    }


def _code(request, service: Service):
    return code_in_session(request.session.session_key or "", service=service.key)


def _part(request, spec: Page, service: Service, at: int | None = None):
    code = _code(request, service)
    return part(request, code, "employer/_paper_answer.html", lambda: _monthly_context(request, spec, service), at)


def _ask_for_phone(request, spec: Page, service: Service, title: str):
    count_codes(str(request.user.employer_id))
    if files := uploads(request):
        add_monthly_evidence(request.user.employer_id, service.key, title, files, by=request.user)
    ask_for_month(service.key, title, by=request.user, session_key=request.session.session_key)
    at = [paper.title for paper in service.uploads if paper.covers == "month"].index(title)
    return _part(request, spec, service, at) if request.htmx else redirect("e_page", spec.key)


SHOWN = {
    "case_list": cases.listed,
    "employer_papers": collection.show,
    "monthly_papers": _monthly,
    "vouchers": vouchers.show,
    "blank_forms": help_pages.blank_forms,
    "sheet_templates": help_pages.sheet_templates,
    "roster_sheet": help_pages.roster_sheet,
    "guide": help_pages.guide,
    "bank_debit": debiting.show,
    "people_payment": people_paying.show,
    "counter_business": choosing.business,
    "who_computes": choosing.ways,
}
"""The views of the keyed pages; each takes the row of the catalogue."""

urlpatterns = [path("pages/<slug:key>/", page, name="e_page")]
