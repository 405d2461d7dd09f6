"""Paying at the embedded bank itself: its order, its page, its call-back, its answer."""

import json

import pytest

from shebao.bank import signing
from shebao.bank.orders import message
from shebao.hall import clock
from shebao.hall.payments.models import PaymentState
from shebao.hall.payments.operations import ask_bank, receive_notice, start_payment
from shebao.hall.settlement.ledger import balance, check_ledger

from ..bank.conftest import SECRET, bank, payer  # noqa: F401 - fixtures
from ..settlement.hall import hire, make_clerk, make_employer, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(bank, settings):  # noqa: F811
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{bank.server_address[1]}"
    settings.SHEBAO_BANK_SECRET = SECRET.decode()
    # Nobody listens there: the call-back is lost, as it happens to real ones.
    settings.SHEBAO_BASE_URL = "http://127.0.0.1:9"
    employer = make_employer()
    hire(employer, [720_000])
    return make_clerk(employer)


@pytest.mark.parametrize("choice", ["success", "timeout"])
def test_a_payment_whose_call_back_was_lost_is_found_by_asking(clerk, payer, choice):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SENT
    payer.choose(payment.number, choice)
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SUCCEEDED
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert list(check_ledger()) == []


def test_what_the_bank_says_is_understood_as_a_notice(clerk, payer, bank):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    payer.choose(payment.number, "insufficient_balance")
    body = json.dumps(message(bank.bank.book.find(payment.number))).encode()
    headers = signing.sign(SECRET, body, at=clock.now().timestamp(), nonce="n")
    assert receive_notice(headers, body) == "refused"
    payment.refresh_from_db()
    assert "余额不足" in payment.reason
