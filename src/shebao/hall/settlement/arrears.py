"""What an employer owes after the day of payment (欠费)."""

from dataclasses import dataclass

from django.utils import timezone

from ..clock import now, today
from .ledger import balances
from .models import Bill


@dataclass(frozen=True)
class Arrears:
    """One bill that was not paid in full in time, in fen; `days` since its last day of payment."""

    bill: Bill
    due: int
    paid: int
    days: int

    @property
    def open(self) -> int:
        """What is still owed."""
        return self.due - self.paid


def arrears(actor) -> tuple[list[Arrears], list[Bill]]:
    """(the bills in arrears, the oldest first; the open ones that still have time) of the actor; two queries."""
    bills = list(Bill.objects.visible_to(actor).live().select_related("employer").order_by("month", "pk"))
    booked = balances(bills)
    late, in_time = [], []
    for bill in bills:
        due, paid = booked.get(bill.pk, (0, 0))
        if paid >= due:
            continue
        if now() > bill.pay_until:
            days = (today() - timezone.make_naive(bill.pay_until).date()).days
            late.append(Arrears(bill, due, paid, days))
        else:
            in_time.append(bill)
    return late, in_time
