"""A new identity number that two rows of a sheet ask for: told at the check, with both rows, until one is mended."""

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.sheets import jobs, operations, queries, rows
from shebao.hall.sheets.models import Batch, BatchState
from tests.factories import EmployerFactory, OperatorFactory, enrolled, synthetic_id
from tests.people import november  # noqa: F401 - a fixture

from .test_changes_by_sheet import received

SERVICE, CITY = "sensitive_employee_change", "shenzhen"
NEW, ANOTHER = synthetic_id(sequence=61), synthetic_id(sequence=62)


@pytest.fixture
def clerk(db):
    return OperatorFactory(clerk=True, employer=EmployerFactory(region=CITY))


@pytest.fixture
def people(clerk):
    return [enrolled(clerk.employer, name=f"李示例{n}", sequence=n, household="521") for n in range(1, 6)]


@pytest.fixture(autouse=True)
def two_rows_are_a_part(monkeypatch):
    monkeypatch.setattr(rows, "PART", 2)


def sheet(people, *asked):
    """A batch in which each person asks for a number; nobody for "": then it is the name that changes."""
    lines = ["姓名,身份证号码,变更后姓名,新身份证号码,变更原因"]
    lines += [
        f"{one.name},{one.person.id_number},{'' if number else '李改名'},{number},公安更正"
        for one, number in zip(people, asked, strict=True)
    ]
    return lines


def told(batch, number):
    return [p["message"] for p in batch.rows.get(number=number).problems if p["code"] == "new_identity"]


def both(rows_of_both):
    return f"{rows_of_both}要变更为同一个证件号码，一个号码只属于一个人，请核对。"


def change(batch, number, value, clerk):
    row = batch.rows.get(number=number)
    edit = operations.RowEdit(number, row.version, {"new_id_number": value})
    return {one.number for one in operations.edit_rows(batch.pk, [edit], by=clerk)}


def test_one_number_for_two_people_in_different_parts_is_told_with_both_rows(clerk, people):
    spaced = f"{NEW[:6]} {NEW[6:14]} {NEW[14:]}"
    batch = received(clerk, SERVICE, sheet(people, NEW, "", ANOTHER, "", spaced))
    assert queries.counts(batch)["error"] == 2, [row.problems for row in batch.rows.all()]
    for number in (2, 6):
        assert told(batch, number) == [both("第 2 行、第 6 行")]


def test_a_sheet_that_is_checked_once_more_says_the_same(clerk, people):
    batch = received(clerk, SERVICE, sheet(people, NEW, "", ANOTHER, "", NEW))
    before = list(batch.rows.order_by("number").values_list("problems", "asked_digest"))
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.CHECKING)
    jobs.carry_on(batch.pk, by=clerk)
    assert list(batch.rows.order_by("number").values_list("problems", "asked_digest")) == before


def test_mending_one_of_the_rows_mends_the_other_and_a_new_rival_is_told_at_once(clerk, people):
    batch = received(clerk, SERVICE, sheet(people, NEW, "", ANOTHER, "", NEW))
    assert change(batch, 6, synthetic_id(sequence=63), clerk) == {2, 6}
    assert not told(batch, 2) and not told(batch, 6) and queries.counts(batch)["error"] == 0
    assert change(batch, 6, ANOTHER, clerk) == {4, 6}
    assert (
        told(batch, 4) == told(batch, 6) == ["第 4 行、第 6 行要变更为同一个证件号码，一个号码只属于一个人，请核对。"]
    )


def test_a_row_checked_again_for_its_person_keeps_its_rival(clerk, people):
    """Row 6 is about the person of row 2, and asks for what row 4 asks for."""
    batch = received(clerk, SERVICE, sheet([*people[:4], people[0]], "", "", NEW, "", NEW))
    assert told(batch, 4) and told(batch, 6)
    row = batch.rows.get(number=2)
    edit = operations.RowEdit(2, row.version, {"new_name": "李再改"})
    assert {one.number for one in operations.edit_rows(batch.pk, [edit], by=clerk)} == {2, 4, 6}
    assert told(batch, 4) and told(batch, 6)


def test_a_row_that_is_taken_out_asks_for_nothing_any_more(clerk, people):
    batch = received(clerk, SERVICE, sheet(people, NEW, "", "", "", NEW))
    operations.remove_rows(batch.pk, [6], by=clerk)
    assert not told(batch, 2)
    operations.put_back_rows(batch.pk, [6], by=clerk)
    assert told(batch, 2) and told(batch, 6)


def test_what_another_declaration_asks_for_already_is_told_with_whose_it_is(clerk, people):
    first = received(clerk, SERVICE, sheet(people[:2], NEW, ""))
    operations.confirm_batch(first.pk, by=clerk)
    assert Declaration.objects.filter(state="draft").count() == 2
    batch = received(clerk, SERVICE, sheet(people[2:4], NEW, ""))
    (text,) = told(batch, 2)
    assert text.startswith("李示例1已有一笔") and "要变更为这个证件号码" in text
