"""Who at the agency looked at this employer's data, when and why (查阅记录)."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shebao.hall.audit.looks import LOOKS
from shebao.hall.audit.models import AuditEntry
from shebao.hall.operators.models import AGENCY_ROLES

from ..access import needs
from ..employer.common import crumbs
from .audit_words import action_title, subject_text

PAGE = 50


@require_safe
@needs("see_audit")
def looks(request):
    """The looks at one's own employer's data; at the agency the whole record is the place for that."""
    if request.user.is_agency:
        raise Http404
    entries = AuditEntry.objects.visible_to(request.user).filter(action__in=LOOKS, actor__role__in=AGENCY_ROLES)
    page = Paginator(entries.select_related("actor").order_by("-sequence"), PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "entry": entry,
            "title": action_title(entry.action),
            "subject": subject_text(entry.subject),
            "reason": entry.detail.get("reason", ""),
        }
        for entry in page
    ]
    context = {"page": page, "rows": rows, "crumbs": crumbs("查阅记录")}
    return render(request, "operators/looks.html", context)
