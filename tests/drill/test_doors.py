"""A guard that somebody forgot is noticed by the walk through every address."""

import pytest
from drill import doors

pytestmark = pytest.mark.django_db


def test_every_forgotten_guard_of_a_sample_is_noticed():
    found = doors.run(12, seed=20261127)
    assert found.failures == []
    assert found.counts["noticed"] == 12
    assert found.counts["known faults"] >= 50


def test_the_drill_itself_tells_when_nobody_notices(monkeypatch):
    monkeypatch.setattr(doors, "noticed", lambda world, fault: "")
    assert len(doors.run(3, seed=1).failures) == 3
