"""What the agency asks of its money: how much nobody has claimed, the last comparisons, who has credit."""

from collections.abc import Iterable

from django.db.models import Count, F, QuerySet, Sum

from ..settlement.models import Account, LedgerEntry
from .models import UNDECIDED, Clearing, Payment, PaymentState, Reconciliation, SuspenseItem


def suspense_sums(actor) -> dict[str, int]:
    """How many amounts wait in suspense, and their sum in fen."""
    waiting = SuspenseItem.objects.visible_to(actor).filter(clearing="")
    return waiting.aggregate(count=Count("pk"), fen=Sum("amount_fen", default=0))


def reconciliations(actor) -> QuerySet[Reconciliation]:
    """The comparisons of the agency's region, the newest first."""
    return Reconciliation.objects.filter(region=actor.region).select_related("made_by")


def statement_lines(made: Reconciliation, serials: Iterable[str], actor) -> list[dict]:
    """What a statement said of these serials, and where the books have each: its payment, or its amount in suspense.

    `misreported` is what the bank's notice had said instead, fen; None where it said the same, or nothing.
    """
    serials = list(serials)
    payments = Payment.objects.visible_to(actor).select_related("employer").filter(bank_serial__in=serials)
    by_serial = {one.bank_serial: one for one in payments}
    waiting, false = {}, {}
    for item in SuspenseItem.objects.visible_to(actor).select_related("employer").filter(bank_serial__in=serials):
        (false if item.clearing == Clearing.CORRECTED else waiting)[item.bank_serial] = item
    return [
        {
            "serial": serial,
            "fen": made.lines[serial],
            "payment": by_serial.get(serial),
            "item": waiting.get(serial),
            "misreported": false[serial].amount_fen if serial in false and _lied(false[serial], made) else None,
        }
        for serial in serials
    ]


def _lied(item: SuspenseItem, made: Reconciliation) -> bool:
    return item.amount_fen != made.lines[item.bank_serial]


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


def state_word(payment: Payment, cleared: SuspenseItem | None = None) -> str:
    """How an attempt stands, in words, on every page; where the agency ended it, what it did with the money."""
    if cleared:
        return f"已由经办机构{cleared.get_clearing_display()}"
    return "已撤销" if payment.is_taken_back else payment.get_state_display()
