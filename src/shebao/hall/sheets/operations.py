"""What happens to a batch: uploaded, matched, checked, repaired, confirmed, undone. Only confirming declares."""

import hashlib
from typing import NamedTuple

from django.db import transaction

from ..audit.operations import record
from ..bulk import paused_collector, update_rows
from ..clock import now
from ..declarations.queries import current_month
from ..employers.models import Employer
from ..errors import Conflict, Refused
from ..memory import give_back
from ..regions import region
from . import jobs
from . import rows as batch_rows
from .headers import match_headers, normal_header
from .holding import expect, fixing, may_declare
from .jobs import resume_batch
from .layouts import unread_headings
from .merging import Merged, merge_sheet, origin_of
from .models import BUSY, Batch, BatchRow, BatchState, RememberedColumn, RowState
from .reading import SheetRows, UnreadableSheet, read_workbook, safe_file_name
from .tasks import work_in_background

__all__ = [
    "Received",
    "RowEdit",
    "apply_fix",
    "confirm_batch",
    "confirm_group",
    "discard_batch",
    "edit_rows",
    "keep_one_row",
    "match_columns",
    "put_back_rows",
    "receive_sheet",
    "remove_rows",
    "resume_batch",
    "undo_batch",
]

SURE = {"exact", "alias", "remembered"}
LIVE = (BatchState.MATCHING, BatchState.FIXING, *BUSY, BatchState.DONE)


class Received(NamedTuple):
    """What became of an uploaded file: its batch, and what was merged if the file came from that batch."""

    batch: Batch
    merged: Merged | None = None


@paused_collector()
def receive_sheet(employer_id: int, service: str, file_name: str, data: bytes, *, by) -> Received:
    """Read an uploaded file (上传表格): our own marked file into its batch, any other into a new one.

    Raises Refused when it cannot be read or was uploaded before, Conflict while its batch is being worked on.
    """
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    may_declare(by)
    spec = region(employer.region).services.get(service)
    if spec is None:
        raise Refused("unknown_service", "没有开通这个事项，请从菜单重新进入。", status=404)
    if not spec.is_about_person:
        raise Refused("not_by_sheet", f"“{spec.title}”只有一张表单，不能用表格批量办理。")
    digest = hashlib.sha256(data).hexdigest()
    _refuse_same_file(digest, service, by)
    try:
        sheet = read_workbook(data, file_name)
    except UnreadableSheet as no:
        raise Refused(no.code, no.message_zh, field="file") from no
    finally:
        give_back()
    if (origin := origin_of(sheet, by=by)) is not None:
        merged = merge_sheet(origin.pk, sheet, by=by)
        return Received(Batch.objects.visible_to(by).get(pk=origin.pk), merged)
    batch_id, sure = _begin(employer, service, sheet, file_name, digest, by=by)
    del sheet  # it is with the batch: a large sheet is not held twice while it is checked
    if sure:
        match_columns(batch_id, sure, by=by, remember=False)
    return Received(Batch.objects.visible_to(by).get(pk=batch_id))


def _begin(employer: Employer, service: str, sheet: SheetRows, file_name: str, digest: str, *, by) -> tuple[int, dict]:
    """A new batch of a sheet, and which column feeds which field where that is sure (else {})."""
    here = region(employer.region)
    remembered = dict(RememberedColumn.objects.visible_to(by).filter(service=service).values_list("heading", "field"))
    form, known = here.forms[here.services[service].form], here.sheets.get(service)
    match = match_headers(sheet, form, known, unread_headings(form, known) | remembered)
    if match.header_row is None:
        raise Refused(
            "no_header", "没有认出表头：前 15 行里找不到姓名、证件号码这样的列名。请对照模板补上表头后再上传。"
        )
    with transaction.atomic():
        batch = Batch.objects.create(
            employer=employer,
            service=service,
            month=current_month(here),
            state=BatchState.MATCHING,
            file_name=safe_file_name(file_name),
            file_digest=digest,
            file_content={
                "rows": sheet.rows.packed(),
                "sheet": sheet.sheet,
                "first_data_row": match.first_data_row,
                "key_column": match.key_column,
            },
            columns=[_column(column) for column in match.columns],
            header_row=match.header_row or 0,
            rows_read=len(sheet.rows),
            fingerprint=here.fingerprint,
            created_by=by,
            created_at=now(),
        )
        record("batch.uploaded", batch, by=by, service=service, rows=batch.rows_read)
    if match.missing_required or any(c["confidence"] not in SURE for c in batch.columns):
        return batch.pk, {}
    return batch.pk, {c["index"]: c["field"] for c in batch.columns if c["field"]}


def _refuse_same_file(digest: str, service: str, by) -> None:
    same = Batch.objects.visible_to(by).filter(file_digest=digest, service=service, state__in=LIVE)
    if found := same.select_related("created_by").first():
        raise Refused(
            "same_file",
            f"这个文件已经上传过：{found.created_by.name}传的“{found.file_name}”，现在是“{found.get_state_display()}”。"
            "不会重复读取，请在导入记录里打开它继续。",
        )


def _column(column) -> dict:
    return {
        "index": column.index,
        "header": column.header,
        "field": column.field,
        "confidence": column.confidence or "",
        "samples": list(column.samples),
    }


@transaction.atomic
def match_columns(batch_id: int, chosen: dict[int, str], *, by, remember: bool = True) -> Batch:
    """Fix which column feeds which field (匹配列) and start cutting out the rows and checking them.

    `chosen` maps column index → field id; a column that is left out is not imported.
    """
    may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    expect(batch, BatchState.MATCHING)
    here = region(batch.employer.region)
    form = here.forms[here.services[batch.service].form]
    known = {field.id for field in form.fields}
    chosen = {index: field for index, field in chosen.items() if field in known}
    given = set(chosen.values())
    given |= {name for field in form.fields if field.id in given for name in field.derive}
    lost = [field.label for field in form.fields if field.required and not field.default and field.id not in given]
    if lost:
        raise Refused("columns_missing", f"还有必填内容没有对应的列：{'、'.join(lost)}。请在左侧选出对应的列。")
    if len(set(chosen.values())) < len(chosen):
        raise Refused("columns_doubled", "有两列对应到同一个字段，请只保留一列。")
    for column in batch.columns:
        column["field"] = chosen.get(column["index"])
    if remember:
        _remember(batch)
    batch.save()
    jobs.occupy(batch, BatchState.CHECKING)
    record("batch.matched", batch, by=by)
    transaction.on_commit(lambda: work_in_background(batch.pk, by.pk))
    return batch


def _remember(batch: Batch) -> None:
    RememberedColumn.objects.bulk_create(
        [
            RememberedColumn(
                employer=batch.employer,
                service=batch.service,
                heading=normal_header(c["header"])[:80],
                field=c["field"],
            )
            for c in batch.columns
            if c["field"] and c["header"] and c["confidence"] != "exact"
        ],
        update_conflicts=True,
        unique_fields=["employer", "service", "heading"],
        update_fields=["field"],
    )


class RowEdit(NamedTuple):
    """New texts for cells of one row; `version` is what the writer saw."""

    number: int
    version: int
    changes: dict[str, str]


@transaction.atomic
def edit_rows(batch_id: int, edits: list[RowEdit], *, by) -> list[BatchRow]:
    """Change cells, all or none, and check again whatever that touches. Returns the rows whose findings may differ.

    A row changed by somebody else since the writer saw it is a Conflict that names them; so is a row that was
    declared meanwhile. Raises BatchRow.DoesNotExist for a number that the batch has not.
    """
    batch = fixing(batch_id, by)
    numbers = [edit.number for edit in edits]
    found = batch.rows.filter(number__in=numbers).select_for_update(of=("self",)).select_related("edited_by")
    rows = {row.number: row for row in found}
    if missing := set(numbers) - set(rows):
        raise BatchRow.DoesNotExist(f"rows not found: {sorted(missing)[:5]}")
    for edit in edits:
        row = rows[edit.number]
        _may_be_edited(row, edit.version)
        row.cells.update(edit.changes)
        refused = row.original.get("refused", {})
        row.original["refused"] = {name: text for name, text in refused.items() if name not in edit.changes}
    for row in rows.values():
        row.edited_by, row.version, row.state = by, row.version + 1, RowState.PASSED
    update_rows(list(rows.values()), "cells", "original", "state", "edited_by", "version")
    return batch_rows.check_again(batch, list(rows.values()), by=by)


def _may_be_edited(row: BatchRow, version: int) -> None:
    if row.state not in batch_rows.COUNTED:
        raise Conflict("row_closed", f"第 {row.number} 行{row.get_state_display()}，不能再改。")
    if row.version != version:
        who = row.edited_by.name if row.edited_by else "别人"
        raise Conflict("row_changed", f"第 {row.number} 行刚被{who}改过，您的修改没有保存。已为您显示最新内容。")


@transaction.atomic
def remove_rows(batch_id: int, numbers: list[int], *, by) -> list[BatchRow]:
    """Take rows out of the batch (移出本批); they can be put back until the batch is confirmed."""
    return _set_rows(batch_id, numbers, RowState.REMOVED, by)


@transaction.atomic
def put_back_rows(batch_id: int, numbers: list[int], *, by) -> list[BatchRow]:
    """Put removed rows back and check them again (放回)."""
    return _set_rows(batch_id, numbers, RowState.PASSED, by)


@transaction.atomic
def keep_one_row(batch_id: int, number: int, *, by) -> list[BatchRow]:
    """Keep this row and take out the others about the same person (保留第 N 行); they can be put back."""
    batch = fixing(batch_id, by)
    kept = batch.rows.filter(number=number, state__in=batch_rows.COUNTED).exclude(subject_digest="").first()
    if kept is None:
        raise Conflict("row_closed", f"第 {number} 行已经移出或加入，请刷新后再看。")
    others = batch.rows.filter(subject_digest=kept.subject_digest, state__in=batch_rows.COUNTED).exclude(pk=kept.pk)
    return _set_rows(batch_id, list(others.values_list("number", flat=True)), RowState.REMOVED, by)


def _set_rows(batch_id: int, numbers: list[int], state: str, by) -> list[BatchRow]:
    batch = fixing(batch_id, by)
    rows = list(batch.rows.filter(number__in=numbers).exclude(state__in=[RowState.IMPORTED, RowState.IGNORED]))
    for row in rows:
        row.state, row.edited_by, row.version = state, by, row.version + 1
    update_rows(rows, "state", "edited_by", "version")
    return batch_rows.check_again(batch, rows, by=by)


@transaction.atomic
def confirm_group(batch_id: int, code: str, reason: str, *, by, only: list[int] = ()) -> list[BatchRow]:
    """Confirm one kind of finding on every row that has it, or on those numbers, with a reason that is kept."""
    batch = fixing(batch_id, by)
    if not reason.strip():
        raise Refused("reason_missing", "请写明确认的理由，审核人员会看到。")
    open_rows = batch.rows.filter(state__in=[RowState.CONFIRM, RowState.ERROR])
    rows = [row for row in open_rows if code in _codes(row) and (not only or row.number in only)]
    for row in rows:
        row.confirmed[code] = reason.strip()[:200]
        row.version += 1
    update_rows(rows, "confirmed", "version")
    return batch_rows.check_again(batch, rows, by=by)


@transaction.atomic
def apply_fix(batch_id: int, code: str, value: str, *, by) -> list[BatchRow]:
    """Take the offered repair on every row with this finding and this offer (全部改为…)."""
    batch = fixing(batch_id, by)
    rows = []
    for row in batch.rows.filter(state=RowState.ERROR):
        for problem in row.problems:
            if problem["code"] == code and problem.get("fix") and problem["fix"][1] == value:
                row.cells[problem["field"]] = value
                row.edited_by, row.version = by, row.version + 1
                rows.append(row)
                break
    update_rows(rows, "cells", "edited_by", "version")
    return batch_rows.check_again(batch, rows, by=by)


def _codes(row: BatchRow) -> set[str]:
    return {problem["code"] for problem in row.problems if problem["level"] == "confirm"}


def confirm_batch(batch_id: int, *, by, good_rows_only: bool = False) -> Batch:
    """Turn the rows that passed into declarations (加入待提交), all of them or none; many rows in the background.

    With rows still in error it is refused, unless `good_rows_only`: then the others stay in the batch for later.
    """
    with transaction.atomic():
        batch = fixing(batch_id, by)
        left = batch.rows.filter(state__in=[RowState.ERROR, RowState.CONFIRM]).count()
        if left and not good_rows_only:
            raise Refused("rows_left", f"还有 {left} 行没有通过。请先改完，或选择只导入通过的行。")
        ready = batch.rows.filter(state=RowState.PASSED).count()
        if not ready:
            raise Refused("nothing_passed", "没有通过的行可以导入，请先修正问题。")
        jobs.occupy(batch, BatchState.CONFIRMING)
    jobs.begin(batch, ready, by=by)
    batch.refresh_from_db()
    return batch


def undo_batch(batch_id: int, *, by) -> Batch:
    """Take back everything the batch added, in one step (撤销本批); refused once something was submitted or settled."""
    with transaction.atomic():
        may_declare(by)
        batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
        expect(batch, BatchState.FIXING, BatchState.DONE)
        made = jobs.made_by(batch).count()
        if not made:
            raise Conflict("nothing_to_undo", "这个批次没有可以撤销的申报。")
        jobs.occupy(batch, BatchState.UNDOING)
    jobs.begin(batch, made, by=by)
    batch.refresh_from_db()
    return batch


@transaction.atomic
def discard_batch(batch_id: int, *, by) -> None:
    """Give the batch up (放弃本批). What it already added stays; its unimported rows are forgotten."""
    may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    expect(batch, BatchState.MATCHING, BatchState.FIXING, BatchState.CHECKING)
    batch.rows.exclude(state=RowState.IMPORTED).delete()
    batch.state, batch.file_content = BatchState.DISCARDED, {}
    batch.save(update_fields=["state", "file_content"])
    record("batch.discarded", batch, by=by)
