"""The audit chain: every change of the past shows, and the database itself refuses to change it."""

import pytest
from django.db import DatabaseError, connection, transaction

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
