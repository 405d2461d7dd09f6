"""What ended says how, in the database itself (I-6): by whom and why, and what a mirror reverses has ended.

The triggers stand. What is true only when all rows are there is refused when the transaction ends.
"""

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.clock import today
from shebao.hall.operators.models import Operator
from shebao.hall.payments.counter import enter_receipt, void_receipt
from shebao.hall.payments.models import CounterReceipt, Payment, SuspenseItem
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.ledger import book_mirror, book_voided, check_ledger
from shebao.hall.settlement.models import Assessment, Bill, LedgerTransaction, VoidRequest
from shebao.hall.settlement.provisional import assess_undeclared, retire_provisionals, withdraw_provisional
from shebao.hall.settlement.voiding import approve_void

from .hall import EARLIER, NOVEMBER, hire, make_clerk, make_employer, on_day, settle
from .test_sealed import DECEMBER, refused, refused_at_the_end
from .test_undeclared import declare_after_all, late  # noqa: F401 - a fixture
from .test_voiding import reviewer_of
from .test_voiding import void as ask_to_void

pytestmark = pytest.mark.django_db
BY_THE_COUNTER, BY_CREDIT = 700, "credit_used"


@pytest.fixture
def hall():
    """A voided bill, one that the counter took too much for, and one that this credit pays in part."""
    employer = make_employer()
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    void(settle(employer, clerk), clerk)
    bill = settle(employer, clerk)
    with on_day():
        teller = Operator.objects.create(username="t", name="窗口", role="agency_admin", region=employer.region)
        fen = bill.total_due + BY_THE_COUNTER
        enter_receipt("S-1", bill=bill.number, fen=fen, received_on=today(), kind="cash", by=teller)
    settle(employer, clerk, DECEMBER)
    assert list(check_ledger()) == []
    return employer


def void(bill: Bill, clerk: Operator) -> None:
    """As the clerk asks and the agency agrees."""
    asked = ask_to_void(bill, clerk)
    reviewer = Operator.objects.filter(role="reviewer").first() or reviewer_of(bill.employer)
    with on_day():
        approve_void(asked.pk, by=reviewer)


def take_out_of_force(bill: Bill) -> None:
    """All that voiding does to the books."""
    book_voided(bill)
    bill.lines.live().update(is_voided=True)
    Assessment.objects.filter(pk=bill.assessment_id).update(voided_at=EARLIER)


def wish(bill: Bill, **more) -> VoidRequest:
    """A wish to void a bill as it stands in the database; who asked decided it."""
    by = Operator.objects.get(employer=bill.employer)
    said = {"state": "voided", "reason": "重来", "decided_by": by, "decided_at": EARLIER} | more
    return VoidRequest.objects.create(
        employer=bill.employer, assessment=bill.assessment, asked_by=by, asked_at=EARLIER, **said
    )


def test_a_void_says_by_whom_and_why(hall):
    bill = Bill.objects.live().get(month=DECEMBER)
    with refused_at_the_end():
        take_out_of_force(bill)
    with refused_at_the_end():
        wish(bill, state="asked", decided_by=None, decided_at=None)
        take_out_of_force(bill)
    for nothing in ({"reason": ""}, {"decided_by": None}, {"decided_at": None}):
        with refused("what_was_voided_says_who_and_why"):
            wish(bill, **nothing)
    for is_before in (True, False):
        with transaction.atomic():
            if is_before:
                wish(bill)
            take_out_of_force(bill)
            if not is_before:
                wish(bill)
            connection.check_constraints()
            assert list(check_ledger()) == []
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    "change",
    ["reason = 'x'", "state = 'asked'", "decided_by_id = NULL", "note = 'x'", "asked_by_id = decided_by_id"],
)
def test_who_voided_and_why_is_not_rewritten(hall, change):
    for statement in (f"UPDATE settlement_voidrequest SET {change}", "DELETE FROM settlement_voidrequest"):
        with refused("append-only"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_what_was_assessed_provisionally_ends_with_the_settled_month_or_by_somebody(late):  # noqa: F811
    employer, clerk, agent, *_ = late
    bill = assess_undeclared(employer.pk, NOVEMBER, by=agent)
    with refused_at_the_end():
        retire_provisionals({employer.pk: bill}, by=agent)
    with transaction.atomic():
        declare_after_all(employer, clerk)
        connection.check_constraints()
        transaction.set_rollback(True)
    with transaction.atomic():
        withdraw_provisional(bill.assessment_id, by=agent, reason="有误")
        connection.check_constraints()


def test_a_mirror_stands_for_an_end(hall):
    for kind in ("paid", BY_CREDIT):
        with refused_at_the_end():
            book_mirror(LedgerTransaction.objects.get(kind=kind))
    with transaction.atomic():
        message = {"message_id": "M1", "amount_fen": 5, "bank_serial": "YH7"}
        item = suspend(message, "不知道是谁的")
        connection.check_constraints()
    with refused_at_the_end():
        book_mirror(item.transactions.get())
    with transaction.atomic():
        book_mirror(item.transactions.get())
        SuspenseItem.objects.filter(pk=item.pk).update(clearing="corrected", cleared_at=EARLIER)
        connection.check_constraints()


def test_money_of_the_counter_is_voided_as_a_whole_by_somebody(hall):
    paid, receipt = LedgerTransaction.objects.get(kind="paid"), CounterReceipt.objects.get()
    said = {"voided_at": EARLIER, "voided_by": receipt.entered_by, "void_reason": "重来"}
    payments, receipts = Payment.objects.filter(pk=paid.payment_id), CounterReceipt.objects.filter(pk=receipt.pk)
    with refused_at_the_end():
        payments.update(state="voided")
        book_mirror(paid)
    with refused_at_the_end():
        receipts.update(**said)
    with refused("a_voided_receipt_says_who_and_why"):
        receipts.update(**said | {"void_reason": ""})
    for change in ({"number": "S-2"}, {"received_on": EARLIER.date()}, {"kind": "card"}):
        with refused("append-only"):
            receipts.update(**change)
    void(Bill.objects.live().get(month=DECEMBER), Operator.objects.get(employer=hall))  # it used the credit
    with on_day(), transaction.atomic():
        void_receipt(receipt.pk, reason="重来", by=receipt.entered_by)
        connection.check_constraints()
    assert list(check_ledger()) == []
    with refused("append-only"):
        receipts.update(void_reason="另一个")
    with pytest.raises(IntegrityError), transaction.atomic():
        receipt.delete()
