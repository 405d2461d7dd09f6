"""Every kind of fault in the books is reported by check-ledger, with the bill, the payment or the person named."""

import pytest
from drill import faults

from shebao.hall.settlement import ledger

pytestmark = pytest.mark.django_db


def test_every_planted_fault_is_reported_with_its_place_and_clean_books_raise_no_alarm():
    found = faults.run(1, seed=20261127)
    assert found.failures == []
    assert found.counts["named"] == found.counts["planted"] == len(faults.FAULTS) >= 30


def test_the_drill_sees_a_check_that_looks_at_amounts_only(monkeypatch):
    monkeypatch.setattr(ledger, "relation_breaks", lambda: iter(()))
    blind = " ".join(faults.run(1, seed=1).failures)
    assert "payment taken back" in blind and "evidence edited" in blind
    assert "head count" not in blind
