"""Two changes of one code list laid together: what each changed by itself stands, what both changed is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Row = dict[str, Any]


@dataclass(frozen=True)
class Together:
    """The file as it counts now with what was proposed laid upon it.

    `clashes` are the codes that both changed, each otherwise: they stand as they count now. `is_whole`: nothing
    clashes, and all else of the proposal is in `text`; else somebody has to say what they mean.
    """

    text: str
    clashes: tuple[str, ...] = ()
    is_whole: bool = True


def laid_together(base: str, proposed: str, now: str) -> Together:
    """What `proposed` changes of `base`, changed of `now`: row by row; comments and order stay those of `now`.

    Nobody guesses: where codes were put into another order, taken out, or stand in the file in a way that cannot be
    changed row by row, nothing is laid together and `now` comes back.
    """
    old, mine, theirs = (_File(text) for text in (base, proposed, now))
    if not _may_be(old, mine, theirs):
        return Together(now, is_whole=False)
    changed = [code for code, row in mine.rows.items() if row != old.rows.get(code)]
    clashes = [code for code in changed if theirs.rows.get(code) not in (old.rows.get(code), mine.rows[code])]
    wanted = [code for code in changed if code not in clashes and theirs.rows.get(code) != mine.rows[code]]
    text, expected = now, dict(theirs.rows)
    for code in wanted:
        if code in expected:
            text = _File(text).with_row(code, mine.text_of(code))
        else:
            text = _File(text).with_new(mine.text_of(code), behind=_before(code, mine, expected))
        expected[code] = mine.rows[code]
    try:
        found = _File(text)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):  # rows that were typed in two manners do not mix
        return Together(now, is_whole=False)
    if found.rows != expected or found.rest != theirs.rest:
        return Together(now, is_whole=False)
    return Together(text, tuple(clashes), not clashes)


def _may_be(old: _File, mine: _File, theirs: _File) -> bool:
    """Whether the proposal changes rows and adds some, and nothing else; and whether the files have one row a code."""
    stood = [code for code in mine.rows if code in old.rows]
    same = mine.rest in (old.rest, theirs.rest) and stood == list(old.rows)
    return same and all(len(one.rows) == len(one.nodes) for one in (old, mine, theirs))


def _before(code: str, mine: _File, there: dict[str, Row]) -> str | None:
    """The code behind which a new one goes: the nearest before it that is there."""
    codes = list(mine.rows)
    return next((one for one in reversed(codes[: codes.index(code)]) if one in there), None)


class _File:
    """The text of a code list, its rows by code, and where each stands."""

    def __init__(self, text: str):
        self.text = text.replace("\r\n", "\n")
        top: Any = yaml.compose(self.text, Loader=yaml.SafeLoader)
        said: dict[str, Any] = yaml.safe_load(self.text)
        self.nodes: list[Any] = next(value.value for key, value in top.value if key.value == "items")
        self.rows: dict[str, Row] = {str(row["code"]): row for row in said["items"]}
        self.rest = {key: value for key, value in said.items() if key != "items"}

    def _span(self, code: str) -> tuple[int, int]:
        node = self.nodes[list(self.rows).index(code)]
        begin, end = node.start_mark.index, _end_of(node)
        return begin, begin + len(self.text[begin:end].rstrip())

    def text_of(self, code: str) -> str:
        """The row as it was typed."""
        begin, end = self._span(code)
        return self.text[begin:end]

    def with_row(self, code: str, row: str) -> str:
        """The file with the row of a code in the place of its own."""
        begin, end = self._span(code)
        return self.text[:begin] + row + self.text[end:]

    def with_new(self, row: str, behind: str | None) -> str:
        """The file with one more row behind that of a code; at the beginning where there is none."""
        begin, end = self._span(behind if behind is not None else next(iter(self.rows)))
        line = self.text.rindex("\n", 0, begin) + 1
        lead = self.text[line:begin]
        if behind is None:
            return f"{self.text[:line]}{lead}{row}\n{self.text[line:]}"
        end = (self.text + "\n").index("\n", end)  # what is written behind a row stays with it
        return f"{self.text[:end]}\n{lead}{row}{self.text[end:]}"


def _end_of(node: Any) -> int:
    """Where the last word of a row stands; the end of an indented block is only where the next begins."""
    while not isinstance(node, yaml.ScalarNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)
