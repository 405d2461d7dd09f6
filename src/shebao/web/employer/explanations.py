"""为什么是这个数: why an amount of a bill is what it is, of one person, of a scheme, of a late fee."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.settlement.explaining import Explanation, explain_line, explain_provisional
from shebao.hall.settlement.explaining_late_fees import explain_late_fee
from shebao.hall.settlement.explaining_sums import BOTH, WHOLES, explain_person, explain_sum, explain_total
from shebao.hall.settlement.models import Bill, BillLine, ProvisionalLine
from shebao.rules.contributions import Step
from shebao.rules.months import BadMonth, Month
from shebao.rules.vocabulary import SHARES

from ..access import needs
from ..explained import step_rows, why_of
from ..rights import may_open
from .bills import bill_of, bills_crumb
from .common import crumbs
from .doubts import causes_of, doubts

OTHER = {"employer": "employee", "employee": "employer", BOTH: "employer"}


@needs("settle")
@require_GET
def explain_amount(request, pk, share):
    """Why one amount is what it is."""
    month = _month(request)
    found = explain_line(request.user, pk, share, month)
    shares = (f"{share}_evidence", f"adjusts__{share}_evidence")
    lines = BillLine.objects.visible_to(request.user).ever().in_month(month)
    line = lines.select_related("bill__employer", "employee", *shares).get(pk=pk)
    kept = getattr(line, f"{share}_evidence") or getattr(line.adjusts, f"{share}_evidence")
    other = OTHER[share]
    has_other = bool(getattr(line, f"{other}_evidence_id"))
    return _why(
        request,
        found,
        line.bill,
        tab="?tab=people",
        when=line.month.label,
        about=f"line:{pk}:{share}",
        line=line,
        causes=() if line.principal_id else causes_of(request, line, kept.data),
        other_url=why_of(line, other) if has_other else "",
        other_label=SHARES[other],
    )


def _month(request) -> Month | None:
    """The month of the line as our links say it; an address without it, or with what is none, does as well."""
    try:
        return Month.parse(request.GET.get("month", ""))
    except BadMonth:
        return None


@needs("settle")
@require_GET
def explain_assessed_amount(request, pk, share):
    """Why an amount of a month that was not declared (暂核定) is what it is."""
    found, other = explain_provisional(request.user, pk, share), OTHER[share]
    line = ProvisionalLine.objects.visible_to(request.user).select_related("bill").get(pk=pk)
    other_url = reverse("e_explain_assessed", args=[pk, other]) if getattr(line, f"{other}_due") else ""
    more = {"other_url": other_url, "other_label": SHARES[other]}
    return _why(request, found, line.bill, about=f"assessed:{pk}:{share}", **more)


@needs("settle")
@require_GET
def explain_bills_late_fee(request, pk):
    """Why the late fee of a bill is what it is today."""
    return _why(request, explain_late_fee(request.user, pk, clock.today()), bill_of(request, pk), about="late_fee")


@needs("settle")
@require_GET
def explain_schemes_sum(request, pk, scheme, share):
    """Why a scheme's part of a bill is what it is, and the way to everybody behind it."""
    found, bill, other = explain_sum(request.user, pk, scheme, share), bill_of(request, pk), OTHER[share]
    has_other = bill.lines.filter(scheme=scheme).exclude(**{f"{other}_evidence": None}).exists()
    return _why(
        request,
        found,
        bill,
        about=f"sum:{scheme}:{share}",
        other_url=reverse("e_explain_sum", args=[pk, scheme, other]) if has_other else "",
        other_label=SHARES[other],
        people_url=f"{reverse('e_bill', args=[pk])}?tab=people&scheme={scheme}",
    )


@needs("settle")
@require_GET
def explain_bills_total(request, pk, share):
    """Why a bill comes to what it does, and the way to everybody on it."""
    found, bill, other = explain_total(request.user, pk, share), bill_of(request, pk), OTHER[share]
    return _why(
        request,
        found,
        bill,
        about=f"total:{share}",
        other_url=reverse("e_explain_total", args=[pk, other]) if getattr(bill, f"{other}_due") else "",
        other_label=WHOLES[other],
        people_url="" if bill.is_provisional else f"{reverse('e_bill', args=[pk])}?tab=people",
    )


@needs("settle")
@require_GET
def explain_persons_sum(request, pk, employee):
    """Why a person's row of a bill comes to what it does, and the way to every part of it."""
    found, bill = explain_person(request.user, pk, employee), bill_of(request, pk)
    return _why(request, found, bill, about=f"person:{employee}", tab="?tab=people")


def _urls(request, found: Explanation, bill: Bill) -> dict[Step, str]:
    """Where each step is explained further; nothing leads to a page that is not open to whoever asks."""
    urls = {}
    for step, (what, share) in found.behind.items():
        if isinstance(what, BillLine):
            urls[step] = why_of(what, share)
        elif isinstance(what, Bill):
            urls[step] = reverse("e_bill", args=[what.pk])
        elif isinstance(what, str):
            urls[step] = reverse("e_explain_sum", args=[bill.pk, what, share])
        elif may_open(request.user, url := reverse("e_case", args=[what.pk])):
            urls[step] = url
    return urls


def _why(
    request,
    found: Explanation,
    bill: Bill,
    *,
    about: str,
    line: BillLine | None = None,
    causes=(),
    tab: str = "",
    **more,
):
    """A page, or the fragment of a page that is open; `tab` is the view of the bill that one came from.

    `about` names the amount on the bill, for whoever doubts it; `line` is one person's, with what may be wrong with it.
    """
    back = reverse("e_bill", args=[bill.pk])
    context = {
        "found": found,
        "doubt": doubts(request, bill, found, about, line, causes),
        "steps": step_rows(found.steps, _urls(request, found, bill)),
        "when": bill.month.label,
        "back": f"{back}{tab}",
        "crumbs": crumbs("为什么是这个数", bills_crumb(request), (f"{bill.label} 账单", back)),
    }
    name = "employer/explain_fragment.html" if request.htmx else "employer/explain.html"
    return render(request, name, context | more)


urlpatterns = [
    path("bills/<int:pk>/late-fee/", explain_bills_late_fee, name="e_explain_late_fee"),
    path("bills/<int:pk>/schemes/<slug:scheme>/<slug:share>/", explain_schemes_sum, name="e_explain_sum"),
    path("bills/<int:pk>/people/<int:employee>/", explain_persons_sum, name="e_explain_person"),
    path("bills/<int:pk>/total/<slug:share>/", explain_bills_total, name="e_explain_total"),
    path("bills/assessed/<int:pk>/<slug:share>/", explain_assessed_amount, name="e_explain_assessed"),
    path("bills/lines/<int:pk>/<slug:share>/", explain_amount, name="e_explain"),
]
