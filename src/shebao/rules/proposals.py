"""Proposed values: a parameters.yaml laid over a region, to be tried before anybody makes it the region's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from shebao.rules.money import plain_yuan
from shebao.rules.months import Month
from shebao.rules.region_checks import check
from shebao.rules.region_files import Mapped, Problems, read_folder, read_yaml
from shebao.rules.region_model import Amount, BadRegion, Parameter, Region, Value
from shebao.rules.region_parts import read_parameters


def load_proposed(region: Region, roots: Sequence[Path], text: str) -> Region:
    """The region with the keys of this parameters.yaml in the place of its own; each key is written whole.

    Raises BadRegion with every mistake, by the lines of `text`.
    """
    problems = Problems()
    folder = read_folder(region.code, roots, problems)
    content = read_yaml(text, "parameters.yaml", problems)
    if folder is None or not isinstance(content, Mapped) or not content:
        raise BadRegion(problems.found or ["parameters.yaml:1: 文件应由参数的键值对组成，至少写一个参数"])
    for key, value in content.items():
        if key not in region.parameters:
            problems.add(content.where(key), key, "本地区没有这个参数，这里只试算已有参数的新数值")
        folder.parts["parameters"][key], folder.owners[f"parameters/{key}"] = value, content
    parameters = read_parameters(folder, problems)
    seal = sha256(f"{region.fingerprint}\0{text}".encode()).hexdigest()[:12]
    proposed = replace(region, parameters=parameters, fingerprint=seal)
    check(proposed, folder, problems)
    if problems.found:
        raise BadRegion(problems.found)
    return proposed


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
