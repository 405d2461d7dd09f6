"""Paying: one attempt at a time, money booked once, and whatever does not fit is parked."""

import json

import pytest
from django.conf import settings as django_settings

from shebao.bank import signing
from shebao.bank.client import BankRefused, BankUnreachable
from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.payments.models import BankNotice, Payment, PaymentState
from shebao.hall.payments.operations import ask_bank, receive_notice, start_payment
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill, LedgerTransaction
from shebao.hall.settlement.progress import standing, steps_of

from ..factories import OperatorFactory
from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    return make_clerk(employer)


@pytest.fixture
def bill(clerk):
    return settle(clerk.employer, clerk)


def told(payment, state="succeeded", message_id="MSG1", **more):
    return {
        "message_id": message_id, "order_id": payment.number, "state": state, "amount_fen": payment.amount_fen,
        "reason_code": "", "reason": "", "advice": "", "bank_serial": "YH1" if state == "succeeded" else "",
        "paid_at": "2026-11-10T09:31:00+08:00",
    } | more  # fmt: skip


def send(message, *, secret=None, at=None):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    at = clock.now().timestamp() if at is None else at
    secret = secret or django_settings.SHEBAO_BANK_SECRET.encode()
    return receive_notice(signing.sign(secret, body, at=at, nonce="n"), body)


def test_the_order_carries_the_open_amount_and_the_payments_number(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    assert payment.state == PaymentState.SENT
    assert payment.pay_url.endswith(payment.number)
    assert (bank.orders[0]["order_id"], bank.orders[0]["amount_fen"]) == (payment.number, bill.total_due)
    assert bank.orders[0]["bill_number"] == bill.number


def test_a_second_press_returns_the_running_payment(bank, bill, clerk):
    assert start_payment(bill.pk, by=clerk) == start_payment(bill.pk, by=clerk)
    assert len(bank.orders) == Payment.objects.count() == 1


def test_where_two_people_are_asked_for_who_settled_the_month_does_not_pay_it(bank, bill, clerk):
    Employer.objects.filter(pk=clerk.employer_id).update(needs_second=True)
    with pytest.raises(Refused, match="谁办结算谁不缴费"):
        start_payment(bill.pk, by=clerk)
    assert not bank.orders and not Payment.objects.exists()
    other = OperatorFactory(clerk=True, employer=clerk.employer, duty="finance")
    assert start_payment(bill.pk, by=other).started_by == other


def test_a_bank_that_is_away_is_asked_again_with_the_same_order(bank, bill, clerk):
    bank.trouble = BankUnreachable("away")
    with pytest.raises(Refused, match="没有应答"):
        start_payment(bill.pk, by=clerk)
    assert Payment.objects.get().state == PaymentState.CREATED
    bank.trouble = None
    assert start_payment(bill.pk, by=clerk).number == bank.orders[0]["order_id"]
    assert Payment.objects.count() == 1


def test_an_order_the_bank_does_not_take_ends_and_another_can_start(bank, bill, clerk):
    bank.trouble = BankRefused(422, "内容有误")
    with pytest.raises(Refused, match="内容有误"):
        start_payment(bill.pk, by=clerk)
    bank.trouble = None
    assert start_payment(bill.pk, by=clerk).state == PaymentState.SENT
    assert sorted(Payment.objects.values_list("state", flat=True)) == ["refused", "sent"]


def test_a_success_is_booked_once_however_often_it_is_told(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment)) == "booked"
    assert send(told(payment)) == "booked"
    assert send(told(payment, message_id="MSG2")) == "repeated"
    assert LedgerTransaction.objects.filter(kind="paid").count() == 1
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert BankNotice.objects.count() == 2
    assert list(check_ledger()) == []
    payment.refresh_from_db()
    assert (payment.state, payment.bank_serial) == (PaymentState.SUCCEEDED, "YH1")
    assert steps_of(standing(clerk.employer, NOVEMBER, clerk))[3].state == "done"
    with pytest.raises(Refused, match="已经缴清"):
        start_payment(bill.pk, by=clerk)


def test_a_refusal_keeps_its_reason_and_frees_the_bill(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    reason = {"reason_code": "insufficient_balance", "reason": "账户余额不足", "advice": "请充值后重新缴费。"}
    assert send(told(payment, "refused", **reason)) == "refused"
    payment.refresh_from_db()
    assert "余额不足" in payment.reason
    assert start_payment(bill.pk, by=clerk).pk != payment.pk


@pytest.mark.parametrize("reason", [7, ["账户", "余额"], {"zh": "余额不足"}, None, True])
def test_a_refusal_whose_reason_is_no_text_is_a_refusal_still(bank, bill, clerk, reason):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment, "refused", reason=reason, advice=reason, reason_code=reason)) == "refused"
    payment.refresh_from_db()
    assert (str(reason) in payment.reason) == bool(reason)
    assert start_payment(bill.pk, by=clerk).pk != payment.pk


def test_a_success_after_a_refusal_is_parked_and_written_down(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    send(told(payment, "refused"))
    assert send(told(payment, message_id="MSG2")) == "parked"
    assert balance(bill) == (bill.total_due, 0)
    assert AuditEntry.objects.filter(action="payment.parked").count() == 1


@pytest.mark.parametrize("more", [{"amount_fen": 1}, {"bill_number": "Z0"}])
def test_money_that_does_not_fit_is_parked_and_nobody_pays_twice(bank, bill, clerk, more):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment, **more)) == "parked"
    payment.refresh_from_db()
    assert payment.state == PaymentState.UNKNOWN
    assert balance(bill) == (bill.total_due, 0)
    assert start_payment(bill.pk, by=clerk) == payment


def test_a_notice_about_an_unknown_order_is_kept(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment) | {"order_id": "P0"}) == "parked"
    assert BankNotice.objects.get().payment is None


def test_a_number_that_the_bank_used_for_another_order_hides_no_money(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment) | {"order_id": "P0"}) == "parked"
    assert send(told(payment)) == "booked"
    assert send(told(payment)) == "booked"
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert BankNotice.objects.count() == 2


def test_an_unknown_result_is_cleared_up_by_asking(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    assert send(told(payment, "unknown", reason_code="timeout", reason="银行超时")) == "unknown"
    assert start_payment(bill.pk, by=clerk) == payment
    # The bank clears the order up under the message number it already used.
    bank.answer = told(payment)
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SUCCEEDED
    assert balance(bill)[1] == bill.total_due
    assert send(told(payment)) == "booked"
    assert LedgerTransaction.objects.filter(kind="paid").count() == 1


def test_asking_about_a_waiting_order_changes_nothing(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    bank.answer = told(payment, "waiting", message_id="")
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SENT
    assert not BankNotice.objects.exists()


@pytest.mark.parametrize(
    ("how", "code"), [({"secret": b"x" * 32}, "forged"), ({"at": 0}, "expired")]
)  # fmt: skip
def test_a_notice_that_is_forged_or_old_changes_nothing(bank, bill, clerk, how, code):
    payment = start_payment(bill.pk, by=clerk)
    with pytest.raises(Refused) as refused:
        send(told(payment), **how)
    assert (refused.value.code, refused.value.status) == (code, 403)
    assert not BankNotice.objects.exists()


NOTICE = b'{"message_id": "m", "order_id": "P0", "state": "unknown", "amount_fen": 1, "reason": %s}'


@pytest.mark.parametrize(
    "body",
    [b"not json", b"[]", b"{}", b'{"message_id": "m", "order_id": 1, "state": "x"}', b"[" * 60_000,
     *(NOTICE % odd for odd in (b"NaN", b"1e999", b'"\\u0000"', b'"\\ud800"'))],
)  # fmt: skip
def test_a_notice_that_is_not_one_is_refused_in_words(body):
    with pytest.raises(Refused) as refused:
        send(body)
    assert refused.value.code == "malformed"


def test_another_employers_bill_cannot_be_paid(bank, bill):
    other = make_clerk(make_employer(number="120002"))
    with pytest.raises(Bill.DoesNotExist):
        start_payment(bill.pk, by=other)
    assert not Payment.objects.exists()


def test_without_a_bank_paying_is_refused_and_nothing_is_left_behind(bill, clerk, settings):
    settings.SHEBAO_BANK_URL = ""
    with pytest.raises(Refused, match="没有接通银行"):
        start_payment(bill.pk, by=clerk)
    assert not Payment.objects.exists()


def test_a_bank_that_falls_silent_leaves_the_result_open_until_it_speaks_again(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    bank.trouble = BankUnreachable("gone")
    for _ in range(2):
        with pytest.raises(Refused, match="不知道结果"):
            ask_bank(payment.pk, by=clerk)
    payment.refresh_from_db()
    assert (payment.state, payment.reason) == (PaymentState.UNKNOWN, "银行没有应答")
    assert start_payment(bill.pk, by=clerk) == payment
    bank.trouble, bank.answer = None, told(payment, "waiting", message_id="")
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SENT
    bank.answer = told(payment)
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SUCCEEDED
    assert balance(bill) == (bill.total_due, bill.total_due)


def test_what_the_bank_itself_calls_unknown_is_not_taken_back_by_waiting(bank, bill, clerk):
    payment = start_payment(bill.pk, by=clerk)
    send(told(payment, "unknown", reason_code="timeout", reason="银行超时"))
    bank.answer = told(payment, "waiting", message_id="")
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.UNKNOWN
