"""A proposal row by row, in words: what counts now, and what would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from shebao.rules.months import Month
from shebao.rules.proposals import VALUES, changes, rewritten
from shebao.rules.region import NoValue, Parameter, Region, Value
from shebao.rules.unit_words import in_unit

GONE = "去掉"
Row = dict[str, str]


def value_words(parameter: Parameter, value: Value) -> str:
    """A value in words; of a table, from the lowest to the highest."""
    if not isinstance(value.value, Mapping):
        return in_unit(value.value, parameter.unit)
    rows = sorted(set(value.value.values()))
    low, high = in_unit(rows[0], parameter.unit), in_unit(rows[-1], parameter.unit)
    return low if low == high else f"{low} 至 {high}"


def words_in_force(here: Region, name: str, month: Month, known_on: date) -> str:
    """The value of a parameter for a month, as known on a day, in words."""
    try:
        return value_words(here.parameters[name], here.value(name, month, known_on=known_on))
    except NoValue:
        return "本月没有数值"


def rows_of(here: Region, proposed: Region, roots: Sequence[Path], text: str, file: str, known_on: date) -> list[Row]:
    """All that the file changes, the values that it takes away last; plain words, which stay readable by themselves."""
    if file == VALUES:
        return [*_values(here, proposed, known_on), *_gone(here, proposed)]
    keys = rewritten(here, roots, text, file).values()
    rows = [{"title": one.title, "old": one.before or "—", "new": one.after or GONE} for key in keys for one in key]
    return [*rows, *_gone(here, proposed)]


def _values(here: Region, proposed: Region, known_on: date) -> list[Row]:
    """The values that the proposal adds or writes differently."""
    return [
        {
            "title": here.parameters[key].title,
            "since": str(value.since),
            "old": words_in_force(here, key, value.since, known_on),
            "new": value_words(proposed.parameters[key], value),
            "source": value.source,
            "status": value.status,
        }
        for key, values in changes(here, proposed).items()
        for value in values
    ]


def _gone(here: Region, proposed: Region) -> list[Row]:
    """The values whose month the proposal no longer has."""
    return [
        {
            "title": one.title,
            "since": str(value.since),
            "old": value_words(one, value),
            "new": GONE,
            "source": value.source,
        }
        for key, one in here.parameters.items()
        for value in one.values
        if key not in proposed.parameters or value.since not in {kept.since for kept in proposed.parameters[key].values}
    ]
