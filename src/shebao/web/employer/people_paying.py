"""社保缴费: choose persons, say for which month, on which base and where the voucher goes; pay; it is mailed."""

from dataclasses import dataclass

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from shebao.hall.declarations.operations import InvalidDeclaration, save_declarations
from shebao.hall.documents.people_vouchers import send_people_voucher
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused, permit
from shebao.hall.mail.operations import tidy_address
from shebao.hall.mail.queries import last_address, letters
from shebao.hall.payments.channels import way_chosen, ways_of
from shebao.hall.payments.operations import is_for_another, second_pays, start_payment
from shebao.hall.payments.people import people_due, people_estimated, people_of, why_not_by_people
from shebao.hall.payments.queries import running_payment
from shebao.hall.rehearsing import rehearsal
from shebao.hall.roster.models import Employee
from shebao.hall.roster.queries import columns_for_charge, wages_in
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.queries import estimate
from shebao.rules.money import BadMoney, parse_fen, plain_yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.region_collection import Way
from shebao.rules.settling_words import settle_name

from ..access import needs
from ..chosen import numbers
from .common import crumbs, here, this_month
from .debit_check import CHECKED
from .people_checking import BACK, Plan, check_people, is_seen, ticked
from .settling import context_of
from .way_cards import way_cards

MOST = 500
RECENT = 20
PAY = "pay"
"""The button that goes on with whoever is ticked."""


@dataclass
class _Asked:
    """The month, its bill if it is settled, and the people who can be paid for."""

    employer: Employer
    month: Month
    bill: Bill | None
    rows: list[dict]
    trouble: str = ""

    @property
    def is_paid(self) -> bool:
        """Whether everybody on the bill is paid for: then nothing of it is open."""
        return bool(self.rows) and all(row["is_paid"] for row in self.rows)


def show(request, page):
    """First whom to pay for, then month, base and address, then the payment."""
    said = request.POST if request.method == "POST" else request.GET
    found, wrong = _asked(request, said.get("month", "").strip())
    chosen = [pk for pk in numbers(said.getlist("chosen")) if pk in {row["pk"] for row in found.rows}][:MOST]
    no = None
    while request.method == "POST" and not found.trouble and BACK not in said:
        try:
            return _submit(request, page, found, chosen)
        except Refused as refused:
            no, before = refused, _state(found)
            found, _ = _asked(request, said.get("month", "").strip())
            if _state(found) == before:
                break
            # Another press of the same button got further meanwhile: what it did need not be done again.
    errors = [{"id": no.field, "text": line} for line in no.message.splitlines()] if no else []
    errors += [{"id": "month", "text": wrong}] if wrong else []
    # 缴费 is a look at the form that follows: it asks who, and changes nothing.
    is_nobody = PAY in said and not chosen and bool(found.rows) and not (found.trouble or wrong or no)
    errors += [{"id": "chosen", "text": "请先勾选员工，再点“缴费”。"}] if is_nobody else []
    status = no.status if no else 422 if is_nobody else 200
    is_form = bool(chosen) and not found.trouble and not wrong
    rows = [row for row in found.rows if not is_form or row["pk"] in chosen]
    for row in rows:
        row["typed"] = request.POST.get(f"base-{row['pk']}", row["typed"])
    context = {
        "title": page.title,
        "crumbs": crumbs(page.title),
        "notes": page.notes,
        "found": found,
        "rows": rows,
        "is_form": is_form,
        "total": sum(row["total"] for row in rows) if found.bill else None,
        "estimate": estimate(found.employer, found.month) if is_form and not found.bill else None,
        "month_field": {"id": "month", "name": "month", "kind": "month", "label": "缴费月份", "value": str(found.month),
                        "error": wrong},
        "to": {"id": "to", "name": "to", "kind": "email", "label": "企业邮箱", "required": True, "maxlength": 120,
               "autocomplete": "email", "value": request.POST.get("to", "") or last_address(request.user),
               "error": no.message if no and no.field == "to" else ""},
        "cards": way_cards(found.employer, ways_of(here(request)), request.POST.get("channel", "")),
        "agreed": request.POST.get("agreed", ""),
        "letters": letters(request.user)[:RECENT],
        "errors": errors,
    }  # fmt: skip
    return render(request, "employer/people_payment.html", context, status=status)


def _state(found: _Asked) -> tuple:
    """How far the month is; it only ever gets further."""
    return found.bill.pk if found.bill else 0, tuple((row["pk"], row["base"]) for row in found.rows)


def _asked(request, text: str) -> tuple[_Asked, str]:
    employer, current = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id), this_month(request)
    month, wrong = current, ""
    try:
        month = Month.parse(text) if text else current
    except BadMonth as bad:
        wrong = f"缴费月份：{bad.message}。"
    bill = Bill.objects.visible_to(request.user).live().select_related("employer").filter(month=month, series=0).first()
    found = _Asked(employer, month, bill, [])
    if bill:
        found.rows = [
            {"pk": one.employee, "name": one.name, "number": one.person_number, "base": one.base, "total": one.total,
             "typed": plain_yuan(one.base), "is_paid": one.is_paid}
            for one in people_of(bill)
        ]  # fmt: skip
        found.trouble = why_not_by_people(bill)
    elif month == current:
        wages = wages_in(employer, month)
        insured, _ = columns_for_charge(employer, month)
        numbers_of = dict(Employee.objects.visible_to(request.user).values_list("pk", "person_number"))
        found.rows = [
            {"pk": one.pk, "name": one.name, "number": numbers_of[one.pk], "base": wages.get(one.pk), "total": 0,
             "typed": plain_yuan(wages[one.pk]) if one.pk in wages else "", "is_paid": False}
            for one in insured
        ]  # fmt: skip
    else:
        found.trouble = f"{month.label}没有核定，不能缴费；当月的可以在这里一并申报、缴费。"
    return found, wrong


def _submit(request, page, found: _Asked, chosen: list[int]):
    """Show what would be done; once that was looked at, declare what is not declared yet, and begin to pay.

    Nothing is declared, settled or ordered before its amounts were seen and confirmed.
    """
    to = tidy_address(request.POST.get("to", ""))
    if not chosen:
        raise Refused("nobody_chosen", "还没有选择员工，请先勾选。")
    channel = request.POST.get("channel", "")
    way = way_chosen(found.employer, channel)  # before anything is declared
    bill = found.bill
    if bill is None:
        plan = _plan_to_settle(request, found, chosen, way, to)
        if not is_seen(request, plan):
            return check_people(request, page, plan)
        bill = _settle(request, found, chosen, plan)
    if not running_payment(bill) and not is_for_another(bill, by=request.user):
        fen = people_due(bill, chosen)
        if request.POST.get(CHECKED) != str(fen):
            rows = [row for row in _asked(request, str(found.month))[0].rows if row["pk"] in chosen]
            return check_people(request, page, Plan(found.employer, found.month, rows, fen, way, to))
    payment = start_payment(bill.pk, by=request.user, channel=channel, people=chosen, voucher_to=to)
    return redirect("e_payment", payment.pk)


def _plan_to_settle(request, found: _Asked, chosen: list[int], way: Way, to: str) -> Plan:
    """What declaring the month with these bases comes to, and these people's part of it; nothing of it is done."""
    if not request.POST.get("agreed"):
        raise Refused("not_agreed", "请勾选一并申报本月社保，再提交。", field="agreed")
    terms = here(request).terms
    permit(request.user, "settle", settle_name(terms))
    if found.employer.needs_second:
        told = f"{second_pays(found.employer)}。请先在“{terms['menu.settle']}”里办理，再由另一位操作员缴费。"
        raise Refused("second_person_pays", told)
    with rehearsal():
        bases = _declare(request, found, chosen)
        settling = context_of(request, found.employer, found.month)
    if settling["bill"]:
        raise Conflict("already_settled", f"{found.month.label}刚刚已经{here(request).term('settle')}，请重新核对。")
    owed = people_estimated(settling["estimate"]) if settling["estimate"] else {}
    rows = [
        row | {"total": owed.get(row["pk"], 0), "new_base": bases.get(row["pk"])}
        for row in found.rows
        if row["pk"] in chosen
    ]
    fen = sum(row["total"] for row in rows)
    return Plan(found.employer, found.month, rows, fen, way, to, settling)


def _settle(request, found: _Asked, chosen: list[int], plan: Plan) -> Bill:
    """Declare the bases and settle the month, as often confirmed as the clerk ticked."""
    _declare(request, found, chosen)
    kind = plan.settling["settlement"]
    confirmed = ticked(request, kind)
    return settle_month(found.employer.pk, found.month, kind.key, by=request.user, confirmations=confirmed)


def _declare(request, found: _Asked, chosen: list[int]) -> dict[int, int]:
    """Declare the bases that were changed, through the service that declares wages; returns them (fen) by employee."""
    changed = _changed(request, found, chosen)
    if not changed:
        return {}
    service = next(one for one in here(request).services.values() if one.operation == "declare_wages")
    people = Employee.objects.visible_to(request.user).filter(pk__in=changed).select_related("person").order_by("pk")
    raws = [
        {"id_kind": one.person.id_kind, "id_number": one.person.id_number, "name": one.name,
         "first_month": str(found.month), "declared_wage": plain_yuan(changed[one.pk])}
        for one in people
    ]  # fmt: skip
    try:
        save_declarations(found.employer.pk, service.key, raws, by=request.user)
    except InvalidDeclaration as no:
        told = [f"{raw['name']}：{p.message}" for raw, one in zip(raws, no.previews, strict=True) for p in one.problems]
        text = "\n".join(told or ["缴费基数不能申报，请核对。"])
        raise Refused("bad_base", f"{text}\n需要说明理由的，请在“{service.title}”里申报。") from None
    return changed


def _changed(request, found: _Asked, chosen: list[int]) -> dict[int, int]:
    """The bases (fen) of the chosen that were typed anew."""
    wages, problems, changed = {row["pk"]: row for row in found.rows}, [], {}
    for pk in chosen:
        try:
            fen = parse_fen(request.POST.get(f"base-{pk}", ""))
        except BadMoney as bad:
            problems.append(f"{wages[pk]['name']}的缴费基数：{bad}")
            continue
        if fen != wages[pk]["base"]:
            changed[pk] = fen
    if problems:
        raise Refused("bad_base", "\n".join(problems))
    return changed


@require_POST
@needs("print")
def voucher(request, pk):
    """The voucher of a payment, made and mailed if that is still to be done; then shown."""
    try:
        made, letter = send_people_voucher(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_payment", pk)
    if letter:
        messages.success(request, f"{made.title} {made.number} 已发往 {letter.to}。")
    return redirect("e_document", made.pk)


urlpatterns = [path("payments/<int:pk>/people-voucher/", voucher, name="e_people_voucher")]
