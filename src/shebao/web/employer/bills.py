"""Bills (账单): the totals, the people, the change to last month, and the rules."""

from collections.abc import Iterable, Mapping
from itertools import chain

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.models import Payment
from shebao.hall.payments.queries import running_payment
from shebao.hall.regions import region
from shebao.hall.settlement.collecting import by_scheme, owing
from shebao.hall.settlement.comparing import Before, bridge, compared_with, striking_in
from shebao.hall.settlement.explaining_sums import BOTH, WHOLES
from shebao.hall.settlement.flagging import flags
from shebao.hall.settlement.missed import is_missed, what_now
from shebao.hall.settlement.models import DUES, Bill
from shebao.hall.settlement.paying_state import offer_of, paying, paying_of
from shebao.hall.settlement.progress import who_computes
from shebao.hall.settlement.queries import (
    ADJUSTED,
    BACK_PAID,
    EARLIER,
    PersonRow,
    SchemeSum,
    adjusting_lines,
    back_paying_lines,
    bill_earlier,
    bill_people,
    bill_summary,
)
from shebao.hall.settlement.resting_on import rules_of
from shebao.hall.settlement.void_wishes import waiting_void
from shebao.hall.sheets.writing import Column
from shebao.rules.back_fees import percent
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.vocabulary import SHARES

from ..access import needs
from ..explained import side_of, why_of
from ..taking import taken
from .bill_people import people_tab, shares_charged
from .common import PAGE, bridge_rows, crumbs, here, this_month, word
from .papers import print_actions

TABS = {"summary": "汇总", "people": "逐人", "changes": "变化", "rules": "计算依据"}


@needs("settle")
@require_GET
def bills(request):
    """Every bill of the employer, the newest first."""
    found = list(Bill.objects.visible_to(request.user).ever().select_related("assessment", "employer"))
    states = paying_of(found)
    rows = [{"bill": bill, "paying": states[bill.pk]} for bill in found]
    month, title = this_month(request), word(request, "menu.bills", "账单")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "rows": rows,
        "month": month,
        **_to_settle(request, month, [bill for bill in found if bill.month == month and not bill.assessment.voided_at]),
    }
    return render(request, "employer/bills.html", context)


def _to_settle(request, month: Month, standing: list[Bill]) -> dict:
    """Whether the month is still to be settled; where it was missed, what happens now."""
    own = [bill for bill in standing if not bill.series]
    is_late = not own and is_missed(
        request.user.employer, month, is_provisional=any(bill.is_provisional for bill in standing)
    )
    is_office = who_computes(request.user.employer) == "office"
    missed = what_now(here(request), month) if is_late and not is_office else []
    return {"to_settle": not own and not missed, "missed": missed}


@needs("settle")
@require_GET
def bill(request, pk):
    """One bill, in four views."""
    found = bill_of(request, pk)
    asked = owing(found, clock.today())
    running, wish = running_payment(found), waiting_void(found.assessment_id)
    stands = paying(found, asked, running)
    paid = stands.paid
    context = {
        "bill": found,
        "paying": stands,
        "asked": asked,
        "late_paid": sum(by_scheme(found, "paid", "late_fees").values()) if paid else 0,
        "credit_used": sum(by_scheme(found, "credit_used", *DUES).values()) if paid else 0,
        "bill_page": "employer/bill.html",
        "bill_name": "e_bill",
        "when": found.label if found.series else found.month.label,
        "crumbs": crumbs(f"{found.label} 账单", bills_crumb(request)),
        "actions": _actions(request, found, running, may_pay=not wish, is_paid=asked.total <= 0),
        "asked_to_void": wish,
        "wish": found.assessment.void_requests.filter(state="voided").first() if found.assessment.voided_at else None,
        "settlement_title": _settlement_title(found),
        "has_kinds": bool(found.series) or found.is_provisional or len(region(found.employer.region).settlements) > 1,
        "settled_in": _settled_in(found),
        "is_new": "settled" in request.GET,
        "done_message": done_message(_settlement_title(found)),
    }
    template, tab = tab_of(request, found)
    return render(request, template, context | tab)


def tab_of(request, found: Bill, *without: str) -> tuple[str, dict]:
    """The template of the view of a bill that is asked for, and what it shows; the views `without` are not offered."""
    tab = request.GET.get("tab", "summary")
    earlier = bill_earlier(found)
    adjusted, back = earlier[ADJUSTED], [row for word in EARLIER.values() for row in earlier[word]]
    # A bill of back payments stands apart: there is no month before to compare it with.
    tabs = {key: label for key, label in TABS.items() if key != "changes" or not found.series}
    if found.is_provisional:
        tabs = {"summary": TABS["summary"]}
    tabs |= ({"back": BACK_PAID} if back else {}) | ({"adjustments": ADJUSTED} if adjusted else {})
    tabs = {key: label for key, label in tabs.items() if key not in without}
    tab = tab if tab in tabs else "summary"
    builders = {
        "summary": _summary,
        "people": people_tab,
        "changes": _changes,
        "rules": _rules,
        "adjustments": _adjustments,
        "back": _back,
    }
    context = {"tab": tab, "tabs": tabs, "adjusted": adjusted, "back": back} | builders[tab](request, found)
    for label, rows, name in ((BACK_PAID, back, "back"), (ADJUSTED, adjusted, "adjustments")):
        if tab == "summary" and (more := sum(row.total for row in rows)) > 0:
            context["parts"].append({"code": "other", "label": label, "amount": more, "url": f"?tab={name}"})
    return f"employer/bill_{'provisional' if found.is_provisional else tab}.html", context


def _settled_in(found: Bill) -> Bill | None:
    """The bill that took the place of a provisional one."""
    if not found.is_provisional or found.assessment.voided_at is None:
        return None
    return Bill.objects.live().filter(employer=found.employer, month=found.month, series=0).first()


def bill_of(request, pk) -> Bill:
    """A bill that one may see, a voided one too."""
    return Bill.objects.visible_to(request.user).ever().select_related("employer", "assessment__made_by").get(pk=pk)


def bills_crumb(request) -> tuple[str, str]:
    """The way back to all bills."""
    return word(request, "menu.bills", "账单"), reverse("e_bills")


def _actions(request, found: Bill, running: Payment | None, *, may_pay: bool, is_paid: bool) -> list[dict]:
    actions = (
        []
        if found.is_provisional
        else [
            {
                "label": "导出明细",
                "url": reverse("e_bill_export", args=[found.pk]),
                "icon": "download",
                "download": True,
            },
        ]
    )
    if found.assessment.voided_at:
        return actions
    if request.user.may("print"):
        actions += print_actions(request, found, is_paid=is_paid and found.total_due > 0)
    if not is_paid and running:
        actions.append({"label": offer_of(running), "url": reverse("e_payment", args=[running.pk]), "icon": "wallet"})
    elif not is_paid and may_pay:
        pay = {"label": offer_of(None), "url": reverse("e_pay_bill", args=[found.pk]), "icon": "wallet", "kind": "p"}
        actions.append(pay)
    return actions


def _settlement_title(found: Bill) -> str:
    spec, key = region(found.employer.region), found.assessment.kind
    if found.is_provisional:
        return spec.collection.undeclared.title
    kind = spec.services.get(key) if found.series else spec.settlements.get(key)
    return kind.title if kind else key


def done_message(title: str) -> str:
    """What the hall answers: 「无变动结算」 gives 「单位无变动核定成功」, 「应缴核定」 gives 「单位应缴核定成功」."""
    kind = title.removesuffix("结算").removesuffix("核定")
    return f"单位{kind}核定成功"


def _summary(request, found: Bill) -> dict:
    rows, side = bill_summary(found), side_of(request.user)
    if found.is_provisional:
        own = _provisional_lines(found, rows)
        factor = own[0]["line"].evidence.data["factor"]["value"]
        sums = {"basis_total": sum(one["line"].base for one in own), "percent": percent(factor)}
        return {"parts": [], "lines": own, "totals": _totals(found, side)} | sums
    parts = [
        {"code": row.scheme, "label": row.title, "amount": row.total, "url": f"?tab=people&scheme={row.scheme}"}
        for row in rows
    ]
    lines = [{"row": row, "cells": _cells(found, row, side)} for row in rows]
    more = {"totals": _totals(found, side), "flags": flags(found), "rules": rules_of(found)}
    return {"lines": lines, "parts": parts} | more


def _totals(found: Bill, side: str) -> list[dict]:
    """The amounts of the row 合计, each with the way to its explanation."""
    dues = {"employer": found.employer_due, "employee": found.employee_due, BOTH: found.total_due}
    return [
        {"label": "合计" if share == BOTH else WHOLES[share], "amount": fen,
         "url": reverse(f"{side}_explain_total", args=[found.pk, share])}
        for share, fen in dues.items()
    ]  # fmt: skip


def _cells(found: Bill, row: SchemeSum, side: str) -> list[dict]:
    """The numbers of a scheme's row after its head count, each with the way to its explanation."""
    whole = reverse(f"{side}_explain_sum", args=[found.pk, row.scheme, BOTH])
    cells = [("缴费基数合计", yuan(row.base_sum) if row.base_sum else "—", whole if row.base_sum else "")]
    charged = shares_charged(row)
    for share, words in SHARES.items():
        rate, due = getattr(row, f"{share}_rate"), getattr(row, f"{share}_due")
        url = reverse(f"{side}_explain_sum", args=[found.pk, row.scheme, share]) if share in charged else ""
        cells += [
            (f"{words[:2]}费率", rate or ("各人不同" if url else "—"), url),
            (words, yuan(due) if url else "—", url),
        ]
    cells.append(("合计", yuan(row.total), whole))
    return [{"label": label, "text": text, "url": url} for label, text, url in cells]


def _provisional_lines(found: Bill, rows) -> list[dict]:
    lines = {line.scheme: line for line in found.provisional_lines.select_related("basis", "evidence")}
    return [{"line": lines[row.scheme], "row": row} for row in rows]


def _adjustments(request, found: Bill) -> dict:
    """补差 of earlier months; each amount leads to both derivations."""
    return _earlier(request, found, adjusting_lines(found), ADJUSTED)


def _back(request, found: Bill) -> dict:
    """补缴 of earlier months; each amount leads to how it came about."""
    return _earlier(request, found, back_paying_lines(found), BACK_PAID)


def _earlier(request, found: Bill, lines, kind: str) -> dict:
    """The lines of a bill for other months, a row for each; of one scheme where its sum led here."""
    spec, scheme, side = region(found.employer.region), request.GET.get("scheme", ""), side_of(request.user)
    scheme = scheme if scheme in spec.schemes else ""
    page = Paginator(lines.filter(scheme=scheme) if scheme else lines, PAGE).get_page(request.GET.get("page"))
    page.object_list = [
        {
            "line": line,
            "declared_in": (line.back_payment or line.principal.back_payment).declared_in
            if kind == BACK_PAID
            else None,
            "scheme": spec.scheme_title(line.scheme),
            "cells": [
                {
                    "label": f"{words.removesuffix('部分')}{kind}",
                    "amount": getattr(line, f"{share}_due"),
                    "url": why_of(line, share, side) if getattr(line, f"{share}_due") else "",
                }
                for share, words in SHARES.items()
            ],
        }
        for line in page.object_list
    ]
    return {"page": page, "only": spec.scheme_title(scheme) if scheme else ""}


def _changes(request, found: Bill) -> dict:
    """Why the month differs from the last; every reason opens to the people behind it."""
    try:
        rows = bridge(found.employer, found.month)
    except Refused as no:
        nothing = {"rows": [], "before": Before(0, "", is_first_bill=False), "difference": 0, "striking": 0}
        return nothing | {"trouble": no.message, "flags": flags(found)}
    difference = sum(row.delta for row in rows)
    before = compared_with(found.employer, found.month, found.total_due - difference)
    return {
        "rows": bridge_rows(rows, request.user, before),
        "trouble": "",
        "before": before,
        "difference": difference,
        "striking": striking_in(rows),
        "flags": flags(found),
    }


def _rules(request, found: Bill) -> dict:
    return {"rules": rules_of(found), "assessment": found.assessment, "settlement_title": _settlement_title(found)}


@needs("settle")
@require_GET
def export(request, pk):
    """The people of a bill as a workbook."""
    found = bill_of(request, pk)
    schemes = bill_summary(found)
    columns = [Column("个人编号", width=16), Column("姓名"), Column("申报工资（元）", "yuan")]
    for row in schemes:
        columns += [Column(f"{row.short}·缴费基数（元）", "yuan")]
        columns += [Column(f"{row.short}·{words}（元）", "yuan") for words in SHARES.values()]
    more = {kind: rows for kind, rows in bill_earlier(found).items() if rows}
    columns += [Column(f"{kind}{words}（元）", "yuan") for kind in more for words in SHARES.values()]
    columns.append(Column("合计（元）", "yuan"))
    people = bill_people(found)
    line = f"{found.employer.name}　费款所属期 {found.month}　账单号 {found.number}　共 {len(people)} 人"
    return taken(
        request,
        f"{found.month} 账单明细",
        line,
        columns,
        chain((_exported(p, schemes, more) for p in people), [_summed(found, people, schemes, more)]),
        f"账单明细-{found.month}.xlsx",
    )


def _exported(person: PersonRow, schemes: list[SchemeSum], more: Iterable[str]) -> list:
    cells = [person.employee.person_number, person.employee.name, person.declared_wage]
    for row in schemes:
        line = person.schemes.get(row.scheme)
        cells += [line.contribution_base or None, line.employer_due, line.employee_due] if line else [None] * 3
    for kind in more:
        cells += person.sums(kind)
    return [*cells, person.total]


def _summed(
    found: Bill, people: list[PersonRow], schemes: list[SchemeSum], more: Mapping[str, list[SchemeSum]]
) -> list:
    """The last row: what each column adds up to, from the bill's own sums. A fixed amount has no base."""
    cells = ["合计", f"{len(people)} 人", sum(one.declared_wage for one in people)]
    for row in schemes:
        cells += [row.base_sum or None, row.employer_due, row.employee_due]
    for sums in more.values():
        cells += [sum(one.employer_due for one in sums), sum(one.employee_due for one in sums)]
    return [*cells, found.total_due]


urlpatterns = [
    path("bills/", bills, name="e_bills"),
    path("bills/<int:pk>/", bill, name="e_bill"),
    path("bills/<int:pk>/export/", export, name="e_bill_export"),
]
