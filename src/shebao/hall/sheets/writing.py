"""Tables as .xlsx with real types. Text stays text: no value of ours is ever a formula or a link."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter

from shebao.rules.money import plain_yuan

from ..work_folders import work_folder

_FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_TEXT = 32_767  # of one cell, by the file format
ROWS_OF_A_SHEET = 1_000_000
"""The file format ends a sheet at 1,048,576 rows: a longer table goes on in the next sheet."""
MARK_SHEET = "导出说明"
_LONGEST_HEADER = 200  # characters: the file format takes 255 with its codes
_SPACER = " "  # a digit right after the size of the letters would be read as part of it
_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_FORMATS: dict[str, dict] = {
    "plain": {},
    "text": {"num_format": "@"},
    "yuan": {"num_format": "#,##0.00"},
    "whole": {"num_format": "0"},
    "rate": {"num_format": "0.00##%"},
    "date": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm"},
    "bold": {"bold": True},
    "wrapped": {"text_wrap": True},
    "title": {"bold": True, "font_size": 14},
    "note": {"font_color": "#5B6472"},
    "head": {"bold": True, "bg_color": "#EEF2F7", "border": 1, "align": "center", "num_format": "@"},
    "required": {
        "bold": True,
        "font_color": "#C0261C",
        "bg_color": "#FDECEA",
        "border": 1,
        "align": "center",
        "num_format": "@",
    },
    "error": {"bg_color": "#FBD5D1", "num_format": "@", "border": 1, "border_color": "#C0261C"},
    "error_date": {"bg_color": "#FBD5D1", "num_format": "yyyy-mm-dd", "border": 1, "border_color": "#C0261C"},
    "error_number": {"bg_color": "#FBD5D1", "num_format": "General", "border": 1, "border_color": "#C0261C"},
    "confirm": {"bg_color": "#FFF1CC", "num_format": "@"},
    "confirm_date": {"bg_color": "#FFF1CC", "num_format": "yyyy-mm-dd"},
    "confirm_number": {"bg_color": "#FFF1CC", "num_format": "General"},
    "reason": {"font_color": "#C0261C", "text_wrap": True, "num_format": "@"},
}


@dataclass(frozen=True)
class Column:
    """One column of an exported table. `kind`: text, yuan (value in fen), whole, rate (Decimal), date, moment
    or month."""

    heading: str
    kind: str = "text"
    width: int = 14


class Book:
    """An .xlsx under construction; `data` holds the bytes after the with-block.

    Streaming (`constant_memory`) needs rows in order; temporary files vanish even when a row raises. With a `path`
    the book is written there and `data` stays empty.
    """

    def __init__(self, *, streaming: bool = False, path: Path | None = None, mark: str = ""):
        self._streaming, self._path, self._mark = streaming, path, mark
        self._formats: dict[str, object] = {}
        self.data = b""

    def __enter__(self) -> Book:
        self._held = ExitStack()
        folder = self._held.enter_context(work_folder())
        self._buffer = io.BytesIO()
        options = {"constant_memory": True, "tmpdir": str(folder)} if self._streaming else {"in_memory": True}
        self._book = xlsxwriter.Workbook(
            str(self._path) if self._path else self._buffer,
            options | {"strings_to_formulas": False, "strings_to_urls": False},
        )
        if self._mark:
            self._book.set_properties({"comments": self._mark})
            self._book.set_custom_property("导出", self._mark)
        return self

    def __exit__(self, kind, *_) -> None:
        try:
            if kind is None:
                self._book.close()
                self.data = self._buffer.getvalue()
            else:
                self._book.fileclosed = True  # half a book is thrown away, without a warning
        finally:
            self._held.close()

    def add_sheet(self, name: str):
        """A new sheet, returned as xlsxwriter's worksheet."""
        sheet = self._book.add_worksheet(name)
        if self._mark:
            told = self._mark.replace("&", "&&")[:_LONGEST_HEADER]
            sheet.set_header(f"&R&9{_SPACER}{told}")
            sheet.set_footer(f"&L&9{_SPACER}{told}&R第 &P 页")
        return sheet

    def add_mark(self) -> None:
        """A last sheet that says who takes the book along: for books that are sent back, of which the first is read."""
        if self._mark:
            sheet = self.add_sheet(MARK_SHEET)
            sheet.set_column(0, 0, 100)
            sheet.write_string(0, 0, plain_text(self._mark), self.format("note"))

    def format(self, name: str):
        """One of the few formats used everywhere."""
        if name not in self._formats:
            self._formats[name] = self._book.add_format(_FONT | _FORMATS[name])
        return self._formats[name]


def sheet_name(title: str) -> str:
    """A title as the name of a sheet: at most 31 characters, none of those that Excel forbids."""
    return _FORBIDDEN_IN_NAME.sub("", title).strip(" '")[:31] or "表"


def plain_text(value: object) -> str:
    """Text fit for a cell: no lone surrogates, not longer than the format allows."""
    return str(value).encode("utf-8", "replace").decode("utf-8")[:_LONGEST_TEXT]


def write_table(
    title: str,
    filter_line: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    mark: str = "",
    path: Path | None = None,
) -> bytes:
    """A table to download: title, the filter it was made with, headings, then the rows as they come.

    Rows are streamed, so `rows` may be a generator of any length; past a million rows the next sheet goes on. Values
    are in the order of the columns; None and "" stay empty. Amounts are fen and become numbers of yuan. With a `path`
    the table is written there and nothing is returned. `mark` tells who takes the table along; it stands beside the
    filter, and on every printed page.
    """
    filter_line = "｜".join(filter(None, (filter_line, mark)))
    with Book(streaming=True, path=path, mark=mark) as book:
        sheet, number = _begin_sheet(book, sheet_name(title), title, filter_line, columns), 2
        for index, row in enumerate(rows):
            if index and index % ROWS_OF_A_SHEET == 0:
                sheet.autofilter(2, 0, number, max(len(columns) - 1, 0))
                part = f"（{index // ROWS_OF_A_SHEET + 1}）"
                sheet = _begin_sheet(book, sheet_name(title)[:24] + part, title + part, filter_line, columns)
                number = 2
            number += 1
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                write_value(book, sheet, number, place, value, column.kind)
        sheet.autofilter(2, 0, number, max(len(columns) - 1, 0))
    return book.data


def _begin_sheet(book: Book, name: str, title: str, filter_line: str, columns: Sequence[Column]):
    sheet = book.add_sheet(name)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)
    sheet.freeze_panes(3, 0)
    sheet.write_string(0, 0, plain_text(title), book.format("title"))
    sheet.write_string(1, 0, plain_text(filter_line), book.format("note"))
    for index, column in enumerate(columns):
        sheet.write_string(2, index, plain_text(column.heading), book.format("head"))
    return sheet


def write_value(book: Book, sheet, row: int, column: int, value: object, kind: str) -> None:
    """One cell by kind; text of any kind, also text that looks like a formula, is written as text."""
    if value is None or value == "":
        return
    if kind == "yuan" and isinstance(value, int):
        sheet.write_number(row, column, float(plain_yuan(value)), book.format("yuan"))
    elif kind == "whole" and isinstance(value, int):
        sheet.write_number(row, column, value, book.format("whole"))
    elif kind == "rate" and isinstance(value, Decimal):
        sheet.write_number(row, column, float(value), book.format("rate"))
    elif kind == "moment" and isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), book.format("moment"))
    elif kind == "date" and isinstance(value, date):
        sheet.write_datetime(row, column, value, book.format("date"))
    else:
        sheet.write_string(row, column, plain_text(value), book.format("text"))
