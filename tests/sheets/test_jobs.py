"""Many rows are written in the background: one transaction, and whatever stops it, the batch can be used again."""

from datetime import timedelta

import pytest
from django.test import TestCase

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Conflict, Refused
from shebao.hall.sheets import jobs, operations, queries
from shebao.hall.sheets.models import BatchState
from tests.factories import NOW, OperatorFactory

from .test_batches import _november, clerk, row, upload  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_row_is_many(monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 1)


@pytest.fixture
def batch(clerk):  # noqa: F811
    batch = upload(clerk, row(1), row(2))
    batch.refresh_from_db()
    return batch


def later(minutes=3):
    return clock.pretending(NOW + timedelta(minutes=minutes))


def test_many_rows_are_confirmed_in_the_background_and_nobody_edits_meanwhile(clerk, batch):  # noqa: F811
    with TestCase.captureOnCommitCallbacks() as queued:
        assert operations.confirm_batch(batch.pk, by=clerk).state == BatchState.CONFIRMING
    assert not Declaration.objects.exists()
    with pytest.raises(Conflict, match="正在加入"):
        operations.remove_rows(batch.pk, [2], by=clerk)
    for call in queued:
        call()
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE
    assert Declaration.objects.filter(state="draft").count() == 2


def test_a_second_run_of_the_same_job_finds_the_work_done(clerk, batch):  # noqa: F811
    with TestCase.captureOnCommitCallbacks(execute=True):
        operations.confirm_batch(batch.pk, by=clerk)
    jobs.carry_on(batch.pk, by=clerk)
    assert Declaration.objects.count() == 2


def test_the_undo_of_many_rows_is_a_job_too(clerk, batch):  # noqa: F811
    with TestCase.captureOnCommitCallbacks(execute=True):
        operations.confirm_batch(batch.pk, by=clerk)
    with TestCase.captureOnCommitCallbacks() as queued:
        assert operations.undo_batch(batch.pk, by=clerk).state == BatchState.UNDOING
    assert queries.waiting(operations.Batch.objects.get(pk=batch.pk))["total"] == 2
    for call in queued:
        call()
    assert not Declaration.objects.filter(state="draft").exists()
    assert queries.counts(batch)["passed"] == 2


@pytest.mark.parametrize("start", ["confirm", "undo"])
def test_a_job_that_breaks_off_leaves_nothing_half_done_and_says_so(clerk, batch, monkeypatch, start):  # noqa: F811
    if start == "undo":
        with TestCase.captureOnCommitCallbacks(execute=True):
            operations.confirm_batch(batch.pk, by=clerk)
    before = list(Declaration.objects.values_list("pk", "state"))

    def burst(*args, **kwargs):
        raise OSError("the disk is full")

    with TestCase.captureOnCommitCallbacks() as queued:
        (operations.confirm_batch if start == "confirm" else operations.undo_batch)(batch.pk, by=clerk)
    with monkeypatch.context() as broken:
        broken.setattr("shebao.hall.sheets.jobs.record", burst)
        for call in queued:
            call()
    batch.refresh_from_db()
    assert list(Declaration.objects.values_list("pk", "state")) == before
    assert batch.state == (BatchState.FIXING if start == "confirm" else BatchState.DONE)
    assert "什么都没有写入" in batch.message


def test_a_killed_job_can_be_tried_again_but_not_while_it_lives(clerk, batch):  # noqa: F811
    with TestCase.captureOnCommitCallbacks():  # the worker is killed: what was queued never ends
        operations.confirm_batch(batch.pk, by=clerk)
    batch.refresh_from_db()
    assert not queries.waiting(batch)["stuck"]
    with pytest.raises(Conflict, match="不需要再试"):
        operations.resume_batch(batch.pk, by=clerk)
    with later():
        assert queries.waiting(batch)["stuck"]
        with TestCase.captureOnCommitCallbacks(execute=True):
            operations.resume_batch(batch.pk, by=clerk)
    batch.refresh_from_db()
    assert batch.state == BatchState.DONE
    assert Declaration.objects.count() == 2
    assert AuditEntry.objects.filter(action="batch.resumed").count() == 1


def test_a_check_that_is_refused_can_be_tried_again_and_says_why(clerk, monkeypatch):  # noqa: F811
    def refused(*args, **kwargs):
        raise Refused("too_many_looks", "今天查询次数已达上限。")

    with monkeypatch.context() as broken:
        broken.setattr("shebao.hall.sheets.rows.previews", refused)
        batch = upload(clerk, row(1))
    batch.refresh_from_db()
    assert batch.state == BatchState.CHECKING
    assert queries.waiting(batch) | {"stuck": True, "message": "今天查询次数已达上限。"} == queries.waiting(batch)
    with TestCase.captureOnCommitCallbacks(execute=True):
        operations.resume_batch(batch.pk, by=clerk)
    assert queries.counts(batch)["passed"] == 1


def test_rows_that_no_longer_pass_are_marked_anew_and_nothing_is_added(clerk, batch):  # noqa: F811
    other = OperatorFactory(clerk=True, employer=clerk.employer)
    twin = upload(other, row(1, 岗位="1"))
    with TestCase.captureOnCommitCallbacks(execute=True):
        operations.confirm_batch(twin.pk, by=other)
    with TestCase.captureOnCommitCallbacks(execute=True):
        operations.confirm_batch(batch.pk, by=clerk)
    batch.refresh_from_db()
    assert Declaration.objects.count() == 1
    assert batch.state == BatchState.FIXING
    assert "已重新标出" in batch.message
    assert queries.counts(batch)["error"] == 1
