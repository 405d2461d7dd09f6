"""Who looked at this employer's data, at the agency or among its own people, when and why (查阅记录)."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shebao.hall.audit.looks import LOOKS
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.naming import names_of
from shebao.hall.operators.models import AGENCY_ROLES
from shebao.hall.privileged.queries import told, told_to

from ..access import needs
from ..employer.common import crumbs, here, word
from .audit_details import Details
from .audit_words import action_title, subject_text

PAGE = 50
TOGETHER = timedelta(minutes=10)
"""Looks at the same thing that follow one another so soon are one line of the page."""
WHO = {"": "全部", "agency": "经办机构", "own": "本单位"}


def folded(entries: Iterable[AuditEntry]) -> list[list[AuditEntry]]:
    """The looks of one page, newest first, those together that one person took at one thing for one reason.

    Each follows the one before it within `TOGETHER`, as a review reloads its case. The records stay single.
    """
    rows: list[list[AuditEntry]] = []
    last: dict[tuple, list[AuditEntry]] = {}
    for entry in entries:
        same = (entry.actor_id, entry.action, entry.subject, repr(sorted(entry.detail.items())))
        if same in last and last[same][-1].at - entry.at <= TOGETHER:
            last[same].append(entry)
            continue
        last[same] = [entry]
        rows.append(last[same])
    return rows


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
    details = Details(here(request))
    names = names_of(entry.subject for entry in page)
    privileged = told_to(request.user.employer_id, {entry.subject for entry in page})
    rows = [
        {
            "entry": of[0],
            "first_at": of[-1].at,
            "times": len(of),
            "title": action_title(of[0].action),
            "subject": subject_text(of[0].subject, names),
            "reason": of[0].detail.get("reason") or details.text(of[0].action, of[0].detail),
            "privileged": told(privileged[of[0].subject]) if of[0].subject in privileged else "",
        }
        for of in folded(page)
    ]
    tabs = [{"url": f"?who={key}" if key else "?", "title": title, "current": key == who} for key, title in WHO.items()]
    context = {"tabs": tabs, "page": page, "rows": rows, "crumbs": crumbs("查阅记录")}
    # Not every region's menu has an entry for them; from here an administrator of each comes to them.
    title, url = word(request, "menu.privileged", "特权查询"), reverse("e_privileged")
    context |= {"privileged_url": url, "privileged_title": title}
    context["actions"] = [{"label": title, "url": url, "icon": "eye", "kind": ""}]
    return render(request, "operators/looks.html", context)
