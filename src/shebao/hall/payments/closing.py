"""Closing attempts to pay before what they pay is undone, or because their payer takes them back: the bank must say
that nobody can pay them any more.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from shebao.bank.client import BankRefused, BankUnreachable

from ..audit.operations import record
from ..errors import Conflict, Refused, permit
from ..prepared import prepared
from .asked import ordered
from .channels import channel
from .models import MISMATCH, UNDECIDED, Payment, PaymentState
from .operations import apply_answer, close_unplaced

SILENT = "这张账单有一笔缴费正在办理，银行没有应答，不知道是否已经扣款。请等银行恢复后再试。"
OPEN = "这张账单有一笔缴费结果待查，查清之前不能继续。请先在“缴费”里查询结果。"
TAKEN = "银行刚刚已经扣款，这笔缴费成功，没有撤销。"


def close_payments(bill_id: int, *, by) -> None:
    """Close every open attempt to pay a bill. What turns out to be paid is booked.

    Raises Refused when an attempt cannot be closed: the bank is silent, or nobody knows whether money moved.
    """
    for payment in _running(bill_id):
        close_payment(payment, by=by)


@prepared
def _running(bill: int) -> QuerySet[Payment]:
    return Payment.objects.filter(bill=bill, state__in=UNDECIDED).select_related("bill", "employer")


def close_payment(payment: Payment, *, by) -> None:
    """Close one attempt at the bank, and take down what the bank says became of it."""
    _take_down(payment, _ask_to_close(payment), by=by)
    payment.refresh_from_db()
    if payment.state in UNDECIDED:
        raise Refused("payment_open", OPEN)
    if payment.state == PaymentState.SUCCEEDED:
        raise Refused("already_paid", "这张账单刚刚已经缴费，不能作废。")


def cancel_payment(payment_id: int, *, by) -> Payment:
    """Take an attempt back before the bank took money for it (撤销缴费); the bill can be paid in another way then.

    The bank closes the order first: what it took meanwhile is booked and wins, what nobody knows stays unknown. Again
    is the same as once. Raises Refused where the bank is silent or does not know, Conflict where there is a result.
    """
    permit(by, "pay", "缴费")
    payment = Payment.objects.visible_to(by).select_related("bill", "employer").get(pk=payment_id)
    if payment.is_taken_back:
        return payment
    if payment.state not in UNDECIDED:
        raise Conflict("already_decided", f"这笔缴费已经有结果（{payment.get_state_display()}），没有撤销。")
    answer = _ask_to_close(payment)
    with transaction.atomic():
        # Of two presses one finds it undecided: that one leaves the record.
        was_open = any(one.state in UNDECIDED for one in ordered(payment.number))
        _take_down(payment, answer, by=by)
        payment.refresh_from_db()
        if was_open and payment.is_taken_back:
            record("payment.cancelled", payment, by=by, amount_fen=payment.amount_fen)
    if payment.state in UNDECIDED:
        raise Refused("payment_open", OPEN)
    if payment.state == PaymentState.SUCCEEDED:
        raise Conflict("already_paid", TAKEN)
    return payment


def _ask_to_close(payment: Payment) -> Mapping | None:
    """What the bank says became of an attempt that it is asked to close; None where it never received the order."""
    if payment.reason_code == MISMATCH:
        raise Refused("payment_open", OPEN)
    try:
        return channel(payment).close(payment)
    except BankUnreachable:
        raise Refused("bank_unreachable", SILENT, status=503) from None
    except BankRefused as no:
        if no.status != 404:
            raise Refused("bank_refused", f"银行没有关闭这笔缴费：{no}") from None
        return None


def _take_down(payment: Payment, answer: Mapping | None, *, by) -> None:
    if answer is None:
        close_unplaced(payment.pk, by=by)
    else:
        apply_answer(payment, answer)
