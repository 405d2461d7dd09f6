"""Columns of whole fen, multiplied by exact ratios: what does not fit into 64 bits is refused, never wrapped."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.money import ROUNDINGS, rounded

Column = NDArray[np.int64]
Flags = NDArray[np.bool_]

_INT64 = 2**63


def whole(values: Any, name: str) -> Column:
    """`values` as it is, if it is a one-dimensional int64 array without negatives; else ValueError."""
    if not isinstance(values, np.ndarray) or values.dtype != np.int64 or values.ndim != 1:
        raise ValueError(f"{name} must be a one-dimensional int64 array")
    if values.size and values.min() < 0:
        raise ValueError(f"{name} must not be negative")
    return values


def scaled(amounts: Column, weights: Column | int, denominator: int, rounding: str) -> Column:
    """amounts × weights / denominator, each row rounded once by the named rule.

    Both factors are not negative. Raises ValueError where a product could leave int64, KeyError for an
    unknown rounding.
    """
    largest = int(amounts.max(initial=0)) * (int(np.max(weights, initial=0)))
    if 2 * largest + 2 * denominator * ROUNDINGS[rounding].unit >= _INT64:
        raise ValueError("amounts and ratios have too many digits for exact 64-bit arithmetic")
    return rounded(amounts * weights, denominator, rounding)


def ratio(value: Decimal | Fraction | int) -> Fraction:
    """An exact ratio that is not negative; raises ValueError for a float, NaN, infinity or a negative."""
    if not isinstance(value, Decimal | Fraction | int) or (isinstance(value, Decimal) and not value.is_finite()):
        raise ValueError("a ratio must be an exact, finite number")
    if value < 0:
        raise ValueError("a ratio must not be negative")
    return Fraction(value)


def locked(column: Any) -> Any:
    """The array, from now on read-only: results are shared."""
    column.flags.writeable = False
    return column
