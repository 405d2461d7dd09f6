"""A month is a value of its own: 费款所属期, never a date and never a number."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

INVALID = "“{}”不是有效的月份，请按 2026-11 的样式填写"
_SHAPE = re.compile(r"(\d{4})(?:[-/.年]?)(\d{1,2})月?", re.ASCII)


class BadMonth(ValueError):
    """Text that is not a month; `message` is a Chinese sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One calendar month; ordered, hashable, written "2026-11".

    People write those of the years 1900 to 2999; a century more on either side, so that every one of them has months
    and days before and after it.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1800 <= self.year <= 3099 and 1 <= self.number <= 12):
            raise BadMonth(INVALID.format(f"{self.year}-{self.number:02d}"))

    @classmethod
    def parse(cls, text: str) -> Month:
        """From "2026-11", "202611", "2026/11" or "2026年11月"; raises BadMonth with a Chinese sentence."""
        return _parsed(str(text))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that a date (or datetime) lies in."""
        return cls(day.year, day.month)

    @classmethod
    def from_index(cls, index: int) -> Month:
        """The inverse of `index`."""
        return _at(index)

    @property
    def index(self) -> int:
        """Months counted from year 0, so that differences are plain subtraction."""
        return self.year * 12 + self.number - 1

    def next(self, n: int = 1) -> Month:
        """The month `n` months later."""
        return Month.from_index(self.index + n)

    def previous(self, n: int = 1) -> Month:
        """The month `n` months earlier."""
        return Month.from_index(self.index - n)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def label(self) -> str:
        """For a page: "2026 年 11 月"."""
        return f"{self.year} 年 {self.number} 月"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Month:
    tidy = unicodedata.normalize("NFKC", text).strip().replace(" ", "")
    found = _SHAPE.fullmatch(tidy)
    if found is None or (tidy.isdigit() and len(tidy) != 6):
        raise BadMonth(f"“{text[:30]}”不是月份，请按 2026-11 的样式填写")
    if not 1900 <= int(found[1]) <= 2999:
        raise BadMonth(INVALID.format(f"{found[1]}-{found[2]:0>2}"))
    return Month(int(found[1]), int(found[2]))


@lru_cache(maxsize=4096)  # of 20,000 people, a handful
def _at(index: int) -> Month:
    return Month(index // 12, index % 12 + 1)


def months_between(first: Month, last: Month) -> list[Month]:
    """Every month from first to last, both included; empty when last is earlier."""
    return [Month.from_index(i) for i in range(first.index, last.index + 1)]


def spans(months: Iterable[Month]) -> list[tuple[Month, Month]]:
    """Months as unbroken stretches (first, last), in order; each month counts once."""
    found: list[tuple[Month, Month]] = []
    for month in sorted(set(months)):
        if found and found[-1][1].next() == month:
            found[-1] = found[-1][0], month
        else:
            found.append((month, month))
    return found


def months_in_words(months: Iterable[Month]) -> str:
    """For a sentence: "2026-03 至 2026-08、2026-10"."""
    return "、".join(str(first) if first == last else f"{first} 至 {last}" for first, last in spans(months))


def months_in_short(months: Iterable[Month], year: int) -> str:
    """For a label of few characters: "9–10 月", and with its year where that is not `year`."""
    words = []
    for first, last in spans(months):
        start = f"{first.number}" if first.year == year else f"{first.year} 年 {first.number}"
        end = f"{last.number}" if last.year == first.year else f"{last.year} 年 {last.number}"
        middle = "–" if last.year == first.year else " 月–"
        words.append(f"{start} 月" if first == last else f"{start}{middle}{end} 月")
    return "、".join(words)
