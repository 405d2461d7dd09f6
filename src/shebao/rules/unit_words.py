"""Numbers of a region in words, each by its unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from shebao.rules import vocabulary as v
from shebao.rules.money import yuan


def in_percent(rate: Decimal) -> str:
    """An exact rate as people write it: 0.0105 → 1.05%."""
    return f"{(rate * 100).normalize():f}%"


def signed_percent(growth: Decimal) -> str:
    """By how much something grew: +7.4%, −3%, 0%."""
    return f"{'+' if growth > 0 else '−' if growth < 0 else ''}{in_percent(abs(growth))}"


def in_unit(number: int | Decimal, unit: str, *, money: Callable[[int], str] = yuan) -> str:
    """A number of a parameter: fen as yuan, written by `money`; a rate in percent; else the number and its unit."""
    if unit == "yuan":
        return f"{money(int(number))} 元"
    exact = Decimal(number)
    if unit == "rate":
        return in_percent(exact)
    return f"{exact.normalize():f} {'倍' if unit == 'factor' else v.UNITS[unit]}"
