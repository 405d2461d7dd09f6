"""What an employer owes after the day of payment (欠费)."""

from dataclasses import dataclass

from django.utils import timezone

from ..clock import now, today
from .collecting import owings
from .ledger import balances
from .models import Bill


@dataclass(frozen=True)
class Arrears:
    """One bill that was not paid in full in time, in fen; `days` since its last day of payment.

    `late_fee` is what it bears until today and nobody has paid (滞纳金).
    """

    bill: Bill
    due: int
    paid: int
    days: int
    late_fee: int

    @property
    def open(self) -> int:
        """What is still owed of what the bill demands."""
        return self.due - self.paid

    @property
    def total(self) -> int:
        """What paying it today takes, fen."""
        return self.open + self.late_fee


def arrears(actor) -> tuple[list[Arrears], list[Bill]]:
    """(the bills in arrears, the oldest first; the open ones that still have time) of the actor; three queries.

    A bill whose principal is paid and whose late fee is not is in arrears too. Raises NoValue without a rate.
    """
    bills = list(Bill.objects.visible_to(actor).live().select_related("employer").order_by("month", "pk"))
    booked = balances(bills)
    late, in_time, past = [], [], []
    for bill in bills:
        due, paid = booked.get(bill.pk, (0, 0))
        if now() > bill.pay_until:
            past.append(bill)
        elif paid < due:
            in_time.append(bill)
    asked = owings(past, today())
    for bill in past:
        due, paid = booked.get(bill.pk, (0, 0))
        if asked[bill.pk].total > 0:
            days = (today() - timezone.make_naive(bill.pay_until).date()).days
            late.append(Arrears(bill, due, paid, days, asked[bill.pk].late_fee))
    return late, in_time
