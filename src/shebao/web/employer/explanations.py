"""为什么是这个数: why an amount of a bill is what it is, of one person, of a scheme, of a late fee."""

from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.audit.looks import note_look
from shebao.hall.settlement.explaining import Explanation, explain_line, explain_provisional
from shebao.hall.settlement.explaining_late_fees import explain_late_fee
from shebao.hall.settlement.explaining_sums import BOTH, WHOLES, explain_person, explain_sum, explain_total
from shebao.hall.settlement.models import Bill, BillLine, ProvisionalLine
from shebao.rules.contributions import Step
from shebao.rules.months import BadMonth, Month
from shebao.rules.vocabulary import SHARES

from ..access import needs
from ..explained import side_of, step_rows, why_of
from ..rights import may_open
from .bills import bill_of, bills_crumb
from .common import crumbs
from .doubts import causes_of, doubts

OTHER = {"employer": "employee", "employee": "employer", BOTH: "employer"}


def explain_amount(request, pk, share):
    """Why one amount is what it is."""
    month = _month(request)
    found = explain_line(request.user, pk, share, month)
    shares = (f"{share}_evidence", f"adjusts__{share}_evidence")
    lines = BillLine.objects.visible_to(request.user).ever().in_month(month)
    line = lines.select_related("bill__employer", "employee", *shares).get(pk=pk)
    kept = getattr(line, f"{share}_evidence") or getattr(line.adjusts, f"{share}_evidence")
    other, side = OTHER[share], side_of(request.user)
    has_other = bool(getattr(line, f"{other}_evidence_id"))
    return _why(
        request,
        found,
        line.bill,
        tab="?tab=people",
        when=line.month.label,
        about=f"line:{pk}:{share}",
        line=line,
        causes=() if line.principal_id or side == "a" else causes_of(request, line, kept.data),
        other_url=why_of(line, other, side) if has_other else "",
        other_label=SHARES[other],
    )


def _month(request) -> Month | None:
    """The month of the line as our links say it; an address without it, or with what is none, does as well."""
    try:
        return Month.parse(request.GET.get("month", ""))
    except BadMonth:
        return None


def explain_assessed_amount(request, pk, share):
    """Why an amount of a month that was not declared (暂核定) is what it is."""
    found, other = explain_provisional(request.user, pk, share), OTHER[share]
    line = ProvisionalLine.objects.visible_to(request.user).select_related("bill").get(pk=pk)
    other_url = _at(request, "explain_assessed", pk, other) if getattr(line, f"{other}_due") else ""
    more = {"other_url": other_url, "other_label": SHARES[other]}
    return _why(request, found, line.bill, about=f"assessed:{pk}:{share}", **more)


def explain_bills_late_fee(request, pk):
    """Why the late fee of a bill is what it is today."""
    return _why(request, explain_late_fee(request.user, pk, clock.today()), bill_of(request, pk), about="late_fee")


def explain_schemes_sum(request, pk, scheme, share):
    """Why a scheme's part of a bill is what it is, and the way to everybody behind it."""
    found, bill, other = explain_sum(request.user, pk, scheme, share), bill_of(request, pk), OTHER[share]
    has_other = bill.lines.filter(scheme=scheme).exclude(**{f"{other}_evidence": None}).exists()
    return _why(
        request,
        found,
        bill,
        about=f"sum:{scheme}:{share}",
        other_url=_at(request, "explain_sum", pk, scheme, other) if has_other else "",
        other_label=SHARES[other],
        people_url=f"{_bill_url(request, pk)}?tab=people&scheme={scheme}",
    )


def explain_bills_total(request, pk, share):
    """Why a bill comes to what it does, and the way to everybody on it."""
    found, bill, other = explain_total(request.user, pk, share), bill_of(request, pk), OTHER[share]
    return _why(
        request,
        found,
        bill,
        about=f"total:{share}",
        other_url=_at(request, "explain_total", pk, other) if getattr(bill, f"{other}_due") else "",
        other_label=WHOLES[other],
        people_url="" if bill.is_provisional else f"{_bill_url(request, pk)}?tab=people",
    )


def explain_persons_sum(request, pk, employee):
    """Why a person's row of a bill comes to what it does, and the way to every part of it."""
    found, bill = explain_person(request.user, pk, employee), bill_of(request, pk)
    return _why(request, found, bill, about=f"person:{employee}", tab="?tab=people")


def _bill_url(request, pk: int) -> str:
    return _at(request, "bill", pk)


def _at(request, name: str, *args) -> str:
    """The address of a page about bills on the side of whoever asks."""
    return reverse(f"{side_of(request.user)}_{name}", args=args)


def _urls(request, found: Explanation, bill: Bill) -> dict[Step, str]:
    """Where each step is explained further; nothing leads to a page that is not open to whoever asks."""
    urls, side = {}, side_of(request.user)
    for step, (what, share) in found.behind.items():
        if isinstance(what, BillLine):
            urls[step] = why_of(what, share, side)
        elif isinstance(what, Bill):
            urls[step] = _bill_url(request, what.pk)
        elif isinstance(what, str):
            urls[step] = reverse(f"{side}_explain_sum", args=[bill.pk, what, share])
        elif side == "a":
            urls[step] = reverse("a_case", args=[what.pk])
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

    At the desk it is a look on record. `about` names the amount on the bill, for whoever doubts it;
    `line` is one person's, with what may be wrong with it.
    """
    back, is_desk = _bill_url(request, bill.pk), request.user.is_agency
    if is_desk:
        note_look(bill, f"查看账单 {bill.number} 的计算过程", by=request.user, employer=bill.employer)
    context = {
        "found": found,
        "doubt": None if is_desk else doubts(request, bill, found, about, line, causes),
        "steps": step_rows(found.steps, _urls(request, found, bill)),
        "when": bill.month.label,
        "back": f"{back}{tab}",
        "crumbs": desk_crumbs(bill, "为什么是这个数")
        if is_desk
        else crumbs("为什么是这个数", bills_crumb(request), (f"{bill.label} 账单", back)),
    }
    name = "employer/explain_fragment.html" if request.htmx else "employer/explain.html"
    return render(request, name, context | more)


def desk_crumbs(bill: Bill, title: str = "") -> list[dict]:
    """The way back from a bill at the desk, or from an explanation of it."""
    employer, label = bill.employer, f"{bill.label} 账单"
    way = [
        {"label": "单位", "url": reverse("a_employers")},
        {"label": employer.name, "url": reverse("a_employer", args=[employer.pk])},
    ]
    return (
        [*way, {"label": label, "url": reverse("a_bill", args=[bill.pk])}, {"label": title}]
        if title
        else [*way, {"label": label}]
    )


def addresses(side: str, permission: str, under: str = "") -> list[URLPattern]:
    """The explanations of a bill's amounts, for one side of the counter; `permission` is what they ask of it there, and
    `under` how their addresses begin.
    """
    asks = {
        "bills/<int:pk>/late-fee/": ("explain_late_fee", explain_bills_late_fee),
        "bills/<int:pk>/schemes/<slug:scheme>/<slug:share>/": ("explain_sum", explain_schemes_sum),
        "bills/<int:pk>/people/<int:employee>/": ("explain_person", explain_persons_sum),
        "bills/<int:pk>/total/<slug:share>/": ("explain_total", explain_bills_total),
        "bills/assessed/<int:pk>/<slug:share>/": ("explain_assessed", explain_assessed_amount),
        "bills/lines/<int:pk>/<slug:share>/": ("explain", explain_amount),
    }
    return [
        path(f"{under}{address}", needs(permission)(require_GET(view)), name=f"{side}_{name}")
        for address, (name, view) in asks.items()
    ]


urlpatterns = addresses("e", "settle")
