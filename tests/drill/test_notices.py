"""Call-backs that lie in every way we know: nothing is settled wrongly, nothing genuine is lost."""

import pytest
from drill import notices

from shebao.hall.payments import hearing, operations

pytestmark = pytest.mark.django_db


def test_600_call_backs_settle_what_the_bank_really_said_and_nothing_else():
    found = notices.run(600, seed=20261127)
    assert found.failures == []
    assert found.counts["booked"] > 10 and found.counts["parked for a person to look at"] > 50


def test_the_drill_sees_a_hall_that_believes_anybody(monkeypatch):
    monkeypatch.setattr(operations.signing, "verify", lambda *_, **__: None)
    assert notices.run(150, seed=1).counts["wrongly settled"]


def test_the_drill_sees_a_hall_that_does_not_look_at_the_amount(monkeypatch):
    monkeypatch.setattr(hearing, "_mismatch", lambda *_: "")
    assert notices.run(300, seed=1).failures
