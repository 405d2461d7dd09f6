"""补缴单独核定: back payments that are assessed and paid apart from the month's settlement, on a bill of their own."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Max, QuerySet
from django.utils import timezone

from shebao.rules.months import Month
from shebao.rules.region import Region

from ..audit.operations import record
from ..bulk import insert_rows
from ..clock import local_now, now, today
from ..employers.models import Employer
from ..regions import region
from .adjusting import Difference, make_adjustments
from .back_fees import Borne
from .back_payments import BackDue, borne_of, charge_back_payments, make_back_lines, make_lines
from .collecting import use_credit
from .ledger import book_assessed
from .models import Assessment, BackPayment, Bill


def assess_apart(employer_id: int, payments: QuerySet[BackPayment], kind: str, *, by) -> Bill:
    """Assess these back payments of an employer as known today, and book their own bill (补缴单独核定).

    `kind` is the key of the service that asks for it; the caller's transaction holds the payments. Raises Refused
    where a value is missing.
    """
    employer = Employer.objects.select_for_update(no_key=True).get(pk=employer_id)  # so that the series has no doubles
    back = charge_back_payments(employer, payments)
    bear = borne_of(back)
    bill = _make_bill(_make_assessment(employer, kind, by), [*back, *bear])
    make_back_lines(bill, back)
    dues: dict[tuple[Month, str, str], int] = {}
    for one in back:
        for part in ("employer", "employee"):
            key = one.line.month, one.line.scheme, part
            dues[key] = dues.get(key, 0) + getattr(one, f"{part}_due")
    book_assessed(bill, dues, (one.line for one in bear))
    credit_fen = use_credit(bill)
    record(
        "back_payments.assessed",
        bill,
        by=by,
        kind=kind,
        total_fen=bill.total_due,
        borne_fen=sum(one.total for one in bear) or None,
        heads=bill.head_count,
        credit_fen=credit_fen or None,
    )
    return bill


def make_own_bill(employer: Employer, differences: Sequence[Difference], kind: str, *, by) -> Bill:
    """A bill of these adjustments alone, booked; the caller holds the employer."""
    bill = _make_bill(_make_assessment(employer, kind, by), differences)
    make_adjustments(bill, differences)
    dues: dict[tuple[Month, str, str], int] = {}
    for one in differences:
        for part in ("employer", "employee"):
            key = one.line.month, one.line.scheme, part
            dues[key] = dues.get(key, 0) + getattr(one, f"{part}_due")
    book_assessed(bill, dues)
    return bill


def assess_late_fees_apart(employer_id: int, borne: Callable[[], list[Borne]], kind: str, *, by) -> Bill:
    """Assess late fees of back payments that were billed before (补缴滞纳金单独核定), and book their own bill.

    `borne` is asked once the employer is locked: of two at once, the second finds what the first left.
    """
    employer = Employer.objects.select_for_update(no_key=True).get(pk=employer_id)
    bear = borne()
    bill = _make_bill(_make_assessment(employer, kind, by), bear)
    make_lines(bill, bear)
    book_assessed(bill, {}, (one.line for one in bear))
    credit_fen = use_credit(bill)
    total, heads = bill.total_due, bill.head_count
    record("late_fees.assessed", bill, by=by, kind=kind, total_fen=total, heads=heads, credit_fen=credit_fen or None)
    return bill


def _make_assessment(employer: Employer, kind: str, by) -> Assessment:
    month = Month.of(today())
    # A voided one keeps its place in the series: two bills of a month never bear the same name.
    last = Assessment.objects.ever().filter(employer=employer, month=month).aggregate(last=Max("series"))["last"]
    made = Assessment(
        employer=employer,
        month=month,
        series=(last or 0) + 1,
        kind=kind,
        number=f"H{month.index:05d}{employer.pk:07d}{secrets.randbelow(10**8):08d}",
        fingerprint=region(employer.region).fingerprint,
        known_on=today(),
        made_by=by,
        made_at=now(),
    )
    insert_rows([made])
    return made


def _make_bill(assessment: Assessment, back: Sequence[BackDue | Borne | Difference]) -> Bill:
    spec = region(assessment.employer.region)
    employer_due, employee_due = sum(one.employer_due for one in back), sum(one.employee_due for one in back)
    months = sorted({one.line.back_payment.values_month for one in back if one.line.back_payment}, reverse=True)
    samples = [title for one in back if isinstance(one, Borne) for title in one.illustrative]
    bill = Bill(
        assessment=assessment,
        employer=assessment.employer,
        month=assessment.month,
        series=assessment.series,
        number=f"Z{assessment.number[1:]}",
        employer_due=employer_due,
        employee_due=employee_due,
        total_due=employer_due + employee_due,
        head_count=len({one.line.employee_id for one in back}),
        first_month=min(one.line.month for one in back),
        last_month=Month.of(today()),
        pay_until=timezone.make_aware(_pay_until(spec, assessment.month)),
        illustrative=list(
            dict.fromkeys([title for one in months for title in spec.illustrative(one, today())] + samples)
        ),
    )
    insert_rows([bill])
    return bill


def _pay_until(spec: Region, month: Month) -> datetime:
    """The end of this month's time to pay or, when that is over, of the next one's."""
    until = spec.calendar.window(month).pay_until
    return until if local_now() <= until else spec.calendar.window(month.next()).pay_until
