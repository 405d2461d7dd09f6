"""Money that fits no order (待查款): booked to suspense when it arrives, put right when the bank misreported it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shebao.rules.money import yuan
from shebao.rules.months import Month

from ..audit.operations import record
from ..bulk import insert_rows
from ..clock import now
from ..employers.locking import locked_employer
from ..errors import Conflict, Refused, permit
from ..prepared import prepared
from ..settlement.collecting import credit_of, day_of, write_booking
from ..settlement.ledger import book_mirror
from ..settlement.models import Account, Booking, LedgerTransaction
from .models import MISMATCH, UNDECIDED, Clearing, Payment, PaymentState, SuspenseItem

MOST = 10**15
"""More fen than any payment has; the columns of the ledger hold the sum of thousands of these."""


def suspend(message: Mapping, reason: str, *, payment: Payment | None = None) -> SuspenseItem | None:
    """Put money that the bank took, and that fits nothing, on the suspense account; once for a bank's serial number.

    Inside the caller's transaction. A message without an amount moved no money, nor did one that names more than there
    is: it stays parked as it came; None then.
    """
    fen, serial = message["amount_fen"], str(message.get("bank_serial") or message["message_id"])[:60]
    if not 0 < fen <= MOST:
        return None
    for found in _of_serial(serial):
        return found
    employer = payment.employer if payment else None
    item = SuspenseItem(
        region=employer.region if employer else "",
        employer=employer,
        payment=payment,
        bank_serial=serial,
        amount_fen=fen,
        payer=str(message.get("payer", ""))[:120],
        reason=reason,
        arrived_at=paid_at(message),
    )
    insert_rows([item])
    book_moved(item, Booking.SUSPENDED, employer, [(Account.BANK, fen), (Account.SUSPENSE, -fen)])
    record("suspense.arrived", item, by=None, employer=employer, amount_fen=fen, reason=reason)
    return item


@prepared
def _of_serial(serial: str) -> QuerySet:
    return SuspenseItem.objects.that_came().filter(bank_serial=serial)


def suspend_proven(message: Mapping, reason: str, *, payment: Payment | None = None) -> SuspenseItem | None:
    """As `suspend`, by the bank's own books: an amount that its notice misreported is put right by bookings."""
    if 0 < message["amount_fen"] <= MOST:
        for held in waiting_under(str(message.get("bank_serial") or message["message_id"])[:60]):
            if held.amount_fen != message["amount_fen"]:
                take_back(held, f"银行查明的金额是 {yuan(message['amount_fen'])} 元，原来的通知有误。")
    return suspend(message, reason, payment=payment)


@prepared
def waiting_under(serial: str) -> QuerySet[SuspenseItem]:
    """What waits in suspense under this serial number of the bank, locked; at most one."""
    rows = SuspenseItem.objects.select_for_update(of=("self",)).select_related("employer")
    return rows.filter(bank_serial=serial, clearing="")


def take_back(item: SuspenseItem, note: str, *, by=None) -> None:
    """End an amount in suspense that the bank misreported (更正): its booking is mirrored, the row stays.

    The caller holds the item's lock, and books what is true instead. `by` is who found it where a person did.
    """
    book_mirror(item.transactions.get(kind=Booking.SUSPENDED))
    item.earlier = _what_was_done(item)[:300]
    item.clearing, item.note, item.cleared_at, item.cleared_by = Clearing.CORRECTED, note, now(), None
    item.corrected_by = by.name if by else ""
    item.save(update_fields=["clearing", "note", "cleared_at", "cleared_by", "earlier", "corrected_by"])
    record("suspense.corrected", item, by=by, employer=item.employer, amount_fen=item.amount_fen, note=note)


def _what_was_done(item: SuspenseItem) -> str:
    """How an item was cleared, by whom, when and why, in words; nothing of what still waits."""
    if not (item.cleared_by and item.cleared_at):
        return ""
    at = timezone.make_naive(item.cleared_at)
    return f"{item.get_clearing_display()}，{item.cleared_by.name} {at:%Y-%m-%d %H:%M}：{item.note}"


def paid_at(message: Mapping) -> datetime:
    """When the bank says that the money moved; now where it says nothing that can be read."""
    try:
        at = datetime.fromisoformat(str(message.get("paid_at", "")))
    except ValueError:
        return now()
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    return min(at, now())  # a clock that goes ahead pays nothing late


def book_moved(item: SuspenseItem | None, kind: str, employer, rows: list[tuple[str, int]]) -> LedgerTransaction:
    """Book money that is no bill's from account to account, fen each; of the item's month, or this one."""
    booked = LedgerTransaction(employer=employer, suspense=item, kind=kind, booked_at=now())
    month = Month.of(day_of(item.arrived_at if item else booked.booked_at))
    return write_booking(booked, [(account, fen, month) for account, fen in rows])


def without_money(actor) -> QuerySet[Payment]:
    """The attempts that a bank's message left open and that brought no money: the agency says how they end.

    A message names no amount, or more than there is; where money did come, its item in suspense ends the attempt.
    """
    stuck = Payment.objects.visible_to(actor).filter(state__in=UNDECIDED, reason_code=MISMATCH, suspense_items=None)
    return stuck.select_related("bill", "employer").order_by("started_at", "pk")


@transaction.atomic
def end_without_money(payment_id: int, *, by, note: str) -> Payment:
    """End an attempt of which the bank said something impossible, after a person looked: no money came (核对未到账).

    The bill can be paid again; should money come after all, it waits in suspense like any other. Raises Refused
    without a note, Conflict where it has ended or its money waits in suspense.
    """
    permit(by, "reconcile", "对账")
    payment = (
        Payment.objects.visible_to(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("employer")
        .get(pk=payment_id)
    )
    note = note.strip()
    if not note:
        raise Refused("no_note", "请写明核对的依据，如与银行核对的日期和对方经办人。", field="note")
    if payment.state not in UNDECIDED or payment.reason_code != MISMATCH:
        raise Conflict("already_decided", f"这笔缴费已经有结果（{payment.get_state_display()}），请刷新后再看。")
    if payment.suspense_items.exists():
        raise Conflict("money_waits", "这笔缴费的款在待查款里，请处理那一笔。")
    payment.state, payment.finished_at = PaymentState.REFUSED, now()
    payment.reason_code, payment.reason = "no_money", f"经办机构核对：款项没有到账。{note}"[:200]
    payment.save()
    record("payment.ended", payment, by=by, employer=payment.employer, amount_fen=payment.amount_fen, note=note)
    return payment


@transaction.atomic
def refund_credit(employer_id: int, fen: int, *, by, note: str) -> LedgerTransaction:
    """Pay an employer's credit back to it (退费), at most what there is. Amount in fen."""
    permit(by, "reconcile", "对账")
    employer = locked_employer(employer_id, by=by)
    note, credit = note.strip(), credit_of(employer_id)
    if not note:
        raise Refused("no_note", "请写明退费的依据。", field="note")
    if not 0 < fen <= credit:
        raise Refused("no_credit", "退费金额须大于零，且不超过该单位的待转金。", field="amount")
    booked = book_moved(None, Booking.REFUNDED, employer, [(Account.CREDIT, fen), (Account.BANK, -fen)])
    record("credit.refunded", booked, by=by, employer=employer, amount_fen=fen, note=note)
    return booked
