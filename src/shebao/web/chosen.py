"""Numbers and days of addresses and forms, what was left empty, and the rows that somebody ticked, carried so that a
page can be asked for again.
"""

from collections.abc import Mapping
from datetime import date

from shebao.rules.months import Month

MOST_ROWS = 50_000
"""As many rows as a sheet may hold: more are not chosen at once."""


def is_whole(text: str) -> bool:
    """Whether it is a number of a row or a version: plain digits, no more of them than a database counts with."""
    return text.isascii() and text.isdigit() and len(text) < 16


def whole(text: str, otherwise: int = 0) -> int:
    """The number in a text of an address or a form; `otherwise` where it is none."""
    return int(text) if is_whole(text) else otherwise


def typed_day(text: str) -> date:
    """The day in a text such as 2026-11-05. Raises ValueError for none, and for one of no month that people write."""
    day = date.fromisoformat(text.strip())
    Month.parse(str(day)[:7])  # the first and the last days of the calendar have no midnight in UTC
    return day


def left_empty(request, needed: Mapping[str, str]) -> list[dict]:
    """What of the questions that need an answer has none, all at once, as the errors of a page. `needed`: name → words.

    Asked before anything is tried: a password that was not typed is no wrong one.
    """
    given = lambda name: request.POST.get(name, "").strip() or request.FILES.get(name)  # noqa: E731
    return [{"id": name, "text": text} for name, text in needed.items() if not given(name)]


def numbers(values) -> list[int]:
    """The row numbers among posted or listed texts; anything else is left out."""
    parts = (part for value in values for part in str(value).split(","))
    return list(dict.fromkeys(int(part) for part in parts if is_whole(part)))


def compact(pks) -> str:
    """Row numbers for an address, neighbours as one: 3, 4, 5, 9 is "3-5,9". A check page can so be asked for again."""
    runs: list[list[int]] = []
    for pk in sorted(set(pks)):
        if runs and pk == runs[-1][1] + 1:
            runs[-1][1] = pk
        else:
            runs.append([pk, pk])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def spread(text: str) -> list[int]:
    """The row numbers that `compact` wrote; at most MOST_ROWS, anything else is left out."""
    pks: list[int] = []
    for part in text.split(","):
        ends = numbers(part.split("-"))
        if ends:
            pks += range(ends[0], min(ends[-1], ends[0] + MOST_ROWS) + 1)
    return list(dict.fromkeys(pks))[:MOST_ROWS]
