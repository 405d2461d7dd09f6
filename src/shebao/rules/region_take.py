"""Taking typed values out of a folder's mappings, noting every mistake with its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from shebao.rules.conditions import JOINS, TESTS, Condition, Test
from shebao.rules.months import BadMonth, Month
from shebao.rules.region_files import Folder, Listed, Mapped, Problems

EARLIEST = Month(1900, 1)
"""What `Take.month` answers where nothing is written: before any month that counts."""


class Take:
    """One mapping being read. Each method takes a key; `done` complains of the keys that nobody took."""

    def __init__(self, content: Any, name: str, where: str, problems: Problems) -> None:
        self.name, self.problems = name, problems
        self.taken: set[str] = set()
        if isinstance(content, Mapped):
            self.content = content
        else:
            place, _, line = where.rpartition(":")
            self.content = Mapped(place, int(line))
            problems.add(where, name, "应由键值对组成")
            self.broken = True
            return
        self.broken = False

    def say(self, key: str, sentence: str) -> None:
        """Note a mistake about a key."""
        label = f"{self.name}.{key}" if key and self.name else key or self.name
        self.problems.add(self.content.where(key), label, sentence)

    def raw(self, key: str, needed: bool = False) -> Any:
        """The value as read; None where it is absent."""
        self.taken.add(key)
        value = self.content.get(key)
        if value is None and needed and not self.broken:
            self.say(key, "必须填写")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; numbers are taken as they are written. Without a default it must be there."""
        value = self.raw(key, needed=default is None)
        if value is None:
            return default or ""
        if isinstance(value, (Mapped, Listed)):
            self.say(key, "应是一段文字")
            return default or ""
        return str(value)

    def word(self, key: str, words: Collection[str], default: str | None = None) -> str:
        """A word of a closed list."""
        value = self.text(key, default)
        if value and value not in words:
            self.say(key, f"不认识“{value}”，可用：{'、'.join(words)}")
        return value

    def texts(self, key: str, words: Collection[str] | None = None) -> tuple[str, ...]:
        """A list of texts, each of a closed list if one is given; absent means empty."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, Listed):
            self.say(key, "应是一个列表")
            return ()
        for index, one in enumerate(value):
            if words is not None and str(one) not in words:
                place = value.where(index)
                self.problems.add(place, f"{self.name}.{key}", f"不认识“{one}”，可用：{'、'.join(words)}")
        return tuple(str(one) for one in value)

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self.raw(key)
        if value is not None and not isinstance(value, bool):
            self.say(key, "只能写 true 或 false")
            return default
        return default if value is None else value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number, not negative."""
        value = self.raw(key, needed=default is None)
        if value is None:
            return default or 0
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.say(key, f"应是不小于 0 的整数，实际为“{value}”")
            return default or 0
        return value

    def month(self, key: str, default: Month | None = None, needed: bool = True) -> Month:
        """A month written "2026-11"."""
        value = self.raw(key, needed=needed and default is None)
        nothing = default or EARLIEST
        if value is None:
            return nothing
        try:
            return Month.parse(str(value))
        except BadMonth as bad:
            self.say(key, bad.message)
            return nothing

    def day(self, key: str) -> date:
        """A date written 2026-11-05."""
        value = self.raw(key, needed=True)
        if value is not None and not isinstance(value, date):
            self.say(key, f"应是日期，如 2026-01-05，实际为“{value}”")
        return value if isinstance(value, date) else date.max

    def clock(self, key: str, default: str) -> time:
        """A time of day written "18:00"."""
        value = self.text(key, default)
        try:
            return time.fromisoformat(value)
        except ValueError:
            self.say(key, f"应是时刻，如 18:00，实际为“{value}”")
            return time(0)

    def condition(self, key: str) -> Condition | None:
        """A condition, or None where there is none."""
        value = self.raw(key)
        return None if value is None else read_condition(value, f"{self.name}.{key}", self)

    def done(self) -> None:
        """Complain of unknown keys."""
        for key in self.content:
            if key not in self.taken:
                self.say(key, f"不认识的键，可用：{'、'.join(sorted(self.taken))}")


def read_condition(value: Any, name: str, above: Take) -> Condition | None:
    """`{all_of: [{fact: …, is: …}, …]}`, nested at will."""
    take = Take(value, name, above.content.where(), above.problems)
    if take.broken:
        return None
    joins = [j for j in JOINS if j in take.content]
    if len(joins) != 1 or len(take.content) != 1:
        take.say("", f"条件应以 {'、'.join(JOINS)} 之一开头")
        return None
    parts = take.raw(joins[0])
    if not isinstance(parts, Listed) or not parts:
        take.say(joins[0], "应是不为空的列表")
        return None
    read = [_part(one, f"{name}.{joins[0]}", take) for one in parts]
    return Condition(joins[0], tuple(one for one in read if one is not None))


def _part(value: Any, name: str, above: Take) -> Condition | Test | None:
    if isinstance(value, Mapped) and any(j in value for j in JOINS):
        return read_condition(value, name, above)
    take = Take(value, name, above.content.where(), above.problems)
    if take.broken:
        return None
    fact = take.text("fact")
    words = [w for w in TESTS if w in take.content]
    if len(words) != 1:
        take.say("", f"每个条件用 {'、'.join(TESTS)} 之一")
        return None
    operand = take.raw(words[0])
    if words[0] == "in":
        if not isinstance(operand, Listed) or not operand:
            take.say("in", "应是不为空的列表")
            operand = []
        operand = tuple(str(one) for one in operand)
    elif words[0] == "is":
        operand = str(operand)
    elif isinstance(operand, bool) or not isinstance(operand, (int, Decimal)):
        take.say(words[0], "应是数字")
        operand = 0
    take.done()
    return Test(fact, words[0], operand)


def frozen(mapping: Mapping[str, Any]) -> Any:
    """The content of a mapping without its line numbers, for parts that are handed out as they are."""
    if isinstance(mapping, Mapping):
        return {key: frozen(value) for key, value in mapping.items()}
    return [frozen(one) for one in mapping] if isinstance(mapping, list) else mapping


def each(folder: Folder, part: str, problems: Problems) -> Iterator[tuple[str, Take]]:
    """The keys of a part, ready to be read; unknown keys are noted after each. `{open: false}` takes away what
    is above; a scheme may be closed and still be written.
    """
    for key, content in folder.parts[part].items():
        is_closed = isinstance(content, Mapped) and content.get("open") is False
        if is_closed and (part != "schemes" or len(content) == 1):
            continue
        take = Take(content, key, folder.where(part, key), problems)
        if not take.broken:
            take.taken.add("open")
            yield key, take
            take.done()
