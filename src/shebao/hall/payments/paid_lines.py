"""Which lines of bills are paid: because the ledger has nothing open of what they are for, or for chosen people."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from ..prepared import prepared
from ..settlement.collecting import last_arrivals
from ..settlement.models import DUE_OF, DUES, Account, BillLine, LedgerEntry, LineKind
from .models import Payment, PaymentState

PAID, UNPAID = "实缴", "欠缴"
"""What a column of marks (缴费标志) says of a line."""


@dataclass(frozen=True)
class PaidLines:
    """What is open of some bills, by (bill, account, month, scheme); when money last came for each bill; and when for
    whom of its people (社保缴费 of chosen persons), by (bill, employee)."""

    open: frozenset[tuple]
    arrived: dict[int, datetime]
    people: dict[tuple[int, int], datetime | None]

    def is_paid(self, line: BillLine) -> bool:
        """Whether a line is paid: for its person, or as a part of all that the bill demands for month and scheme."""
        if (line.bill_id, line.employee_id) in self.people:
            return True
        account = DUE_OF.get(LineKind(line.kind), Account.RECEIVABLE)
        return (line.bill_id, account, line.month, line.scheme) not in self.open

    def mark(self, line: BillLine) -> str:
        """实缴 or 欠缴."""
        return PAID if self.is_paid(line) else UNPAID

    def paid_at(self, line: BillLine) -> datetime | None:
        """When the money of a paid line came: for its person, or else the last that came for the bill."""
        if (at := self.people.get((line.bill_id, line.employee_id))) is not None:
            return at
        return self.arrived.get(line.bill_id) if self.is_paid(line) else None


def paid_lines(bills: Collection[int]) -> PaidLines:
    """What is paid of the lines of these bills (ids), in three queries."""
    entries = LedgerEntry.objects.filter(transaction__bill__in=bills, account__in=DUES).order_by()
    parts = entries.values_list("transaction__bill", "account", "month", "scheme", "part").annotate(
        fen=Sum("amount_fen")
    )
    return PaidLines(
        frozenset(tuple(key[:4]) for key in parts.filter(fen__gt=0)), last_arrivals(bills), people_paid_for(bills)
    )


def people_paid_for(bills: Collection[int]) -> dict[tuple[int, int], datetime | None]:
    """For whom of the people of these bills (ids) somebody paid, and when, by (bill, employee); one query."""
    return {(bill, employee): at for bill, people, at in _for_people(list(bills)) for employee in people}


@prepared
def _for_people(bills: list[int]) -> QuerySet:
    chosen = Payment.objects.filter(bill__in=bills, state=PaymentState.SUCCEEDED).exclude(people=[])
    return chosen.values_list("bill", "people", "paid_at")
