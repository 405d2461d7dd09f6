"""A notice that misreports the money: what the bank's own books say puts it right, to the fen, and nobody clears it."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from drill.faults import lifted

from shebao.bank import signing
from shebao.bank.server import BEIJING
from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import channels
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import Clearing, Payment, PaymentState, SuspenseItem
from shebao.hall.payments.operations import ask_bank, receive_notice, start_payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import LedgerEntry, LedgerTransaction
from shebao.rules.money import yuan
from tests.factories import at

from ..bank.conftest import SECRET, bank, payer, receiver  # noqa: F401 - fixtures
from ..settlement.hall import hire, make_clerk, make_employer, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(bank, receiver, settings):  # noqa: F811
    """A clerk whose bank tells what it likes to where it can be counted."""
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{bank.server_address[1]}"
    settings.SHEBAO_BANK_SECRET = SECRET.decode()
    settings.SHEBAO_BASE_URL = receiver.url.removesuffix("/bank/callback")
    employer = make_employer()
    hire(employer, [720_000])
    return make_clerk(employer)


@pytest.fixture
def treasurer(db):
    return Operator.objects.create(username="t", name="会计", role="agency_admin", region="tianjin")


def hear(body) -> str:
    return receive_notice(signing.sign(SECRET, body, at=clock.now().timestamp(), nonce="n"), body)


def lied_to(clerk, payer, receiver, lie="lie_amount"):  # noqa: F811
    """A bill whose order the bank took as it was, and whose notice said something else; the bill and its payment."""
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    payer.choose(payment.number, lie)
    receiver.wait_for(1)
    assert hear(receiver.raw[0][1]) == "parked"
    payment.refresh_from_db()
    assert payment.state == PaymentState.UNKNOWN
    return bill, payment


def reconcile():
    return reconcile_day(clock.today(), by=None, region="tianjin")


def brought() -> int:
    """What the ledger says the bank brought, fen."""
    return sum(LedgerEntry.objects.filter(account="bank").values_list("amount_fen", flat=True))


def ends_well(bill, payment, receiver):  # noqa: F811
    payment.refresh_from_db()
    assert (payment.state, payment.paid_fen, payment.reason) == (PaymentState.SUCCEEDED, bill.total_due, "")
    assert balance(bill) == (bill.total_due, bill.total_due) and brought() == bill.total_due
    item = SuspenseItem.objects.get()
    assert (item.clearing, item.cleared_by) == (Clearing.CORRECTED, None) and "银行查明" in item.note
    assert AuditEntry.objects.filter(action="suspense.corrected").count() == 1
    # Whatever is heard may be heard again, and the statement has nothing to say any more.
    assert hear(receiver.raw[0][1]) == "parked"
    made = reconcile()
    assert (made.differences, made.bank_fen, made.bank_count) == ([], made.ledger_fen, made.ledger_count)
    assert LedgerTransaction.objects.filter(kind="paid").count() == 1 and brought() == bill.total_due
    assert list(check_ledger()) == []


@pytest.mark.parametrize("lie", ["lie_amount", "lie_payer"])
def test_asking_proves_the_true_amount_and_the_payment_succeeds(clerk, payer, receiver, lie):  # noqa: F811
    bill, payment = lied_to(clerk, payer, receiver, lie)
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SUCCEEDED
    assert ask_bank(payment.pk, by=clerk).state == PaymentState.SUCCEEDED
    ends_well(bill, payment, receiver)


def test_the_statement_proves_the_true_amount_and_the_payment_succeeds(clerk, payer, receiver):  # noqa: F811
    bill, payment = lied_to(clerk, payer, receiver)
    (told,) = reconcile().differences
    assert "补记到账" in told and "已按对账单更正" in told
    ends_well(bill, payment, receiver)


def test_a_false_amount_is_not_cleared_the_statement_is_asked_first(clerk, treasurer, payer, receiver):  # noqa: F811
    bill, payment = lied_to(clerk, payer, receiver)
    with pytest.raises(Conflict, match=r"与银行对账单不符，没有处理。银行查明缴费 .+，已入账。已按银行更正"):
        clear_suspense(SuspenseItem.objects.get().pk, "bill", by=treasurer, number=bill.number, note="查清")
    ends_well(bill, payment, receiver)


def test_while_the_bank_is_silent_no_amount_is_cleared(clerk, treasurer, payer, receiver, settings):  # noqa: F811
    bill, _ = lied_to(clerk, payer, receiver)
    settings.SHEBAO_BANK_URL = "http://127.0.0.1:9"
    with pytest.raises(Refused, match="没有取到银行对账单"):
        clear_suspense(SuspenseItem.objects.get().pk, "bill", by=treasurer, number=bill.number, note="查清")
    assert SuspenseItem.objects.get().clearing == ""


def test_each_line_of_the_statement_is_seen_beside_the_books(clerk, client, treasurer, payer, receiver):  # noqa: F811
    bill, payment = lied_to(clerk, payer, receiver)
    client.force_login(treasurer)
    made = reconcile()
    assert f"?of={made.pk}#statement" in client.get("/a/money/").content.decode()
    told = client.get(f"/a/money/?of={made.pk}").content.decode()
    payment.refresh_from_db()
    (line,) = made.lines
    said = told[told.index('id="statement"') :]
    assert line in said and yuan(bill.total_due) in said and f"<s>{yuan(bill.total_due - 100)}</s>" in said
    assert payment.number in said and clerk.employer.name in said and payment.get_state_display() in said
    other = Operator.objects.create(username="u", name="会计", role="agency_admin", region="leshan")
    client.force_login(other)
    assert client.get(f"/a/money/?of={made.pk}").status_code == 404


class Teller:
    """A bank that took another amount than was ordered, and told a third."""

    def __init__(self, payment, took):
        self.row = {
            "message_id": "M1", "order_id": payment.number, "state": "succeeded", "amount_fen": took,
            "bank_serial": "YH1", "paid_at": clock.now().isoformat(), "reason_code": "", "reason": "", "advice": "",
        }  # fmt: skip

    def query(self, _order):
        return self.row

    def statement(self, _day):
        return [self.row]


@pytest.mark.parametrize("way", ["query", "statement", "clearing"])
def test_where_the_truth_differs_again_the_amount_in_suspense_is_put_right(clerk, treasurer, monkeypatch, way):
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    teller = Teller(payment, bill.total_due - 700)
    lie = teller.row | {"amount_fen": bill.total_due - 100}
    assert hear(json.dumps(lie).encode()) == "parked"
    monkeypatch.setattr(channels, "BankClient", lambda *_: teller)
    for _ in range(2):
        if way == "query":
            assert ask_bank(payment.pk, by=clerk).state == PaymentState.UNKNOWN
        elif way == "statement":
            assert "款项在待查款，请处理" in reconcile().differences[0]
        elif not SuspenseItem.objects.filter(clearing="corrected").exists():
            with pytest.raises(Conflict, match="已按银行更正"):
                clear_suspense(SuspenseItem.objects.get().pk, "refund", by=treasurer, note="退")
    assert brought() == bill.total_due - 700
    held = SuspenseItem.objects.get(clearing="")
    assert held.amount_fen == bill.total_due - 700
    assert list(check_ledger()) == []
    # Now that it is what the bank's books say, a person says what becomes of it.
    clear_suspense(held.pk, "bill", by=treasurer, number=bill.number, note="部分到账")
    assert balance(bill) == (bill.total_due, bill.total_due - 700)
    payment.refresh_from_db()
    assert payment.state == PaymentState.CLEARED
    made = reconcile()
    assert (made.differences, made.bank_fen) == ([], made.ledger_fen)
    assert list(check_ledger()) == []


def test_a_misreported_notice_after_the_true_answer_is_no_second_money(clerk, monkeypatch):
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    teller = Teller(payment, bill.total_due)
    monkeypatch.setattr(channels, "BankClient", lambda *_: teller)
    ask_bank(payment.pk, by=clerk)
    lie = teller.row | {"message_id": "M2", "amount_fen": bill.total_due - 100}
    assert hear(json.dumps(lie).encode()) == "parked"
    assert not SuspenseItem.objects.exists() and brought() == bill.total_due


def test_money_without_an_order_that_was_misreported_is_put_right_by_the_statement(clerk, monkeypatch):
    teller = Teller(Payment(number="P-ELSEWHERE"), 4_400)
    assert hear(json.dumps(teller.row | {"amount_fen": 4_300}).encode()) == "parked"
    monkeypatch.setattr(channels, "BankClient", lambda *_: teller)
    assert "原来登记 43.00 元，已按对账单更正" in reconcile().differences[0]
    assert brought() == SuspenseItem.objects.get(clearing="").amount_fen == 4_400
    assert list(check_ledger()) == []


def test_what_waits_in_suspense_and_is_not_in_the_statement_is_listed(clerk, monkeypatch):
    teller = Teller(Payment(number="P-ELSEWHERE"), 4_400)
    hear(json.dumps(teller.row).encode())
    monkeypatch.setattr(teller, "statement", lambda _day: [])
    monkeypatch.setattr(channels, "BankClient", lambda *_: teller)
    assert reconcile().differences == ["待查款 YH1，44.00 元：银行对账单上没有。"]


PLANTED = {
    "a payment is less than the bank said": (
        "UPDATE payments_payment SET amount_fen = amount_fen - 100",
        "UPDATE settlement_ledgerentry SET amount_fen = amount_fen - 100 WHERE account = 'bank' AND transaction_id IN "
        "(SELECT id FROM settlement_ledgertransaction WHERE kind = 'paid')",
        "UPDATE settlement_ledgerentry SET amount_fen = amount_fen + 100 WHERE id = (SELECT MIN(e.id) FROM "
        "settlement_ledgerentry e JOIN settlement_ledgertransaction t ON t.id = e.transaction_id "
        "WHERE t.kind = 'paid' AND e.account = 'receivable')",
    ),
    "an amount in suspense is less than the bank said": (
        "UPDATE payments_suspenseitem SET amount_fen = amount_fen - 100",
        "UPDATE settlement_ledgerentry SET amount_fen = amount_fen - 100 WHERE account = 'bank' AND transaction_id IN "
        "(SELECT id FROM settlement_ledgertransaction WHERE kind = 'suspended')",
        "UPDATE settlement_ledgerentry SET amount_fen = amount_fen + 100 WHERE account = 'suspense'",
    ),
    "an amount in suspense is gone": (
        "UPDATE payments_suspenseitem SET clearing = 'corrected', cleared_at = arrived_at",
        "DELETE FROM settlement_ledgerentry WHERE transaction_id IN "
        "(SELECT id FROM settlement_ledgertransaction WHERE kind = 'suspended')",
        "DELETE FROM settlement_ledgertransaction WHERE kind = 'suspended'",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_check_ledger_finds_where_the_books_are_not_what_the_statement_said(clerk, payer, bank, fault):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    payer.choose(payment.number, "stall")
    bank.bank.book.take_again(payment.number, datetime.now(BEIJING))
    reconcile()
    assert list(check_ledger()) == []
    with transaction.atomic(), lifted(), connection.cursor() as cursor:
        for statement in PLANTED[fault]:
            cursor.execute(statement)
    told = [one for one in check_ledger() if "的对账单上是" in one]
    assert len(told) == 1 and "账上是" in told[0]


def test_the_days_last_statement_counts(clerk, payer):  # noqa: F811
    reconcile()
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    payer.choose(payment.number, "stall")
    reconcile()
    with at(timezone.make_naive(clock.now()) + timedelta(days=1)):
        assert list(check_ledger()) == []
