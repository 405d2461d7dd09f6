"""What certificates and statements of account say of a person: months, bases and money of charges in force alone."""

from datetime import datetime

import pytest

from shebao.hall.documents.money_rows import Asked
from shebao.hall.documents.sources import READERS
from shebao.hall.documents.statements import issue_statement
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.ledger import balance
from shebao.hall.settlement.models import Bill, BillLine, LineKind
from shebao.rules.months import Month
from tests.factories import at

from ..services.test_back_payments import NOVEMBER, approved, hall, settled
from ..services.test_back_payments import asked as paid_back
from ..services.test_refunds import KEY, OCTOBER, asked, billed_in_october, paid
from ..settlement.test_adjusting import in_july_and_august
from ..settlement.test_adjusting import settle as settle_month_of

pytestmark = pytest.mark.django_db
SEPTEMBER = OCTOBER.previous()
SCHEMES, SUMS, ACCOUNT = "person_schemes", "person_sums", "pension_account"


@pytest.fixture(autouse=True)
def november():
    with at():
        yield


def told(clerk, employee, source):
    asked_for = Asked(clerk, employee.employer, Month(2025, 1), Month(2026, 11), (employee.pk,))
    return READERS[source](asked_for)


def pension_of(clerk, employee):
    return next(row for row in told(clerk, employee, SCHEMES) if row["scheme_key"] == "pension")


def refunded(*, also_september):
    """Somebody who was billed and paid for October (and September) and got October back."""
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    if also_september:
        with at(datetime(2026, 9, 12, 10, 0)):  # noqa: DTZ001 - naive local by contract
            paid(settled(clerk, SEPTEMBER), clerk)
    approved(clerk, reviewer, asked(employee), KEY)
    return clerk, employee


def test_a_month_that_was_given_back_is_no_month_of_contributions_and_has_no_base():
    clerk, employee = refunded(also_september=True)
    line = BillLine.objects.get(employee=employee, scheme="pension", month=SEPTEMBER)
    assert line.contribution_base and line.employee_due
    row = pension_of(clerk, employee)
    assert (row["last_month"], row["months"], row["base"]) == (SEPTEMBER, 1, line.contribution_base)
    assert (row["employer_paid"], row["employee_paid"]) == (line.employer_due, line.employee_due)
    ((year),) = told(clerk, employee, ACCOUNT)
    assert (year["months"], year["base"], year["principal"]) == (1, line.contribution_base, line.employee_due)
    ((summed),) = told(clerk, employee, SUMS)
    assert (summed["months"], summed["first_month"], summed["last_month"]) == (1, SEPTEMBER, SEPTEMBER)
    own = BillLine.objects.filter(employee=employee, month=SEPTEMBER)
    assert summed["paid"] == summed["total_due"] == sum(one.employer_due + one.employee_due for one in own)
    document = issue_statement(clerk.employer_id, "transfer_voucher", by=clerk, people=[employee.pk])
    assert {cells[3] for cells in document.content["paper"]["rows"]} == {"1"}
    assert document.total_fen == summed["paid"]


def test_who_got_everything_back_has_paid_no_month_and_is_in_no_list_of_contributions():
    clerk, employee = refunded(also_september=False)
    for row in told(clerk, employee, SCHEMES):
        assert (row["months"], row["base"], row["paid"]) == (0, 0, 0)
    assert told(clerk, employee, ACCOUNT) == told(clerk, employee, SUMS) == []


def test_a_month_that_was_given_back_and_paid_again_counts_once():
    clerk, reviewer, employee, first = billed_in_october("wage_hall")
    approved(clerk, reviewer, asked(employee), KEY)
    for spell in Spell.objects.filter(employee=employee):
        spell.pk, spell.first_month, spell.last_month = None, NOVEMBER, None
        spell.save()
    approved(clerk, reviewer, paid_back(employee, "2026-10", "2026-10", wage="9000"))
    again = BillLine.objects.get(employee=employee, scheme="pension", kind=LineKind.BACK_PAYMENT)
    due, settled_by_credit = balance(again.bill)
    paid(again.bill, clerk, due - settled_by_credit)
    row = pension_of(clerk, employee)
    assert first.lines.get(employee=employee, scheme="pension").is_given_back
    assert (row["months"], row["base"], row["employee_paid"]) == (1, again.contribution_base, again.employee_due)


def test_late_fees_and_interest_of_a_back_payment_are_no_contributions():
    clerk, reviewer, employee = hall("wage_hall")
    approved(clerk, reviewer, paid_back(employee, "2025-11", "2025-12", wage="9000"))
    bill = Bill.objects.get()
    paid(bill, clerk)
    assert {LineKind.LATE_FEE, LineKind.INTEREST} <= set(bill.lines.values_list("kind", flat=True))
    lines = list(bill.lines.filter(kind=LineKind.BACK_PAYMENT, scheme="pension").order_by("month"))
    row = pension_of(clerk, employee)
    assert (row["months"], row["base"]) == (2, lines[-1].contribution_base)
    assert row["paid"] == sum(one.employer_due + one.employee_due for one in lines)
    ((year),) = told(clerk, employee, ACCOUNT)
    assert year["principal"] == sum(one.employee_due for one in lines)
    assert year["base"] == sum(one.contribution_base for one in lines)


def test_the_base_of_a_month_is_the_one_it_was_corrected_to_and_counts_once():
    _, clerk, (lowest, *_), bills = in_july_and_august("shanghai")
    for bill in (*bills, settle_month_of(clerk.employer, clerk, Month(2026, 9))):
        paid(bill, clerk)
    row = pension_of(clerk, lowest)
    lines = BillLine.objects.filter(employee=lowest, scheme="pension")
    assert lines.filter(kind=LineKind.BASE).count() == 2, "the floor of July and August became known in September"
    assert (row["months"], row["base"]) == (3, 7546_00)
    assert row["employee_paid"] == sum(line.employee_due for line in lines)
    ((year),) = told(clerk, lowest, ACCOUNT)
    assert (year["months"], year["base"]) == (3, 3 * 7546_00)
