"""I-4 of what the bank brought: what waits in suspense, and the statements that the books were held against."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby

from django.db.models import QuerySet, Sum

from shebao.rules.money import yuan

from ..bulk import in_chunks
from ..payments.models import Payment, PaymentState, Reconciliation, SuspenseItem
from ..prepared import prepared, streamed
from .models import Account, LedgerEntry


def suspense_breaks() -> Iterator[str]:
    """I-4: unmatched money is on the suspense account until it is cleared, to the fen."""
    sums = dict(_held_for())
    for one in _suspense_items():
        fen, said = -sums.pop(one.pk, 0), 0 if one.clearing else one.amount_fen
        if fen != said:
            yield f"I-4：待查款 {one.bank_serial} 应有 {yuan(said)} 元，待查款科目里是 {yuan(fen)} 元。"
    for fen in filter(None, sums.values()):
        yield f"I-4：待查款科目里有 {yuan(-fen)} 元不属于任何一笔待查款。"


@streamed
def _held_for() -> QuerySet:
    held = LedgerEntry.objects.filter(account=Account.SUSPENSE).order_by()
    return held.values_list("transaction__suspense").annotate(Sum("amount_fen"))


@streamed
def _suspense_items() -> QuerySet:
    return SuspenseItem.objects.all()


def statement_breaks() -> Iterator[str]:
    """I-4: every line of the last statement of a day is in the books to the fen: as a payment, or in suspense.

    What the bank does not say yet is no break: only what it said.
    """
    for _, made in groupby(_statements(), lambda one: (one.region, one.day)):
        last = next(made)
        for serials in in_chunks(last.lines, 500):
            booked: dict[str, int] = defaultdict(int)
            for serial, fen in [*_paid_under(serials), *_suspended_under(serials)]:
                booked[serial] += fen
            for serial in serials:
                if booked[serial] != last.lines[serial]:
                    said = f"{last.day:%Y-%m-%d} 的对账单上是 {yuan(last.lines[serial])} 元"
                    yield f"I-4：银行流水 {serial}，{said}，账上是 {yuan(booked[serial])} 元。"


@streamed
def _statements() -> QuerySet[Reconciliation]:
    return Reconciliation.objects.order_by("region", "day", "-pk")


@prepared
def _paid_under(serials: list[str]) -> QuerySet:
    paid = Payment._base_manager.filter(state=PaymentState.SUCCEEDED, bank_serial__in=serials)
    return paid.exclude(channel="counter").values_list("bank_serial", "amount_fen")


@prepared
def _suspended_under(serials: list[str]) -> QuerySet:
    items = SuspenseItem.objects.that_came().filter(bank_serial__in=serials)
    return items.order_by().values_list("bank_serial", "amount_fen")
