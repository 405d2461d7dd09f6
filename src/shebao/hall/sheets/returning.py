"""The user's own sheet as it was read: kept with the batch, and returned with its errors marked."""

from ..regions import region
from .cells import CellProblem
from .headers import ColumnMatch, HeaderMatch
from .marked import write_marked
from .models import Batch
from .reading import Cell, SheetRows


def kept_sheet(batch: Batch) -> SheetRows:
    """The rows of the uploaded file, cell by cell."""
    content = batch.file_content
    rows = [[Cell(*cell) for cell in row] for row in content["rows"]]
    return SheetRows((content["sheet"],), content["sheet"], rows, "xlsx")


def header_match(batch: Batch) -> HeaderMatch:
    """The columns as they are matched now."""
    columns = tuple(
        ColumnMatch(c["index"], c["header"], c["field"], c["confidence"], tuple(c["samples"])) for c in batch.columns
    )
    content = batch.file_content
    return HeaderMatch(batch.header_row, content["first_data_row"], columns, (), content["key_column"])


def marked_workbook(batch: Batch) -> bytes:
    """The uploaded rows as .xlsx with coloured cells, comments and an error column."""
    problems = {
        row.number: [CellProblem(p["code"], p["field"], p["message"], p["level"]) for p in row.problems]
        for row in batch.rows.all().iterator(chunk_size=1000)
    }
    here = region(batch.employer.region)
    form = here.forms[here.services[batch.service].form]
    return write_marked(kept_sheet(batch), header_match(batch), problems, form)
