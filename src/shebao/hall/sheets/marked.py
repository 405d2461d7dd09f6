"""The user's own rows again with the mistakes marked (导出标错的表格), to be corrected and sent back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from shebao.hall.sheets.cells import CellProblem
from shebao.hall.sheets.headers import ERROR_HEADING, KEY_HEADING, HeaderMatch, is_ours
from shebao.hall.sheets.lines import Cell
from shebao.hall.sheets.reading import SheetRows
from shebao.hall.sheets.writing import Book, plain_text, sheet_name
from shebao.rules.region_model import Form

NO_VALUE = "#N/A"  # an uncalculated formula goes back as this, and is refused again if nobody corrects it


def write_marked(
    sheet_rows: SheetRows,
    match: HeaderMatch,
    problems: Mapping[int, Sequence[CellProblem]],
    form: Form | None = None,
    *,
    keys: Mapping[int, str] | None = None,
) -> bytes:
    """An .xlsx with the rows where they were, wrong cells coloured and commented, and two more columns.

    `problems` is by row number of the sheet, from 1; each says its level (error, confirm, hint). `form`
    names the fields that have no column. The column 错误 repeats all reasons in words, so that colour is never
    the only sign. The last column holds each row's key (`keys`, else its number), by which a file sent back
    finds its rows. Such columns of an earlier marked file are replaced, not repeated.
    """
    width = max((len(r) for r in sheet_rows.rows), default=0)
    rows = (
        MarkedRow(row, problems.get(number, ()), keys.get(number, "") if keys is not None else str(number))
        for number, row in enumerate(sheet_rows.rows, 1)
    )
    return write_marked_rows(sheet_rows.sheet, width, rows, match, form)


class MarkedRow(NamedTuple):
    """One row of the sheet: its cells, what is wrong with it, and its key."""

    cells: list[Cell]
    found: Sequence[CellProblem]
    key: str


def write_marked_rows(
    title: str,
    width: int,
    rows: Iterable[MarkedRow],
    match: HeaderMatch,
    form: Form | None = None,
    *,
    mark: str = "",
) -> bytes:
    """As `write_marked`, from rows that come one after the other and are forgotten: a large sheet is large.

    `mark` tells in the page headers and on a last sheet who takes it along.
    """
    ours = {c.index for c in match.columns if is_ours(c.header)}
    places = {index: place for place, index in enumerate(i for i in range(width) if i not in ours)}
    with Book(streaming=True, mark=mark) as book:
        sheet = book.add_sheet(sheet_name(title))
        sheet.set_column(0, max(len(places) - 1, 0), 18)
        sheet.set_column(len(places), len(places), 50)
        sheet.set_column(len(places) + 1, len(places) + 1, 20)
        if match.header_row is not None:
            sheet.freeze_panes(match.first_data_row - 1, 0)
        for number, one in enumerate(rows, 1):
            heads = match.header_row is not None and match.header_row <= number < match.first_data_row
            _write_row(book, sheet, number - 1, one.cells, places, match, one.found, heads)
            if heads and number == match.first_data_row - 1:  # where a second reading looks for names
                sheet.write_string(number - 1, len(places), ERROR_HEADING, book.format("head"))
                sheet.write_string(number - 1, len(places) + 1, KEY_HEADING, book.format("head"))
            if one.found:
                words = _reasons(match, form, one.found)
                sheet.write_string(number - 1, len(places), words, book.format("reason"))
            if number >= match.first_data_row and any(c.kind != "empty" for c in one.cells):
                sheet.write_string(number - 1, len(places) + 1, plain_text(one.key), book.format("text"))
        book.add_mark()
    return book.data


def _write_row(
    book: Book,
    sheet,
    index: int,
    row: list[Cell],
    places: Mapping[int, int],
    match: HeaderMatch,
    found: Sequence[CellProblem],
    heads: bool,
) -> None:
    by_column: dict[int, list[CellProblem]] = {}
    for problem in found:
        if problem.field in match.field_columns:
            by_column.setdefault(match.field_columns[problem.field], []).append(problem)
    for column, place in places.items():
        cell = row[column] if column < len(row) else None
        here = by_column.get(column, ())
        if here:
            text = plain_text("\n".join(p.message for p in here))[:2000]
            sheet.write_comment(index, place, text, {"x_scale": 2, "y_scale": 1.2})
        style = "error" if any(p.level == "error" for p in here) else "confirm" if here else ""
        _write_cell(book, sheet, index, place, cell, "head" if heads else style)


def _write_cell(book: Book, sheet, row: int, column: int, cell: Cell | None, style: str) -> None:
    """A cell as it was read: a number stays a number, a date a date, everything else text."""
    marked = style in ("error", "confirm")
    if cell is None or cell.kind == "empty":
        if marked:
            sheet.write_blank(row, column, None, book.format(style))
    elif cell.kind == "number":  # also a cut identity number: as text it would look whole on the way back
        sheet.write_number(row, column, float(cell.text), book.format(f"{style}_number" if marked else "plain"))
    elif cell.kind == "date" and len(cell.text) == 10 and cell.text >= "1901":
        day = date.fromisoformat(cell.text)
        sheet.write_datetime(row, column, day, book.format(f"{style}_date" if marked else "date"))
    else:
        text = cell.text if cell.kind != "formula_without_value" else NO_VALUE
        sheet.write_string(row, column, plain_text(text), book.format(style or "text"))


def _reasons(match: HeaderMatch, form: Form | None, found: Sequence[CellProblem]) -> str:
    """All reasons of a row in words, each after the heading of its column or the label of its field."""
    names = {f.id: f.label for f in (form.fields if form else ())} | {
        c.field: c.header for c in match.columns if c.field
    }
    lines = [_line(names.get(p.field, ""), p.message) for p in found]
    return plain_text("\n".join(dict.fromkeys(lines)))


def _line(name: str, message: str) -> str:
    return f"{name}：{message}" if name and not message.startswith(name) else message
