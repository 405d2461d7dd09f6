"""A charge that was given back whole (全额退回) leaves its month: whoever charges it next finds it free."""

from collections.abc import Iterable, Iterator

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ..errors import Refused
from ..prepared import prepared, streamed
from .models import ADJUSTING, CHARGING, BackPayment, Bill, BillLine

RETURNED = Q(kind__in=ADJUSTING, employer_evidence=None, employee_evidence=None)
"""Lines that give back a charge whole: nobody owes it any more, so nothing is its evidence."""
TAKEN = "这张账单退的费用所属月份，后来已经由其他单位（或补缴）核定，不能作废。"


def charges_behind(lines: Iterable[BillLine]) -> set[int]:
    """The charges that these lines adjust, at the end of every chain of adjustments."""
    found: set[int] = set()
    asked = {line.adjusts_id or line.pk for line in lines}
    while asked:
        rows = _adjusted(list(asked))
        found |= {pk for pk, before in rows if before is None}
        asked = {before for _, before in rows if before is not None}
    return found


@prepared
def _adjusted(lines: list[int]) -> QuerySet:
    return BillLine.objects.ever().filter(pk__in=lines).values_list("pk", "adjusts")


def free_months(returned: Iterable[BillLine]) -> None:
    """Let the charges that these lines give back whole leave their months."""
    charges = charges_behind(returned)
    if charges:
        BillLine.objects.live().filter(pk__in=charges).update(is_given_back=True)
        BackPayment.objects.filter(lines__in=charges).update(is_voided=True)


def returned_by(bill: Bill) -> list[BillLine]:
    """The lines in force of a bill that give back a charge whole."""
    return list(bill.lines.live().filter(RETURNED))


def take_months_again(returned: Iterable[BillLine]) -> None:
    """Once these lines are voided their charges hold their months again.

    Raises Refused where somebody else has charged such a month meanwhile: one charge is all there may be.
    """
    charges = charges_behind(returned)
    try:
        with transaction.atomic():
            live = BillLine.objects.live().filter(pk__in=charges)
            BackPayment.objects.filter(lines__in=live, withdrawn_in=None).update(is_voided=False)
            live.update(is_given_back=False)
    except IntegrityError:
        raise Refused("charged_elsewhere", TAKEN) from None


def given_back_breaks() -> Iterator[str]:
    """I-9: exactly the charges that a line in force gives back whole have left their months."""
    behind = list(charges_behind(_returned()))
    for number, name, month in _in_their_months(behind):
        yield f"I-9：账单 {number} 的 {name} {month} 已全额退回，仍占着当月。"
    for number, name, month in _out_of_their_months(behind):
        yield f"I-9：账单 {number} 的 {name} {month} 记为已全额退回，没有退回的明细。"


@streamed
def _returned() -> QuerySet[BillLine]:
    return BillLine.objects.live().filter(RETURNED)


@prepared
def _in_their_months(returned: list[int]) -> QuerySet:
    return _live_charges().filter(pk__in=returned, is_given_back=False)


@prepared
def _out_of_their_months(returned: list[int]) -> QuerySet:
    same = {name: OuterRef(name) for name in ("employee", "scheme", "month")}
    none = ~Exists(BillLine.objects.live().filter(RETURNED, **same).order_by())
    return _live_charges().filter(none | ~Q(pk__in=returned), is_given_back=True)


def _live_charges() -> QuerySet:
    charges = BillLine.objects.live().filter(kind__in=CHARGING).order_by("pk")
    return charges.values_list("bill__number", "employee__name", "month")
