"""A charge that was given back whole (全额退回) leaves its month: whoever charges it next finds it free."""

from collections.abc import Iterable, Iterator

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ..errors import Refused
from .models import ADJUSTING, CHARGING, BackPayment, Bill, BillLine

RETURNED = Q(kind__in=ADJUSTING, employer_evidence=None, employee_evidence=None)
"""Lines that give back a charge whole: nobody owes it any more, so nothing is its evidence."""
TAKEN = "这张账单退的费用所属月份，后来已经由其他单位（或补缴）核定，不能作废。"


def charges_behind(lines: Iterable[BillLine]) -> set[int]:
    """The charges that these lines adjust, at the end of every chain of adjustments."""
    found: set[int] = set()
    asked = {line.adjusts_id or line.pk for line in lines}
    while asked:
        rows = list(BillLine.objects.ever().filter(pk__in=asked).values_list("pk", "adjusts"))
        found |= {pk for pk, before in rows if before is None}
        asked = {before for _, before in rows if before is not None}
    return found


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
    returned = BillLine.objects.live().filter(RETURNED)
    behind = charges_behind(returned)
    words = "bill__number", "employee__name", "month"
    for number, name, month in _live_charges().filter(pk__in=behind, is_given_back=False).values_list(*words):
        yield f"I-9：账单 {number} 的 {name} {month} 已全额退回，仍占着当月。"
    flagged = _live_charges().filter(is_given_back=True)
    none = ~Exists(
        returned.filter(employee=OuterRef("employee"), scheme=OuterRef("scheme"), month=OuterRef("month")).order_by()
    )
    for number, name, month in flagged.filter(none | ~Q(pk__in=behind)).values_list(*words):
        yield f"I-9：账单 {number} 的 {name} {month} 记为已全额退回，没有退回的明细。"


def _live_charges() -> QuerySet[BillLine]:
    return BillLine.objects.live().filter(kind__in=CHARGING).order_by("pk")
