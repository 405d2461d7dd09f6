"""Our own marked file sent back: its rows are found again by their keys and updated, never doubled."""

import re
from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from ..audit.operations import record
from ..bulk import insert_rows, update_rows
from ..clock import now
from ..crypto import blind_index
from ..errors import Conflict
from ..regions import region
from . import jobs
from . import rows as batch_rows
from .cells import DataRow, read_rows
from .headers import HEADER_ROWS, KEY_HEADING, match_headers, normal_header
from .holding import may_declare
from .kept import kept_rows
from .lines import EMPTY, Cell
from .models import BUSY, Batch, BatchRow, BatchState, RowState
from .reading import SheetRows
from .tasks import work_in_background

_KEY = re.compile(r"R(\d{1,15})-(\d{1,7})-(\d{1,7})-([0-9a-f]{8})", re.ASCII)
REACHABLE = (BatchState.FIXING, BatchState.DONE, *BUSY)


@dataclass
class Merged:
    """What a file that was sent back changed, by row numbers of the batch."""

    updated: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    imported: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The outcome as a sentence."""
        parts = [f"已更新 {len(self.updated)} 行"] if self.updated else []
        parts += [f"新增 {len(self.added)} 行"] if self.added else []
        text = "，".join(parts) or "这份表格和批次里的内容一样，没有需要更新的行"
        if self.imported:
            text += f"；{len(self.imported)} 行此前已经加入，没有再动"
        if self.kept:
            some = "、".join(str(number) for number in self.kept[:8])
            text += f"；第 {some} 行在导出之后有人在页面上改过，保留了页面上的内容，请逐行核对"
        return text + "。"


def key_of(batch: Batch, row: BatchRow) -> str:
    """The key of a row in a marked file: which batch, row and version, and a proof that we wrote it."""
    return f"R{batch.pk}-{row.number}-{row.version}-{_proof(batch, row.number, row.version)}"


def _proof(batch: Batch, number: int, version: int) -> str:
    return blind_index("batch-row", f"{batch.pk}:{batch.file_digest}:{number}:{version}")[:8]


def origin_of(sheet: SheetRows, *, by) -> Batch | None:
    """The batch that a marked file came from, if it is the actor's and still there."""
    place = next(
        (
            (index, column)
            for index, row in enumerate(sheet.rows[: HEADER_ROWS + 1])
            for column, cell in enumerate(row)
            if normal_header(cell.text) == normal_header(KEY_HEADING)
        ),
        None,
    )
    if place is None:
        return None
    index, column = place
    keys = [_KEY.fullmatch(row[column].text.strip()) for row in sheet.rows[index + 1 :] if column < len(row)]
    named = Counter(int(key[1]) for key in keys if key)
    if not named:
        return None
    pk = named.most_common(1)[0][0]
    batch = Batch.objects.visible_to(by).filter(pk=pk, state__in=REACHABLE).first()
    genuine = batch and any(key and int(key[1]) == pk and _version(batch, key) for key in keys)
    return batch if genuine else None


def _version(batch: Batch, key: re.Match) -> int | None:
    """The version that a genuine key names."""
    number, version = int(key[2]), int(key[3])
    return version if key[4] == _proof(batch, number, version) else None


@transaction.atomic
def merge_sheet(batch_id: int, sheet: SheetRows, *, by) -> Merged:
    """Take the changed cells of a marked file into its batch, and add rows that it did not have (重新上传).

    Rows that are declared already stay as they are; a row that somebody changed in the page after the file was
    made keeps the page's content. Raises Conflict while a job has the batch.
    """
    may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    if batch.state not in (BatchState.FIXING, BatchState.DONE):
        raise Conflict("batch_state", f"这个批次{batch.get_state_display()}，请等它完成之后再上传改好的表格。")
    here = region(batch.employer.region)
    form = here.forms[here.services[batch.service].form]
    headings = {normal_header(c["header"]): c["field"] or "" for c in batch.columns if c["header"]}
    found = read_rows(sheet, match_headers(sheet, form, here.sheets.get(batch.service), headings), form, here)
    rows = {row.number: row for row in batch.rows.all()}
    merged, changed, new = Merged(), [], []
    for data in found.data:
        row = _row_of(batch, rows, data.key)
        if row is None:
            new.append(data)
        elif not _differs(row, data):
            continue
        elif row.state == RowState.IMPORTED:
            merged.imported.append(row.number)
        elif not _unchanged_since(batch, row, data.key):
            merged.kept.append(row.number)
        else:
            _take(row, data, by)
            changed.append(row)
    merged.updated = [row.number for row in changed]
    added = _add_rows(batch, new, by)
    merged.added = [row.number for row in added]
    update_rows(changed, "cells", "original", "confirmed", "state", "edited_by", "version")
    record("batch.merged", batch, by=by, updated=len(changed), added=len(added), kept=len(merged.kept))
    _check(batch, [*changed, *added], by)
    return merged


def _row_of(batch: Batch, rows: dict[int, BatchRow], key: str) -> BatchRow | None:
    """The row that a key names, once: a copied key is a new row."""
    parts = _KEY.fullmatch(key)
    if parts is None or int(parts[1]) != batch.pk or _version(batch, parts) is None:
        return None
    return rows.pop(int(parts[2]), None)


def _differs(row: BatchRow, data: DataRow) -> bool:
    refused = row.original.get("refused", {})
    told = {problem.field: problem.message for problem in data.problems}
    return any(
        value != row.cells.get(name, "") or told.get(name) != refused.get(name) for name, value in data.values.items()
    )


def _unchanged_since(batch: Batch, row: BatchRow, key: str) -> bool:
    """Whether nobody but this file changed the row since it was exported."""
    return row.version in (_version(batch, _KEY.fullmatch(key)), row.original.get("merged"))


def _take(row: BatchRow, data: DataRow, by) -> None:
    row.cells = {**row.cells, **data.values}
    refused = {name: text for name, text in row.original.get("refused", {}).items() if name not in data.values}
    refused |= {problem.field: problem.message for problem in data.problems}
    row.version, row.edited_by, row.state = row.version + 1, by, RowState.PASSED
    row.original = row.original | {"refused": refused, "merged": row.version}


def _add_rows(batch: Batch, new: list[DataRow], by) -> list[BatchRow]:
    """Rows that the batch did not have go to its end, and to the end of the sheet that is kept."""
    if not new:
        return []
    kept = kept_rows(batch)
    last = max(batch.rows.aggregate(last=Max("number"))["last"] or 0, len(kept))
    places = {c["field"]: c["index"] for c in batch.columns if c["field"]}
    added, lines = [], []
    for number, data in enumerate(new, last + 1):
        line = [EMPTY] * (max(places.values(), default=0) + 1)
        for name, text in data.values.items():
            if name in places and text:
                line[places[name]] = Cell(text, "text")
        lines.append(line)
        refused = {problem.field: problem.message for problem in data.problems}
        added.append(
            BatchRow(
                batch=batch,
                number=number,
                cells=dict(data.values),
                original={"refused": refused, "notes": {}},
                subject_digest=batch_rows.digest_of(data.values),
                edited_by=by,
            )
        )
    insert_rows(added)
    batch.file_content = batch.file_content | {"rows": kept.with_more(lines, last).packed()}
    batch.rows_read += len(added)
    batch.save(update_fields=["file_content", "rows_read"])
    return added


def _check(batch: Batch, rows: list[BatchRow], by) -> None:
    batch.editor, batch.edited_at = by, now()
    batch.save(update_fields=["editor", "edited_at"])
    if len(rows) > jobs.AT_ONCE:
        jobs.occupy(batch, BatchState.CHECKING)
        transaction.on_commit(lambda: work_in_background(batch.pk, by.pk))
    elif rows:
        batch.state, batch.message = BatchState.FIXING, ""
        batch.save(update_fields=["state", "message"])
        batch_rows.check_again(batch, rows, by=by)
