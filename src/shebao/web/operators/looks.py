"""Who looked at this employer's data, at the agency or among its own people, when and why (查阅记录)."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shebao.hall.audit.looks import LOOKS
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.naming import names_of
from shebao.hall.operators.models import AGENCY_ROLES

from ..access import needs
from ..employer.common import crumbs, here
from .audit_words import action_title, detail_text, subject_text

PAGE = 50
WHO = {"": "全部", "agency": "经办机构", "own": "本单位"}


@require_safe
@needs("see_audit")
def looks(request):
    """The looks at one's own employer's data; at the agency the whole record is the place for that."""
    if request.user.is_agency:
        raise Http404
    # What the hall sends by itself nobody looked at.
    entries = AuditEntry.objects.visible_to(request.user).filter(action__in=LOOKS, actor__isnull=False)
    who = request.GET.get("who", "")
    if who == "agency":
        entries = entries.filter(actor__role__in=AGENCY_ROLES)
    elif who == "own":
        entries = entries.exclude(actor__role__in=AGENCY_ROLES)
    page = Paginator(entries.select_related("actor").order_by("-sequence"), PAGE).get_page(request.GET.get("page"))
    titles = {key: query.title for key, query in here(request).queries.items()}
    names = names_of(entry.subject for entry in page)
    rows = [
        {
            "entry": entry,
            "title": action_title(entry.action),
            "subject": subject_text(entry.subject, names),
            "reason": entry.detail.get("reason") or detail_text(entry.detail, titles),
        }
        for entry in page
    ]
    tabs = [{"url": f"?who={key}" if key else "?", "title": title, "current": key == who} for key, title in WHO.items()]
    context = {"tabs": tabs, "page": page, "rows": rows, "crumbs": crumbs("查阅记录")}
    return render(request, "operators/looks.html", context)
