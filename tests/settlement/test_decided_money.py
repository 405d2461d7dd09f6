"""What was decided about money stays: raw SQL rewrites no payment, no suspense, no refund and no back payment."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import Clearing, Payment, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.models import BackPayment, Refund
from tests.factories import at
from tests.services.test_back_payments import BACK, asked, declared, settled
from tests.services.test_back_payments import hall as back_hall
from tests.services.test_refunds import refunded_hall

from ..banking import bank  # noqa: F401 - a fixture
from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle
from .test_collecting import pay, stray

pytestmark = pytest.mark.django_db
DECEMBER = NOVEMBER.next()


def is_refused(statement: str) -> bool:
    """Whether the database refuses it in words; what it takes is taken back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement
            transaction.set_rollback(True)
    except IntegrityError as why:
        assert "append-only" in str(why) or "back payment" in str(why), why
        return True
    return False


@pytest.fixture
def hall(bank):  # noqa: F811
    """A payment that succeeded, one that waits for the bank, an amount in suspense that is cleared, one that is not."""
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    pay(settle(employer, clerk), clerk)
    with on_day(DECEMBER):
        start_payment(settle(employer, clerk, DECEMBER).pk, by=clerk)
    treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region=clerk.region)
    item = stray(clerk, 5_000)
    clear_suspense(item.pk, Clearing.CREDIT, by=treasurer, number=employer.employer_number, note="核对")
    stray(clerk, 6_000, serial="YH10")


DONE, OPEN = "WHERE state = 'succeeded'", "WHERE state = 'sent'"
CLEARED, HELD = "WHERE clearing = 'credit'", "WHERE clearing = ''"
WRONG = [
    *(
        f"UPDATE payments_payment SET {change} {DONE}"
        for change in (
            "amount_fen = amount_fen + 1", "late_fee_fen = 1", "paid_fen = 0", "state = 'refused'", "state = 'created'",
            "state = 'unknown'", "bank_serial = 'x'", "paid_at = NULL", "part = 'employer'", "people = '[1]'",
            "reason = 'x'", "state = 'voided', paid_fen = 0",
        )
    ),
    f"UPDATE payments_payment SET amount_fen = amount_fen - 1 {OPEN}",
    f"UPDATE payments_payment SET state = 'voided' {OPEN}",
    f"UPDATE payments_payment SET paid_fen = 1, state = 'succeeded' {OPEN}",
    f"UPDATE payments_payment SET paid_fen = amount_fen {OPEN}",
    f"DELETE FROM payments_payment {OPEN}",
    *(
        f"UPDATE payments_suspenseitem SET {change} {CLEARED}"
        for change in ("clearing = 'refund'", "clearing = '', cleared_by_id = NULL", "note = 'x'", "employer_id = NULL",
                       "amount_fen = 1", "cleared_at = NULL")
    ),
    *(
        f"UPDATE payments_suspenseitem SET {change} {HELD}"
        for change in ("amount_fen = 1", "bank_serial = 'x'", "payer = 'x'", "region = 'x'", "note = 'x'")
    ),
    "DELETE FROM payments_suspenseitem",
]  # fmt: skip


def test_neither_a_payment_nor_what_was_in_suspense_is_rewritten(hall):
    taken = [statement for statement in WRONG if not is_refused(statement)]
    assert taken == []


def test_what_the_hall_itself_does_is_taken(hall):
    """A page to pay on that comes late, an attempt that ends, a receipt that is voided; a row written as it is."""
    for statement in (
        f"UPDATE payments_payment SET pay_url = 'x' {DONE}",
        f"UPDATE payments_payment SET state = 'refused', reason = 'x', finished_at = started_at {OPEN}",
        f"UPDATE payments_payment SET state = 'succeeded', paid_fen = amount_fen, paid_at = started_at {OPEN}",
        f"UPDATE payments_payment SET state = 'voided', reason = 'x' {DONE}",
    ):
        assert not is_refused(statement), statement
    for row in (*Payment.objects.all(), *SuspenseItem.objects.all()):
        row.save()


def test_a_refund_is_not_rewritten():
    with at():
        refunded_hall()
    assert Refund.objects.exists()
    for change in ("is_voided = true", "month = '2026-09'", "declared_in_id = declared_in_id + 1"):
        assert is_refused(f"UPDATE settlement_refund SET {change}"), change
    assert is_refused("DELETE FROM settlement_refund")


def test_a_back_payment_is_only_taken_back_while_no_bill_has_it():
    with at(datetime(2026, 11, 9, 10)):  # noqa: DTZ001 - naive local by contract
        clerk, _, employee = back_hall("guiyang")
        declared(clerk, asked(employee))
        declared(clerk, asked(employee, "2026-09", "2026-09"), BACK)
        waits, gone = "WHERE NOT is_voided", "WHERE is_voided"
        assert not is_refused(f"UPDATE settlement_backpayment SET is_voided = true {waits}")
        assert not is_refused(f"UPDATE settlement_backpayment SET is_voided = false, withdrawn_in_id = NULL {gone}")
        for change in ("declared_wage = 1", "month = '2026-07'", "scheme = 'x'", "is_exclusive = false"):
            assert is_refused(f"UPDATE settlement_backpayment SET {change} {waits}"), change
        assert is_refused(f"UPDATE settlement_backpayment SET withdrawn_in_id = NULL {gone}")
        settled(clerk)
    assert is_refused(f"UPDATE settlement_backpayment SET is_voided = true {waits}")
    assert is_refused(f"DELETE FROM settlement_backpayment {gone}")


def test_what_was_undone_does_not_come_back():
    from shebao.hall.declarations.operations import undo_declarations

    with at(datetime(2026, 11, 9, 10)):  # noqa: DTZ001
        clerk, _, employee = back_hall("guiyang")
        undo_declarations([declared(clerk, asked(employee)).pk], by=clerk)
    assert BackPayment.objects.filter(is_voided=True).exists()
    assert is_refused("UPDATE settlement_backpayment SET is_voided = false")
