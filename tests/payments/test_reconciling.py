"""The bank's statement of a day against the ledger: what was lost is found, what differs is listed, twice is once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shebao.bank.client import BankClient
from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import PaymentState, Reconciliation, SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.reconciling import MOST_DAYS, reconcile_day, reconcile_what_is_over
from shebao.hall.regions import all_regions
from shebao.hall.settlement.ledger import balance, check_ledger
from tests.factories import at

from ..bank.conftest import SECRET, bank, payer  # noqa: F401 - fixtures
from ..settlement.hall import make_clerk, settle
from .test_with_the_bank import clerk  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def reconcile(code="tianjin", by=None):
    return reconcile_day(clock.today(), by=by, region=code)


def paid(clerk, payer, choice):  # noqa: F811
    bill = settle(clerk.employer, clerk)
    payment = start_payment(bill.pk, by=clerk)
    # The order of a month long past is over by the bank's clock; this one is for today.
    payer.choose(payment.number, choice)
    return bill, payment


@pytest.mark.parametrize("choice", ["stall", "timeout", "lie_payer"])
def test_what_the_bank_took_and_nobody_was_told_is_booked_by_the_statement(clerk, payer, choice):  # noqa: F811
    bill, payment = paid(clerk, payer, choice)
    assert balance(bill) == (bill.total_due, 0)
    (told,) = reconcile().differences
    assert "补记到账" in told
    payment.refresh_from_db()
    assert payment.state == PaymentState.SUCCEEDED
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert reconcile().differences == []
    assert list(check_ledger()) == []


def test_money_without_an_order_goes_to_suspense_once(clerk, payer, bank):  # noqa: F811
    client = BankClient(f"http://127.0.0.1:{bank.server_address[1]}", SECRET)
    order = {"order_id": "P-ELSEWHERE", "amount_fen": 4_400, "payer": "某公司", "payee": "x", "bill_number": "Z9"}
    client.create_order(**order, callback_url="http://127.0.0.1:9/x", return_url="http://127.0.0.1:9/y")
    payer.choose("P-ELSEWHERE", "stall")
    assert "没有对应的缴费" in reconcile().differences[0]
    reconcile()
    assert SuspenseItem.objects.get().amount_fen == 4_400
    assert list(check_ledger()) == []


def test_what_the_hall_believes_and_the_bank_does_not_is_listed(clerk, payer, bank):  # noqa: F811
    _bill, payment = paid(clerk, payer, "stall")
    reconcile()
    bank.bank.book._connection.execute("delete from orders")
    (told,) = reconcile().differences
    assert payment.number in told and "银行对账单上没有" in told


def test_another_regions_money_is_not_in_this_regions_comparison(clerk, payer):  # noqa: F811
    paid(clerk, payer, "stall")
    made = reconcile("leshan")
    assert (made.bank_count, made.differences) == (0, [])


def test_a_clerk_does_not_reconcile_and_an_absent_bank_is_said(clerk, settings):  # noqa: F811
    with pytest.raises(Refused, match="没有“对账”的权限"):
        reconcile(by=make_clerk(clerk.employer, "employer_admin"))
    settings.SHEBAO_BANK_URL = "http://127.0.0.1:9"
    treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region="tianjin")
    with pytest.raises(Refused, match="没有取到银行对账单"):
        reconcile(by=treasurer)
    assert not Reconciliation.objects.exists()


def test_the_hall_reconciles_by_itself_the_days_that_are_over_each_once(clerk, payer):  # noqa: F811
    bill, _payment = paid(clerk, payer, "stall")
    reconcile()  # in the middle of the day, so the rest of it is still to come
    tomorrow = timezone.make_naive(clock.now()) + timedelta(days=1)
    with at(tomorrow):
        made = reconcile_what_is_over()
        assert {(one.region, one.day) for one in made} >= {("tianjin", clock.today() - timedelta(days=1))}
        assert all(one.made_by is None for one in made) and len(made) == len(all_regions())
        assert reconcile_what_is_over() == []
    with at(tomorrow + timedelta(days=3)):
        days = [one.day for one in reconcile_what_is_over() if one.region == "tianjin"]
        assert days == [clock.today() - timedelta(days=n) for n in (3, 2, 1)]
    with at(tomorrow + timedelta(days=90)):
        assert len(reconcile_what_is_over()) == MOST_DAYS * len(all_regions())
    assert balance(bill) == (bill.total_due, bill.total_due)


def test_without_a_bank_there_is_nothing_to_reconcile(settings):
    settings.SHEBAO_BANK_URL = ""
    assert reconcile_what_is_over() == []
