"""A large sheet is worked on part by part: nobody can tell from what comes out."""

import pytest
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Refused
from shebao.hall.roster.models import Spell
from shebao.hall.sheets import jobs, operations, queries, rows
from shebao.hall.sheets.models import Batch, BatchState
from tests.factories import EmployerFactory, enrolled

from .test_batches import _november, clerk, row, upload  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_rows_are_a_part(monkeypatch):
    monkeypatch.setattr(rows, "PART", 2)


def told(batch):
    """What is known of every row."""
    columns = ("number", "state", "cells", "original", "problems", "subject_digest", "tidied_fields")
    return list(batch.rows.order_by("number").values_list(*columns))


def test_in_parts_or_at_once_the_findings_are_the_same(clerk, monkeypatch):  # noqa: F811
    sheet = [row(1), row(2), row(3, 户口性质="没有这一种"), row(1), row(4), row(1), row(5, 申报工资="98000")]
    in_parts = upload(clerk, *sheet)
    monkeypatch.setattr(rows, "PART", 100)
    at_once = upload(clerk, *sheet, row(6))
    assert told(in_parts) == told(at_once)[:-1]
    twins = [number for number, _, _, _, problems, _, _ in told(in_parts) if problems and "3 条" in str(problems)]
    assert twins == [2, 5, 7]


def test_rows_that_changed_are_checked_again_with_their_twins_of_other_parts(clerk):  # noqa: F811
    batch = upload(clerk, row(1), row(2), row(3), row(4), row(1))
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.CHECKING)
    before = told(batch)
    jobs.carry_on(batch.pk, by=clerk)
    assert told(batch) == before and queries.counts(batch)["error"] == 2


def test_a_check_that_was_cut_off_goes_on_where_it_stopped(clerk, monkeypatch):  # noqa: F811
    straight, written = rows.insert_rows, []

    def cut_off(new):
        written.append(len(new))
        if len(written) == 2:
            raise OSError("the disk is full")
        straight(new)

    with monkeypatch.context() as broken:
        broken.setattr(rows, "insert_rows", cut_off)
        upload(clerk, row(1), row(2), row(3), row(4), row(2))
    batch = Batch.objects.get()
    assert batch.state == BatchState.CHECKING and batch.rows.count() == 2
    jobs.carry_on(batch.pk, by=clerk)
    batch.refresh_from_db()
    assert batch.state == BatchState.FIXING and batch.rows_read == 5
    assert [number for number, *_ in told(batch)] == [2, 3, 4, 5, 6]
    assert queries.counts(batch)["error"] == 2, "the twins are in different parts and different runs"


def test_given_up_between_two_parts_nothing_more_is_written(clerk, monkeypatch):  # noqa: F811
    straight = rows.previews

    def given_up(*args, **how):
        Batch.objects.update(state=BatchState.DISCARDED)
        return straight(*args, **how)

    monkeypatch.setattr(rows, "previews", given_up)
    batch = upload(clerk, row(1), row(2), row(3))
    assert not batch.rows.exists()
    batch.refresh_from_db()
    assert batch.state == BatchState.DISCARDED


def test_all_parts_are_declared_or_none(clerk):  # noqa: F811
    batch = upload(clerk, row(1), row(2), row(3))
    enrolled(EmployerFactory(region=clerk.region), number=row(3)[1], name="赵示例")
    with pytest.raises(Refused, match="什么都没有写入"):
        operations.confirm_batch(batch.pk, by=clerk)
    assert not Declaration.objects.exists()
    assert queries.counts(batch)["confirm"] == 1 and queries.counts(batch)["passed"] == 2
    Spell.objects.update(is_voided=True)
    operations.edit_rows(
        batch.pk, [operations.RowEdit(4, batch.rows.get(number=4).version, {"department": "质检部"})], by=clerk
    )
    operations.confirm_batch(batch.pk, by=clerk)
    assert Declaration.objects.filter(batch=batch, state="draft").count() == 3


def test_a_part_costs_the_same_queries_however_many_rows_it_has(clerk, monkeypatch):  # noqa: F811
    monkeypatch.setattr(rows, "PART", 1000)
    counts = []
    for first, last in ((1, 3), (4, 7), (10, 60)):  # the first time there is something to find out
        with CaptureQueriesContext(connection) as seen, TestCase.captureOnCommitCallbacks(execute=True):
            upload(clerk, *(row(n) for n in range(first, last)))
        counts.append(len(seen))
    assert counts[1] == counts[2]
