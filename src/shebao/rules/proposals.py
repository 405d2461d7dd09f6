"""Proposed files of a region's folder: laid over it and proved, before anybody makes them the region's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import reduce
from hashlib import sha256
from pathlib import Path
from typing import Any

from shebao.rules.file_words import FILES
from shebao.rules.money import plain_yuan
from shebao.rules.months import Month
from shebao.rules.proposal_words import Change, changes_of_key
from shebao.rules.region import finished
from shebao.rules.region_files import Folder, Mapped, Problems, lay, read_folder, read_yaml
from shebao.rules.region_model import Amount, BadRegion, Parameter, Region, Value

VALUES, CALENDAR = "parameters.yaml", "calendar.yaml"
FIXED_LISTS = frozenset({"yes_no", "yes_or_no", "sexes", "operator_roles", "cover_payments"})
"""Code lists of which the program knows every code by itself: it would not know what to do with one more."""
LARGEST = 200_000
"""Bytes of a proposed file; a region's own have some thousands."""


def proposable(region: Region) -> dict[str, str]:
    """The files that may be proposed in the hall, each with what it is; all others are changed in the folder."""
    lists = sorted(region.codes.items(), key=lambda one: one[1].title)
    codes = {f"codes/{key}.yaml": one.title for key, one in lists if key not in FIXED_LISTS}
    return {VALUES: "数值", CALENDAR: FILES[CALENDAR], **codes}


def load_proposed(region: Region, roots: Sequence[Path], text: str, file: str = VALUES) -> Region:
    """The region with this file in its folder; a key is written whole, a code list is the whole of its file.

    Raises BadRegion with every mistake, by the lines of `text`.
    """
    problems = Problems()
    folder, content = _read(region, roots, text, file, problems)
    for key in content if file == VALUES else ():
        if key not in region.parameters:
            problems.add(content.where(key), key, "本地区没有这个参数，这里只试算已有参数的新数值")
    lay(folder.parts, folder.owners, content, _place(region, file), problems)
    seal = sha256(f"{region.fingerprint}\0{text}".encode()).hexdigest()[:12]
    return replace(finished(folder, problems), fingerprint=seal)


def _read(region: Region, roots: Sequence[Path], text: str, file: str, problems: Problems) -> tuple[Folder, Mapped]:
    place = _place(region, file)
    if len(text.encode()) > LARGEST:
        raise BadRegion([f"{place}:1: 超过 {LARGEST // 1000} KB，不像是这个文件，请核对"])
    folder, content = read_folder(region.code, roots, problems), read_yaml(text, place, problems)
    if folder is None or not isinstance(content, Mapped) or not content:
        raise BadRegion(problems.found or [f"{place}:1: 文件应由键值对组成，至少写一个键"])
    return folder, content


def _place(region: Region, file: str) -> str:
    """Where it will stand, as `shebao region check` names it; the lines are those of the proposed text."""
    return f"{region.code}/{file}"


def rewritten(region: Region, roots: Sequence[Path], text: str, file: str) -> dict[str, list[Change]]:
    """The keys that the file writes otherwise than the folder now has them, each with what; of codes, their list."""
    folder, content = _read(region, roots, text, file, Problems())
    part, _, name = file.removesuffix(".yaml").partition("/")
    news: Mapping[str, Any] = {name: content} if name else content
    pairs = {key: (folder.parts[part].get(key), value) for key, value in news.items()}
    return {key: changes_of_key(key, *pair) for key, pair in pairs.items() if pair[0] != pair[1]}


def current_text(region: Region, roots: Sequence[Path], file: str) -> str:
    """The file as it counts now, to be edited: the nearest folder's list of codes, of keys those of every folder."""
    texts = []
    for code in reversed(region.lineage):
        path = next(root / code for root in roots if (root / code / "region.yaml").is_file()) / file
        if path.is_file():
            texts.append(path.read_text("utf-8"))
    return texts[-1] if "/" in file else reduce(merged, texts)


def text_with(own: str, proposed: str, file: str, keys: Collection[str]) -> str:
    """What the region's own file says once these keys are as proposed; a list of codes is replaced whole."""
    if "/" in file:
        return proposed.replace("\r\n", "\n").rstrip("\n") + "\n"
    return merged(own, "".join(text for key, text in _blocks(proposed) if key in keys))


def merged(own: str, proposed: str) -> str:
    """The folder's file with the proposed keys in the place of its own; all else, comments too, stays.

    A key is its line at the margin and what is indented below it.
    """
    blocks, news = _blocks(own), {key: text for key, text in _blocks(proposed) if key}
    kept = [news.pop(key, text) if key else text for key, text in blocks]
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in [*kept, *news.values()] if part)


def _blocks(text: str) -> list[tuple[str, str]]:
    """(key, its lines) in order; comments and empty lines at the margin before a key are blocks without one."""
    blocks: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").splitlines(keepends=True):
        found = re.match(r"([^\s#][^:\n]*):", line)
        if found:
            blocks.append((found[1].strip("\"'"), line))
        elif blocks and blocks[-1][0] and (line.startswith((" ", "\t")) or not line.strip()):
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + line)
        else:
            blocks.append(("", line))
    return blocks


def changes(region: Region, proposed: Region) -> dict[str, tuple[Value, ...]]:
    """The dated values that the proposal adds to each parameter or writes differently, oldest first."""
    found = {}
    for key, parameter in proposed.parameters.items():
        added = tuple(value for value in parameter.values if value not in region.parameters[key].values)
        if added:
            found[key] = added
    return found


def as_if_in_force(region: Region, proposed: Region, month: Month, day: date) -> Region:
    """The proposal as if its newest values applied in `month` already and were known on `day`."""
    parameters = dict(proposed.parameters)
    for key, added in changes(region, proposed).items():
        moved = [replace(value, since=min(value.since, month), known=min(value.known, day)) for value in added]
        kept = [value for value in parameters[key].values if value not in added]
        values = sorted([*kept, *moved], key=lambda value: (value.since, value.known))
        parameters[key] = replace(parameters[key], values=tuple(values))
    return replace(proposed, parameters=parameters)


def with_value(parameter: Parameter, since: Month, known: date, number: Amount, source: str, status: str) -> Parameter:
    """The parameter with one more dated value, in the place of one of the same month and day."""
    kept = [value for value in parameter.values if (value.since, value.known) != (since, known)]
    added = Value(since, known, number, source, status, parameter.key)
    return replace(parameter, values=tuple(sorted([*kept, added], key=lambda value: (value.since, value.known))))


def written(parameters: Iterable[Parameter]) -> str:
    """The parameters as text for parameters.yaml, every key whole."""
    return "".join(_written(parameter) for parameter in parameters)


def _written(parameter: Parameter) -> str:
    lines = [f"{parameter.key}:", f"  title: {_quoted(parameter.title)}", f"  unit: {parameter.unit}", "  values:"]
    for value in parameter.values:
        lines += [f'    - from: "{value.since}"', f"      known: {value.known.isoformat()}"]
        lines += [f'      until: "{value.until}"'] if value.until else []
        lines += [f"      value: {_value(parameter.unit, value.value)}", f"      source: {_quoted(value.source)}"]
        lines.append(f"      status: {value.status}")
    return "\n".join(lines) + "\n"


def _value(unit: str, value: Amount | Mapping[str, Amount]) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(key)}: {_number(unit, number)}" for key, number in value.items()) + "}"
    return _number(unit, value)


def _number(unit: str, number: Amount) -> str:
    """Yuan for fen, plain decimals otherwise: what `read_parameters` reads back to the same number."""
    if unit == "yuan":
        return plain_yuan(int(number)).removesuffix(".00")
    return f"{number.normalize():f}" if isinstance(number, Decimal) else str(number)


def _quoted(text: str) -> str:
    """Any text as a double-quoted scalar on one line."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", " ") + '"'
