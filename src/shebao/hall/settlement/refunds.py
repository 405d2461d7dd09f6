"""退费: what was charged for months after somebody left goes back, charge by charge, and never twice."""

from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..audit.operations import record
from ..clock import now
from ..employers.models import Employer
from ..errors import Refused
from ..prepared import prepared
from .adjusting import Difference, given_back, known_behind
from .collecting import write_booking
from .ledger import balances
from .models import (
    ADJUSTING,
    CHARGING,
    Account,
    Bill,
    BillLine,
    Booking,
    LedgerEntry,
    LedgerTransaction,
    Refund,
)
from .own_bills import make_own_bill


@prepared
def refundable(employees: list[int]) -> QuerySet[BillLine]:
    """The last line of every charge of these people that was not given back whole, the oldest first."""
    later = BillLine.objects.live().filter(adjusts=OuterRef("pk"), month=OuterRef("month"))
    lines = BillLine.objects.live().filter(
        ~Exists(later),
        Q(employer_evidence__isnull=False) | Q(employee_evidence__isnull=False),
        employee__in=employees,
        kind__in=(*CHARGING, *ADJUSTING),
    )
    return lines.select_related("bill__assessment", "employee").order_by("month", "employee_id", "pk")


def whole(lines: Sequence[BillLine]) -> list[Difference]:
    """Each of these charges given back whole; one query."""
    return given_back(lines, known_behind(lines))


def roots(lines: Iterable[BillLine]) -> set[int]:
    """The bills whose payment stands behind these lines: their own, and those of the charges that they correct."""
    found, asked = set(), list(lines)
    while asked:
        found |= {line.bill_id for line in asked}
        asked = _live([one.adjusts_id for one in asked if one.adjusts_id])
    return found


@prepared
def _live(lines: list[int]) -> QuerySet[BillLine]:
    return BillLine.objects.live().filter(pk__in=lines)


def unpaid_behind(lines: Sequence[BillLine]) -> list[Bill]:
    """The bills behind these charges that are not paid in full: nothing of them can become credit (I-5)."""
    bills = _bills(list(roots(lines)))
    booked = balances(bills)
    return [bill for bill in bills if booked.get(bill.pk, (0, 0))[1] < booked.get(bill.pk, (0, 0))[0]]


@prepared
def _bills(pks: list[int]) -> QuerySet[Bill]:
    return Bill.objects.live().filter(pk__in=pks).order_by("month", "series")


def give_back_apart(employer_id: int, refunds: QuerySet[Refund], kind: str, *, pay: str, by) -> Bill:
    """Return the charges of these refunds on a bill of their own, whose sum becomes credit or is paid out.

    `pay` is "credit" or "paid_out"; the caller's transaction holds the refunds. Raises Refused where a bill behind
    them is not paid in full, or nothing is left to give back.
    """
    employer = Employer.objects.select_for_update(no_key=True).get(pk=employer_id)
    months = set(refunds.values_list("employee", "month"))
    lines = [line for line in refundable(list({one for one, _ in months})) if (line.employee_id, line.month) in months]
    if not lines:
        raise Refused("nothing_to_refund", "这些月份没有可以退的费用，请刷新后再看。")
    if open_bills := unpaid_behind(lines):
        names = "、".join(bill.label for bill in open_bills)
        raise Refused("not_paid", f"{names} 的账单还没有缴清，缴清以后才能退费。")
    bill = make_own_bill(employer, whole(lines), kind, by=by)
    fen = -bill.total_due
    if fen:
        _move(bill, Booking.CREDITED, _settling(bill))
    if fen and pay == "paid_out":
        _move(
            bill,
            Booking.REFUNDED,
            [(Account.CREDIT, fen, "", "", bill.month), (Account.BANK, -fen, "", "", bill.month)],
        )
    record("leavers.refunded", bill, by=by, kind=kind, amount_fen=fen, heads=bill.head_count)
    return bill


def _settling(bill: Bill) -> list[tuple]:
    """What closes the bill's demands, month by month, against the credit of the employer."""
    rows = LedgerEntry.objects.filter(transaction__bill=bill, account=Account.RECEIVABLE)
    keys = rows.order_by("pk").values_list("amount_fen", "scheme", "part", "month")
    closing = [(Account.RECEIVABLE, -fen, scheme, part, month) for fen, scheme, part, month in keys]
    return [*closing, (Account.CREDIT, bill.total_due, "", "", bill.month)]


def _move(bill: Bill, kind: str, rows: list[tuple]) -> None:
    own = bill if kind == Booking.CREDITED else None
    booked = LedgerTransaction(employer_id=bill.employer_id, bill=own, kind=kind, booked_at=now())
    write_booking(booked, [(account, fen, month, scheme, part) for account, fen, scheme, part, month in rows])
