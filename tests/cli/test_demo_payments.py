"""The demonstration's past payments are the bank's own: its statement of their day knows them."""

# ruff: noqa: F811 - fixtures are imported by name

from datetime import date
from types import SimpleNamespace

import pytest

from shebao.cli.demo_payments import pay_at_the_bank
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import balance

from ..bank.conftest import SECRET, bank  # noqa: F401 - a fixture
from ..settlement.hall import NOVEMBER, hire, make_clerk, make_employer, on_day, settle


@pytest.mark.django_db
def test_a_past_payment_of_the_demonstration_agrees_with_the_statement_of_its_day(bank, settings, tmp_path):
    settings.DATA_DIR = tmp_path  # where the running bank keeps its book, too
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{bank.server_address[1]}"
    settings.SHEBAO_BANK_SECRET = SECRET.decode()
    employer = make_employer()
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    with on_day(NOVEMBER, 10):
        bill = settle(employer, clerk)
    with on_day(NOVEMBER, 15):
        pay_at_the_bank(SimpleNamespace(clerk=clerk, region=region("tianjin")), NOVEMBER)
    assert balance(bill) == (bill.total_due, bill.total_due)
    made = reconcile_day(date(2026, 11, 15), by=None, region="tianjin")
    assert (made.bank_count, made.bank_fen, made.differences) == (1, bill.total_due, [])
