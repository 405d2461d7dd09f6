"""Paying a bill: start an attempt, take the bank's notices, ask the bank."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, time

from django.db import transaction
from django.utils import timezone

from shebao.bank import signing
from shebao.bank.client import BankRefused, BankUnreachable
from shebao.rules.money import yuan
from shebao.rules.settling_words import settle_name
from shebao.rules.vocabulary import SHARES

from ..audit.operations import record
from ..bulk import insert_rows, update_rows
from ..clock import now, today
from ..errors import Conflict, Refused
from ..regions import region
from ..settlement.collecting import Owing, owing
from ..settlement.models import Bill
from ..settlement.void_wishes import waiting_void
from .asked import placed, running_of, to_be_paid
from .channels import CHANNELS, bank_secret, channel, way_chosen
from .hearing import checked, hear, read_message
from .models import CLOSED, UNDECIDED, Payment, PaymentState
from .order_papers import revoke_order_papers
from .people import people_due

SILENT = "bank_silent"
NO_ANSWER = "银行没有应答，现在不知道结果。请勿换别的方式重复付款，银行恢复后再点“查询结果”。"
ANOTHER_PAYS = "请另一位有“缴费”权限的操作员核对账单后缴费。"
NOT_PLACED = "缴费已关闭，没有扣款"
UNREACHABLE = "银行没有应答，现在不知道结果。请勿换别的方式重复付款，稍后再点一次，会继续同一笔缴费。"


def start_payment(
    bill_id: int, *, by, channel: str = "", part: str = "", people: Sequence[int] = (), voucher_to: str = ""
) -> Payment:
    """Start paying what is open of a bill, of one part of it, or of some of its people (employee ids), and return the
    payment with the page to pay on. `voucher_to` is where the voucher of these people goes once it is paid.

    A second press returns the running attempt. The order is placed only after the payment is committed, and under
    its number, so that no order exists that the hall does not know. Raises Refused in words.
    """
    payment = _begin(bill_id, by=by, name=channel, part=part, people=sorted(set(people)), voucher_to=voucher_to)
    return payment if payment.pay_url else _place(payment, by=by)


@transaction.atomic(durable=True)
def _begin(bill_id: int, *, by, name: str, part: str = "", people: Sequence[int] = (), voucher_to: str = "") -> Payment:
    bill = next(iter(to_be_paid(by, bill_id)), None)
    if bill is None:
        raise Bill.DoesNotExist(f"no bill {bill_id}")
    _check_permission(by)
    _by_a_second_person(bill, by)
    for running in running_of(bill.pk):
        _refuse_others(running, people, voucher_to)
        return running
    _refuse_waiting_void(bill)
    way = way_chosen(bill.employer, name)
    CHANNELS[way.kind]()  # refuses where no bank is connected
    asked = _asked(bill, part)
    amount, late_fee = asked.asked(part), asked.late_fee if part != "employee" else 0
    if people:
        amount, late_fee = people_due(bill, people), 0
    payment = Payment(
        employer=bill.employer,
        bill=bill,
        number=f"P{today():%Y%m%d}{secrets.randbelow(10**12):012d}",
        channel=way.key,
        part=part,
        people=list(people),
        voucher_to=voucher_to if people else "",
        amount_fen=amount,
        late_fee_fen=late_fee,
        valid_until=_valid_until(bill),
        started_by=by,
        started_at=now(),
    )
    insert_rows([payment])
    detail = {"bill": bill.number, "amount_fen": payment.amount_fen, "late_fee_fen": late_fee or None}
    record("payment.started", payment, by=by, channel=way.key, **detail)
    return payment


def _refuse_others(running: Payment, people: Sequence[int], voucher_to: str) -> None:
    """The attempt under way is nobody else's: who chose other people, or another mailbox, must not pay for these."""
    if people and (list(people) != running.people or voucher_to != running.voucher_to):
        whose = f"{len(running.people)} 人" if running.people else "整张账单"
        text = f"这张账单有一笔缴费还没有结果：{whose}、{yuan(running.amount_fen)} 元（{running.number}）。"
        text += "请在“缴费与支付”里缴完，或等它失效，再给这些人员缴费。"
        raise Conflict("another_runs", text)


def _refuse_waiting_void(bill: Bill) -> None:
    if waiting_void(bill.assessment_id):
        raise Refused("void_waits", "这张账单已申请作废，等待审核，暂不能缴费。要缴费的，请先撤回申请。")


def _asked(bill: Bill, part: str) -> Owing:
    """What is to be paid today; refused in words where there is nothing, or the parts are not collected apart."""
    if part not in ("", *SHARES) or (part and not region(bill.employer.region).collection.apart):
        raise Refused("no_such_part", "本地的单位部分和个人部分一并缴纳，请按整张账单缴费。")
    asked = owing(bill, today())
    if asked.total <= 0:
        raise Refused("already_paid", "这张账单已经缴清，不需要再缴费。")
    if asked.asked(part) <= 0:
        raise Refused("part_paid", f"这张账单的{SHARES[part]}已经缴清。")
    return asked


def _valid_until(bill: Bill) -> datetime:
    """An order is for an amount: it can be paid as long as no late fee makes it another one."""
    if now() <= bill.pay_until:
        return bill.pay_until
    return timezone.make_aware(datetime.combine(today(), time(23, 59, 59)))  # noqa: DTZ001 - made aware here


def _check_permission(by) -> None:
    if not by.may("pay"):
        raise Refused("not_permitted", "您的账号没有“缴费”权限，请联系单位管理员。", status=403)


def is_for_another(bill: Bill, *, by) -> bool:
    """Whether another must pay it: where the employer asks for two people (内部复核), not whoever settled the month."""
    return bill.employer.needs_second and bill.assessment.made_by_id == by.pk


def second_pays(employer) -> str:
    """What an employer that asks for two people (内部复核) is told of its payments."""
    return f"本单位开启了内部复核：谁办{settle_name(region(employer.region).terms)}谁不缴费"


def _by_a_second_person(bill: Bill, by) -> None:
    if is_for_another(bill, by=by):
        raise Refused("second_person_pays", f"{second_pays(bill.employer)}。{ANOTHER_PAYS}")


def _place(payment: Payment, *, by) -> Payment:
    try:
        pay_url, answer = channel(payment).place(payment)
    except BankUnreachable:
        raise Refused("bank_unreachable", UNREACHABLE, status=503) from None
    except BankRefused as no:
        _mark_turned_away(payment.pk, str(no), by=by)
        raise Refused("order_refused", f"银行没有接受这笔缴费：{no}。没有扣款，可以重新发起。") from None
    with transaction.atomic():
        (payment,) = placed(payment.pk)
        payment.pay_url = pay_url
        if payment.state == PaymentState.CREATED:
            payment.state = PaymentState.SENT
        update_rows([payment], "pay_url", "state")
        record("payment.sent", payment, by=by)
    if payment.state == PaymentState.REFUSED:
        # It was closed while the bank took the order: the bank must not take money for it either.
        with suppress(BankUnreachable, BankRefused):
            channel(payment).close(payment)
        raise Refused("payment_closed", "这笔缴费已经关闭，没有扣款，请刷新后查看账单。")
    if answer:
        apply_answer(payment, answer)
        payment.refresh_from_db()
    return payment


@transaction.atomic
def _mark_turned_away(pk: int, reason: str, *, by, code: str = "order_refused") -> None:
    payment = Payment.objects.select_for_update().get(pk=pk)
    if payment.state in UNDECIDED:
        payment.state, payment.finished_at = PaymentState.REFUSED, now()
        payment.reason_code, payment.reason = code, reason[:200]
        payment.save()
        revoke_order_papers(payment, by=by)
        record("payment.refused", payment, by=by, reason_code=code)


def receive_notice(headers: Mapping[str, str], body: bytes) -> str:
    """Take a call-back of the bank and return what became of it: booked, refused, unknown, repeated or parked.

    Only a fresh, correctly signed message is heard; the same message again has the same outcome. Raises Refused
    with status 403 for a bad signature, 422 for a message that is not one.
    """
    try:
        signing.verify(bank_secret(), headers, body, now=now().timestamp(), seen=None)
    except signing.BadSignature as bad:
        raise Refused(bad.code, str(bad), status=403) from None
    return hear(read_message(body))


def ask_bank(payment_id: int, *, by) -> Payment:
    """Ask the bank about a payment whose result is open, apply its answer like a notice, and return the payment.

    Raises Refused when the bank does not answer.
    """
    _check_permission(by)
    payment = Payment.objects.visible_to(by).select_related("bill", "employer").get(pk=payment_id)
    if payment.state == PaymentState.SUCCEEDED:
        return payment
    try:
        answer = channel(payment).ask(payment)
    except BankUnreachable:
        _lose_sight(payment.pk, by=by)
        raise Refused("bank_unreachable", NO_ANSWER, status=503) from None
    except BankRefused as no:
        if no.status == 404:
            raise Refused("order_not_placed", "银行没有收到这笔缴费，没有扣款，请点“去缴费”继续。") from None
        raise Refused("bank_refused", f"银行没有答复：{no}") from None
    if apply_answer(payment, answer) == "waiting":
        _see_again(payment.pk, by=by)
    payment.refresh_from_db()
    return payment


def apply_answer(payment: Payment, answer: Mapping) -> str:
    """Take what the bank answered about a payment, or what its statement says of it; return what became of it.

    These are the bank's own books: they put right what a notice misreported.
    """
    message = checked(dict(answer) | {"order_id": payment.number})
    return "waiting" if message["state"] == "waiting" else hear(message, is_answer=True)


def receive_line(message: Mapping) -> str:
    """Take one line of a return file as if the bank had told it by itself; return what became of it."""
    return hear(checked(dict(message)))


def close_unplaced(payment_id: int, *, by) -> None:
    """End an attempt whose order the bank never received."""
    _mark_turned_away(payment_id, NOT_PLACED, by=by, code=CLOSED)


@transaction.atomic
def _lose_sight(pk: int, *, by) -> None:
    """The payer was sent to the bank and the bank is silent: until it speaks again nobody knows the result."""
    payment = Payment.objects.select_for_update().get(pk=pk)
    if payment.state == PaymentState.SENT:
        payment.state, payment.reason_code, payment.reason = PaymentState.UNKNOWN, SILENT, "银行没有应答"
        payment.save(update_fields=["state", "reason_code", "reason"])
        record("payment.unknown", payment, by=by, reason_code=SILENT)


@transaction.atomic
def _see_again(pk: int, *, by) -> None:
    """The bank speaks again and says that nobody has paid yet: the payer may go on."""
    payment = Payment.objects.select_for_update().get(pk=pk)
    if payment.state == PaymentState.UNKNOWN and payment.reason_code == SILENT:
        payment.state, payment.reason_code, payment.reason = PaymentState.SENT, "", ""
        payment.save(update_fields=["state", "reason_code", "reason"])
        record("payment.sent", payment, by=by)
