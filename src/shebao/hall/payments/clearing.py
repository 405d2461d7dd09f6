"""What the agency makes of money that fits no order (待查款处理), after the bank's statement was asked."""

from django.db import transaction
from django.db.models import QuerySet

from shebao.rules.money import yuan

from ..audit.operations import record
from ..clock import now
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit
from ..prepared import prepared
from ..settlement.collecting import book_received, day_of, owing
from ..settlement.models import Account, Bill, Booking
from .models import UNDECIDED, Clearing, Payment, PaymentState, SuspenseItem
from .reconciling import prove_by_statement
from .suspense import book_moved
from .unfilled import unfilled


def clear_suspense(item_id: int, clearing: str, *, by, number: str = "", note: str) -> SuspenseItem:
    """Say what becomes of unmatched money: for a bill, for an employer's credit, or back to who paid it.

    `number` is the bill's number, or the employer's. The bank's statement of the day is asked first, so that no amount
    is cleared that the bank misreported. Raises Refused in words, Conflict when somebody did it before or the statement
    said otherwise.
    """
    permit(by, "reconcile", "对账")
    note = note.strip()
    for field, told in unfilled(clearing, number, note).items():
        raise Refused(f"no_{field}", told, field=field)
    found = SuspenseItem.objects.visible_to(by).select_related("payment").get(pk=item_id)
    if not found.clearing:
        prove_by_statement(found)
    with transaction.atomic():
        # The attempt first, as whoever hears the bank: two who wait for each other would both fail.
        attempts = _attempt(found.payment_id) if found.payment_id else []
        item = SuspenseItem.objects.visible_to(by).select_for_update(of=("self",)).get(pk=item_id)
        _refuse_ended(item)
        employer = _APPLY[clearing](item, by, number.strip())
        item.clearing, item.note, item.cleared_by, item.cleared_at = clearing, note[:200], by, now()
        if employer:
            item.employer, item.region = employer, employer.region
        item.save()
        _end_attempts(attempts, item)
        record("suspense.cleared", item, by=by, employer=employer, amount_fen=item.amount_fen, kind=clearing, note=note)
    return item


def _refuse_ended(item: SuspenseItem) -> None:
    if item.clearing == Clearing.CORRECTED:
        told = f"待查款登记的 {yuan(item.amount_fen)} 元与银行对账单不符，没有处理。{item.note}"
        raise Conflict("corrected", f"{told}已按银行更正，请刷新后再看。")
    if item.clearing:
        raise Conflict("already_cleared", f"这笔待查款已经处理（{item.get_clearing_display()}）。")


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
    book_moved(item, Booking.CLEARED, employer, [(Account.SUSPENSE, fen), (Account.CREDIT, -fen)])
    return employer


def _refund(item: SuspenseItem, by, number: str) -> Employer | None:
    fen = item.amount_fen
    book_moved(item, Booking.CLEARED, item.employer, [(Account.SUSPENSE, fen), (Account.BANK, -fen)])
    return item.employer


_APPLY = {Clearing.BILL: _to_bill, Clearing.CREDIT: _to_credit, Clearing.REFUND: _refund}


def _end_attempts(attempts: list[Payment], item: SuspenseItem) -> None:
    """The attempt whose money this was has its end: who waits for it may go on."""
    for attempt in attempts:
        if attempt.state in UNDECIDED:
            attempt.state, attempt.finished_at = PaymentState.CLEARED, now()
            attempt.reason_code = "cleared"
            attempt.reason = f"款项已由经办机构处理：{item.get_clearing_display()}"
            attempt.save()


@prepared
def _attempt(payment: int) -> QuerySet[Payment]:
    return Payment.objects.select_for_update().filter(pk=payment)
