"""What a receipt says of how a bill was paid: every booking that paid it, when, by which way, under which numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from shebao.rules.money import yuan

from ..payments.channels import way_title
from ..payments.models import Payment
from ..regions import region
from ..settlement.collecting import ARRIVING
from ..settlement.models import DUES, Account, Bill, Booking, LedgerEntry, LedgerTransaction
from .rendering import Column, PeopleTable


@dataclass(frozen=True)
class Arrival:
    """One booking that paid a bill, fen: `money` or `credit` (待转金) went to the bill, `surplus` became credit."""

    at: datetime
    way: str
    number: str
    serial: str
    money: int = 0
    credit: int = 0
    surplus: int = 0


def arrivals_of(bill: Bill) -> list[Arrival]:
    """Everything that paid a bill, the earliest first; what was voided is none of it. Three queries.

    The money and the credit together are what the bill demanded with its late fees.
    """
    booked = list(
        LedgerTransaction.objects.filter(bill=bill, kind__in=ARRIVING, reversed_by=None)
        .select_related("payment", "suspense")
        .order_by("pk")
    )
    settled: dict[int, int] = defaultdict(int)
    surplus: dict[int, int] = defaultdict(int)
    entries = LedgerEntry.objects.filter(transaction__in=booked).order_by()
    for pk, account, fen in entries.values_list("transaction", "account", "amount_fen"):
        if account in (*DUES, Account.LATE_FEES):
            settled[pk] -= fen
        elif account == Account.CREDIT and fen < 0:
            surplus[pk] -= fen
    carried = [one.value_at for one in booked if one.kind == Booking.CARRIED]
    earlier = Payment.objects.filter(employer=bill.employer_id, paid_at__in=carried) if carried else ()
    known = {payment.paid_at: payment for payment in earlier}
    found = [_arrival(bill, one, settled[one.pk], surplus[one.pk], known) for one in booked]
    return sorted(found, key=lambda one: one.at)


def _arrival(bill: Bill, one: LedgerTransaction, settled: int, surplus: int, known: dict) -> Arrival:
    if one.kind == Booking.CREDIT_USED:
        return Arrival(one.booked_at, one.get_kind_display(), "", "", credit=settled)
    if one.kind == Booking.CLEARED:
        return Arrival(one.suspense.arrived_at, "待查款入账", "", one.suspense.bank_serial, settled, 0, surplus)
    payment, way = one.payment, ""
    if one.kind == Booking.CARRIED:
        payment, way = known.get(one.value_at), one.get_kind_display()
    if payment is None:
        return Arrival(one.value_at or one.booked_at, way, "", "", settled, 0, surplus)
    way = way or way_title(region(bill.employer.region), payment.channel)
    at = payment.paid_at or one.booked_at
    return Arrival(at, way, payment.number, payment.bank_serial, settled, 0, surplus)


def payments_table(arrivals: Sequence[Arrival]) -> PeopleTable:
    """The table of a receipt: a row for each booking; the amounts add up to what the receipt is for."""
    columns: list[Column] = [
        {"title": "序号", "align": "center", "width": 0.5},
        {"title": "到账时间", "align": "center", "width": 1.4, "keep": True},
        {"title": "缴费方式", "width": 1.3, "keep": True},
        {"title": "缴费流水", "width": 2.0, "keep": True},
        {"title": "银行流水", "width": 1.6, "keep": True},
    ]
    sums = ["", "合计", f"{len(arrivals)} 笔", "", ""]
    money = [("surplus", "转入待转金"), ("credit", "待转金抵扣"), ("money", "实缴金额")]
    shown = [(key, title) for key, title in money if key == "money" or any(getattr(one, key) for one in arrivals)]
    for key, title in shown:
        columns.append({"title": title, "align": "right", "width": 1.2})
        sums.append(yuan(sum(getattr(one, key) for one in arrivals)))
    rows = [
        [str(place), _moment(one.at), one.way, one.number, one.serial, *(yuan(getattr(one, key)) for key, _ in shown)]
        for place, one in enumerate(arrivals, 1)
    ]
    return {"title": "缴费明细", "columns": columns, "rows": rows, "total": sums}


def paid_header(arrivals: Sequence[Arrival]) -> list[list[str]]:
    """What the head of a receipt says: the numbers of the one payment, or how many there were until when."""
    if not arrivals:
        return []
    last = ["到账时间", _moment(arrivals[-1].at)]
    if len(arrivals) > 1:
        return [["缴费笔数", f"{len(arrivals)} 笔，见缴费明细"], last]
    (one,) = arrivals
    numbers = [["缴费方式", one.way], ["缴费流水", one.number], ["银行流水", one.serial], last]
    return [[label, value] for label, value in numbers if value]


def _moment(at: datetime) -> str:
    return f"{timezone.make_naive(at):%Y-%m-%d %H:%M}"
