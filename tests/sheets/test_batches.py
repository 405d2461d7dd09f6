"""A sheet becomes declarations: nothing before it is confirmed, every row accounted for, one undo."""

import csv
import io

import pytest
from django.db import transaction
from django.test import TestCase

from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Conflict, Refused
from shebao.hall.sheets import operations, queries
from shebao.hall.sheets.models import Batch, BatchState
from shebao.hall.sheets.operations import RowEdit
from tests.factories import MONTH, EmployerFactory, OperatorFactory, at, settled, synthetic_id

pytestmark = pytest.mark.django_db

HEADS = [
    "证件类型", "证件号码", "姓名", "参保类型", "户口性质", "用工形式", "合同起始", "用工登记", "岗位", "参保月份",
    "申报工资",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _november():
    with at():
        yield


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True)


def number(sequence):
    return synthetic_id(area="129901", sequence=sequence)


def row(sequence, name="赵示例", code="tianjin", **changed):
    texts = {
        "证件类型": "居民身份证", "证件号码": number(sequence), "姓名": name, "参保类型": "11", "户口性质": "11",
        "用工形式": "41", "合同起始": "2026-11-01", "用工登记": "2026-11-01", "岗位": "2", "参保月份": str(MONTH),
        "申报工资": "8000",
    }  # fmt: skip
    return [(texts | changed)[head] for head in headings(code)]


def headings(code="tianjin"):
    from shebao.hall.regions import region

    form = region(code).forms["employee_enrolment"]
    labels = {field.id: field.label for field in form.fields}
    ids = ["id_kind", "id_number", "name", "enrolment_kind", "household", "employment_kind", "contract_from",
           "labour_registered_on", "position", "enrolment_month", "declared_wage"]  # fmt: skip
    return {head: labels[i] for head, i in zip(HEADS, ids, strict=True) if i in labels}


def sheet(*rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(list(headings().values()))
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def upload(clerk, *rows, name="十一月.csv", data=None):
    """Upload, and let the background check run as it would after the commit."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return operations.receive_sheet(
            clerk.employer_id, "employee_enrolment", name, data or sheet(*rows), by=clerk
        ).batch


def edit(batch, row, changes, by):
    """Change cells of one row as somebody who has just seen it."""
    return operations.edit_rows(batch.pk, [RowEdit(row.number, row.version, changes)], by=by)


def test_good_rows_pass_and_nothing_is_written_before_confirmation(clerk):
    batch = upload(clerk, row(1), row(2))
    batch.refresh_from_db()
    assert batch.state == BatchState.FIXING
    assert queries.counts(batch)["passed"] == 2
    assert not Declaration.objects.exists()


def test_confirming_makes_one_declaration_for_each_row(clerk):
    batch = upload(clerk, row(1), row(2))
    operations.confirm_batch(batch.pk, by=clerk)
    assert Declaration.objects.filter(batch=batch, state="draft").count() == 2
    assert queries.counts(batch)["imported"] == 2


def test_every_row_is_accounted_for(clerk):
    batch = upload(clerk, row(1), row(2, 证件号码="110105194912310021"), [""] * 10, ["合计", *[""] * 9])
    batch.refresh_from_db()
    counts = queries.counts(batch)
    parts = ("all", "removed", "ignored", "imported")
    assert sum(counts[part] for part in parts) == batch.rows_read


def test_a_wrong_row_blocks_confirming_all_but_not_the_good_ones(clerk):
    batch = upload(clerk, row(1), row(2, 证件号码="110105194912310021"))
    with pytest.raises(Refused, match="1 行没有通过"):
        operations.confirm_batch(batch.pk, by=clerk)
    assert not Declaration.objects.exists()
    operations.confirm_batch(batch.pk, by=clerk, good_rows_only=True)
    assert Declaration.objects.count() == 1
    batch.refresh_from_db()
    assert batch.state == BatchState.FIXING


def test_a_repaired_row_passes(clerk):
    batch = upload(clerk, row(1), row(2, 证件号码="110105194912310021"))
    wrong = batch.rows.get(state="error")
    changed = edit(batch, wrong, {"id_number": number(2)}, clerk)
    assert [one.state for one in changed] == ["passed"]


def test_the_same_person_twice_shows_on_both_rows_and_goes_when_one_is_removed(clerk):
    batch = upload(clerk, row(1), row(1, name="赵示例"))
    assert queries.counts(batch)["error"] >= 1
    second = batch.rows.filter(state="error").last()
    operations.remove_rows(batch.pk, [second.number], by=clerk)
    assert queries.counts(batch)["error"] == 0


def test_of_two_rows_about_one_person_the_kept_one_passes_and_the_other_can_be_put_back(clerk):
    batch = upload(clerk, row(1), row(2), row(1, 申报工资="9000"))
    (group,) = queries.groups(batch)
    assert group.twins == [[2, 4]]
    operations.keep_one_row(batch.pk, 4, by=clerk)
    states = dict(batch.rows.values_list("number", "state"))
    assert states == {2: "removed", 3: "passed", 4: "passed"}
    operations.put_back_rows(batch.pk, [2], by=clerk)
    assert queries.counts(batch)["error"] == 2


def test_a_row_that_is_out_already_cannot_be_the_one_that_is_kept(clerk):
    batch = upload(clerk, row(1), row(1, 申报工资="9000"))
    operations.remove_rows(batch.pk, [2], by=clerk)
    with pytest.raises(Conflict):
        operations.keep_one_row(batch.pk, 2, by=clerk)
    assert queries.counts(batch)["removed"] == 1


def test_a_batch_left_open_across_the_settlement_is_marked_row_by_row(clerk):
    batch = upload(clerk, row(1), row(2, 岗位="1"))
    settled(clerk.employer, MONTH, clerk)
    with pytest.raises(Refused, match="已重新标出"):
        operations.confirm_batch(batch.pk, by=clerk)
    assert queries.counts(batch)["error"] == 2
    assert "已结算到" in batch.rows.filter(number=2).get().problems[0]["message"]
    assert not Declaration.objects.exists()


def test_a_tidied_cell_keeps_what_the_file_says_and_what_is_taken_for_it(clerk):
    batch = upload(clerk, row(1, name="赵 示例", 申报工资="８,000"))
    counts, first = queries.tidied(batch)
    assert counts == {"name": 1, "declared_wage": 1}
    assert [(one.was, one.now) for one in first] == [("赵 示例", "赵示例"), ("８,000", "8000.00")]


def test_two_people_on_one_row_the_second_is_told_who_was_first(clerk):
    batch = upload(clerk, row(1))
    one = batch.rows.get(state="passed")
    edit(batch, one, {"declared_wage": "9000"}, clerk)
    with pytest.raises(Conflict, match=clerk.name):
        edit(batch, one, {"declared_wage": "7000"}, clerk)


def test_a_low_wage_is_confirmed_with_a_reason_that_is_kept(clerk):
    batch = upload(clerk, row(1, 申报工资="3000"))
    assert queries.counts(batch)["confirm"] == 1
    group = queries.groups(batch)[0]
    operations.confirm_group(batch.pk, group.code, "试用期工资", by=clerk)
    operations.confirm_batch(batch.pk, by=clerk)
    assert Declaration.objects.get().confirmed[group.code] == "试用期工资"


def test_one_undo_takes_the_whole_batch_back(clerk):
    batch = upload(clerk, row(1), row(2))
    operations.confirm_batch(batch.pk, by=clerk)
    operations.undo_batch(batch.pk, by=clerk)
    assert not Declaration.objects.filter(state="draft").exists()
    assert queries.counts(batch)["passed"] == 2
    operations.confirm_batch(batch.pk, by=clerk)
    assert Declaration.objects.filter(state="draft").count() == 2


def test_the_same_file_is_recognised(clerk):
    upload(clerk, row(1))
    with pytest.raises(Refused, match="已经上传过"):
        upload(clerk, row(1))


def test_another_employers_batch_is_not_found(clerk):
    batch = upload(clerk, row(1))
    stranger = OperatorFactory(clerk=True, employer=EmployerFactory())
    for act in (operations.confirm_batch, operations.undo_batch, operations.discard_batch):
        with pytest.raises(Batch.DoesNotExist):
            act(batch.pk, by=stranger)


def test_a_table_without_headings_is_refused_in_words(clerk):
    with pytest.raises(Refused, match="表头"):
        operations.receive_sheet(clerk.employer_id, "employee_enrolment", "x.csv", "甲,乙\n1,2\n".encode(), by=clerk)


def test_in_a_direct_region_confirming_takes_effect_and_undo_takes_it_back():
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(direct=True))
    from shebao.hall.regions import region

    form = region(clerk.region).forms["employee_enrolment"]
    required = {field.label: field for field in form.fields if field.required}
    values = dict(zip(headings(clerk.region).values(), row(7, code=clerk.region), strict=True))
    extra = [label for label in required if label not in values]
    rows = [list(values.values()) + [(required[label].default or "0") for label in extra]]
    text = io.StringIO()
    csv.writer(text).writerows([[*values, *extra], *rows])
    batch = upload(clerk, data=text.getvalue().encode("utf-8"))
    assert queries.counts(batch)["passed"] == 1, (batch.state, batch.columns, [r.problems for r in batch.rows.all()])
    operations.confirm_batch(batch.pk, by=clerk)
    assert Declaration.objects.get().state == "approved"
    operations.undo_batch(batch.pk, by=clerk)
    assert Declaration.objects.get().state == "undone"


def test_a_row_that_is_declared_already_is_not_changed_any_more(clerk):
    batch = upload(clerk, row(1), row(2, 证件号码="110105194912310021"))
    operations.confirm_batch(batch.pk, by=clerk, good_rows_only=True)
    with pytest.raises(Conflict, match="已加入，不能再改"):
        edit(batch, batch.rows.get(state="imported"), {"declared_wage": "9000"}, clerk)


def test_several_rows_are_changed_together_or_not_at_all(clerk):
    batch = upload(clerk, row(1), row(2))
    first, second = batch.rows.filter(state="passed").order_by("number")
    stale = RowEdit(second.number, second.version - 1, {"declared_wage": "9000"})
    with pytest.raises(Conflict), transaction.atomic():
        operations.edit_rows(
            batch.pk, [RowEdit(first.number, first.version, {"declared_wage": "9000"}), stale], by=clerk
        )
    first.refresh_from_db()
    assert first.cells["declared_wage"] == "8000"


def test_a_confirmation_may_be_for_some_rows_only(clerk):
    batch = upload(clerk, row(1, 申报工资="3000"), row(2, 申报工资="3100"))
    group = queries.groups(batch)[0]
    operations.confirm_group(batch.pk, group.code, "试用期工资", by=clerk, only=group.numbers[:1])
    assert queries.counts(batch)["confirm"] == 1


def test_the_other_person_at_work_on_the_batch_is_named(clerk):
    batch = upload(clerk, row(1))
    edit(batch, batch.rows.get(state="passed"), {"declared_wage": "9000"}, clerk)
    batch.refresh_from_db()
    colleague = OperatorFactory(clerk=True, employer=clerk.employer)
    assert clerk.name in queries.other_editor(batch, colleague)
    assert queries.other_editor(batch, clerk) == ""


def test_before_confirming_the_consequences_are_told_people_wages_amount_limits_and_months_back(clerk):
    with TestCase.captureOnCommitCallbacks(execute=True):
        batch = operations.receive_sheet(
            clerk.employer_id,
            "employee_enrolment",
            "a.csv",
            sheet(row(1), row(2, 申报工资="3000"), row(3, 申报工资="99999", 参保月份="2026-09", 合同起始="2026-09-01")),
            by=clerk,
        ).batch
    codes = {group.code for group in queries.groups(batch)}
    for code in codes:
        operations.confirm_group(batch.pk, code, "已核对", by=clerk)
    told = queries.summary(batch)
    assert (told["people"], told["wages"]) == (3, 11_099_900)
    assert (told["low"], told["high"]) == (1, 1)
    assert (told["late"], told["back"]) == (1, 2)
    assert told["effect"] > 0
