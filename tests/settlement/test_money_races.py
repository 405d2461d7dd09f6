"""Two hands at once: one effect, and the other hears what happened."""

import threading

import pytest
from django.db import connections

from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill, LedgerTransaction
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.voiding import ask_to_void

from .hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clerk():
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    return make_clerk(employer)


def at_once(*deeds):
    """Run the deeds in threads of their own, together; the outcomes: "done", or the code of the refusal."""
    outcomes, start = [], threading.Barrier(len(deeds))

    def run(deed):
        start.wait(10)
        try:
            with on_day():
                deed()
            outcomes.append("done")
        except Refused as no:
            outcomes.append(no.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return sorted(outcomes)


def test_two_voids_of_one_settlement_are_one(clerk):
    bill = settle(clerk.employer, clerk)

    def void():
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")

    assert at_once(void, void, void) == ["already_voided", "already_voided", "done"]
    assert LedgerTransaction.objects.filter(kind="voided").count() == 1
    assert list(check_ledger()) == []


def test_settling_again_while_the_old_one_is_voided_leaves_one_in_force(clerk):
    bill = settle(clerk.employer, clerk)

    def void():
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")

    def again():
        settle_month(clerk.employer_id, NOVEMBER, "monthly", by=clerk, confirmations=1)

    assert "done" in at_once(void, again)
    assert Bill.objects.live().count() <= 1
    assert list(check_ledger()) == []


def test_two_people_clear_one_amount_once(clerk):
    from django.db import transaction

    bill = settle(clerk.employer, clerk)
    treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region="guiyang")
    with on_day(), transaction.atomic():
        item = suspend({"amount_fen": 900, "bank_serial": "S1", "message_id": "M1"}, "没有订单")

    def to_bill():
        clear_suspense(item.pk, "bill", by=treasurer, number=bill.number, note="查清")

    def back():
        clear_suspense(item.pk, "refund", by=treasurer, note="退回")

    assert at_once(to_bill, back) == ["already_cleared", "done"]
    assert SuspenseItem.objects.get().clearing
    assert list(check_ledger()) == []


def test_a_second_press_after_the_first_has_ended_is_a_conflict(clerk):
    bill = settle(clerk.employer, clerk)
    with on_day():
        ask_to_void(bill.assessment_id, by=clerk, reason="重来")
        with pytest.raises(Conflict):
            ask_to_void(bill.assessment_id, by=clerk, reason="重来")
