"""Conditions are data: `all_of`, `any_of`, `none_of` over tests of single facts. There is no expression
language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TESTS = ("is", "in", "at_least", "below")
JOINS = ("all_of", "any_of", "none_of")


class NoFact(LookupError):
    """A rule needed a fact that nobody supplied; the message is Chinese."""


@dataclass(frozen=True)
class Test:
    """One fact compared with a written value; `word` is one of TESTS."""

    __test__ = False  # pytest would otherwise collect the class by its name
    fact: str
    word: str
    operand: Any


@dataclass(frozen=True)
class Condition:
    """Tests and conditions joined by one word of JOINS."""

    join: str
    parts: tuple[Condition | Test, ...]

    @property
    def facts(self) -> frozenset[str]:
        """Every fact that the condition asks about."""
        found: set[str] = set()
        for part in self.parts:
            found |= part.facts if isinstance(part, Condition) else {part.fact}
        return frozenset(found)


def holds(condition: Condition | None, facts: Mapping[str, Any]) -> bool:
    """Whether the condition is true of one person's facts; None always is. Raises NoFact."""
    return condition is None or bool(_truth(condition, facts))


def holds_each(condition: Condition | None, facts: Mapping[str, Any], count: int) -> NDArray[np.bool_]:
    """The same question for `count` people at once; a fact may be one value for all, or an array."""
    if condition is None:
        return np.ones(count, dtype=np.bool_)
    return np.broadcast_to(np.asarray(_truth(condition, facts), dtype=np.bool_), (count,))


def _truth(part: Condition | Test, facts: Mapping[str, Any]) -> Any:
    if isinstance(part, Test):
        if part.fact not in facts:
            raise NoFact(f"缺少计算所需的信息：{part.fact}")
        return _compare(part, facts[part.fact])
    truths = [_truth(p, facts) for p in part.parts]
    if part.join == "all_of":
        return np.logical_and.reduce(np.broadcast_arrays(*truths))
    either = np.logical_or.reduce(np.broadcast_arrays(*truths))
    return either if part.join == "any_of" else np.logical_not(either)


def _compare(test: Test, value: Any) -> Any:
    if test.word == "is":
        return np.equal(value, test.operand) if isinstance(value, np.ndarray) else value == test.operand
    if test.word == "in":
        if isinstance(value, np.ndarray):
            return np.logical_or.reduce([np.equal(value, one) for one in test.operand])
        return value in test.operand
    return value >= test.operand if test.word == "at_least" else value < test.operand
