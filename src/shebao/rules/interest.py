"""利息：养老保险补缴按公布的年度记账利率计息。The rates are a table by year; nothing is extrapolated.

The months of a year that bear interest are counted as in 劳办发〔1997〕116号（月积数法）: an amount of month n
bears interest for 12 − n + 1 months of its first year. A payment stops the count: its own month bears none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from shebao.rules.back_paying_words import COMPOUNDINGS
from shebao.rules.columns import Column, locked, ratio, whole
from shebao.rules.money import rounded
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue, Region


def yearly_rates(region: Region, name: str, first: Month, paid_in: Month, *, known_on: date) -> dict[int, Decimal]:
    """The rates of a region's parameter that interest from `first` to `paid_in` needs, by year.

    The parameter says `until` the last month of each published year, so that a year not yet published raises
    NoValue instead of borrowing the one before.
    """
    years = range(first.year, paid_in.previous().year + 1)
    return {year: Decimal(region.value(name, Month(year, 1), known_on=known_on).number) for year in years}


def growth(month: Month, paid_in: Month, *, rates: Mapping[int, Decimal], compounding: str) -> Fraction:
    """What one fen due for `month` has become when it is paid in `paid_in`; 1 where paid in that month or
    before.

    `rates` is year → published annual rate. Raises NoValue for a year without a published rate, KeyError for
    an unknown compounding.
    """
    COMPOUNDINGS[compounding]
    total = Fraction(1)
    for year in range(month.year, paid_in.year + 1):
        first, end = max(month.index, year * 12), min(paid_in.index, year * 12 + 12)
        if end <= first:
            continue
        if year not in rates:
            raise NoValue(f"{year} 年的记账利率尚未公布，不能计算利息")
        earned = ratio(rates[year]) * (end - first) / 12
        total = total * (1 + earned) if compounding == "yearly" else total + earned
    return total


def interest(
    principal: Column,
    months: Sequence[Month],
    paid_in: Month,
    *,
    rates: Mapping[int, Decimal],
    compounding: str,
    rounding: str,
) -> Column:
    """The interest of each principal (fen) of each month when paid in `paid_in`, each row rounded once.

    Exact at any length: the powers of several years are worked out in whole numbers of any size.
    """
    whole(principal, "principal")
    if len(months) != len(principal):
        raise ValueError("every principal must have its month")
    factors = {m: growth(m, paid_in, rates=rates, compounding=compounding) - 1 for m in set(months)}
    rows = [
        rounded(fen * factors[m].numerator, factors[m].denominator, rounding)
        for fen, m in zip(principal.tolist(), months, strict=True)
    ]
    column: Column = locked(np.array(rows, dtype=np.int64))
    return column
