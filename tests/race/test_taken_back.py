"""A payment is taken back (撤销缴费) by two at once, and while its money arrives: one effect, no money lost."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.payments import channels
from shebao.hall.payments.closing import cancel_payment
from shebao.hall.payments.models import PaymentState, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.settlement.ledger import balance
from tests.banking import bank  # noqa: F401 - a fixture
from tests.factories import at
from tests.payments.test_operations import send, told

from .pairs import _billed, books
from .schedule import SCHEDULES, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def ordered(number: int):
    """A payment whose order the bank says it closed."""
    _, clerk, bill = _billed(number)
    payment = start_payment(bill.pk, by=clerk)
    channels.BankClient(None, None).answer = {
        "message_id": f"C{number}", "order_id": payment.number, "state": "refused", "reason_code": "closed",
        "amount_fen": payment.amount_fen,
    }  # fmt: skip
    return clerk, bill, payment


def test_of_two_who_take_it_back_one_leaves_the_record():
    for number, schedule in enumerate(SCHEDULES, 1):
        with at():
            clerk, _, payment = ordered(number)
        deed = lambda pk=payment.pk, by=clerk: cancel_payment(pk, by=by)  # noqa: E731
        outcomes = run(schedule, deed, deed)
        payment.refresh_from_db()
        assert payment.is_taken_back and set(outcomes) == {"done"}, (schedule, outcomes)
        made = AuditEntry.objects.filter(action="payment.cancelled", subject=f"payment:{payment.pk}").count()
        assert made == 1, (schedule, made)
    assert books() == []


def test_money_that_arrives_meanwhile_is_booked_or_waits_for_a_person():
    for number, schedule in enumerate(SCHEDULES, 1):
        with at():
            clerk, bill, payment = ordered(number)
            message = told(payment, message_id=f"M{number}", bank_serial=f"S{number}")
        deed = lambda pk=payment.pk, by=clerk: cancel_payment(pk, by=by)  # noqa: E731
        outcomes = run(schedule, deed, lambda said=message: send(said))
        payment.refresh_from_db()
        parked = SuspenseItem.objects.filter(bank_serial=f"S{number}").exists()
        due, paid = balance(bill)
        if payment.state == PaymentState.SUCCEEDED:
            assert paid == due and not parked and "already_paid" in outcomes, (schedule, outcomes)
        else:
            assert payment.is_taken_back and parked and not paid, (schedule, outcomes)
    assert books() == []
