"""The user's own sheet, returned as it is now with its errors marked."""

from ..regions import region
from .cells import CellProblem, says
from .headers import HeaderMatch
from .kept import header_match, kept_sheet
from .marked import write_marked
from .merging import key_of
from .models import Batch, BatchRow, RowState
from .reading import EMPTY, Cell


def marked_workbook(batch: Batch) -> bytes:
    """The rows as they are now, as .xlsx with coloured cells, comments, an error column and a key for each row."""
    rows = list(batch.rows.exclude(state=RowState.IGNORED))
    problems = {
        row.number: [
            CellProblem(p["code"], p["field"], p["message"], p["level"])
            for p in row.problems
            if p["code"] not in row.confirmed
        ]
        for row in rows
    }
    here = region(batch.employer.region)
    form = here.forms[here.services[batch.service].form]
    match = header_match(batch)
    sheet = kept_sheet(batch)
    for row in rows:
        if row.version > 1:
            _bring_up_to_date(sheet.rows[row.number - 1], row, match, form, here)
    return write_marked(sheet, match, problems, form, keys={row.number: key_of(batch, row) for row in rows})


def _bring_up_to_date(cells: list[Cell], row: BatchRow, match: HeaderMatch, form, here) -> None:
    """Put what was changed in the page into the cells of the file; an untouched cell keeps its type."""
    for name, index in match.field_columns.items():
        text = row.cells.get(name, "")
        cells.extend([EMPTY] * (index + 1 - len(cells)))
        if name not in row.original.get("refused", {}) and text != says(cells[index], form.field(name), here):
            cells[index] = Cell(text, "text") if text else EMPTY
