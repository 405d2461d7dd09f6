"""The user's own sheet as it was read: it stays with the batch, packed."""

from collections.abc import Iterable

from .headers import ColumnMatch, HeaderMatch
from .models import Batch
from .reading import EMPTY, Cell, SheetRows

Packed = None | str | list[str]
"""A cell as it is kept: nothing, its text, or for any other kind [text, kind]."""


def packed_rows(rows: Iterable[list[Cell]]) -> list[list[Packed]]:
    """Rows in the form in which a batch keeps them."""
    return [
        [cell.text if cell.kind == "text" else None if cell.kind == "empty" else list(cell) for cell in row]
        for row in rows
    ]


def unpacked_row(row: list[Packed]) -> list[Cell]:
    """A kept row as cells."""
    return [
        EMPTY if value is None else Cell(value, "text") if isinstance(value, str) else Cell(*value) for value in row
    ]


def kept_sheet(batch: Batch) -> SheetRows:
    """The rows of the uploaded file, cell by cell."""
    content = batch.file_content
    rows = [unpacked_row(row) for row in content["rows"]]
    return SheetRows((content["sheet"],), content["sheet"], rows, "xlsx")


def header_match(batch: Batch) -> HeaderMatch:
    """The columns as they are matched now."""
    columns = tuple(
        ColumnMatch(c["index"], c["header"], c["field"], c["confidence"], tuple(c["samples"])) for c in batch.columns
    )
    content = batch.file_content
    return HeaderMatch(batch.header_row, content["first_data_row"], columns, (), content["key_column"])
