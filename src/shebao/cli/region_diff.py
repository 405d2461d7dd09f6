"""What two regions, or one in two months, say differently: what, old → new, and where either is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any

from shebao.rules import vocabulary as v
from shebao.rules.conditions import Condition, Test
from shebao.rules.evidence import SAMPLE
from shebao.rules.money import plain_yuan
from shebao.rules.months import Month
from shebao.rules.proposal_words import Change
from shebao.rules.region import NoValue, Parameter, Region, Value
from shebao.rules.unit_words import in_unit

from .region_single import KEYS, part_of, place_of
from .region_words import IN_SETTINGS, NAMES, PARTS, WORDS

JOINS = {"all_of": "都满足", "any_of": "满足一项", "none_of": "都不满足"}
TESTS = {"is": "为", "in": "属于", "at_least": "不小于", "below": "小于"}
NOTHING = "没有"
ONE_LINE = 90
"""So many characters of old and new stand on one line; what is longer has a line each."""
_OWN_NAME = ("key", "id", "code")


@dataclass(frozen=True)
class Difference:
    """A key ("part/name") that two sides write differently; `written`: the file and line of either, "" for none."""

    key: str
    title: str
    first: Any
    second: Any
    changes: tuple[Change, ...]
    written: tuple[str, str]


def of_regions(first: Region, second: Region) -> list[Difference]:
    """The keys that only one of two regions has, or that they write differently."""
    found = []
    for part in PARTS:
        ours, theirs = (part_of(region, part) for region in (first, second))
        for name in _in_order(part, ours, theirs):
            pair = ours.get(name), theirs.get(name)
            if changes := tuple(_changes(*pair, _titles(first, second), is_told_whole=part in KEYS)):
                found.append(_difference(f"{part}/{name}", pair, changes, first, second))
    return found


def _in_order(part: str, *sides: Mapping[str, Any]) -> list[str]:
    """The keys of either side: as a file that says one thing each has them, else by the alphabet."""
    found = {name for side in sides for name in side}
    return [name for name in KEYS[part] if name in found] if part in KEYS else sorted(found)


def of_months(first: Region, second: Region, months: tuple[Month, Month], known_on: date) -> list[Difference]:
    """The values in force, one region's for a month beside the other's for a month, as known on a day."""
    found = []
    for name in sorted({*first.parameters, *second.parameters}):
        pair = tuple(
            _in_force(region, name, month, known_on) for region, month in zip((first, second), months, strict=True)
        )
        if pair[0] != pair[1]:
            change = Change("", pair[0] or NOTHING, pair[1] or NOTHING)
            found.append(_difference(f"parameters/{name}", pair, (change,), first, second))
    return found


def _difference(key: str, pair: tuple, changes: tuple[Change, ...], first: Region, second: Region) -> Difference:
    part, _, name = key.partition("/")
    named = [one for one in (part_of(region, part).get(name) for region in (first, second)) if one is not None]
    places = tuple(place_of(region, key) for region in (first, second))
    if first is not second:
        places = tuple("" if value is None else place for value, place in zip(pair, places, strict=True))
    title = KEYS[part][name] if part in KEYS else _title(named[0])
    return Difference(key, title, *pair, changes, places)


def _title(value: Any) -> str:
    found = value.get("title", "") if isinstance(value, Mapping) else getattr(value, "title", "")
    return found if isinstance(found, str) else ""


def in_words(found: Iterable[Difference]) -> Iterator[str]:
    """The lines for people, part by part."""
    last = ""
    for one in found:
        part, _, name = one.key.partition("/")
        if part != last:
            yield f"\n{PARTS[part]}"
        last = part
        yield f"  {one.title}（{name}）" if one.title else f"  {name}"
        for change in one.changes:
            head = f"    {change.title}：" if change.title else "    "
            if len(head) + len(change.before) + len(change.after) > ONE_LINE:
                yield f"{head}{change.before}"
                yield f"      → {change.after}"
            else:
                yield f"{head}{change.before} → {change.after}"
        only = "只" if "" in one.written else ""
        yield f"    {only}写在 {' → '.join(dict.fromkeys(place for place in one.written if place))}"


def _changes(before: Any, after: Any, titles: Mapping[str, str], *, is_told_whole: bool = False) -> Iterator[Change]:
    """What differs below a key; `is_told_whole`: of what only one side has, everything."""
    if (before is None or after is None) and not is_told_whole:
        told = [_summary(one, titles) for one in (before, after)]
        yield Change("", *told)
        return
    old, new = (dict(_leaves(one, (), titles)) for one in (before, after))
    paths = dict.fromkeys([*new, *old])
    for path in sorted(paths) if isinstance(after, Parameter) else paths:
        if old.get(path) != new.get(path) and not _is_its_label(path, old.get(path) or new.get(path)):
            title = _path(path, NAMES | IN_SETTINGS if is_told_whole else NAMES)
            yield Change(title, old.get(path, NOTHING), new.get(path, NOTHING))


def _is_its_label(path: tuple[str, ...], words: str | None) -> bool:
    """Whether something is only the title by which what is around it is told already."""
    return len(path) > 1 and path[-1] == "title" and path[-2] == words


def _summary(value: Any, titles: Mapping[str, str]) -> str:
    """All of what only one side has: its values; of anything larger that it is there."""
    if value is None:
        return NOTHING
    if isinstance(value, Parameter):
        return "；".join(f"{_path(path)} {words}" for path, words in _leaves(value, (), titles) if path[-1] != "unit")
    return value if isinstance(value, str) else "有"


def _leaves(value: Any, path: tuple[str, ...], titles: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, words) of everything that is written below a key."""
    if isinstance(value, Parameter):
        yield from _dated(value)
    elif isinstance(value, (Condition, Test)):
        yield path, _condition(value)
    elif _is_record(value):
        for name, inner in _inside(value):
            yield from _leaves(inner, (*path, name), titles)
    elif isinstance(value, (list, tuple)) and value and all(_is_record(one) for one in value):
        for number, one in enumerate(value, 1):
            yield from _leaves(one, (*path, _label(one) or str(number)), titles)
    elif isinstance(value, (list, tuple)):
        if value:
            words = [_word(path, one, titles) for one in value]
            yield path, ("" if words[0].endswith("。") else "、").join(words)
    elif value not in (None, "", False):
        yield path, _word(path, value, titles)


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) or (is_dataclass(value) and not isinstance(value, (Month, Condition, Test)))


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(key), inner) for key, inner in value.items())
    else:
        names = (one.name for one in fields(value) if not one.name.startswith("_") and one.name not in _OWN_NAME)
        yield from ((name, getattr(value, name)) for name in names)


def _label(one: Any) -> str:
    read = one.get if isinstance(one, Mapping) else lambda name, default="": getattr(one, name, default)
    return str(next((read(name) for name in (*_OWN_NAME, "title") if read(name)), ""))


def _dated(parameter: Parameter) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("unit",), v.UNITS[parameter.unit]
    rows: dict[str, list[str]] = {}
    for value in parameter.values:
        rows.setdefault(f"{value.since} 起", []).append(_value(parameter, value))
    yield from (((since,), "；后为 ".join(words)) for since, words in rows.items())


def _value(parameter: Parameter, value: Value) -> str:
    rows = value.value if isinstance(value.value, Mapping) else {"": value.value}
    amounts = "、".join(
        f"{name} {in_unit(number, parameter.unit, money=plain_yuan)}".strip() for name, number in rows.items()
    )
    is_sample = value.status == "illustrative"
    sample = f"，{SAMPLE}" if is_sample and SAMPLE not in value.source else ""
    return f"{amounts}（{value.known} {'采用' if is_sample else '公布'}，{value.source}{sample}）"


def _in_force(region: Region, name: str, month: Month, known_on: date) -> str | None:
    try:
        value = region.value(name, month, known_on=known_on)
    except NoValue:
        return None
    return f"{value.since} 起 {_value(region.parameters[name], value)}"


def _condition(part: Condition | Test) -> str:
    if isinstance(part, Test):
        operand = "、".join(map(str, part.operand)) if isinstance(part.operand, (list, tuple)) else part.operand
        return f"{WORDS['facts'].get(part.fact, part.fact)}{TESTS[part.word]} {operand}"
    return f"{JOINS[part.join]}（{'，'.join(_condition(one) for one in part.parts)}）"


def _word(path: tuple[str, ...], value: Any, titles: Mapping[str, str]) -> str:
    """A word of the vocabulary by its meaning, shortly; the name of a parameter or scheme by its title."""
    if value is True:
        return "是"
    text = str(value)
    said = next((WORDS[part][text] for part in reversed(path) if text in WORDS.get(part, ())), "")
    return re.split(r"[：，]", said)[0] or titles.get(text, text)


def _path(path: tuple[str, ...], names: Mapping[str, str] = NAMES) -> str:
    return " ".join(names.get(part, v.STEPS.get(part, part)) for part in path)


def _titles(*regions: Region) -> dict[str, str]:
    return {key: one.title for region in regions for key, one in [*region.parameters.items(), *region.schemes.items()]}
