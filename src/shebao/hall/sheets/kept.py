"""The user's own sheet as it was read: it stays with the batch."""

from .headers import ColumnMatch, HeaderMatch
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
