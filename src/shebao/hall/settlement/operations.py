"""Settling a month: the assessment, its bill and lines, the evidence, and the first booking. All or nothing."""

import secrets
from collections.abc import Sequence

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from shebao.rules.contributions import Charges
from shebao.rules.months import Month

from ..audit.operations import record
from ..clock import local_now, now, today
from ..employers.models import Employer
from ..errors import Conflict, Refused
from ..regions import region
from ..roster.models import Spell
from ..roster.queries import columns_for_charge
from .adjusting import Difference, billable, find_differences, make_adjustments
from .back_fees import Borne
from .back_payments import BATCH, BackDue, borne_of, charge_back_payments, keep_evidence, make_back_lines, waiting
from .collecting import use_credit
from .ledger import book_assessed
from .models import CHARGING, Assessment, Bill, BillLine
from .progress import applicable_settlement, changes_of, preconditions
from .queries import charged, covered_by_any

ALREADY = "本月已经核定过，不能重复结算。请刷新后查看账单。"


def settle_month(employer_id: int, month: Month, kind: str, *, by, confirmations: int) -> Bill:
    """Assess an employer's month (核定) as known today, and book its bill.

    `kind` is the key of the applicable settlement, `confirmations` how often the clerk confirmed. Raises Refused
    with everything that stands in the way, Conflict when the month is settled already.
    """
    try:
        return _settle(employer_id, month, kind, by=by, confirmations=confirmations)
    except IntegrityError:
        # The constraints decide the race: the month, or a person another employer billed in the same moment.
        if Assessment.objects.live().filter(employer=employer_id, month=month, series=0).exists():
            raise Conflict("already_settled", ALREADY) from None
        raise Conflict("charged_elsewhere", "有人员的险种本月刚被其他单位核定，请刷新后再看。") from None


@transaction.atomic
def _settle(employer_id: int, month: Month, kind: str, *, by, confirmations: int) -> Bill:
    employer = Employer.objects.visible_to(by).select_for_update().get(pk=employer_id)
    _check(employer, month, kind, by=by, confirmations=confirmations)
    employees, people = columns_for_charge(employer, month)
    charges = charged(region(employer.region), month, people)
    # Locked: what is taken back at the same moment is either not here any more, or its taker finds it billed.
    back = charge_back_payments(employer, waiting(employer).select_for_update(of=("self",)))
    bear = borne_of(back)
    due = int(charges.employer_total.sum() + charges.employee_total.sum()) + sum(one.total for one in (*back, *bear))
    adjusted = billable(find_differences(employer, month), due)
    if not adjusted and not back and not covered_by_any(charges).any():
        raise Refused("nobody_insured", f"{month.label}没有参保人员，不需要结算。")
    _check_charged_elsewhere(employer, month)
    bill = _make_bill(_make_assessment(employer, month, kind, charges, by), charges, [*adjusted, *back, *bear])
    _make_lines(bill, charges, employees, people.declared_wage)
    make_adjustments(bill, adjusted)
    make_back_lines(bill, back)
    book_assessed(bill, _dues(month, charges, [*adjusted, *back]), (one.line for one in bear))
    credit_fen = use_credit(bill)
    record(
        "month.settled",
        bill,
        by=by,
        month=str(month),
        kind=kind,
        total_fen=bill.total_due,
        adjusted_fen=sum(one.total for one in adjusted) or None,
        back_paid_fen=sum(one.total for one in back) or None,
        borne_fen=sum(one.total for one in bear) or None,
        heads=bill.head_count,
        credit_fen=credit_fen or None,
    )
    return bill


def _check(employer: Employer, month: Month, kind: str, *, by, confirmations: int) -> None:
    """Refuse with all reasons at once."""
    if not by.may("settle"):
        raise Refused("not_permitted", "您的账号没有“结算”权限，请联系单位管理员。", status=403)
    if Assessment.objects.live().filter(employer=employer, month=month, series=0).exists():
        raise Conflict("already_settled", ALREADY)
    problems = _window_problems(employer, month)
    settlement = applicable_settlement(employer, month)
    if kind != settlement.key:
        count = sum(changes_of(employer, month).values())
        why = f"本月有 {count} 笔变动" if count else "本月没有变动"
        problems.append(f"{why}，应办理“{settlement.title}”。")
    for one in preconditions(employer, month, by=by):
        if not one.is_met and not one.is_task:
            problems.append(f"{one.title}：{one.note}。")
    if confirmations < settlement.confirmations:
        problems.append(f"{settlement.title}须确认 {settlement.confirmations} 次，现在确认了 {confirmations} 次。")
    if problems:
        raise Refused("not_ready", "还不能结算：\n" + "\n".join(problems))


def _window_problems(employer: Employer, month: Month) -> list[str]:
    # A month is settled until its payment ends: what reviewers approve on the last declaring day still counts.
    if month < employer.first_month:
        return [f"单位自 {employer.first_month.label}起参保，{month.label}不需要结算。"]
    window = region(employer.region).calendar.window(month)
    if local_now() < window.opens_at:
        return [f"{month.label}的结算从 {window.opens_at:%Y-%m-%d} 开始，现在还不能办理。"]
    if local_now() > window.pay_until:
        return [f"{month.label}的结算已于 {window.pay_until:%Y-%m-%d %H:%M} 截止，请到经办窗口办理。"]
    return []


def _check_charged_elsewhere(employer: Employer, month: Month) -> None:
    """One charge for a person and scheme: whom another employer was billed for is named."""
    others = (
        BillLine.objects.live()
        .filter(
            region=employer.region,
            month=month,
            kind__in=CHARGING,
            is_exclusive=True,
            person__in=Spell.objects.filter(
                employee__employer=employer, is_voided=False, is_exclusive=True, first_month__lte=month
            )
            .exclude(last_month__lt=month)
            .values("person"),
        )
        .exclude(bill__employer=employer)
    )
    names = sorted(set(others.values_list("person__name", flat=True)[:50]))
    if names:
        shown = "、".join(names[:5]) + ("等" if len(names) > 5 else "")
        raise Refused("charged_elsewhere", f"{shown}的{month.label}费用已在其他单位核定，请先核对参保月份或办理停保。")


def _make_assessment(employer: Employer, month: Month, kind: str, charges: Charges, by) -> Assessment:
    return Assessment.objects.create(
        employer=employer,
        month=month,
        kind=kind,
        number=f"H{month.index:05d}{employer.pk:07d}{secrets.randbelow(10**8):08d}",
        fingerprint=region(employer.region).fingerprint,
        known_on=charges.known_on,
        changes=changes_of(employer, month),
        made_by=by,
        made_at=now(),
    )


def _make_bill(assessment: Assessment, charges: Charges, more: Sequence[Difference | BackDue | Borne]) -> Bill:
    """The bill's totals are the sums of the same columns that become its lines."""
    employer, month = assessment.employer, assessment.month
    spec = region(employer.region)
    employer_due = int(charges.employer_total.sum()) + sum(one.employer_due for one in more)
    employee_due = int(charges.employee_total.sum()) + sum(one.employee_due for one in more)
    months = sorted({month, *(one.line.month for one in more)}, reverse=True)
    samples = [title for one in more if isinstance(one, Borne) for title in one.illustrative]
    return Bill.objects.create(
        assessment=assessment,
        employer=employer,
        month=month,
        number=f"Z{assessment.number[1:]}",
        employer_due=employer_due,
        employee_due=employee_due,
        total_due=employer_due + employee_due,
        head_count=int(np.count_nonzero(covered_by_any(charges))),
        pay_until=timezone.make_aware(spec.calendar.window(month).pay_until),
        illustrative=list(
            dict.fromkeys([title for one in months for title in spec.illustrative(one, today())] + samples)
        ),
    )


def _dues(month: Month, charges: Charges, more: Sequence[Difference | BackDue]) -> dict[tuple[Month, str, str], int]:
    """What is booked: the regular charges, the adjustments and what is paid back, each under the month it is for."""
    dues = {
        (month, c.scheme, part): int(getattr(c, part).sum())
        for c in charges.schemes
        for part in ("employer", "employee")
    }
    for one in more:
        for part in ("employer", "employee"):
            key = one.line.month, one.line.scheme, part
            dues[key] = dues.get(key, 0) + getattr(one, f"{part}_due")
    return dues


def _make_lines(bill: Bill, charges: Charges, employees: list, wages: np.ndarray) -> None:
    evidence = keep_evidence(charges.evidence)
    shared = set(
        Spell.objects.filter(employee__employer=bill.employer_id, is_exclusive=False, is_voided=False).values_list(
            "employee", "scheme"
        )
    )
    lines = []
    for one in charges.schemes:
        for i in np.flatnonzero(one.covered):
            employee, why = employees[i], (int(one.employer_evidence[i]), int(one.employee_evidence[i]))
            lines.append(
                BillLine(
                    bill=bill,
                    employee_id=employee.pk,
                    person_id=employee.person_id,
                    region=bill.employer.region,
                    scheme=one.scheme,
                    month=bill.month,
                    booking_month=bill.month,
                    is_exclusive=(employee.pk, one.scheme) not in shared,
                    declared_wage=int(wages[i]),
                    contribution_base=int(one.base[i]),
                    limit=int(one.limit[i]),
                    employer_due=int(one.employer[i]),
                    employee_due=int(one.employee[i]),
                    employer_evidence_id=evidence[why[0]] if why[0] >= 0 else None,
                    employee_evidence_id=evidence[why[1]] if why[1] >= 0 else None,
                )
            )
    BillLine.objects.bulk_create(lines, batch_size=BATCH)
