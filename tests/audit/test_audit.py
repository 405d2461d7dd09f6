"""The audit chain: every change of the past shows, and the database itself refuses to change it."""

import pytest
from django.db import DatabaseError, connection, transaction
from drill.faults import lifted

from shebao.hall.audit.anchors import write_anchor
from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links, record, record_many
from tests.factories import EmployerFactory, OperatorFactory

pytestmark = pytest.mark.django_db


def some_records(count=3):
    employer = EmployerFactory()
    clerk = OperatorFactory(employer=employer, region=employer.region)
    with transaction.atomic():
        for number in range(count):
            record("employer.viewed", employer, by=clerk, number=number)
    return employer, clerk


def test_an_untouched_chain_is_unbroken():
    some_records()
    assert list(broken_links()) == []


def test_a_record_outside_a_transaction_is_impossible(transactional_db):
    employer = EmployerFactory()
    with pytest.raises(RuntimeError, match="transaction"):
        record("employer.viewed", employer, by=None)


def test_many_records_take_a_constant_number_of_queries(django_assert_max_num_queries):
    employer, clerk = some_records(1)
    with django_assert_max_num_queries(8), transaction.atomic():
        record_many("employer.viewed", [(employer, {"number": n}) for n in range(200)], by=clerk)
    assert list(broken_links()) == []


def test_the_database_refuses_to_change_or_remove_a_record():
    some_records()
    for statement in ("UPDATE audit_auditentry SET action = 'x'", "DELETE FROM audit_auditentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEntry.objects.filter(action="employer.viewed").count() == 3


def test_a_cut_tail_shows():
    from shebao.hall.audit.models import AuditHead

    some_records()
    AuditHead.objects.update(sequence=99)
    assert any("末尾" in sentence for sentence in broken_links())


@pytest.fixture
def anchors_file(settings, tmp_path):
    settings.SHEBAO_AUDIT_ANCHORS = str(tmp_path / "audit.anchors")
    return tmp_path / "audit.anchors"


def test_the_chains_end_is_written_down_once_for_everything_new(anchors_file):
    assert write_anchor() == 0
    some_records()
    last = write_anchor()
    assert write_anchor() == last
    assert len(anchors_file.read_text().splitlines()) == 1
    assert list(broken_links()) == []


def test_a_tail_cut_together_with_its_head_shows_outside_the_database(anchors_file):
    from shebao.hall.audit.models import AuditHead

    some_records(2)
    earlier = AuditHead.objects.get()
    some_records(1)
    write_anchor()
    with transaction.atomic(), lifted():
        AuditEntry.objects.filter(sequence__gt=earlier.sequence).delete()
        AuditHead.objects.update(sequence=earlier.sequence, digest=earlier.digest)
    assert ["库外存证" in sentence for sentence in broken_links()] == [True]


def test_a_line_of_the_anchors_that_somebody_changed_is_named(anchors_file):
    some_records()
    write_anchor()
    anchors_file.write_text(anchors_file.read_text().replace("2026", "2025") + "\n")
    assert [sentence[:13] for sentence in broken_links()] == ["库外存证文件的第 1 行被", "库外存证文件的第 2 行被"]
