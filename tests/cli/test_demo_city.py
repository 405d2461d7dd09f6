"""The demo city on any day of the month."""

from datetime import datetime

import pytest

from shebao.cli.demo_city import Account, load_demo_city, sign_ins_text
from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.rules.months import Month
from tests.banking import bank  # noqa: F401 - a fixture

LATE = datetime(2026, 11, 24, 22, 0)  # noqa: DTZ001 - naive local time, when this hall's window is long closed


@pytest.mark.django_db
def test_the_city_loads_after_a_window_has_closed(bank):  # noqa: F811
    with clock.pretending(LATE):
        assert load_demo_city({"wage_hall"})
    assert Declaration.objects.filter(region="wage_hall", month=Month(2026, 11)).exists()


@pytest.mark.django_db
def test_a_region_that_opens_later_gets_its_employers_and_the_others_keep_theirs(bank):  # noqa: F811
    first = load_demo_city({"lijiang"})
    later = load_demo_city({"lijiang", "leshan"})
    assert first and {account.username.rpartition("-clerk")[0] for account in later if "clerk" in account.username} == {
        "leshan"
    }


@pytest.mark.parametrize("accounts", [[], [Account("某市", "社保专管员", "某单位", "x-clerk-1", "secret")]])
def test_the_terminal_says_which_other_port_is_taken(accounts):
    assert "示例银行同时占用端口 8001" in sign_ins_text(accounts, "http://x", "示例银行同时占用端口 8001。\n")
