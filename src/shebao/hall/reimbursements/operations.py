"""登记、支付、作废手工报销: a claim is entered once by its number, paid once, or voided with a reason."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from shebao.rules.forms import Problem, clean
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import Region

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..regions import region
from ..roster.models import Employee, Spell
from ..roster.queries import covering
from ..services.enrolment import WORK_INJURY
from .form import DAYS, FORM
from .models import Reimbursement
from .queries import keeps_reimbursements

MOST_INVOICES = 999


class Unfit(Refused):
    """A claim that cannot be entered: everything that is wrong with it, each with its field."""

    def __init__(self, problems: list[Problem]):
        order = [field.id for field in FORM.fields]
        self.problems = tuple(sorted(problems, key=lambda one: order.index(one.field)))
        super().__init__("reimbursement_wrong", "\n".join(one.message for one in self.problems))


def enter_reimbursement(raw: Mapping[str, str], *, by) -> Reimbursement:
    """Enter a claim (登记报销) from what was typed into `FORM`; the same claim again is the one that was entered.

    Raises Unfit with everything that is wrong, Conflict for a number under which another claim stands.
    """
    permit(by, "enter_at_counter", "窗口录入")
    here = region(by.region)
    if not keeps_reimbursements(here):
        raise Refused("no_reimbursements", "本地没有工伤医疗手工报销。", status=404)
    done = clean(FORM, raw, here)
    try:
        return _enter(done.values, list(done.problems), here, by=by)
    except IntegrityError:
        # Of one person the second waits for the first; somebody entered another's under this number just now.
        raise Conflict("number_used", f"报销单号 {done.values['number']} 刚刚登记给了别人，请核对单号。") from None


@transaction.atomic
def _enter(said: dict[str, Any], problems: list[Problem], here: Region, *, by) -> Reimbursement:
    employee = _claimant(said, problems, here, by=by)
    problems += [*_days(said), *_amounts(said)]
    if problems or employee is None:
        raise Unfit(problems)
    values = {name: date.fromisoformat(said[name]) if name in said else None for name in DAYS}
    values |= {name: said[name] for name in ("number", "hospital", "invoices", "payee")}
    values |= {"claimed_fen": said["claimed"], "approved_fen": said["approved"], "note": said.get("note", "")}
    held = Reimbursement.objects.live().filter(region=here.code, number=said["number"]).first()
    if held is not None:
        if held.employee_id != employee.pk or any(getattr(held, name) != value for name, value in values.items()):
            raise Conflict("number_used", f"报销单号 {held.number} 已经登记，内容不同，请核对单号；录错的先作废。")
        return held
    made = Reimbursement.objects.create(
        employee=employee, region=here.code, entered_by=by, entered_at=clock.now(), **values
    )
    detail = {"number": made.number, "claimed_fen": made.claimed_fen, "approved_fen": made.approved_fen}
    record("reimbursement.entered", made, by=by, employer=employee.employer, **detail)
    return made


def _claimant(said: dict[str, Any], problems: list[Problem], here: Region, *, by) -> Employee | None:
    """Whose claim it is, locked, as the actor may see them; what does not fit is added to the problems."""
    if not {"employer", "id_number", "name"} <= said.keys():
        return None
    number = said["employer"]
    named = Q(employer_number=number) | Q(credit_code=number.upper())
    employer = Employer.objects.visible_to(by).filter(named).first()
    if employer is None:
        problems.append(_wrong("employer", "no_such_employer", f"本地没有编号是“{number}”的单位，请核对。"))
        return None
    mine = Employee.objects.visible_to(by).filter(employer=employer).select_for_update(of=("self",), no_key=True)
    found = mine.select_related("employer").filter(person__id_digest=blind_index("person", said["id_number"])).first()
    if found is None:
        text = f"{employer.name}的花名册里没有这个证件号码，请核对单位和号码。"
        problems.append(_wrong("id_number", "not_on_roster", text))
        return None
    if found.name != said["name"]:
        problems.append(_wrong("name", "other_name", "姓名与花名册上的不一致，请核对是不是同一个人。"))
    elif "accident_on" in said and not _was_insured(found, date.fromisoformat(said["accident_on"]), here):
        text = f"事故当月{found.name}没有在{employer.name}参加工伤保险，请核对日期和单位。"
        problems.append(_wrong("accident_on", "not_insured", text))
    return found


def _was_insured(employee: Employee, day: date, here: Region) -> bool:
    """社会保险法第三十八条: the fund bears what happened to somebody while they were insured."""
    schemes = [one.key for one in here.schemes.values() if one.national_code == WORK_INJURY]
    return Spell.objects.filter(covering(Month.of(day)), employee=employee, scheme__in=schemes).exists()


def _days(said: dict[str, Any]) -> list[Problem]:
    known = [(name, FORM.field(name).label, said[name]) for name in DAYS if name in said]
    found = [
        _wrong(name, "days_out_of_order", f"{label} {day} 早于{label_before} {before}，请核对。")
        for (_, label_before, before), (name, label, day) in pairwise(known)
        if day < before
    ]
    today = clock.today().isoformat()
    return found + [
        _wrong(name, "day_to_come", f"{label} {day} 还没有到，请核对。") for name, label, day in known if day > today
    ]


def _amounts(said: dict[str, Any]) -> list[Problem]:
    claimed, approved, found = said.get("claimed"), said.get("approved"), []
    if not 1 <= said.get("invoices", 1) <= MOST_INVOICES:
        found.append(_wrong("invoices", "bad_invoices", f"发票张数须在 1 到 {MOST_INVOICES} 之间。"))
    if claimed == 0:
        found.append(_wrong("claimed", "nothing_claimed", "费用总额须大于零。"))
    elif claimed is not None and approved is not None and approved > claimed:
        text = f"核定报销 {yuan(approved)} 元多于费用总额 {yuan(claimed)} 元，请核对。"
        found.append(_wrong("approved", "more_than_claimed", text))
    if approved == 0 and "paid_on" in said:
        found.append(_wrong("paid_on", "nothing_to_pay", "核定报销是零，没有支付日期。"))
    return found


def _wrong(name: str, code: str, message: str) -> Problem:
    return Problem(code, name, "error", message)


def _locked(pk: int, *, by) -> Reimbursement:
    permit(by, "enter_at_counter", "窗口录入")
    rows = Reimbursement.objects.visible_to(by).ever().select_for_update(of=("self",))
    found = rows.select_related("employee__employer").get(pk=pk)
    if found.voided_at:
        raise Conflict("already_voided", f"报销单 {found.number} 已经作废。")
    return found


@transaction.atomic
def pay_reimbursement(pk: int, *, paid_on: date | None, by) -> Reimbursement:
    """Say when a claim was paid (登记支付), once; the same day again changes nothing. Raises Refused, Conflict."""
    found = _locked(pk, by=by)
    if paid_on is None:
        raise Refused("bad_day", "请填写支付日期，如 2026-11-05。", field="paid_on")
    if found.paid_on == paid_on:
        return found
    if found.paid_on:
        raise Conflict("paid_already", f"报销单 {found.number} 已于 {found.paid_on} 支付。")
    if not found.approved_fen:
        raise Refused("nothing_to_pay", f"报销单 {found.number} 核定报销是零，没有支付日期。")
    if not found.approved_on <= paid_on <= clock.today():
        raise Refused("bad_day", f"支付日期须在核定日期 {found.approved_on} 至今天之间。", field="paid_on")
    found.paid_on = paid_on
    found.save(update_fields=["paid_on"])
    detail = {"number": found.number, "paid_on": paid_on.isoformat()}
    record("reimbursement.paid", found, by=by, employer=found.employee.employer, **detail)
    return found


@transaction.atomic
def void_reimbursement(pk: int, *, reason: str, by) -> Reimbursement:
    """Void a claim that was entered wrongly (作废); the row stays. Raises Refused without a reason, Conflict."""
    found = _locked(pk, by=by)
    reason = reason.strip()[:200]
    if not reason:
        raise Refused("no_reason", "请写明作废的原因。", field="reason")
    found.voided_by, found.voided_at, found.void_reason = by, clock.now(), reason
    found.save(update_fields=["voided_by", "voided_at", "void_reason"])
    record("reimbursement.voided", found, by=by, employer=found.employee.employer, number=found.number, reason=reason)
    return found
