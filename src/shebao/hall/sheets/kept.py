"""The user's own sheet as it was read: it stays with the batch."""

from .headers import ColumnMatch, HeaderMatch
from .lines import Lines
from .models import Batch


def kept_rows(batch: Batch) -> Lines:
    """The rows of the uploaded file."""
    return Lines.kept(batch.file_content["rows"])


def header_match(batch: Batch) -> HeaderMatch:
    """The columns as they are matched now."""
    columns = tuple(
        ColumnMatch(c["index"], c["header"], c["field"], c["confidence"], tuple(c["samples"])) for c in batch.columns
    )
    content = batch.file_content
    return HeaderMatch(batch.header_row, content["first_data_row"], columns, (), content["key_column"])
