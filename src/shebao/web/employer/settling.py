"""Settling the month (月度结算): what stands before it, what it will cost, the confirmations, the answer."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from shebao.hall import clock
from shebao.hall.declarations.queries import before_after
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.settlement.comparing import bridge, compared_with, striking_in
from shebao.hall.settlement.declared import changes_of, changes_told
from shebao.hall.settlement.late_decisions import extended_months, extension_words, extensions
from shebao.hall.settlement.missed import is_missed, what_now
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement, preconditions, who_computes
from shebao.hall.settlement.queries import ADJUSTED, adjustment_sums, estimate
from shebao.hall.settlement.undeclared import provisional_of, undeclared_months
from shebao.rules.months import months_in_words

from ..access import needs
from .common import bridge_rows, crumbs, here, this_month, word

CHANGES = 20
"""So many changes are listed by name; the cases have the others."""


@needs("settle")
@require_http_methods(["GET", "POST"])
def settle(request):
    """The page of the month; a POST carries how often the clerk has said yes so far."""
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    context = context_of(request, employer, _month(request, employer))
    if request.method == "POST":
        return _confirm(request, employer, context)
    return render(request, "employer/settle.html", context)


def _month(request, employer: Employer):
    """This month, or an earlier one that may be settled still: not declared in time (补办申报), or decided late."""
    asked, current = request.GET.get("month", ""), this_month(request)
    if not asked:
        return current
    months = [bill.month for bill in undeclared_months(request.user)]
    months += extended_months(employer, current)
    return next((month for month in months if str(month) == asked), current)


def context_of(request, employer: Employer, month) -> dict:
    """Everything that the page of a month shows: what stands before settling it, what it costs, why that differs."""
    bill = Bill.objects.visible_to(request.user).live().filter(month=month, series=0).first()
    changes = changes_of(employer, month)
    title = word(request, "menu.settle", "月度结算")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "month": month,
        "bill": bill,
        "employer": employer,
        "employer_rows": _employer_rows(here(request), employer),
        "changes": [{"title": _service_title(request, key), "count": count} for key, count in changes.items()],
        "change_count": sum(changes.values()),
        "settlement": None,
        "items": [],
        "estimate": None,
        "trouble": [],
        "is_ready": False,
        "missed": [],
    }
    context["provisional"] = provisional_of(employer, month)
    if bill:
        return context
    if who_computes(employer) == "office":
        text = "本单位选择了由经办机构核定：请等核定后缴费。要自行申报的，先改选申报缴费方式。"
        return context | {"trouble": [text]}
    try:
        context["settlement"] = applicable_settlement(employer, month)
        context |= _changed(request, employer, month) if changes else {}
        context["items"] = [
            _window_item(request, employer, month, context["provisional"]),
            *_items(request, employer, month),
        ]
        context |= _amounts(request, employer, month)
    except Refused as no:
        context["trouble"] = [no.message]
    if is_missed(employer, month, is_provisional=context["provisional"] is not None):
        context["missed"] = what_now(here(request), month)
    is_met = all(one["ok"] or one["warn"] for one in context["items"])
    return context | {"is_ready": is_met and not context["trouble"]}


def _changed(request, employer: Employer, month) -> dict:
    """The changes that this month's bill is the first to count, by name, and how many of them are of months before."""
    told = changes_told(employer, month, by=request.user)
    rows = [
        {
            "declaration": one,
            "title": _service_title(request, one.service),
            "change": before_after(one),
            "is_carried": one.month < month,
        }
        for one in told[:CHANGES]
    ]
    return {"change_rows": rows, "carried_count": told.filter(month__lt=month).count()}


def _amounts(request, employer: Employer, month) -> dict:
    """What the month will cost, and why that differs from the last."""
    found = estimate(employer, month)
    rows = [row for row in bridge(employer, month, found) if row.delta]
    difference = sum(row.delta for row in rows)
    before = compared_with(employer, month, found.total - difference)
    return {
        "estimate": found,
        "adjusted": adjustment_sums(here(request), found.adjusted),
        "back": [
            row
            for word, due in found.earlier.items()
            if word != ADJUSTED
            for row in adjustment_sums(here(request), due, word)
        ],
        "paying_back": _paying_back(found),
        "waiting_count": len(found.found.differences) - len(found.adjusted),
        "reasons": bridge_rows(rows, request.user, before),
        "before": before,
        "difference": difference,
        "striking": striking_in(rows),
        "trouble": []
        if found.head_count or found.adjusted or found.back
        else [f"本月没有参保人员，不需要{here(request).term('settle')}。"],
    }


def _paying_back(found) -> dict:
    """How many people the month pays back for, and which months."""
    people = {one.line.employee_id for one in found.back}
    return {"count": len(people), "months": months_in_words(one.line.month for one in found.back)}


def _service_title(request, key: str) -> str:
    service = here(request).services.get(key)
    return service.title if service else key


def _employer_rows(spec, employer: Employer) -> list[dict]:
    """The employer's card, to be confirmed before settling."""
    rows = [
        ("单位名称", employer.name),
        (spec.term("employer_number"), employer.employer_number),
        (spec.term("credit_code"), employer.credit_code),
        ("法定代表人", employer.legal_representative),
        ("开户银行", employer.bank_name),
        ("银行账号", f"尾号 {employer.bank_account[-4:]}" if employer.bank_account else ""),
    ]
    return [{"label": label, "new": value} for label, value in rows]


def _window_item(request, employer: Employer, month, provisional) -> dict:
    """The settling time, and why the month may be settled after it where it may."""
    spec = here(request)
    window = spec.calendar.window(month)
    extended = extensions([employer], month).get(employer.pk)
    note = f"{window.opens_at:%m-%d %H:%M} 至 {window.pay_until:%m-%d %H:%M}"
    if provisional:
        note += "，补办申报"
    elif extended:
        note += f"；{extension_words(spec, month, extended)}"
    is_open = window.opens_at <= clock.local_now() <= window.pay_until
    return {
        "text": f"在{spec.term('settle')}时间内",
        "ok": is_open or bool(provisional or extended),
        "warn": False,
        "note": note,
        "url": "",
    }


def _items(request, employer: Employer, month) -> list[dict]:
    """The preconditions, as the list of tasks shows them."""
    items = []
    for one in preconditions(employer, month, by=request.user):
        url = "" if one.is_task else reverse(one.url_name)
        items.append({"text": one.title, "ok": one.is_met, "warn": one.is_task, "note": one.note, "url": url})
    return items


def _confirm(request, employer: Employer, context: dict):
    """Ask as often as the region wants it, then settle."""
    settlement, month = context["settlement"], context["month"]
    if context["bill"]:
        return _show_result(request, context["bill"])
    if not context["is_ready"]:
        return render(request, "employer/settle.html", context, status=422)
    said = request.POST.get("confirmed", "")
    confirmed = int(said) if said in {"0", "1", "2", "3"} else 0
    seen = f"{settlement.key} {month} {context['estimate'].total}"
    if confirmed and request.POST.get("seen") != seen:
        # The clerk says yes to what was shown; when that changed meanwhile, it is shown again.
        messages.warning(request, "人员、变动或金额在您核对期间有变化，请重新核对。")
        confirmed = 0
    if confirmed < settlement.confirmations:
        asked = "是" if settlement.confirmations > 1 and confirmed == settlement.confirmations - 1 else "确定"
        context |= {"confirmed": confirmed + 1, "seen": seen, "asked": asked}
        return render(request, "employer/settle_confirm.html", context)
    return _settle(request, employer, context, confirmed)


def _settle(request, employer: Employer, context: dict, confirmed: int):
    settlement, month = context["settlement"], context["month"]
    try:
        bill = settle_month(employer.pk, month, settlement.key, by=request.user, confirmations=confirmed)
    except Conflict as no:
        if bill := Bill.objects.visible_to(request.user).live().filter(month=month, series=0).first():
            return _show_result(request, bill)
        messages.warning(request, no.message)
        return redirect("e_settle")
    except Refused as no:
        context["trouble"] = no.message.splitlines()
        return render(request, "employer/settle.html", context, status=no.status)
    return redirect(f"{reverse('e_bill', args=[bill.pk])}?settled=1")


def _show_result(request, bill: Bill):
    """The answer to a second press, or to a page that was left open: what the first one did."""
    messages.info(request, f"本月已经{here(request).term('settle')}，这是{here(request).term('settle')}结果。")
    return redirect("e_bill", bill.pk)


urlpatterns = [path("settle/", settle, name="e_settle")]
