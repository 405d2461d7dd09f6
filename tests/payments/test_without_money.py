"""An attempt of which the bank said something impossible: the agency looks, ends it, and the bill can be paid again."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import PaymentState, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import MOST, end_without_money, without_money
from shebao.hall.settlement.ledger import check_ledger
from tests.settlement.hall import hire, make_clerk, make_employer, on_day, settle
from tests.settlement.test_collecting import send, told

from ..banking import bank  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def stuck(bank):  # noqa: F811
    employer = make_employer("guiyang")
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk)
    with on_day():
        yield start_payment(bill.pk, by=clerk)


@pytest.fixture
def cashier(db):
    return Operator.objects.create(username="cashier", name="周会计", role="agency_admin", region="guiyang")


@pytest.mark.parametrize("fen", [0, -5, MOST + 1])
def test_it_is_listed_ended_with_a_reason_and_the_bill_is_paid_again(stuck, cashier, fen):
    assert send(told(stuck) | {"amount_fen": fen}) == "parked"
    stuck.refresh_from_db()
    assert stuck.state == PaymentState.UNKNOWN and not SuspenseItem.objects.exists()
    assert list(without_money(cashier)) == [stuck]
    with pytest.raises(Refused, match="依据"):
        end_without_money(stuck.pk, by=cashier, note=" ")
    done = end_without_money(stuck.pk, by=cashier, note="银行李经理电话确认")
    assert done.state == PaymentState.REFUSED and "李经理" in done.reason
    assert AuditEntry.objects.filter(action="payment.ended").count() == 1
    assert not without_money(cashier).exists()
    with pytest.raises(Conflict):
        end_without_money(stuck.pk, by=cashier, note="再来一次")
    again = start_payment(stuck.bill_id, by=stuck.started_by)
    assert again.pk != stuck.pk and send(told(again) | {"message_id": "M2"}) == "booked"
    assert list(check_ledger()) == []


def test_where_money_waits_in_suspense_the_attempt_is_ended_there(stuck, cashier):
    send(told(stuck) | {"amount_fen": stuck.amount_fen + 1})
    assert not without_money(cashier).exists()
    with pytest.raises(Conflict, match="待查款"):
        end_without_money(stuck.pk, by=cashier, note="看过")


def test_only_the_agency_of_the_region_ends_it(stuck, cashier, client):
    send(told(stuck) | {"amount_fen": 0})
    with pytest.raises(Refused):
        end_without_money(stuck.pk, by=stuck.started_by, note="没有到账")
    away = Operator.objects.create(username="away", name="外地", role="agency_admin", region="tianjin")
    assert not without_money(away).exists()
    client.force_login(cashier)
    page = client.get("/a/money/").content.decode()
    assert "没有款项的待查缴费" in page and stuck.number in page
    answer = client.post(f"/a/money/payments/{stuck.pk}/end", {"note": "核对过"}, follow=True)
    assert "可以重新缴费" in answer.content.decode()
