"""The user's own sheet, returned as it is now with its errors marked."""

from collections.abc import Iterator

from ..audit.looks import note_export, watermark
from ..clock import local_now
from ..regions import region
from .cells import CellProblem, says
from .headers import HeaderMatch
from .kept import header_match, kept_rows
from .lines import EMPTY, Cell, Lines
from .marked import MarkedRow, write_marked_rows
from .merging import key_of
from .models import Batch, BatchRow, RowState


def marked_workbook(batch: Batch, *, by) -> bytes:
    """The rows as they are now, as .xlsx with coloured cells, comments, an error column and a key for each row.

    Only those who may see the batch come here; what they sent themselves is marked with who takes it along again.
    """
    here = region(batch.employer.region)
    form, match = here.forms[here.services[batch.service].form], header_match(batch)
    title, rows = batch.file_content["sheet"], kept_rows(batch)
    width = max([rows.width, *(place + 1 for place in match.field_columns.values())])
    mark = watermark(by, local_now())
    note_export(batch, "标错的表格", by=by)
    return write_marked_rows(title, width, _rows(batch, rows, match, form, here), match, form, mark=mark)


def _rows(batch: Batch, kept: Lines, match: HeaderMatch, form, here) -> Iterator[MarkedRow]:
    """The kept sheet and the rows of the batch side by side, one after the other."""
    known = batch.rows.exclude(state=RowState.IGNORED).order_by("number").iterator(chunk_size=1000)
    row = next(known, None)
    for number, cells in enumerate(kept, 1):
        if row is None or row.number != number:
            yield MarkedRow(cells, (), "")
            continue
        if row.version > 1:
            _bring_up_to_date(cells, row, match, form, here)
        found = [
            CellProblem(p["code"], p["field"], p["message"], p["level"])
            for p in row.problems
            if p["code"] not in row.confirmed
        ]
        yield MarkedRow(cells, found, key_of(batch, row))
        row = next(known, None)


def _bring_up_to_date(cells: list[Cell], row: BatchRow, match: HeaderMatch, form, here) -> None:
    """Put what was changed in the page into the cells of the file; an untouched cell keeps its type."""
    for name, index in match.field_columns.items():
        text = row.cells.get(name, "")
        cells.extend([EMPTY] * (index + 1 - len(cells)))
        if name not in row.original.get("refused", {}) and text != says(cells[index], form.field(name), here):
            cells[index] = Cell(text, "text") if text else EMPTY
