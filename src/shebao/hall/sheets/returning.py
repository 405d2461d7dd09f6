"""The user's own workbook, returned with its errors marked."""

from ..regions import region
from .headers import ColumnMatch, HeaderMatch
from .marked import write_marked
from .models import Batch
from .reading import Cell, SheetRows


def marked_workbook(batch: Batch) -> bytes:
    """The uploaded rows as .xlsx with coloured cells, comments and an error column."""
    here = region(batch.employer.region)
    form = here.forms[here.services[batch.service].form]
    content = batch.file_content
    rows = [[Cell(*cell) for cell in row] for row in content["rows"]]
    columns = [
        ColumnMatch(c["index"], c["header"], c["field"], c["confidence"], tuple(c["samples"])) for c in batch.columns
    ]
    sheet = SheetRows((content["sheet"],), content["sheet"], rows, "xlsx")
    problems = {row.number: row.problems for row in batch.rows.exclude(problems=[]).iterator(chunk_size=1000)}
    return write_marked(sheet, HeaderMatch(batch.header_row, columns, []), problems, form)
