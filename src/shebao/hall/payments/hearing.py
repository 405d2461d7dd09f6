"""Hearing the bank: what its messages are, and what becomes of each. Money is booked once or not at all."""

import json
from functools import partial

from django.db import IntegrityError, transaction

from shebao.rules.money import yuan

from ..audit.operations import record
from ..bulk import insert_rows, update_rows
from ..clock import now
from ..errors import Refused
from ..settlement.ledger import book_paid
from ..settlement.models import Bill
from .asked import locked_bill, ordered
from .heard import told_before
from .models import MISMATCH, UNDECIDED, BankNotice, Payment, PaymentState
from .order_papers import revoke_order_papers
from .suspense import paid_at, suspend, suspend_proven, take_back, waiting_under
from .tasks import voucher_in_background

SAID = ("succeeded", "refused", "unknown", "waiting")


def read_message(body: bytes) -> dict:
    """The message in the body of a call-back. Raises Refused for what is none."""
    try:
        message = json.loads(body)
        # What cannot be kept is not JSON either: NaN, endless numbers, half characters, nesting without end, NUL.
        if "\\u0000" in json.dumps(message, ensure_ascii=False, allow_nan=False).encode().decode():
            raise ValueError
    except (ValueError, RecursionError):
        raise Refused("malformed", "银行通知不是 JSON。") from None
    return checked(message)


def checked(message) -> dict:
    """A message of the bank that says all that it must; Refused as malformed otherwise."""
    if not isinstance(message, dict):
        raise Refused("malformed", "银行通知不是一个对象。")
    texts = ("message_id", "order_id", "state")
    wrong = [key for key in texts if not isinstance(message.get(key), str) or len(message[key]) > 40]
    if type(message.get("amount_fen")) is not int:
        wrong.append("amount_fen")
    if message.get("state") not in SAID:
        wrong.append("state")
    elif message["state"] != "waiting" and not message.get("message_id"):
        wrong.append("message_id")
    if wrong:
        raise Refused("malformed", f"银行通知的这些项不对：{'、'.join(dict.fromkeys(wrong))}。")
    return message


def hear(message: dict, *, is_answer: bool = False) -> str:
    """Apply a message once, and return what became of it; `is_answer`: the bank was asked, or it is its statement."""
    try:
        return _apply(message, is_answer=is_answer)
    except IntegrityError:
        # The same message was being applied at this very moment; its outcome stands.
        told, _ = told_before(message, is_answer=is_answer)
        if not told:
            raise
        return told


@transaction.atomic
def _apply(message: dict, *, is_answer: bool) -> str:
    payment = next(iter(ordered(message["order_id"])), None)
    told, identity = told_before(message, is_answer=is_answer)
    if told:
        return told
    outcome = _outcome(payment, message, is_answer=is_answer)
    notice = BankNotice(message_id=identity, payment=payment, body=message, outcome=outcome, received_at=now())
    insert_rows([notice])
    detail = {"notice": notice.pk, "amount_fen": message["amount_fen"], "said": message["state"]}
    record(
        f"payment.{outcome}",
        payment or notice,
        by=None,
        employer=payment.employer if payment else None,
        **detail,
    )
    return outcome


def _outcome(payment: Payment | None, message: dict, *, is_answer: bool) -> str:
    """Apply the message to the locked payment. Money that does not fit is parked for a person to look at."""
    if payment is None:
        if message["state"] == "succeeded":
            suspend(message, "没有这笔缴费的订单，不知道是谁的款。")
        return "parked"
    succeed = _succeed_as_proven if is_answer else _succeed
    handlers = {"succeeded": succeed, "refused": _refuse, "unknown": _leave_open, "waiting": _leave_open}
    return handlers[message["state"]](payment, message)


def _succeed(payment: Payment, message: dict) -> str:
    """A notice: money that does not fit the order waits in suspense, and so does the attempt."""
    if payment.state == PaymentState.SUCCEEDED:
        return _told_again(payment, message)
    if payment.reason_code == MISMATCH:
        # Its money waits in suspense: the bank says more only when it is asked.
        return "parked"
    bill = _lock_bill(payment)
    if wrong := _mismatch(payment, message):
        suspend(message, wrong, payment=payment)
        return _park(payment, wrong)
    return _take_money(bill, payment, message)


def _succeed_as_proven(payment: Payment, message: dict) -> str:
    """The bank's own books: what a notice misreported is put right, and the attempt succeeds if it is as ordered."""
    if payment.state == PaymentState.SUCCEEDED:
        return _told_again(payment, message)
    bill = _lock_bill(payment)
    if wrong := _mismatch(payment, message):
        suspend_proven(message, wrong, payment=payment)
        return _park(payment, wrong)
    for serial in dict.fromkeys((_serial(message), message["message_id"])):
        for held in waiting_under(serial):
            take_back(held, f"银行查明缴费 {payment.number} 到账 {yuan(message['amount_fen'])} 元，已入账。")
    return _take_money(bill, payment, message)


def _told_again(payment: Payment, message: dict) -> str:
    """News of a payment that succeeded: the same, the same misreported, or other money for the same order."""
    serial, fen = _serial(message), message["amount_fen"]
    if serial == payment.bank_serial and (serial or fen == payment.amount_fen):
        return "repeated" if fen == payment.amount_fen else "parked"
    suspend(message, "这笔缴费已经到账，银行又通知了另一笔到账。", payment=payment)
    return "parked"


def _serial(message: dict) -> str:
    return str(message.get("bank_serial", ""))[:60]


def _lock_bill(payment: Payment) -> Bill:
    (payment.bill,) = locked_bill(payment.bill_id)
    return payment.bill


def _park(payment: Payment, wrong: str) -> str:
    """The money moved, but not as ordered: nobody may pay again before a person has looked."""
    if payment.state in UNDECIDED:
        payment.state, payment.reason_code, payment.reason = PaymentState.UNKNOWN, MISMATCH, wrong
        payment.save()
    return "parked"


def _take_money(bill: Bill, payment: Payment, message: dict) -> str:
    payment.state, payment.bank_serial = PaymentState.SUCCEEDED, _serial(message)
    payment.paid_at, payment.finished_at = paid_at(message), now()
    payment.reason_code = payment.reason = ""
    payment.paid_fen = payment.amount_fen
    update_rows([payment], "state", "bank_serial", "paid_at", "finished_at", "reason_code", "reason", "paid_fen")
    book_paid(bill, payment)
    if payment.people:
        transaction.on_commit(partial(voucher_in_background, payment.pk))
    return "booked"


def _mismatch(payment: Payment, message: dict) -> str:
    if payment.state not in UNDECIDED:
        return "此前已告知未扣款，现又通知到账，待人工核对。"
    if message.get("bill_number", payment.bill.number) != payment.bill.number:
        return "银行通知的账单号不符，待人工核对。"
    if message["amount_fen"] != payment.amount_fen:
        return "银行通知的金额不符，待人工核对。"
    if message.get("payer", payment.employer.name) != payment.employer.name:
        return "银行通知的付款单位不符，待人工核对。"
    return ""


def _refuse(payment: Payment, message: dict) -> str:
    if payment.state == PaymentState.REFUSED:
        return "repeated"
    if payment.state not in UNDECIDED or payment.reason_code == MISMATCH:
        return "parked"
    payment.state, payment.finished_at = PaymentState.REFUSED, now()
    _take_reason(payment, message)
    payment.save()
    revoke_order_papers(payment, by=None)
    return "refused"


def _leave_open(payment: Payment, message: dict) -> str:
    if payment.state not in UNDECIDED or payment.reason_code == MISMATCH:
        return "repeated"
    payment.state = PaymentState.UNKNOWN if message["state"] == "unknown" else payment.state
    _take_reason(payment, message)
    payment.save()
    return message["state"]


def _take_reason(payment: Payment, message: dict) -> None:
    payment.reason_code = str(message.get("reason_code") or "")[:40]
    payment.reason = _sentences(message.get("reason", ""), message.get("advice", ""))[:200]


def _sentences(*parts) -> str:
    """What the bank says, each part a sentence of its own; whatever it sends there, the news of the money counts."""
    said = [text for part in parts if (text := str(part or "").strip())]
    return "".join(part if part.endswith(("。", "！", "？")) else f"{part}。" for part in said)
