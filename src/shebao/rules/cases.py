"""Cases: what a clerk says must come out of a region, written beside its values in `cases/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from shebao.rules.contributions import NoFact, People, charge
from shebao.rules.facts import FACTS
from shebao.rules.money import plain_yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.region import NoValue, Region, read_cases
from shebao.rules.region_files import Mapped

KEYS = ("name", "month", "known_on", "now", "given", "expect", "expect_adjustment")


def cases_of(region: Region, roots: Sequence[Path]) -> list[Mapped]:
    """Every case of the region's folder lineage."""
    return read_cases(region.code, roots)


def due(region: Region, facts: Mapping[str, Any], wage_fen: int, month: Month, known_on: date) -> dict[str, int]:
    """One person's shares of the schemes that apply: "pension.employer" → fen."""
    people = People(np.array([wage_fen], dtype=np.int64), facts)
    result: dict[str, int] = {}
    for one in charge(region, month, people, known_on=known_on).schemes:
        shares = region.schemes[one.scheme].shares
        if one.covered[0]:
            amounts = {"employer": int(one.employer[0]), "employee": int(one.employee[0])}
            result |= {f"{one.scheme}.{side}": amounts[side] for side in shares}
    return result


def run_case(region: Region, case: Mapped) -> list[str]:
    """What is wrong with a case, as "file:line: name: sentence"; empty when it comes out as written."""
    where, name = case.where("expect" if "expect" in case else "name"), str(case.get("name", ""))
    wrong = [f"{case.where(key)}: {name}: 不认识的键“{key}”" for key in case if key not in KEYS]
    try:
        wrong += [f"{where}: {name}: {text}" for text in _compare(region, case)]
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, BadMonth) as bad:
        wrong.append(f"{where}: {name}: 算例写得不完整（{type(bad).__name__}：{bad}）")
    except (NoValue, NoFact) as bad:
        wrong.append(f"{where}: {name}: {bad}")
    return wrong


def broken_cases(region: Region, roots: Sequence[Path]) -> list[str]:
    """What is wrong with the cases of the region's folder lineage: they are as written on the disk."""
    return [text for case in cases_of(region, roots) for text in run_case(region, case)]


def _compare(region: Region, case: Mapped) -> list[str]:
    given = dict(case["given"])
    wage = _fen(given.pop("declared_wage"))
    facts = {key: str(value) for key, value in given.items()}
    if unknown := sorted(facts.keys() - FACTS.keys()):
        return [f"不认识的信息“{'、'.join(unknown)}”，可用：{'、'.join(FACTS)}"]
    month = Month.parse(str(case["month"]))
    got = due(region, facts, wage, month, case["known_on"])
    anew = region.schemes_anew(case.place.partition("/")[0])
    wrong = _differences(got, case.get("expect"), "应为", anew)
    if (adjustment := case.get("expect_adjustment")) is not None:
        now = due(region, facts, wage, month, case["now"])
        extra = {key: now[key] - got.get(key, 0) for key in now if now[key] != got.get(key, 0)}
        wrong += _differences(extra, adjustment, "补差应为", anew)
    return wrong


def _differences(
    got: Mapping[str, int], expected: Mapping[str, Any] | None, word: str, anew: frozenset[str]
) -> list[str]:
    if expected is None:
        return []
    wanted = {key: _fen(value) for key, value in expected.items()}
    wrong = []
    for key in sorted({*got, *wanted}):
        if key.partition(".")[0] not in anew and got.get(key) != wanted.get(key):
            wrong.append(f"{key} {word} {_told(wanted.get(key))}，实得 {_told(got.get(key))}")
    return wrong


def _told(fen: int | None) -> str:
    return "不收" if fen is None else f"{plain_yuan(fen)} 元"


def _fen(value: Any) -> int:
    fen = Decimal(str(value)) * 100
    if fen != int(fen):
        raise ValueError(f"{value} 的小数超过两位")
    return int(fen)
