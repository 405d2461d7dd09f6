"""Two at once, in every order of their steps: one effect, a sentence for the other; without guards the bug shows."""

import pytest
from django.db import connection

from shebao.hall.payments import channels
from tests.banking import bank  # noqa: F401 - a fixture
from tests.factories import at

from .pairs import KEYED, PAIRS, UNTOUCHED, books, worlds
from .schedule import SCHEDULES, run, without_guards

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


@pytest.mark.parametrize("name", PAIRS)
def test_in_every_order_there_is_one_effect_and_no_error_page(name):
    tried = worlds(name)
    for schedule in SCHEDULES:
        a, b, wrong = next(tried)
        outcomes = run(schedule, a, b)
        assert not [one for one in outcomes if one.startswith("crash")], (schedule, outcomes)
        with at():
            assert wrong(list(outcomes)) == "", (schedule, outcomes)
    assert books() == []


@pytest.mark.parametrize("name", [name for name in PAIRS if name not in UNTOUCHED])
def test_without_its_guards_the_same_pair_goes_wrong(name):
    if connection.vendor == "sqlite" and name in KEYED:
        pytest.skip("the keys of new rows are a wall of their own here")
    _, walls = PAIRS[name]
    tried = worlds(name)
    seen = []
    a, b, wrong = next(tried)
    prepared = [(a, b, wrong), *(next(tried) for _ in range(3))]
    with without_guards(walls):
        for schedule, (a, b, wrong) in zip(SCHEDULES, prepared, strict=True):
            outcomes = run(schedule, a, b, patience=5)
            with at():
                found = wrong(list(outcomes)) or next((one for one in outcomes if one.startswith("crash")), "")
            seen.append(found)
            if found:
                break
    assert any(seen), "the guards are not what keeps this pair right, or the test does not see it"


def test_the_bank_of_these_tests_is_the_fake_one():
    assert channels.BankClient(None, None).orders == []
