"""Closing attempts to pay before what they pay is undone: the bank must say that nobody can pay them any more."""

from django.db.models import QuerySet

from shebao.bank.client import BankRefused, BankUnreachable

from ..errors import Refused
from ..prepared import prepared
from .channels import channel
from .models import MISMATCH, UNDECIDED, Payment, PaymentState
from .operations import apply_answer, close_unplaced

SILENT = "这张账单有一笔缴费正在办理，银行没有应答，不知道是否已经扣款。请等银行恢复后再试。"
OPEN = "这张账单有一笔缴费结果待查，查清之前不能继续。请先在“缴费”里查询结果。"


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
    if payment.reason_code == MISMATCH:
        raise Refused("payment_open", OPEN)
    try:
        answer = channel(payment).close(payment)
    except BankUnreachable:
        raise Refused("bank_unreachable", SILENT, status=503) from None
    except BankRefused as no:
        if no.status != 404:
            raise Refused("bank_refused", f"银行没有关闭这笔缴费：{no}") from None
        close_unplaced(payment.pk, by=by)
        return
    apply_answer(payment, answer)
    payment.refresh_from_db()
    if payment.state in UNDECIDED:
        raise Refused("payment_open", OPEN)
    if payment.state == PaymentState.SUCCEEDED:
        raise Refused("already_paid", "这张账单刚刚已经缴费，不能作废。")
