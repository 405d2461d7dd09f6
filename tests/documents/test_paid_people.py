"""Whom a bill is paid for (社保缴费 of chosen persons): every paper says it of these people, and of nobody else."""

import pytest

from shebao.hall.clock import now
from shebao.hall.payments.models import Payment
from shebao.hall.payments.paid_lines import paid_lines
from shebao.hall.settlement.ledger import book_paid

from ..settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle
from .test_figures import part_of
from .test_statements import said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with on_day(NOVEMBER, 12):
        yield


@pytest.fixture
def hall():
    employer = make_employer("general_hall")
    people = hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    return employer, clerk, settle(employer, clerk), people


def pay_for(bill, clerk, people, number="P1"):
    lines = bill.lines.filter(employee__in=people)
    payment = Payment.objects.create(
        employer=bill.employer, bill=bill, number=number, channel="bank", state="succeeded", bank_serial=number,
        amount_fen=sum(one.employer_due + one.employee_due for one in lines), people=[one.pk for one in people],
        started_by=clerk, started_at=now(), paid_at=now(),
    )  # fmt: skip
    book_paid(bill, payment)


def marks(employer, clerk):
    _, rows = said(employer, clerk, "contribution_detail")
    found = {}
    for row in rows:
        found.setdefault(row["line"].employee_id, set()).add((row["paid_mark"], row["paid_on"]))
    return found


def test_of_two_people_the_one_who_is_paid_for_is_marked_paid_on_that_day(hall):
    employer, clerk, bill, (first, second) = hall
    pay_for(bill, clerk, [first])
    assert marks(employer, clerk) == {
        first.pk: {("实缴", NOVEMBER.first_day.replace(day=12))},
        second.pk: {("欠缴", None)},
    }


def test_the_other_one_keeps_the_day_of_his_own_payment(hall):
    employer, clerk, bill, (first, second) = hall
    pay_for(bill, clerk, [first])
    with on_day(NOVEMBER, 20):
        pay_for(bill, clerk, [second], "P2")
        days = {pk: {day.day for _, day in found} for pk, found in marks(employer, clerk).items()}
    assert days == {first.pk: {12}, second.pk: {20}}


def test_the_account_sums_and_schemes_of_a_person_count_what_was_paid_for_him(hall, monkeypatch):
    from shebao.hall.documents.money_rows import Asked
    from shebao.hall.documents.people_rows import of_pension_account, of_person_schemes, of_person_sums

    employer, clerk, bill, (first, second) = hall
    pay_for(bill, clerk, [first])
    own = sum(one.employer_due + one.employee_due for one in bill.lines.filter(employee=first))

    def asked(*people):
        return Asked(clerk, employer, employer.first_month, NOVEMBER, tuple(one.pk for one in people))

    assert {row["name"]: row["paid"] for row in of_person_sums(asked())} == {first.name: own, second.name: 0}
    assert {row["months"] for row in of_person_schemes(asked(first))} == {1}
    assert {row["months"] for row in of_person_schemes(asked(second))} == {0}
    pension = bill.lines.get(employee=first, scheme="pension").employee_due
    assert [row["principal"] for row in of_pension_account(asked(first))] == [pension]
    assert of_pension_account(asked(second)) == []


def test_a_bill_that_the_credit_paid_is_paid_on_the_day_of_the_booking():
    employer = make_employer("general_hall")
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    october = settle(employer, clerk, OCTOBER)
    with on_day(OCTOBER, 12):
        part_of(october, clerk, 3 * october.total_due)
    settle(employer, clerk)
    (found,) = marks(employer, clerk).values()
    assert found == {("实缴", OCTOBER.first_day.replace(day=12)), ("实缴", NOVEMBER.first_day.replace(day=10))}


def test_what_is_paid_of_many_lines_is_asked_in_three_queries(hall, django_assert_num_queries):
    _, clerk, bill, (first, second) = hall
    pay_for(bill, clerk, [first])
    lines = list(bill.lines.all())
    with django_assert_num_queries(3):
        paid = paid_lines([bill.pk])
        assert {line.employee_id for line in lines if paid.is_paid(line)} == {first.pk}
        assert {paid.mark(line) for line in lines if line.employee_id == second.pk} == {"欠缴"}
