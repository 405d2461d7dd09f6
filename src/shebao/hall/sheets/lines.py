"""The rows of a sheet, one line of JSON each: of a large sheet the lines take a tenth of the room of its cells.

A cell of a line is null where it is empty, its text, or for any other kind [text, kind].
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, overload


class Cell(NamedTuple):
    """One cell. `kind`: text, number, date, formula_without_value, error, empty. `text` is what it says."""

    text: str
    kind: str


EMPTY = Cell("", "empty")
AT_ONCE = 200
"""Lines that are made into cells in one go."""
SEEN = 10_000
"""As many different cells are made once only: codes and months repeat themselves."""
_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Lines(Sequence[list[Cell]]):
    """Rows of cells that are kept as lines, and made into cells when somebody looks at them."""

    __slots__ = ("_lines", "_width")

    def __init__(self, lines: list[bytes], width: int | None = None):
        self._lines, self._width = lines, width

    @classmethod
    def of(cls, rows: Iterable[Sequence[Cell]]) -> Lines:
        """Rows of cells as lines."""
        return cls([_line(row) for row in rows])

    @classmethod
    def kept(cls, content: str | list) -> Lines:
        """The rows that `packed` made a text of. Batches from before that text have a list of rows of cells."""
        if isinstance(content, list):
            return cls([_WRITE(row).encode() for row in content])
        plain = zlib.decompress(base64.b64decode(content))
        return cls(plain.split(b"\n") if plain else [])

    def packed(self) -> str:
        """All rows in one short text."""
        return base64.b64encode(zlib.compress(b"\n".join(self._lines), 1)).decode()

    def with_more(self, rows: Iterable[Sequence[Cell]], at: int) -> Lines:
        """These rows and others, which begin at place `at`; what lies between is empty."""
        between = [b"[]"] * (at - len(self._lines))
        return Lines([*self._lines, *between, *(_line(row) for row in rows)])

    @property
    def width(self) -> int:
        """As many cells the longest row has."""
        if self._width is None:
            self._width = max((len(row) for row in self), default=0)
        return self._width

    def used_up(self) -> Iterator[list[Cell]]:
        """The rows one after the other; each is forgotten when it was given."""
        return self._cells(forgets=True)

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> list[Cell]: ...
    @overload
    def __getitem__(self, place: slice) -> Lines: ...
    def __getitem__(self, place: int | slice) -> list[Cell] | Lines:
        if isinstance(place, slice):
            return Lines(self._lines[place], self._width)
        (row,) = _rows([self._lines[place]], {})
        return row

    def __iter__(self) -> Iterator[list[Cell]]:
        return self._cells()

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, list | Lines) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def _cells(self, *, forgets: bool = False) -> Iterator[list[Cell]]:
        seen: dict[str, Cell] = {}
        for start in range(0, len(self._lines), AT_ONCE):
            some = self._lines[start : start + AT_ONCE]
            if forgets:
                self._lines[start : start + AT_ONCE] = [b""] * len(some)
            yield from _rows(some, seen)


def _line(row: Sequence[Cell]) -> bytes:
    cells = [c.text if c.kind == "text" else None if c.kind == "empty" else list(c) for c in row]
    return _WRITE(cells).encode()


def _rows(lines: list[bytes], seen: dict[str, Cell]) -> Iterator[list[Cell]]:
    """Lines as cells; `seen` are texts that were cells before."""
    for values in json.loads(b"[" + b",".join(lines) + b"]"):
        row = []
        for value in values:
            if isinstance(value, str):
                cell = seen.get(value)
                if cell is None:
                    cell = Cell(value, "text")
                    if len(seen) < SEEN:
                        seen[value] = cell
                row.append(cell)
            else:
                row.append(EMPTY if value is None else Cell(*value))
        yield row
