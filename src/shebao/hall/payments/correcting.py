"""Money that was cleared with a false amount, after the bank's statement disproved it (按对账单更正)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from shebao.rules.money import yuan

from ..audit.operations import record
from ..employers.locking import locked_employer
from ..errors import Conflict, Refused, permit
from ..settlement.collecting import credit_of, day_of
from ..settlement.ledger import book_mirror
from ..settlement.models import Account, Bill, Booking, LedgerTransaction
from .asked import locked_bill
from .counter import revoke_paid_papers
from .models import CHOSEN, Payment, Reconciliation, SuspenseItem
from .reconciling import statement_of
from .suspense import suspend, take_back

DAYS = 50
"""So many comparisons that found something are looked through for what was cleared falsely, the newest first."""
LONGEST = 120
"""Characters of a reason: it stands in the item's note beside both amounts."""


@dataclass(frozen=True)
class Disproved:
    """Money that was cleared, and what the last statement of its day said arrived, fen."""

    item: SuspenseItem
    fen: int


def disproved(actor) -> list[Disproved]:
    """What was cleared with another amount than the last statement of its day says, the newest first; three queries."""
    own = Reconciliation.objects.filter(region=actor.region)
    last = own.order_by().values("day").annotate(last=Max("pk")).values("last")
    said: dict[str, int] = {}
    for one in own.filter(pk__in=last).exclude(differences=[]).order_by("day")[:DAYS]:
        said |= one.lines
    items = SuspenseItem.objects.visible_to(actor).filter(bank_serial__in=said, clearing__in=CHOSEN)
    found = items.select_related("employer", "payment", "cleared_by")
    return [Disproved(one, said[one.bank_serial]) for one in found if said[one.bank_serial] != one.amount_fen]


def correct_cleared(item_id: int, *, by, note: str) -> SuspenseItem:
    """Take back what was made of money that the bank misreported, and let the true amount wait in suspense.

    The bank's statement of the day is asked first: it must say another amount. What the money did (a bill, credit, a
    refund) and its arrival are mirrored; papers that say paid are revoked where the bill is open again. Returns the
    item of the true amount. Raises Refused in words, Conflict where somebody did it before.
    """
    permit(by, "reconcile", "对账")
    note = note.strip()
    if not note:
        raise Refused("no_note", "请写明更正的依据，如与银行核对的日期和对方经办人。", field="note")
    if len(note) > LONGEST:
        raise Refused("note_too_long", f"更正的依据最多 {LONGEST} 字，现在有 {len(note)} 字。", field="note")
    found = SuspenseItem.objects.visible_to(by).get(pk=item_id)
    _refuse_open(found)
    row = _proof(found)
    with transaction.atomic():
        item = SuspenseItem.objects.visible_to(by).select_for_update(of=("self",)).get(pk=item_id)
        _refuse_open(item)
        was = item.get_clearing_display()
        bill = _undo(item.transactions.get(kind=Booking.CLEARED), by)
        told = f"银行对账单上是 {yuan(row['amount_fen'])} 元，原来按 {yuan(item.amount_fen)} 元{was}。{note}"
        take_back(item, told[:200], by=by)
        if bill:
            revoke_paid_papers(bill, f"到账 {item.bank_serial} 按银行对账单更正", by)
        attempt = Payment.objects.select_related("employer").filter(pk=item.payment_id).first()
        made = suspend(
            row, f"原来登记 {yuan(item.amount_fen)} 元并已{was}，已按对账单更正，请重新处理。", payment=attempt
        )
        assert made is not None
        record("suspense.reopened", made, by=by, employer=item.employer, amount_fen=made.amount_fen, note=note)
    return made


def _refuse_open(item: SuspenseItem) -> None:
    if item.clearing not in CHOSEN:
        raise Conflict("not_cleared", "这笔待查款还没有处理，或者已经更正，请刷新后再看。")


def _proof(item: SuspenseItem) -> Mapping:
    """The line of the bank's statement that says another amount; Refused where it says the same, or nothing."""
    lines = statement_of(day_of(item.arrived_at))
    row = next((one for one in lines if one["bank_serial"] == item.bank_serial), None)
    if row is None:
        raise Refused("not_in_statement", "银行对账单上没有这笔流水，不能按它更正，请与银行核对。")
    if row["amount_fen"] == item.amount_fen:
        raise Refused("nothing_to_correct", f"银行对账单上就是 {yuan(item.amount_fen)} 元，不用更正。")
    return row


def _undo(booked: LedgerTransaction, by) -> Bill | None:
    """Mirror what was made of the money; the bill that it was booked for, held, None where it was none.

    Raises Refused where it went on since: to the settled bill of a month that was assessed provisionally, or as credit.
    """
    if booked.employer_id:
        locked_employer(booked.employer_id, by=by)
    (bill,) = locked_bill(booked.bill_id) if booked.bill_id else (None,)
    if bill and bill.transactions.filter(kind=Booking.RELEASED).exists():
        raise Refused("settled_since", "这笔款所入的暂核定账单已经结清，款已转走，不能更正，请用退费或补缴处理。")
    credit = -sum(booked.entries.filter(account=Account.CREDIT).values_list("amount_fen", flat=True))
    if credit and credit > credit_of(booked.employer_id):
        told = f"这笔款转入待转金的 {yuan(credit)} 元已经抵扣或退费，不能更正，请用退费或调整处理。"
        raise Refused("credit_used", told)
    book_mirror(booked)
    return bill
