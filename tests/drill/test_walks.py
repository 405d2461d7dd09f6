"""A declaration moves only as its table says, whatever anybody presses in whatever order (reliability B7)."""

from dataclasses import replace

import pytest
from drill import walks

from shebao.hall.declarations import states

pytestmark = pytest.mark.django_db


def test_random_walks_move_a_declaration_only_as_the_table_says():
    found = walks.run(15, seed=20261127)
    assert found.failures == []
    assert found.counts["moves"] > 30 and found.counts["refused"] > 60 and found.counts["approved"]


def test_the_drill_sees_a_move_that_is_made_from_where_it_should_not(monkeypatch):
    withdraw = states.MOVES["withdraw"]
    monkeypatch.setitem(states.MOVES, "withdraw", replace(withdraw, sources=frozenset(states.State)))
    found = walks.run(15, seed=1)
    assert any("draft, not" in sentence for sentence in found.failures)
