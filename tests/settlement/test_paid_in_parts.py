"""A late bill that is paid in parts bears the late fee that it bears as a whole: each place names the same fen."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from django.urls import reverse

from shebao.hall.clock import now, pretending, today
from shebao.hall.documents.operations import issue_document
from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.collecting import late_fee_of, owing
from shebao.hall.settlement.explaining_late_fees import explain_late_fee
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Account, LedgerEntry
from shebao.rules.money import yuan

from ..banking import bank  # noqa: F401 - a fixture
from ..payments.test_operations import send, told
from .hall import hire, make_clerk, make_employer, settle
from .test_parts_apart import apart  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(bank, apart):  # noqa: F811
    employer = make_employer(apart)
    hire(employer, [720_000, 533_300])
    return make_clerk(employer)


def fee(fen: int, days: int) -> int:
    """万分之五 a day, half up."""
    return (fen * 5 * days * 2 + 10_000) // 20_000


def late(bill, days, hour=10):
    """The hall believes that a bill is so many days late."""
    due = bill.pay_until.astimezone().replace(tzinfo=None)
    return pretending(datetime(due.year, due.month, due.day, hour) + timedelta(days=days))  # noqa: DTZ001


def days_on_which(one: int, other: int, differ: int) -> int:
    """The first number of days after which two amounts bear so many fen more apart than together."""
    return next(n for n in range(1, 400) if fee(one, n) + fee(other, n) - fee(one + other, n) == differ)


def pay(bill, clerk, part="", serial="S1"):
    payment = start_payment(bill.pk, by=clerk, part=part)
    assert send(told(payment, message_id=serial, bank_serial=serial, paid_at=now().isoformat())) == "booked"
    return payment


def pay_out_of_suspense(bill, fen, serial="YH1"):
    """Money that arrives today without an order, found to be for this bill."""
    message = {
        "message_id": f"M{serial}", "order_id": f"P{serial}", "state": "succeeded", "amount_fen": fen,
        "bank_serial": serial, "paid_at": now().isoformat(),
    }  # fmt: skip
    assert send(message) == "parked"
    treasurer = Operator.objects.create(username=serial, name="会计", role="agency_admin", region=bill.employer.region)
    item = SuspenseItem.objects.get(bank_serial=serial)
    clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="部分缴费")


def fees_taken() -> int:
    return -sum(LedgerEntry.objects.filter(account=Account.LATE_FEES).values_list("amount_fen", flat=True))


@pytest.mark.parametrize("differ", [1, -1])
def test_both_parts_of_a_late_bill_paid_on_one_day_bear_the_late_fee_of_the_whole(clerk, differ):
    bill = settle(clerk.employer, clerk)
    days = days_on_which(bill.employee_due, bill.employer_due, differ)
    whole = fee(bill.total_due, days)
    with late(bill, days):
        assert owing(bill, today()).late_fee == whole
        pay(bill, clerk, "employee", "S1")
        assert owing(bill, today()).late_fee == whole, "paying a part on the same day makes no fen"
        payment = pay(bill, clerk, "employer", "S2")
        assert (payment.amount_fen, payment.late_fee_fen) == (bill.employer_due + whole, whole)
        assert owing(bill, today()).total == 0
        assert (fees_taken(), late_fee_of(bill, today()).whole) == (whole, whole)
        assert list(check_ledger()) == []


@pytest.mark.parametrize("differ", [1, -1])
def test_bill_page_payment_page_notice_and_ledger_name_the_same_late_fee_after_a_part_payment(clerk, client, differ):
    bill = settle(clerk.employer, clerk)
    days = days_on_which(bill.employee_due, bill.employer_due, differ)
    whole = fee(bill.total_due, days)
    with late(bill, days):
        pay_out_of_suspense(bill, bill.employee_due)
        client.force_login(clerk)
        for page in ("e_bill", "e_pay_bill"):
            text = client.get(reverse(page, args=[bill.pk])).content.decode()
            assert f">{yuan(whole)}<" in text, page
        assert f"{yuan(bill.employer_due + whole)}" in client.get(reverse("e_pay")).content.decode()
        notice = issue_document(bill.pk, "payment_notice", by=clerk)
        assert yuan(whole) in notice.content["paper"]["total"]
        payment = pay(bill, clerk)
        assert (payment.amount_fen, payment.late_fee_fen) == (bill.employer_due + whole, whole)
        receipt = issue_document(bill.pk, "receipt", by=clerk)
        assert yuan(whole) in receipt.content["paper"]["total"]
        assert receipt.total_fen == bill.total_due + whole
        assert balance(bill) == (bill.total_due, bill.total_due)
        assert fees_taken() == whole
        assert list(check_ledger()) == []


def test_a_late_fee_never_falls_overnight_after_a_part_payment(clerk):
    bill = settle(clerk.employer, clerk)
    rest = 120  # so little that a day adds less than half a fen
    part = bill.total_due - rest
    days = days_on_which(part, rest, -1)
    assert fee(part, days) + fee(rest, days + 1) < fee(bill.total_due, days), "each rounded alone, it would fall"
    with late(bill, days):
        before = owing(bill, today())
        pay_out_of_suspense(bill, part)
        after = owing(bill, today())
        assert after.late_fee == before.late_fee == fee(bill.total_due, days)
    with late(bill, days + 1):
        next_day = owing(bill, today())
        assert after.tomorrow >= 0
        assert (
            next_day.late_fee == after.late_fee + after.tomorrow == (part * days + rest * (days + 1) + 1_000) // 2_000
        )
        assert pay(bill, clerk).late_fee_fen == fees_taken() == next_day.late_fee
        assert owing(bill, today()).total == 0
        assert list(check_ledger()) == []


def test_a_late_bill_paid_in_three_parts_on_three_days_bears_one_rounded_sum(clerk):
    bill = settle(clerk.employer, clerk)
    first, second = 33_333, 12_347
    for days, fen in ((3, first), (3, second)):
        with late(bill, days):
            pay_out_of_suspense(bill, fen, f"YH{fen}")
    with late(bill, 11):
        pay(bill, clerk, "employee", "S1")
    left = owing(bill, today()).principal
    with late(bill, 20):
        exact = (first + second) * 3 + (bill.total_due - first - second - left) * 11 + left * 20
        expected = (exact + 1_000) // 2_000
        assert pay(bill, clerk, "", "S2").late_fee_fen == expected == fees_taken()
        assert owing(bill, today()).total == 0
        assert list(check_ledger()) == []


def test_the_late_fee_of_a_bill_says_why_it_is_what_it_is_before_and_after_it_is_paid(clerk, client):
    """为什么是这个数: principal, days, rate, one rounding, what was paid before, and what is asked for today."""
    bill = settle(clerk.employer, clerk)
    client.force_login(clerk)
    with late(bill, 3):
        first = today()
        pay_out_of_suspense(bill, bill.employee_due)
    with late(bill, 40):
        asked = owing(bill, today()).late_fee
        found = explain_late_fee(clerk, bill.pk, today())
        exact = Fraction(bill.employee_due * 3 + bill.employer_due * 40, 100) * Fraction(5, 10_000)
        steps = {step.label: step for step in found.steps}
        assert found.amount == asked == int(exact * 100 + Fraction(1, 2))
        assert steps["进位"].value == f"{yuan(asked)} 元" and "整张账单只进位一次" in steps["进位"].note
        assert "× 0.05% × 3 天" in steps["已缴部分"].value and f"{first} 缴" in steps["已缴部分"].note
        assert "× 0.05% × 40 天" in steps["未缴部分"].value
        assert "社会保险法" in steps["每日加收"].source
        page = client.get(reverse("e_bill", args=[bill.pk])).content.decode()
        address = reverse("e_explain_late_fee", args=[bill.pk])
        assert f'href="{address}"' in page and f'href="{address}"' in client.get(reverse("e_pay")).content.decode()
        text = client.get(address).content.decode()
        assert yuan(asked) in text and "未缴部分" in text
        pay(bill, clerk)
    with late(bill, 50):
        found = explain_late_fee(clerk, bill.pk, today())
        steps = {step.label: step for step in found.steps}
        assert (found.amount, owing(bill, today()).total) == (asked, 0) and "已缴滞纳金" in found.title
        assert steps["还应缴滞纳金"].value == f"{yuan(asked)} − {yuan(asked)} = 0.00 元"
        assert f'href="{address}"' in client.get(reverse("e_bill", args=[bill.pk])).content.decode()


def test_a_bill_that_is_not_late_says_why_it_bears_nothing(clerk, client):
    bill = settle(clerk.employer, clerk)
    client.force_login(clerk)
    found = explain_late_fee(clerk, bill.pk, today())
    assert found.amount == 0 and "没有逾期" in found.text
    assert client.get(reverse("e_explain_late_fee", args=[bill.pk])).status_code == 200
