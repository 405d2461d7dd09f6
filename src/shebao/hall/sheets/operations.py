"""What happens to a batch: uploaded, matched, checked, repaired, confirmed, undone. Only confirming declares."""

import hashlib

from django.db import transaction

from ..audit.operations import record
from ..clock import now
from ..declarations import operations as pipe
from ..declarations.queries import current_month
from ..employers.models import Employer
from ..errors import Conflict, Refused
from ..regions import region
from . import rows as batch_rows
from .cells import read_rows
from .headers import match_headers, normal_header
from .models import Batch, BatchRow, BatchState, RememberedColumn, RowState
from .reading import UnreadableSheet, read_workbook
from .returning import header_match, kept_sheet
from .tasks import check_in_background

SURE = {"exact", "alias", "remembered"}
LIVE = (BatchState.READING, BatchState.MATCHING, BatchState.CHECKING, BatchState.FIXING, BatchState.DONE)


def start_batch(employer_id: int, service: str, file_name: str, data: bytes, *, by) -> Batch:
    """Read an uploaded file into a batch (上传表格). Raises Refused when it cannot be read or was uploaded before."""
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    _may_declare(by)
    spec = region(employer.region).services[service]
    digest = hashlib.sha256(data).hexdigest()
    same = Batch.objects.visible_to(by).filter(file_digest=digest, service=service, state__in=LIVE).first()
    if same:
        raise Refused("same_file", f"这个文件已经上传过（批次 {same.pk}，{same.get_state_display()}），不会重复读取。")
    try:
        sheet = read_workbook(data, file_name)
    except UnreadableSheet as no:
        raise Refused(no.code, no.message, field="file") from no
    here = region(employer.region)
    remembered = dict(RememberedColumn.objects.visible_to(by).filter(service=service).values_list("heading", "field"))
    match = match_headers(sheet, here.forms[spec.form], here.sheets.get(service), remembered)
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
            file_name=file_name[-200:],
            file_digest=digest,
            file_content={
                "rows": [[list(cell) for cell in row] for row in sheet.rows],
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
    if not match.missing_required and all(c["confidence"] in SURE for c in batch.columns):
        match_columns(batch.pk, {c["index"]: c["field"] for c in batch.columns if c["field"]}, by=by, remember=False)
        batch.refresh_from_db()
    return batch


def _may_declare(by) -> None:
    if not by.may("declare"):
        raise Refused("not_permitted", "您的账号没有申报权限，请联系单位管理员。", status=403)


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
    """Fix which column feeds which field (匹配列), cut the rows out, and start checking them.

    `chosen` maps column index → field id; a column that is left out is not imported.
    """
    _may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    _expect(batch, BatchState.MATCHING)
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
    _cut_rows(batch, here, form)
    if remember:
        _remember(batch)
    batch.state, batch.rows_checked = BatchState.CHECKING, 0
    batch.save()
    record("batch.matched", batch, by=by)
    transaction.on_commit(lambda: check_in_background(batch.pk, by.pk))
    return batch


def _cut_rows(batch: Batch, here, form) -> None:
    found = read_rows(kept_sheet(batch), header_match(batch), form, here)
    rows = [
        BatchRow(
            batch=batch,
            number=row.number,
            cells=dict(row.values),
            original={"refused": {problem.field: problem.message for problem in row.problems}},
        )
        for row in found.data
    ]
    rows += [
        BatchRow(batch=batch, number=row.number, cells={}, state=RowState.IGNORED, note=row.reason)
        for row in found.ignored
    ]
    batch.rows.all().delete()
    BatchRow.objects.bulk_create(rows, batch_size=1000)
    batch.rows_read = len(rows)


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


def _expect(batch: Batch, *states: str) -> None:
    if batch.state not in states:
        raise Conflict(
            "batch_state", f"这个批次现在是“{batch.get_state_display()}”，刚才的操作没有执行，请刷新后再看。"
        )


@transaction.atomic
def edit_row(batch_id: int, number: int, changes: dict[str, str], *, by, version: int) -> list[BatchRow]:
    """Change cells of one row and check again whatever that touches. Returns every row whose findings may differ.

    `version` is what the writer saw: a row changed by somebody else in between is a Conflict that names them.
    """
    batch = _fixing(batch_id, by)
    row = batch.rows.select_for_update(of=("self",)).select_related("edited_by").get(number=number)
    if row.version != version:
        who = row.edited_by.name if row.edited_by else "别人"
        raise Conflict("row_changed", f"第 {number} 行刚被{who}改过，您的修改没有保存。已为您显示最新内容。")
    for field, text in changes.items():
        row.cells[field] = text
        row.original.get("refused", {}).pop(field, None)
    row.edited_by, row.version = by, row.version + 1
    row.state = RowState.PASSED
    row.save()
    return batch_rows.check_again(batch, [row], by=by)


@transaction.atomic
def remove_rows(batch_id: int, numbers: list[int], *, by) -> list[BatchRow]:
    """Take rows out of the batch (移出本批); they can be put back until the batch is confirmed."""
    return _set_rows(batch_id, numbers, RowState.REMOVED, by)


@transaction.atomic
def put_back_rows(batch_id: int, numbers: list[int], *, by) -> list[BatchRow]:
    """Put removed rows back and check them again (放回)."""
    return _set_rows(batch_id, numbers, RowState.PASSED, by)


def _set_rows(batch_id: int, numbers: list[int], state: str, by) -> list[BatchRow]:
    batch = _fixing(batch_id, by)
    rows = list(batch.rows.filter(number__in=numbers).exclude(state__in=[RowState.IMPORTED, RowState.IGNORED]))
    for row in rows:
        row.state, row.edited_by, row.version = state, by, row.version + 1
    BatchRow.objects.bulk_update(rows, ["state", "edited_by", "version"], batch_size=500)
    return batch_rows.check_again(batch, rows, by=by)


@transaction.atomic
def confirm_group(batch_id: int, code: str, reason: str, *, by) -> list[BatchRow]:
    """Confirm one kind of finding on every row that has it, with a reason that is kept (都按…核定)."""
    batch = _fixing(batch_id, by)
    if not reason.strip():
        raise Refused("reason_missing", "请写明确认的理由，审核人员会看到。")
    rows = [row for row in batch.rows.filter(state=RowState.CONFIRM) if code in _codes(row)]
    for row in rows:
        row.confirmed[code] = reason.strip()[:200]
        row.version += 1
    BatchRow.objects.bulk_update(rows, ["confirmed", "version"], batch_size=500)
    return batch_rows.check_again(batch, rows, by=by)


@transaction.atomic
def apply_fix(batch_id: int, code: str, value: str, *, by) -> list[BatchRow]:
    """Take the offered repair on every row with this finding and this offer (全部改为…)."""
    batch = _fixing(batch_id, by)
    rows = []
    for row in batch.rows.filter(state=RowState.ERROR):
        for problem in row.problems:
            if problem["code"] == code and problem.get("fix") and problem["fix"][1] == value:
                row.cells[problem["field"]] = value
                row.edited_by, row.version = by, row.version + 1
                rows.append(row)
                break
    BatchRow.objects.bulk_update(rows, ["cells", "edited_by", "version"], batch_size=500)
    return batch_rows.check_again(batch, rows, by=by)


def _codes(row: BatchRow) -> set[str]:
    return {problem["code"] for problem in row.problems if problem["level"] == "confirm"}


def _fixing(batch_id: int, by) -> Batch:
    _may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    _expect(batch, BatchState.FIXING)
    return batch


@transaction.atomic
def confirm_batch(batch_id: int, *, by, good_rows_only: bool = False) -> Batch:
    """Turn the rows that passed into declarations (加入待提交), all of them or none.

    With rows still in error it is refused, unless `good_rows_only`: then the others stay in the batch for later.
    """
    batch = _fixing(batch_id, by)
    left = batch.rows.filter(state__in=[RowState.ERROR, RowState.CONFIRM]).count()
    if left and not good_rows_only:
        raise Refused("rows_left", f"还有 {left} 行没有通过。请先改完，或选择只导入通过的行。")
    rows = list(batch.rows.filter(state=RowState.PASSED).order_by("number"))
    if not rows:
        raise Refused("nothing_passed", "没有通过的行可以导入，请先修正问题。")
    try:
        pipe.save_declarations(
            batch.employer_id,
            batch.service,
            [row.cells for row in rows],
            by=by,
            confirmed=[row.confirmed for row in rows],
            batch=batch,
        )
    except pipe.InvalidDeclaration as no:
        batch_rows.store_findings(rows, no.previews)
        raise Refused("rules_changed", "有的行在核对之后情况变了，已重新标出，请再看一遍。") from no
    for row in rows:
        row.state, row.version = RowState.IMPORTED, row.version + 1
    BatchRow.objects.bulk_update(rows, ["state", "version"], batch_size=500)
    batch.state = BatchState.FIXING if left else BatchState.DONE
    batch.confirmed_at = now()
    batch.save(update_fields=["state", "confirmed_at"])
    record("batch.confirmed", batch, by=by, rows=len(rows), left=left)
    return batch


@transaction.atomic
def undo_batch(batch_id: int, *, by) -> Batch:
    """Take back everything the batch added, in one step (撤销本批); refused once something was submitted or settled."""
    _may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    made = list(batch.declarations.exclude(state__in=["deleted", "undone"]))
    if not made:
        raise Conflict("nothing_to_undo", "这个批次没有可以撤销的申报。")
    pks = [declaration.pk for declaration in made]
    if made[0].is_direct:
        pipe.undo_declarations(pks, by=by)
    else:
        pipe.delete_declarations(pks, by=by)
    batch.rows.filter(state=RowState.IMPORTED).update(state=RowState.PASSED)
    batch.state = BatchState.FIXING
    batch.save(update_fields=["state"])
    record("batch.undone", batch, by=by, rows=len(pks))
    return batch


@transaction.atomic
def discard_batch(batch_id: int, *, by) -> None:
    """Give the batch up (放弃本批). What it already added stays; its unimported rows are forgotten."""
    _may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    _expect(batch, BatchState.MATCHING, BatchState.FIXING, BatchState.CHECKING)
    batch.rows.exclude(state=RowState.IMPORTED).delete()
    batch.state, batch.file_content = BatchState.DISCARDED, {}
    batch.save(update_fields=["state", "file_content"])
    record("batch.discarded", batch, by=by)
