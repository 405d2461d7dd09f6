"""A long chain of records, written by two at once, is called unbroken; and the drill would see one that is not."""

import pytest
from django.db import transaction
from drill import records
from drill.faults import lifted

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_thousand_records_of_two_writers_are_one_unbroken_chain():
    found = records.run(3_000, seed=20261127)
    assert found.failures == []
    assert found.counts == {"records": 3_000, "false alarms": 0}


def test_the_drill_sees_a_record_that_is_not_as_it_was_written(monkeypatch):
    def changed(found):
        from shebao.hall.audit.models import AuditEntry

        with transaction.atomic(), lifted():
            AuditEntry.objects.filter(sequence=7).update(action="made.up")

    monkeypatch.setattr(records, "_expect", changed)
    found = records.run(100, seed=1)
    assert found.counts["false alarms"] and "第 7 条" in found.failures[0]
