"""暂核定: the agency assesses a month that was not declared; the month's settlement later takes its place."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from shebao.rules.months import Month
from shebao.rules.region import Region
from shebao.rules.settling_words import settling

from ..audit.operations import record
from ..clock import local_now, now, today
from ..documents.issuing import revoke_documents
from ..employers.locking import locked_employer
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..payments.closing import close_payments
from ..payments.models import UNDECIDED
from ..prepared import prepared
from ..regions import region
from .collecting import book_received, day_of, use_credit
from .evidences import keep_evidence
from .ledger import book_assessed, book_voided
from .models import (
    Account,
    Assessment,
    Bill,
    Booking,
    LedgerEntry,
    LedgerTransaction,
    ProvisionalLine,
    VoidRequest,
    VoidState,
)
from .undeclared import Proposal, newest_month, not_settled, propose, refuse_early

KIND = "undeclared"
"""The kind of such an assessment, beside the keys of settlements and services."""
ALREADY = "这个单位的这个月已经结算或暂核定，或者没有参保人员，不需要暂核定。"
LONGEST_REASON = 200
PAYING = "这个月的暂核定账单正在缴费，请等缴费有结果再结算。"
ARRIVED = (Booking.PAID, Booking.CLEARED)


def assess_undeclared(employer_id: int, month: Month, *, by) -> Bill:
    """Assess an employer's month that was not declared in time (暂核定), and book its bill.

    Raises Refused with what stands in the way, Conflict where the month was settled or assessed meanwhile.
    """
    permit(by, "review", "审核")
    try:
        return _assess(employer_id, month, by=by)
    except IntegrityError:
        raise Conflict("already_settled", settling(region(by.region).terms, ALREADY)) from None


@transaction.atomic
def _assess(employer_id: int, month: Month, *, by) -> Bill:
    employer = locked_employer(employer_id, by=by)
    spec = region(employer.region)
    refuse_early(spec, month)
    if not not_settled(Employer.objects.filter(pk=employer.pk), spec, month).exists():
        raise Conflict("already_settled", settling(spec.terms, ALREADY))
    (found,) = propose([employer], month)
    if found.obstacle:
        raise Refused("no_basis", f"{employer.name}：{found.obstacle}")
    bill = _make_bill(found, spec, by)
    ids = keep_evidence([one.told for one in found.shares])
    ProvisionalLine.objects.bulk_create(
        ProvisionalLine(
            bill=bill,
            basis=found.basis,
            scheme=one.scheme,
            employer_base=one.employer_base,
            employee_base=one.employee_base,
            employer_due=one.employer_due,
            employee_due=one.employee_due,
            evidence_id=pk,
        )
        for one, pk in zip(found.shares, ids, strict=True)
    )
    dues = {(month, one.scheme, part): getattr(one, f"{part}_due") for one in found.shares for part in PARTS}
    book_assessed(bill, dues)
    credit = use_credit(bill)
    detail = {"month": str(month), "basis_month": str(bill.basis_month), "total_fen": bill.total_due}
    record("month.assessed_provisionally", bill, by=by, **detail, credit_fen=credit or None)
    return bill


PARTS = ("employer", "employee")


def _make_bill(found: Proposal, spec: Region, by) -> Bill:
    month, employer = found.month, found.employer
    # A voided one keeps its place in the series: two bills of a month never bear the same name.
    series = Assessment.objects.ever().filter(employer=employer, month=month).order_by("-series").first()
    assessment = Assessment.objects.create(
        employer=employer,
        month=month,
        series=(series.series if series else 0) + 1,
        kind=KIND,
        number=f"H{month.index:05d}{employer.pk:07d}{secrets.randbelow(10**8):08d}",
        fingerprint=spec.fingerprint,
        known_on=today(),
        basis_month=found.basis.month,
        made_by=by,
        made_at=now(),
    )
    return Bill.objects.create(
        assessment=assessment,
        employer=employer,
        month=month,
        series=assessment.series,
        number=f"Z{assessment.number[1:]}",
        employer_due=found.employer_due,
        employee_due=found.employee_due,
        total_due=found.total,
        head_count=0,
        pay_until=timezone.make_aware(_pay_until(spec, month)),
        illustrative=list(found.basis.illustrative),
        basis_month=found.basis.month,
        first_month=month,
        last_month=newest_month(spec),
    )


def _pay_until(spec: Region, month: Month) -> datetime:
    """The month's own last day of payment; once that is over, the next one that is to come."""
    until = spec.calendar.window(month).pay_until
    month = max(month, Month.of(today()))
    while local_now() > until:
        until, month = spec.calendar.window(month).pay_until, month.next()
    return until


def provisionals(employers: Sequence[Employer], month: Month) -> dict[int, Bill]:
    """The provisional bills in force of a month, by employer; one query."""
    return {bill.employer_id: bill for bill in _provisional([employer.pk for employer in employers], month)}


@prepared
def _provisional(employers: list[int], month: Month) -> QuerySet:
    rows = Bill.objects.live().filter(employer__in=employers, month=month, basis_month__isnull=False)
    return rows.select_related("employer", "assessment")


def close_provisional(employer_id: int, month: Month, *, by) -> None:
    """Before a month is settled: close the open attempts to pay its provisional bill at the bank.

    What turns out to be paid is booked, and comes along. Raises Refused where nobody knows what became of an attempt.
    """
    bills = _provisional_for(by, employer_id, month)
    if not bills or not (by.may("settle") or by.may("review")):
        return
    try:
        close_payments(bills[0].pk, by=by)
    except Refused as no:
        if no.code != "already_paid":
            raise


@prepared
def _provisional_for(by, employer: int, month: Month) -> QuerySet[Bill]:
    bills = Bill.objects.visible_to(by).live().filter(employer=employer, month=month, basis_month__isnull=False)
    return bills.order_by("pk")


def retire_provisionals(found: dict[int, Bill], *, by) -> dict[int, list[LedgerTransaction]]:
    """Take these bills out of force, because their months are settled now: what was paid of them is let go first.

    Returns the bookings of the money that has to be booked for the new bills, by employer; the caller's transaction
    holds the employers. Raises Refused where a payment is under way.
    """
    return {employer: _retire(bill, by=by) for employer, bill in found.items()}


def _retire(bill: Bill, *, by) -> list[LedgerTransaction]:
    here = region(bill.employer.region)
    if bill.payments.filter(state__in=UNDECIDED).exists():
        raise Refused("paying", settling(here.terms, PAYING))
    arrived = LedgerTransaction.objects.filter(bill=bill, kind__in=ARRIVED, reversed_by=None).order_by("pk")
    paid = list(arrived.select_related("payment", "suspense"))
    for one in paid:
        _release(bill, one)
    book_voided(bill, but=(*ARRIVED, Booking.RELEASED))
    Assessment.objects.live().filter(pk=bill.assessment_id).update(voided_at=now())
    kinds = [kind for kind, spec in here.documents.items() if spec["stage"] == "paid"]
    papers = bill.documents.exclude(kind__in=kinds)  # what was paid was paid: its receipts stay true
    reason = settling(here.terms, "这个月的暂核定已经结清，请以结算的账单为准。")
    revoke_documents(list(papers.values_list("pk", flat=True)), reason=reason, by=by)
    return paid


def _release(bill: Bill, arrived: LedgerTransaction) -> None:
    """Let what a payment settled of a bill go to the employer's credit, key by key."""
    settled = arrived.entries.filter(account__in=(Account.RECEIVABLE, Account.LATE_FEES)).order_by("pk")
    rows = [(one.account, -one.amount_fen, one.month, one.scheme, one.part) for one in settled]
    rows.append((Account.CREDIT, -sum(row[1] for row in rows), bill.month, "", ""))
    booked = LedgerTransaction.objects.create(
        employer_id=bill.employer_id, bill=bill, kind=Booking.RELEASED, booked_at=now()
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=booked, account=account, amount_fen=fen, month=month, scheme=scheme, part=part)
        for account, fen, month, scheme, part in rows
    )


def carry_over(old: Bill, new: Bill, paid: Sequence[LedgerTransaction], *, by) -> int:
    """Book for a settled month what was paid of its provisional bill, each amount as of the day it was paid; fen.

    What is more than the month costs stays credit (待转金), what is less is still to be paid.
    """
    moved = 0
    for one in sorted(paid, key=arrived_at):
        fen = -sum(
            one.entries.filter(account__in=(Account.RECEIVABLE, Account.LATE_FEES)).values_list("amount_fen", flat=True)
        )
        at = arrived_at(one)
        book_received(new, fen, kind=Booking.CARRIED, on=day_of(at), value_at=at)
        moved += fen
    detail = {"month": str(old.month), "bill": new.number, "before_fen": old.total_due, "total_fen": new.total_due}
    record("provisional.settled", old, by=by, **detail, paid_fen=moved or None)
    return moved


def arrived_at(booked: LedgerTransaction) -> datetime:
    """When the money of a booking arrived."""
    if booked.payment and booked.payment.paid_at:
        return booked.payment.paid_at
    return booked.suspense.arrived_at if booked.suspense else booked.booked_at


def withdraw_provisional(assessment_id: int, *, by, reason: str) -> Bill:
    """Let the agency take back a provisional assessment that was wrong (撤销暂核定); what was paid becomes credit.

    Raises Refused without a reason, Conflict where it is not in force any more.
    """
    permit(by, "review", "审核")
    reason = reason.strip()
    if not reason:
        raise Refused("no_reason", "请填写撤销的原因。", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Refused(
            "reason_too_long", f"撤销的原因最多 {LONGEST_REASON} 字，现在有 {len(reason)} 字。", field="reason"
        )
    found = Assessment.objects.visible_to(by).ever().select_related("bill").get(pk=assessment_id)
    if found.basis_month is None:
        raise Refused("not_provisional", "这不是暂核定，不能在这里撤销。", status=404)
    if found.voided_at is None:
        close_provisional(found.employer_id, found.month, by=by)
    return _withdraw(found.pk, by=by, reason=reason)


@transaction.atomic
def _withdraw(assessment_id: int, *, by, reason: str) -> Bill:
    employer_id = Assessment.objects.ever().values_list("employer", flat=True).get(pk=assessment_id)
    Employer.objects.select_for_update(no_key=True).get(pk=employer_id)
    assessment = Assessment.objects.ever().get(pk=assessment_id)
    if assessment.voided_at:
        raise Conflict("already_voided", "这个暂核定已经结清或撤销，请刷新后查看。")
    bill = Bill.objects.ever().select_for_update(no_key=True, of=("self",)).select_related("employer").get(
        assessment=assessment
    )  # fmt: skip
    paid = _retire(bill, by=by)
    VoidRequest.objects.create(
        employer_id=employer_id, assessment=assessment, state=VoidState.VOIDED, reason=reason,
        asked_by=by, asked_at=now(), decided_by=by, decided_at=now(),
    )  # fmt: skip
    detail = {"month": str(bill.month), "total_fen": bill.total_due, "reason": reason}
    record("provisional.withdrawn", bill, by=by, **detail, count=len(paid) or None)
    return bill
