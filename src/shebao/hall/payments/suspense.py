"""Money that fits no order (待查款): booked to suspense when it arrives, and what the agency makes of it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shebao.rules.months import Month

from ..audit.operations import record
from ..bulk import insert_rows
from ..clock import now
from ..employers.locking import locked_employer
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..prepared import prepared
from ..settlement.collecting import book_received, credit_of, day_of, owing, write_booking
from ..settlement.models import Account, Bill, Booking, LedgerTransaction
from .models import UNDECIDED, Clearing, Payment, PaymentState, SuspenseItem

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
        arrived_at=_at(message),
    )
    insert_rows([item])
    _book(item, Booking.SUSPENDED, employer, [(Account.BANK, fen), (Account.SUSPENSE, -fen)])
    record("suspense.arrived", item, by=None, employer=employer, amount_fen=fen, reason=reason)
    return item


@prepared
def _of_serial(serial: str) -> QuerySet:
    return SuspenseItem.objects.filter(bank_serial=serial)


def _at(message: Mapping) -> datetime:
    try:
        at = datetime.fromisoformat(str(message.get("paid_at", "")))
    except ValueError:
        return now()
    return min(at if timezone.is_aware(at) else timezone.make_aware(at), now())


def _book(item: SuspenseItem | None, kind: str, employer, rows: list[tuple[str, int]]) -> LedgerTransaction:
    booked = LedgerTransaction(employer=employer, suspense=item, kind=kind, booked_at=now())
    month = Month.of(day_of(item.arrived_at if item else booked.booked_at))
    return write_booking(booked, [(account, fen, month) for account, fen in rows])


def clear_suspense(item_id: int, clearing: str, *, by, number: str = "", note: str) -> SuspenseItem:
    """Say what becomes of unmatched money: for a bill, for an employer's credit, or back to who paid it.

    `number` is the bill's number, or the employer's. Raises Refused in words, Conflict when somebody did it before.
    """
    permit(by, "reconcile", "对账")
    note = note.strip()
    if not note:
        raise Refused("no_note", "请写明处理的依据。", field="note")
    if clearing not in Clearing.values:
        raise Refused("no_clearing", "请选择怎样处理这笔款。", field="clearing")
    with transaction.atomic():
        item = SuspenseItem.objects.visible_to(by).select_for_update(of=("self",)).get(pk=item_id)
        if item.clearing:
            raise Conflict("already_cleared", f"这笔待查款已经处理（{item.get_clearing_display()}）。")
        employer = _APPLY[clearing](item, by, number.strip())
        item.clearing, item.note, item.cleared_by, item.cleared_at = clearing, note[:200], by, now()
        if employer:
            item.employer, item.region = employer, employer.region
        item.save()
        _end_attempt(item)
        record("suspense.cleared", item, by=by, employer=employer, amount_fen=item.amount_fen, kind=clearing, note=note)
    return item


def _to_bill(item: SuspenseItem, by, number: str) -> Employer:
    bill = Bill.objects.visible_to(by).live().select_for_update(of=("self",), no_key=True).filter(number=number).first()
    if bill is None:
        raise Refused("no_such_bill", f"没有账单号“{number}”的账单，或它已经作废。", field="number")
    if owing(bill, day_of(item.arrived_at)).total <= 0:
        raise Refused("already_paid", "这张账单已经缴清，可以转入该单位的待转金。", field="number")
    running = bill.payments.filter(state__in=UNDECIDED).exclude(pk=item.payment_id)
    if running.exists():
        raise Refused("paying", "这张账单还有一笔缴费没有结果，请等它有结果再入账。", field="number")
    on = day_of(item.arrived_at)
    book_received(bill, item.amount_fen, kind=Booking.CLEARED, on=on, suspense=item)
    return bill.employer


def _to_credit(item: SuspenseItem, by, number: str) -> Employer:
    employer = Employer.objects.visible_to(by).filter(employer_number=number).first()
    if employer is None:
        raise Refused("no_such_employer", f"没有编号“{number}”的单位。", field="number")
    fen = item.amount_fen
    _book(item, Booking.CLEARED, employer, [(Account.SUSPENSE, fen), (Account.CREDIT, -fen)])
    return employer


def _refund(item: SuspenseItem, by, number: str) -> Employer | None:
    fen = item.amount_fen
    _book(item, Booking.CLEARED, item.employer, [(Account.SUSPENSE, fen), (Account.BANK, -fen)])
    return item.employer


_APPLY = {Clearing.BILL: _to_bill, Clearing.CREDIT: _to_credit, Clearing.REFUND: _refund}


def _end_attempt(item: SuspenseItem) -> None:
    """The attempt whose money this was has its end: who waits for it may go on."""
    for attempt in _running(item.payment_id) if item.payment_id else ():
        attempt.state, attempt.finished_at = PaymentState.REFUSED, now()
        attempt.reason_code = "cleared"
        attempt.reason = f"款项已由经办机构处理：{item.get_clearing_display()}"
        attempt.save()


@prepared
def _running(payment: int) -> QuerySet[Payment]:
    return Payment.objects.select_for_update().filter(pk=payment, state__in=UNDECIDED)


def without_money(actor) -> QuerySet[Payment]:
    """The attempts that a bank's message left open and that brought no money: the agency says how they end.

    A message names no amount, or more than there is; where money did come, its item in suspense ends the attempt.
    """
    stuck = Payment.objects.visible_to(actor).filter(state__in=UNDECIDED, reason_code="mismatch", suspense_items=None)
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
    if payment.state not in UNDECIDED or payment.reason_code != "mismatch":
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
    booked = _book(None, Booking.REFUNDED, employer, [(Account.CREDIT, fen), (Account.BANK, -fen)])
    record("credit.refunded", booked, by=by, employer=employer, amount_fen=fen, note=note)
    return booked
