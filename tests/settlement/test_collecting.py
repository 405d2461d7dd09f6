"""Collecting: late fees by the day, part payments, surplus, credit, unmatched money; every fen has one place."""

from datetime import datetime, timedelta

import pytest

from shebao.hall.clock import now, pretending
from shebao.hall.documents.money_rows import Asked, of_bills, of_payments
from shebao.hall.documents.operations import available, issue_document
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.channels import way_title
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import PaymentState, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import refund_credit
from shebao.hall.settlement.collecting import by_scheme, credit_of, owing
from shebao.hall.settlement.ledger import balance, check_ledger, settling
from shebao.hall.settlement.models import Account, LedgerEntry
from shebao.hall.settlement.paying_state import paying_of
from shebao.hall.settlement.progress import standing, steps_of
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.money import yuan
from shebao.web.employer.home_money import _billed

from ..banking import bank  # noqa: F401 - a fixture
from ..payments.test_operations import send, told
from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    return make_clerk(employer)


@pytest.fixture
def treasurer(clerk):
    return Operator.objects.create(username="t", name="会计", role="agency_admin", region=clerk.region)


def days_late(bill, days, hour=10):
    """The hall believes that a bill is so many days late."""
    due = bill.pay_until.astimezone().replace(tzinfo=None)
    return pretending(datetime(due.year, due.month, due.day, hour) + timedelta(days=days))  # noqa: DTZ001


def held(account):
    return sum(LedgerEntry.objects.filter(account=account).values_list("amount_fen", flat=True))


def pay(bill, clerk, days=-5, **more):
    with days_late(bill, days):
        payment = start_payment(bill.pk, by=clerk)
        from shebao.hall import clock

        assert send(told(payment, paid_at=clock.now().isoformat()) | more) in ("booked", "parked")
    payment.refresh_from_db()
    return payment


def stray(clerk, fen, serial="YH9"):
    """Money of an order that nobody placed."""
    with on_day():
        message = {
            "message_id": f"M{serial}", "order_id": f"P{serial}", "state": "succeeded", "amount_fen": fen,
            "bank_serial": serial, "payer": "不知名公司", "paid_at": "2026-11-10T09:00:00+08:00",
        }  # fmt: skip
        assert send(message) == "parked"
    return SuspenseItem.objects.get(bank_serial=serial)


@pytest.mark.parametrize("days", [0, 1, 10, 400])
def test_a_late_fee_is_the_principal_by_the_day_and_nothing_in_time(bank, clerk, days):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    with days_late(bill, days):
        from shebao.hall.clock import today

        asked = owing(bill, today())
    expected = (bill.total_due * 5 * days * 2 + 10_000) // 20_000  # half up, one rounding
    assert (asked.principal, asked.late_fee) == (bill.total_due, expected)


def test_what_is_paid_late_is_booked_with_its_fee_apart_and_the_fee_is_not_charged_again(bank, clerk):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = pay(bill, clerk, days=7)
    fee = (bill.total_due * 35 * 2 + 10_000) // 20_000
    assert (payment.late_fee_fen, payment.amount_fen) == (fee, bill.total_due + fee)
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert -held(Account.LATE_FEES) == fee == sum(by_scheme(bill, "paid", "late_fees").values())
    with days_late(bill, 60):
        from shebao.hall.clock import today

        assert owing(bill, today()).total == 0
    assert list(check_ledger()) == []


def test_paid_in_time_but_told_late_costs_no_fee(bank, clerk):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    with on_day():
        payment = start_payment(bill.pk, by=clerk)
    with days_late(bill, 3):
        assert send(told(payment, paid_at="2026-11-11T10:00:00+08:00")) == "booked"
        from shebao.hall.clock import today

        assert owing(bill, today()).total == 0
    assert held(Account.LATE_FEES) == 0


def test_papers_print_the_late_fee_that_was_paid_and_their_total_holds_it(bank, clerk):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = pay(bill, clerk, days=7)
    with days_late(bill, 7):
        receipt = issue_document(bill.pk, "receipt", by=clerk)
    assert receipt.total_fen == payment.amount_fen
    total = receipt.content["paper"]["total"]
    assert f"{payment.late_fee_fen / 100:,.2f}" in total and f"{payment.amount_fen / 100:,.2f}" in total


def test_unmatched_money_is_in_suspense_until_the_agency_says_whose_it_is(bank, clerk, treasurer):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    item = stray(clerk, bill.total_due)
    assert (-held(Account.SUSPENSE), held(Account.BANK)) == (bill.total_due, bill.total_due)
    with on_day():
        clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="附言写明账单号")
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert held(Account.SUSPENSE) == 0
    with on_day(), pytest.raises(Conflict, match="已经处理"):
        clear_suspense(item.pk, "refund", by=treasurer, note="再退一次")
    assert list(check_ledger()) == []


def test_a_part_payment_leaves_the_rest_open_and_the_next_order_asks_for_it(bank, clerk, treasurer):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    item = stray(clerk, 10_000)
    with on_day():
        clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="先缴一部分")
        assert start_payment(bill.pk, by=clerk).amount_fen == bill.total_due - 10_000
    assert balance(bill) == (bill.total_due, 10_000)
    with pytest.raises(Refused, match="已经缴费"), on_day():
        ask_to_void(bill.assessment_id, by=clerk, reason="想作废")


def test_a_late_fee_counts_only_what_was_open_on_each_day(bank, clerk, treasurer):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    item = stray(clerk, 100_000)
    with on_day():
        clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="先缴一部分")
    with days_late(bill, 10):
        from shebao.hall.clock import today

        assert owing(bill, today()).late_fee == ((bill.total_due - 100_000) * 50 * 2 + 10_000) // 20_000


def test_surplus_becomes_credit_which_pays_the_next_bill_visibly(bank, clerk, treasurer):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    item = stray(clerk, bill.total_due + 12_345)
    with on_day():
        clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="多缴")
    assert credit_of(clerk.employer_id) == 12_345
    following = settle(clerk.employer, clerk, NOVEMBER.next())
    assert credit_of(clerk.employer_id) == 0
    assert balance(following) == (following.total_due, 12_345)
    assert sum(by_scheme(following, "credit_used", "receivable").values()) == 12_345
    with on_day(NOVEMBER.next()):
        notice = issue_document(following.pk, "payment_notice", by=clerk)
        assert notice.total_fen == following.total_due - 12_345
        assert "123.45" in notice.content["paper"]["total"]
        # Undoing that bill gives the credit back.
        ask_to_void(following.assessment_id, by=clerk, reason="重新核定")
    assert credit_of(clerk.employer_id) == 12_345
    assert list(check_ledger()) == []


def test_credit_is_refunded_as_far_as_there_is_any(bank, clerk, treasurer):  # noqa: F811
    item = stray(clerk, 5_000)
    with on_day():
        clear_suspense(item.pk, "credit", by=treasurer, number=clerk.employer.employer_number, note="单位多汇")
        with pytest.raises(Refused, match="不超过"):
            refund_credit(clerk.employer_id, 5_001, by=treasurer, note="退")
        refund_credit(clerk.employer_id, 2_000, by=treasurer, note="退")
    assert (credit_of(clerk.employer_id), held(Account.BANK)) == (3_000, 3_000)
    assert list(check_ledger()) == []


@pytest.mark.parametrize("more", [{"amount_fen": 77_700}, {"payer": "冒名公司"}, {"bill_number": "Z0"}])
def test_a_bank_that_lies_books_nothing_to_the_bill_and_loses_no_money(bank, clerk, treasurer, more):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = pay(bill, clerk, **more)
    assert payment.state == PaymentState.UNKNOWN
    assert balance(bill) == (bill.total_due, 0)
    item = SuspenseItem.objects.get()
    assert -held(Account.SUSPENSE) == item.amount_fen
    with on_day():
        clear_suspense(item.pk, "refund", by=treasurer, note="退回")
    payment.refresh_from_db()
    assert payment.state == PaymentState.CLEARED  # and the bill can be paid
    assert held(Account.BANK) == 0
    assert list(check_ledger()) == []


def test_the_same_message_suspends_its_money_once(bank, clerk):  # noqa: F811
    for _ in range(3):
        stray(clerk, 900)
    assert SuspenseItem.objects.count() == 1
    assert -held(Account.SUSPENSE) == 900


def test_another_agency_and_a_clerk_do_not_clear_money(bank, clerk):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    pay(bill, clerk, payer="冒名公司")
    item = SuspenseItem.objects.get()
    with pytest.raises(Refused, match="没有“对账”的权限"):
        clear_suspense(item.pk, "refund", by=clerk, note="退")
    other = Operator.objects.create(username="o", name="他处", role="agency_admin", region="leshan")
    with pytest.raises(SuspenseItem.DoesNotExist):
        clear_suspense(item.pk, "refund", by=other, note="退")


def test_statements_and_reports_have_what_was_paid_from_the_ledger_and_the_late_fee_apart(bank, clerk):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    asked = Asked(clerk, clerk.employer, NOVEMBER, NOVEMBER)
    (row,) = of_bills(asked)
    assert (row["total_due"], row["paid"], row["paid_mark"]) == (bill.total_due, 0, "欠缴")
    payment = pay(bill, clerk, days=7)
    assert payment.late_fee_fen > 0
    (row,) = of_bills(asked)
    assert row["employer_paid"] + row["employee_paid"] == bill.total_due
    assert (row["late_fee"], row["paid"]) == (payment.late_fee_fen, payment.amount_fen)
    assert (row["owed"], row["paid_mark"]) == (0, "实缴")
    (line,) = of_payments(asked)
    assert line["channel"] == way_title(asked.spec, payment.channel)
    entries = LedgerEntry.objects.filter(transaction__employer=clerk.employer)
    assert -sum(settling(entries).values_list("amount_fen", flat=True)) == bill.total_due


def test_what_was_voided_is_neither_owed_nor_paid_in_statements_and_reports(clerk):
    bill = settle(clerk.employer, clerk)
    with on_day():
        ask_to_void(bill.assessment_id, by=clerk, reason="漏报")
    asked = Asked(clerk, clerk.employer, NOVEMBER, NOVEMBER)
    assert of_bills(asked) == [] and not asked.lines().exists()
    assert not settling(LedgerEntry.objects.filter(transaction__bill=bill)).exists()


def test_a_bill_whose_late_fee_stands_is_paid_up_nowhere(bank, clerk, client):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    with days_late(bill, -1):
        payment = start_payment(bill.pk, by=clerk)
    with days_late(bill, 3):
        assert send(told(payment, paid_at=now().isoformat())) == "booked"
    assert (payment.late_fee_fen, balance(bill)) == (0, (bill.total_due, bill.total_due))
    client.force_login(clerk)
    with days_late(bill, 5):
        (asked,), here = paying_of([bill]).values(), standing(clerk.employer, NOVEMBER, clerk)
        words = f"本金已缴清，滞纳金 {yuan(asked.late_fee)} 元未缴"
        assert (asked.key, asked.note, asked.paid) == ("fee_open", words, bill.total_due) and asked.late_fee > 0
        for address in ("/e/bills/", f"/e/bills/{bill.pk}/", "/e/pay/"):
            text = client.get(address).content.decode()
            assert "滞纳金未缴" in text and "本金已缴清" in text and "已缴清</span>" not in text, address
        assert not here.is_paid and [step.note for step in steps_of(here) if step.url_name == "e_pay"] == [words]
        card = _billed(here)
        assert (card["tag"], card["note"]) == ("滞纳金未缴", words)
        with pytest.raises(Refused, match="缴清之后才能开具"):
            issue_document(bill.pk, "receipt", by=clerk)
        assert {card.state for card in available([bill])[bill.pk] if card.kind == "receipt"} <= {"waiting"}
    pay(bill, clerk, days=6)
    with days_late(bill, 7):
        assert paying_of([bill])[bill.pk].key == "paid" and standing(clerk.employer, NOVEMBER, clerk).is_paid
