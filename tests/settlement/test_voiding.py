"""Undoing a settlement: by mirror entries, once, only while nobody has paid; after it everything is as before."""

import pytest
from django.db import DatabaseError, connection, transaction

from shebao.bank.client import BankRefused, BankUnreachable
from shebao.hall.audit.models import AuditEntry
from shebao.hall.documents.operations import issue_document, verify
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import PaymentState
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Account, Assessment, Bill, BillLine, LedgerEntry, VoidRequest
from shebao.hall.settlement.voiding import approve_void, ask_to_void, decline_void, settled_months
from shebao.rules.money import yuan

from ..banking import bank  # noqa: F401 - a fixture
from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
WHY = "漏报了一名职工"


def hall(code="guiyang", wages=(720_000, 300_000)):
    employer = make_employer(code)
    hire(employer, list(wages))
    return employer, make_clerk(employer)


def reviewer_of(employer, role="reviewer"):
    return Operator.objects.create(username=f"{role}-{employer.region}", name="审核", role=role, region=employer.region)


def void(bill, by, reason=WHY):
    with on_day():
        return ask_to_void(bill.assessment_id, by=by, reason=reason)


def totals():
    """What every account holds, by scheme, part and month: the state that a void has to restore."""
    rows = LedgerEntry.objects.values_list("account", "scheme", "part", "month", "amount_fen")
    found = {}
    for *key, fen in rows:
        found[tuple(key)] = found.get(tuple(key), 0) + fen
    return {key: fen for key, fen in found.items() if fen}


@pytest.mark.parametrize("code", ["guiyang", "shanghai"])
def test_after_a_void_every_balance_is_as_before_and_the_month_can_be_settled_again(code):
    employer, clerk = hall(code)
    assert totals() == {}
    old = settle(employer, clerk)
    void(old, clerk)
    assert totals() == {}
    assert balance(old) == (0, 0)
    assert not BillLine.objects.live().exists()
    assert list(check_ledger()) == []
    new = settle(employer, clerk)
    assert new.total_due == old.total_due
    assert new.number != old.number
    assert balance(new) == (new.total_due, 0)
    assert Bill.objects.live().get(employer=employer) == new
    assert list(check_ledger()) == []


def test_the_old_bill_stays_readable_and_says_who_voided_it_and_why():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    request = void(bill, clerk)
    assert (request.state, request.reason, request.decided_by) == ("voided", WHY, clerk)
    assert bill.lines.count() == BillLine.objects.ever().filter(is_voided=True).count() > 0
    with on_day():
        (row,) = settled_months(employer, by=clerk)
    assert (row.bill, row.paying.key, row.request) == (bill, "void", request)
    assert AuditEntry.objects.get(action="month.voided").subject == f"bill:{bill.pk}"


def test_a_bill_is_voided_once():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    void(bill, clerk)
    with pytest.raises(Conflict, match="已经作废"):
        void(bill, clerk)
    assert bill.transactions.filter(kind="voided").count() == 1


def test_a_paid_bill_is_not_voidable(bank):  # noqa: F811
    from ..payments.test_operations import send, told

    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day():
        send(told(start_payment(bill.pk, by=clerk)))
    with pytest.raises(Refused, match="已经缴费，不能作废"):
        void(bill, clerk)
    assert not VoidRequest.objects.exists()


def test_a_running_payment_is_closed_at_the_bank_first_and_late_money_is_not_booked_to_the_bill(bank):  # noqa: F811
    from ..payments.test_operations import send, told

    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day():
        payment = start_payment(bill.pk, by=clerk)
    bank.answer = told(payment, "refused", message_id="M1", reason_code="closed", reason="已关闭")
    void(bill, clerk)
    payment.refresh_from_db()
    assert payment.state == PaymentState.REFUSED
    with on_day():
        assert send(told(payment, message_id="M2")) == "parked"
    assert balance(bill) == (0, 0)
    assert list(check_ledger()) == []


@pytest.mark.parametrize(
    ("trouble", "words"), [(BankUnreachable("away"), "银行没有应答"), (BankRefused(500, "坏了"), "银行没有关闭")]
)
def test_while_the_bank_does_not_say_that_it_closed_nothing_is_voided(bank, trouble, words):  # noqa: F811
    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day():
        start_payment(bill.pk, by=clerk)
    bank.trouble = trouble
    with pytest.raises(Refused, match=words):
        void(bill, clerk)
    assert balance(bill) == (bill.total_due, 0)


def test_money_that_the_bank_took_meanwhile_counts_and_the_void_is_refused(bank):  # noqa: F811
    from ..payments.test_operations import told

    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day():
        payment = start_payment(bill.pk, by=clerk)
    bank.answer = told(payment)
    with pytest.raises(Refused, match="刚刚已经缴费"):
        void(bill, clerk)
    assert balance(bill) == (bill.total_due, bill.total_due)


def test_a_reason_is_asked_for():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    with pytest.raises(Refused, match="请填写作废原因"):
        void(bill, clerk, reason="  ")


def test_after_the_payment_day_arrears_are_not_voided_away():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day(NOVEMBER.next()), pytest.raises(Refused, match="缴费期已过"):
        ask_to_void(bill.assessment_id, by=clerk, reason=WHY)


def test_another_employers_assessment_is_not_there():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    other = make_clerk(make_employer("guiyang", "120002"))
    with pytest.raises(Assessment.DoesNotExist):
        void(bill, other)


def test_where_the_agency_decides_the_wish_waits_for_it():
    employer, clerk = hall("tianjin")
    bill = settle(employer, clerk)
    request = void(bill, clerk)
    assert void(bill, clerk) == request  # pressed twice
    assert balance(bill) == (bill.total_due, 0)
    with on_day():
        assert approve_void(request.pk, by=reviewer_of(employer)).state == "voided"
    assert totals() == {}
    with on_day(), pytest.raises(Conflict, match="已经办结"):
        approve_void(request.pk, by=Operator.objects.get(role="reviewer"))


def test_the_agency_may_decline_with_a_reason_and_nothing_changes():
    employer, clerk = hall("tianjin")
    bill = settle(employer, clerk)
    request = void(bill, clerk)
    reviewer = reviewer_of(employer)
    with pytest.raises(Refused, match="请填写不同意的原因"):
        decline_void(request.pk, by=reviewer, note="")
    decline_void(request.pk, by=reviewer, note="人员没有问题")
    assert balance(bill) == (bill.total_due, 0)
    with on_day():
        (row,) = settled_months(employer, by=clerk)
    assert (row.paying.key, row.request.note, row.obstacle) == ("unpaid", "人员没有问题", "")


def test_a_reviewer_of_another_region_sees_no_wish_and_a_clerk_may_not_decide():
    employer, clerk = hall("tianjin")
    request = void(settle(employer, clerk), clerk)
    with pytest.raises(VoidRequest.DoesNotExist):
        approve_void(request.pk, by=reviewer_of(make_employer("leshan", "510001")))
    with pytest.raises(Refused, match="没有“审核”的权限"):
        approve_void(request.pk, by=clerk)


def test_the_papers_of_a_voided_bill_are_revoked_and_no_more_are_issued():
    employer, clerk = hall()
    bill = settle(employer, clerk)
    with on_day():
        paper = issue_document(bill.pk, "payment_notice", by=clerk)
    amount = yuan(paper.total_fen).replace(",", "")
    assert verify(paper.verification_code, amount)["state"] == "valid"
    void(bill, clerk)
    found = verify(paper.verification_code, amount)
    assert (found["state"], found["state_on"] is None) == ("revoked", False)
    assert "核定已经作废" in found["state_reason"]
    assert AuditEntry.objects.filter(action="document.revoked", subject=f"document:{paper.pk}").count() == 1
    with on_day(), pytest.raises(Refused, match="已经作废"):
        bill.documents.all().delete()
        issue_document(bill.pk, "payment_notice", by=clerk)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_billline SET employer_due = employer_due + 1",
        "UPDATE settlement_billline SET is_voided = true, employer_due = 0",
        "DELETE FROM settlement_billline",
        "UPDATE settlement_bill SET total_due = 0, employer_due = 0, employee_due = 0",
        "UPDATE settlement_assessment SET month = '2026-12'",
        "DELETE FROM settlement_assessment",
    ],
)
def test_what_was_billed_cannot_be_changed_by_anybody(statement):
    employer, clerk = hall()
    settle(employer, clerk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE settlement_billline SET is_voided = false", "UPDATE settlement_assessment SET voided_at = NULL"],
)
def test_what_was_voided_stays_voided(statement):
    employer, clerk = hall()
    void(settle(employer, clerk), clerk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_accounts_of_a_voided_bill_are_empty_one_by_one():
    employer, clerk = hall()
    void(settle(employer, clerk), clerk)
    for account in Account:
        assert sum(LedgerEntry.objects.filter(account=account).values_list("amount_fen", flat=True)) == 0
