"""A bill whose voiding waits for the agency is not paid meanwhile; money that comes all the same ends the wish."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import VoidRequest, VoidState
from shebao.hall.settlement.void_wishes import withdraw_void
from shebao.hall.settlement.voiding import approve_void, ask_to_void, waiting_voids

from ..settlement.hall import hire, make_clerk, make_employer, on_day, settle
from .test_operations import send, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def november():
    with on_day():
        yield


@pytest.fixture
def bill(november, db):
    employer = make_employer()
    hire(employer, [720_000])
    return settle(employer, make_clerk(employer))


@pytest.fixture
def clerk(bill):
    return bill.assessment.made_by


@pytest.fixture
def reviewer(db):
    return Operator.objects.create(username="r", name="审核", role="reviewer", region="tianjin")


def test_while_a_wish_to_void_waits_the_bill_is_not_paid_until_the_wish_is_taken_back(bank, bill, clerk, reviewer):
    wish = ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    with pytest.raises(Refused, match="已申请作废，等待审核"):
        start_payment(bill.pk, by=clerk)
    assert not bill.payments.exists()
    withdraw_void(wish.pk, by=clerk)
    with pytest.raises(Conflict, match="已经办结（已撤回）"):
        withdraw_void(wish.pk, by=clerk)
    with pytest.raises(Conflict, match="已经办结（已撤回）"):
        approve_void(wish.pk, by=reviewer)
    assert waiting_voids(reviewer) == []
    assert send(told(start_payment(bill.pk, by=clerk))) == "booked"
    assert AuditEntry.objects.filter(action="void.withdrawn").count() == 1
    assert list(check_ledger()) == []


def test_a_wish_that_was_taken_back_may_be_asked_again(bill, clerk, reviewer):
    withdraw_void(ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人").pk, by=clerk)
    wish = ask_to_void(bill.assessment_id, by=clerk, reason="漏报两人")
    assert approve_void(wish.pk, by=reviewer).state == VoidState.VOIDED


def test_another_employer_takes_no_wish_back(bill, clerk):
    wish = ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    with pytest.raises(VoidRequest.DoesNotExist):
        withdraw_void(wish.pk, by=make_clerk(make_employer(number="120002")))


def test_a_payment_that_was_under_way_ends_the_wish_by_itself(bank, bill, clerk, reviewer):
    payment = start_payment(bill.pk, by=clerk)
    wish = ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    assert waiting_voids(reviewer)[0].obstacle == ""
    assert send(told(payment)) == "booked"
    wish.refresh_from_db()
    assert (wish.state, wish.decided_by) == (VoidState.CLOSED, None) and "已经缴费" in wish.note
    assert waiting_voids(reviewer) == []
    assert AuditEntry.objects.filter(action="void.closed").count() == 1
    with pytest.raises(Refused, match="已经缴费，不能作废"):
        ask_to_void(bill.assessment_id, by=clerk, reason="再试")
    assert balance(bill) == (bill.total_due, bill.total_due) and list(check_ledger()) == []


def test_what_the_bank_took_is_found_when_the_agency_agrees_and_ends_the_wish(bank, bill, clerk, reviewer):
    payment = start_payment(bill.pk, by=clerk)
    wish = ask_to_void(bill.assessment_id, by=clerk, reason="漏报一人")
    bank.answer = told(payment)
    with pytest.raises(Refused, match="刚刚已经缴费"):
        approve_void(wish.pk, by=reviewer)
    wish.refresh_from_db()
    assert wish.state == VoidState.CLOSED


def test_a_wish_of_before_whose_bill_is_paid_says_why_it_cannot_be_agreed_to(bank, bill, clerk, reviewer):
    assert send(told(start_payment(bill.pk, by=clerk))) == "booked"
    VoidRequest.objects.create(
        employer=bill.employer,
        assessment=bill.assessment,
        reason="漏报",
        asked_by=clerk,
        asked_at="2026-11-10T09:30+08:00",
    )
    (one,) = waiting_voids(reviewer)
    assert (one.paying.key, "已经缴费" in one.obstacle) == ("paid", True)
