"""The audit chain: every change of the past shows, and the database itself refuses to change it."""

import hmac
import json
import threading
from datetime import UTC

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.functional import SimpleLazyObject
from drill.faults import lifted

from shebao.hall.audit.anchors import write_anchor
from shebao.hall.audit.contents import content_digest
from shebao.hall.audit.models import AuditEntry, AuditHead
from shebao.hall.audit.operations import broken_links, record, record_many
from shebao.hall.audit.origin import NOWHERE, Origin, come_from
from shebao.hall.employers.models import Employer
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


@pytest.mark.django_db(transaction=True)
def test_of_the_first_two_records_of_a_hall_neither_is_lost():
    if connection.vendor == "sqlite":
        pytest.skip("writers of SQLite wait for one another")
    first, second, wrong = EmployerFactory(), EmployerFactory(), []
    assert not AuditHead.objects.exists()

    def write():
        try:
            with transaction.atomic():
                record("employer.viewed", second, by=None)
        except DatabaseError as lost:
            wrong.append(lost)
        finally:
            connection.close()

    other = threading.Thread(target=write)
    with transaction.atomic():
        record("employer.viewed", first, by=None)
        other.start()
        other.join(0.5)  # it has read that there is nothing, and waits
    other.join()
    assert wrong == [] and AuditEntry.objects.count() == 2 and list(broken_links()) == []


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


def as_of_before(settings) -> None:
    """The records as a hall of the first form wrote them: without from where, of what and how it ended."""
    previous = ""
    with transaction.atomic(), lifted():
        for entry in AuditEntry.objects.order_by("sequence"):
            said = {
                "sequence": entry.sequence, "at": entry.at.astimezone(UTC).isoformat(), "action": entry.action,
                "subject": entry.subject, "actor": entry.actor_id, "actor_label": entry.actor_label,
                "employer": entry.employer_id, "region": entry.region, "detail": entry.detail,
            }  # fmt: skip
            text = previous + json.dumps(said, sort_keys=True, ensure_ascii=False)
            digest = hmac.digest(bytes.fromhex(settings.SHEBAO_AUDIT_KEY), text.encode(), "sha256").hex()
            AuditEntry.objects.filter(pk=entry.pk).update(
                form=1, result="", address="", request="", content="", previous_digest=previous, digest=digest
            )
            previous = digest
        AuditHead.objects.update(digest=previous)


def test_records_of_before_are_still_proved_and_new_ones_go_on_from_them(settings):
    employer, clerk = some_records()
    as_of_before(settings)
    with transaction.atomic():
        record("employer.viewed", employer, by=clerk)
    assert list(AuditEntry.objects.order_by("sequence").values_list("form", flat=True)) == [1, 1, 1, 2]
    assert list(broken_links()) == []


@pytest.mark.parametrize("column", ["result", "address", "request", "content"])
def test_nobody_gives_a_record_of_before_what_it_never_said(settings, column):
    some_records()
    as_of_before(settings)
    with transaction.atomic(), lifted():
        AuditEntry.objects.filter(sequence=2).update(**{column: "done"})
    assert list(broken_links()) == ["第 2 条操作记录的内容被改动过。"]


def test_a_record_says_from_where_by_which_request_how_it_ended_and_what_was_left_behind():
    come_from(Origin("2001:db8::7", "0123456789"))
    try:
        employer, clerk = some_records(1)
        with transaction.atomic():
            record("access.refused", clerk, by=clerk)
    finally:
        come_from(NOWHERE)
    with transaction.atomic():
        record("employer.viewed", employer, by=None)
    refused, first = AuditEntry.objects.exclude(request="").order_by("-sequence")
    assert (first.address, first.request, first.result) == ("2001:db8::7", "0123456789", "done")
    assert first.content == content_digest(Employer.objects.get(pk=employer.pk)) and len(first.content) == 32
    assert (refused.result, refused.content) == ("refused", content_digest(type(clerk).objects.get(pk=clerk.pk)))
    job = AuditEntry.objects.order_by("-sequence")[0]
    assert (job.address, job.request, job.result) == ("", "", "done")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM audit_auditentry WHERE sequence = %s", [first.sequence])
        assert cursor.fetchone()[0].startswith(f"2:{employer.pk}:")


def test_another_content_has_another_digest_and_the_system_none():
    employer = EmployerFactory()
    before = content_digest(employer)
    employer.address = "别处 1 号"
    assert content_digest(employer) != before and content_digest(AuditHead(pk=1)) == ""
    assert content_digest(SimpleLazyObject(lambda: employer)) == content_digest(employer)
    assert content_digest(Employer.objects.only("name").get(pk=employer.pk)) != before
