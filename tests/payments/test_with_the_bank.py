"""Paying at the embedded bank itself: its order, its page, its call-back, its answer."""

import json
from datetime import datetime

import pytest

from shebao.bank import signing
from shebao.bank.orders import message
from shebao.bank.server import BEIJING
from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.payments.models import PaymentState, SuspenseItem
from shebao.hall.payments.operations import ask_bank, receive_notice, start_payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerTransaction

from ..bank.conftest import SECRET, bank, payer, receiver  # noqa: F401 - fixtures
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


@pytest.fixture
def signed(bank, receiver, settings):  # noqa: F811
    """A clerk whose employer signed for debits, with a bill; the bank's notices arrive where they can be counted."""
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{bank.server_address[1]}"
    settings.SHEBAO_BANK_SECRET = SECRET.decode()
    settings.SHEBAO_BASE_URL = receiver.url.removesuffix("/bank/callback")
    employer = make_employer("shanghai", "310001")
    employer.bank_account = "6222000000310001"
    employer.save()
    hire(employer, [900_000])
    clerk = make_clerk(employer)
    return clerk, settle(employer, clerk)


@pytest.mark.parametrize(
    ("choice", "said"), [("success_twice", ["booked", "booked"]), ("debit_twice", ["parked"])], ids=["told", "taken"]
)
def test_a_debit_that_is_told_or_taken_again_pays_the_bill_once(signed, bank, receiver, choice, said):  # noqa: F811
    clerk, bill = signed
    bank.bank.book.choose("debits", choice)
    assert start_payment(bill.pk, by=clerk, channel="agreement").state == PaymentState.SUCCEEDED
    assert start_payment_again(bill, clerk) == "already_paid"
    receiver.wait_for(len(said))
    for _ in range(2):  # and whatever is heard may be heard again
        told = []
        for _, body in receiver.raw:
            told.append(receive_notice(signing.sign(SECRET, body, at=clock.now().timestamp(), nonce="n"), body))
        assert told == said
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert LedgerTransaction.objects.filter(bill=bill, kind="paid").count() == 1
    extra = list(SuspenseItem.objects.values_list("amount_fen", flat=True))
    assert extra == ([bill.total_due] if choice == "debit_twice" else [])
    made = reconcile_day(clock.today(), by=None, region="shanghai")
    assert (made.bank_count, made.bank_fen) == (made.ledger_count, made.ledger_fen)
    assert [("已经到账，这是另一笔" in text) for text in made.differences] == [True] * len(extra)
    assert list(check_ledger()) == []


def start_payment_again(bill, clerk) -> str:
    """What a second press is told."""
    try:
        return start_payment(bill.pk, by=clerk, channel="agreement").state
    except Refused as no:
        return no.code


def test_money_that_was_taken_again_and_never_told_is_found_by_the_statement(signed, bank):  # noqa: F811
    clerk, bill = signed
    payment = start_payment(bill.pk, by=clerk, channel="agreement")
    bank.bank.book.take_again(payment.number, datetime.now(BEIJING))
    for count in (1, 1):
        (told,) = reconcile_day(clock.today(), by=None, region="shanghai").differences
        assert "待查款" in told and SuspenseItem.objects.count() == count
    assert balance(bill) == (bill.total_due, bill.total_due)
