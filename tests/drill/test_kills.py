"""kill -9 in the middle of settling, hearing the bank, importing, exporting: nothing lost, doubled or left behind."""

import tempfile

import pytest
from django.db import connection, transaction
from drill import kills
from drill.jobs import JOBS, Settling

from shebao.hall.settlement import assessing, operations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch, tmp_path):
    """What others leave in the common one is not ours to count."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.slow
def test_40_kills_lose_nothing_and_double_nothing_and_leave_nothing_behind():
    found = kills.run(10, seed=20261127)
    assert found.failures == []
    assert found.counts["kills"] == 10 * len(JOBS)
    assert int(found.facts["named points"]) > 80


def test_the_drill_sees_a_settlement_that_is_not_one_transaction(monkeypatch):
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL itself refuses to lock rows outside of a transaction")
    monkeypatch.setattr(kills, "JOBS", (Settling,))
    monkeypatch.setattr(operations, "_settle", operations._settle.__wrapped__)
    monkeypatch.setattr(operations, "locked_employer", transaction.atomic(operations.locked_employer))
    for step in ("_make_assessments", "_make_bills", "_make_lines", "book_all_assessed", "_use_credit", "record_many"):
        monkeypatch.setattr(assessing, step, transaction.atomic(getattr(assessing, step)))
    found = kills.run(12, seed=1)
    assert found.counts["kills"] == 12
    assert found.counts["doubled or half done"] and found.counts["not finished by a second run"]


def test_the_drill_sees_work_that_was_acknowledged_and_lost(monkeypatch):
    class Forgetful(Settling):
        def work(self):
            list(self.clerk.employer.bills.all())

    monkeypatch.setattr(kills, "JOBS", (Forgetful,))
    monkeypatch.setattr(kills, "_rehearsed", lambda job: (["before COMMIT"], 0.5))
    assert kills.run(2, seed=1).counts["lost"]
