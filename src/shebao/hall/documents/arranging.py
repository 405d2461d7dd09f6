"""How a paper lies on its pages: the width of every column by what stands in it, the size of its print, which way up.

Reckoned once, when a paper is made, and kept with what it says: an issued paper never moves. Plain Python, in points.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from .rendering import Column, Paper, PeopleTable

PORTRAIT, LANDSCAPE = 510.0, 756.0
"""The width of the print on A4, points: the page without its margins of 15 mm."""
PADDING = 7.0
"""Left and right of a cell, and a little more than that: an estimate is no measurement."""
SIZES = (9.0, 8.5, 8.0, 7.5, 7.0)
"""What a table may be printed in, points, the largest that fits."""
READABLE = 8.0
"""Smaller than this no table needs to be while the page can be turned."""
NARROWEST, LINES = 4.0, 3
"""Text that may be broken: no column is narrower, em, and none of its cells should take more lines."""
UNBROKEN = 12.0
"""Words up to this, em, are worth turning the page for, so that no row takes two lines."""
WIDE = ("collection_assessment", "declaration_assessment", "declaration_voucher")
"""Layouts that are always printed across."""
HAND_WIDE = 6
"""A form with more columns than these to write in is printed across."""
HAND_ROWS = {True: 9, False: 19}
"""So many rows of 9 mm of a form lie on one page with its head and its end, across or not."""
SHORT = {"Lu": 0.66, "Ll": 0.56, "Nd": 0.56, "Zs": 0.24}
"""How wide a character is, em, by its category; other narrow ones are signs."""


@dataclass(frozen=True)
class _Need:
    """What a column needs, em: `least` at any rate, `calm` for low rows, `wish` so that nothing in it is broken."""

    least: float
    calm: float
    wish: float


def by_hand(paper: Paper) -> Paper:
    """A form to be filled in: as many empty rows as lie on one page, columns by what is written into them."""
    is_wide = len(paper["columns"]) > HAND_WIDE
    rows = paper["rows"][: HAND_ROWS[is_wide]]
    more = {"rows": rows, "flipped": is_wide, "size": SIZES[0], "tight": False, "by_hand": True}
    return cast("Paper", paper | more)


def arranged(paper: Paper, layout: str) -> Paper:
    """The paper with the widths of its columns, the size of its tables, and whether it is printed across."""
    tables = [part for part in (paper["people"], paper.get("payments")) if part]
    main = {"columns": paper["columns"], "rows": paper["rows"], "total": paper["total"]}
    needs = {id(one): _needs(cast("dict", one)) for one in (main, *tables)}
    is_wide = layout in WIDE or any(not _is_calm(need, PORTRAIT, READABLE) for need in needs.values())
    room = LANDSCAPE if is_wide else PORTRAIT
    made: dict[str, Any] = {**paper, **_table(main, needs[id(main)], room), "flipped": is_wide}
    for name in ("people", "payments"):
        if part := cast("PeopleTable | None", paper.get(name)):
            made[name] = _table(cast("dict", part), needs[id(part)], room)
    return cast("Paper", made)


def em(text: str) -> float:
    """About how wide a text is, in em."""
    return sum(map(_width, text))


def _width(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WFA":
        return 1.0
    return SHORT.get(unicodedata.category(sign), 0.4)


def _needs(table: dict) -> list[_Need]:
    cells = [*table["rows"], *([table["total"]] if table.get("total") else [])]
    return [_need(column, [row[place] for row in cells]) for place, column in enumerate(table["columns"])]


def _need(column: Column, texts: Sequence[str]) -> _Need:
    title = em(column["title"])
    widest = max(map(em, texts), default=0.0)
    # A heading may stand on two lines.
    half = max(title / 2, min(title, 2.0)) + 0.2
    if column.get("keep") or column.get("align") == "right":
        return _Need(max(widest, half), max(widest, half), max(widest, title))
    least = max(half, min(widest, max(NARROWEST, widest / LINES)))
    return _Need(least, max(least, min(widest, UNBROKEN)), max(widest, title))


def _is_calm(needs: Sequence[_Need], room: float, size: float) -> bool:
    return sum(one.calm * size + PADDING for one in needs) <= room


def _fits(needs: Sequence[_Need], room: float, size: float) -> bool:
    return sum(one.least * size + PADDING for one in needs) <= room


def _table(table: dict, needs: Sequence[_Need], room: float) -> dict:
    """A table with the widths of its columns in points, which fill the room, and its size."""
    if not needs:
        return table
    # Low rows in readable print first; then whatever fits.
    large = (one for one in SIZES if one >= READABLE and _is_calm(needs, room, one))
    size = next(large, next((one for one in SIZES if _fits(needs, room, one)), SIZES[-1]))
    firm = [one.calm if _is_calm(needs, room, size) else one.least for one in needs]
    widths = [one * size + PADDING for one in firm]
    left = room - sum(widths)
    if left > 0:  # first to whatever would be broken, then to all alike
        more = [(one.wish - taken) * size for one, taken in zip(needs, firm, strict=True)]
        part = min(1.0, left / sum(more)) if sum(more) > 0 else 0.0
        widths = [width + part * one for width, one in zip(widths, more, strict=True)]
    scale = room / sum(widths)
    columns = [
        {**column, "width": round(width * scale, 1)} for column, width in zip(table["columns"], widths, strict=True)
    ]
    return {**table, "columns": columns, "size": size, "tight": left < 0}
