"""What the agency asks of its money: how much nobody has claimed, the last comparisons, who has credit."""

from collections.abc import Iterable

from django.db.models import Count, F, QuerySet, Sum

from ..settlement.models import Account, LedgerEntry
from .models import UNDECIDED, Payment, PaymentState, Reconciliation, SuspenseItem


def suspense_sums(actor) -> dict[str, int]:
    """How many amounts wait in suspense, and their sum in fen."""
    waiting = SuspenseItem.objects.visible_to(actor).filter(clearing="")
    return waiting.aggregate(count=Count("pk"), fen=Sum("amount_fen", default=0))


def reconciliations(actor) -> QuerySet[Reconciliation]:
    """The comparisons of the agency's region, the newest first."""
    return Reconciliation.objects.filter(region=actor.region).select_related("made_by")


def credits_of(actor) -> QuerySet:
    """Employers with credit (待转金): id, number, name and the amount in fen, the largest first."""
    entries = LedgerEntry.objects.visible_to(actor).filter(account=Account.CREDIT)
    named = entries.order_by().values(
        employer=F("transaction__employer"),
        number=F("transaction__employer__employer_number"),
        name=F("transaction__employer__name"),
    )
    return named.annotate(fen=-Sum("amount_fen")).filter(fen__gt=0).order_by("-fen")


def running_payment(bill) -> Payment | None:
    """The attempt to pay a bill that has no result yet; None where there is none."""
    return bill.payments.filter(state__in=UNDECIDED).first()


def running_payments(bills: Iterable) -> dict[int, Payment]:
    """The attempts to pay these bills that have no result yet, by bill (ids); one query."""
    return {one.bill_id: one for one in Payment.objects.filter(bill__in=list(bills), state__in=UNDECIDED)}


def cleared_money(payments: Iterable[Payment]) -> dict[int, SuspenseItem]:
    """What arrived for attempts that the agency ended, and what it did with it, by attempt (ids); one query at most.

    `payments` are read as who asks may see them: what became of their money is theirs to know.
    """
    ended = [one.pk for one in payments if one.state == PaymentState.CLEARED]
    items = SuspenseItem.objects.that_came().filter(payment__in=ended).exclude(clearing="") if ended else ()
    return {one.payment_id: one for one in items}
