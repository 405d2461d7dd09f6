"""滞纳金：社会保险法第八十六条，自欠缴之日起，按日加收万分之五。

A late fee is a function of principal, days and dated rates only: nothing when paid in time, never on a late
fee, never less for more days. It falls on the employer and is not passed on to the employee.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.columns import Column, Flags, locked, ratio, scaled, whole
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.money import rounded
from shebao.rules.months import Month, months_between
from shebao.rules.region_model import NoValue, Region

Days = date | NDArray[np.datetime64]


@dataclass(frozen=True)
class DailyRate:
    """A share of the principal for each day of arrears, from the day `since` on."""

    since: date
    rate: Decimal


@dataclass(frozen=True)
class LateFeeTerms:
    """How arrears bear a late fee. `rates` are dated, in any order; each day counts at the rate of that day.

    `capped_at_principal` applies 行政强制法第四十五条（不得超出金钱给付义务的数额）, which is contested for social
    insurance and therefore the region's choice.
    """

    rates: Sequence[DailyRate]
    day_count: str
    rounding: str
    capped_at_principal: bool


@dataclass(frozen=True, eq=False)
class LateFees:
    """One row for each principal: days of arrears, the fee in fen, and whether the ceiling cut it."""

    days: Column
    amount: Column
    capped: Flags


def daily_rates(region: Region, name: str, first: date, last: date, *, known_on: date) -> tuple[DailyRate, ...]:
    """The rates of a region's parameter for the days from `first` to `last`; raises NoValue for a month without."""
    found: list[DailyRate] = []
    for month in months_between(Month.of(first), Month.of(last)):
        rate = Decimal(region.value(name, month, known_on=known_on).number)
        if not found or found[-1].rate != rate:
            found.append(DailyRate(month.first_day, rate))
    return tuple(found)


def overdue_days(due_on: Days, paid_on: Days, *, day_count: str) -> Column:
    """Days of arrears, 0 where paid in time. A single day stands for every row.

    Raises KeyError for an unknown convention and ValueError for a missing day.
    """
    last = DAY_COUNTS[day_count].last
    due, paid = _ordinal(due_on), _ordinal(paid_on)
    return np.atleast_1d(np.maximum(paid - due + last, 0))


def days_by_rate(due_on: Days, paid_on: Days, since: Sequence[date], *, day_count: str) -> list[Column]:
    """The days of arrears under each of several rates, which begin on the days `since` in their order."""
    days = overdue_days(due_on, paid_on, day_count=day_count)
    first, starts = _ordinal(due_on) + 1, [int(_ordinal(day)) for day in since]
    return [_overlap(first, first + days, start, end) for start, end in zip(starts, [*starts[1:], None], strict=False)]


def late_fees(principal: Column, due_on: Days, paid_on: Days, terms: LateFeeTerms) -> LateFees:
    """The late fee of each principal (fen), rounded once: principal × Σ(rate × days under that rate).

    Raises NoValue where a day of arrears lies before the first rate.
    """
    days, weights, denominator = _weighed(principal, due_on, paid_on, terms)
    fee = scaled(principal, weights, denominator, terms.rounding)
    cut = fee > principal if terms.capped_at_principal else np.zeros(principal.shape, dtype=np.bool_)
    return LateFees(locked(days.copy()), locked(np.where(cut, principal, fee)), locked(cut))


def late_fee_together(principal: Column, due_on: Days, paid_on: Days, terms: LateFeeTerms) -> int:
    """The late fee of one debt that is paid in parts, the rows (fen): the exact sum of theirs, rounded once.

    So a debt bears the same however it is cut into parts of one day, and never less for more days, which no rounding of
    each part by itself gives. The ceiling is all of its principal. Raises as `late_fees` does.
    """
    _, weights, denominator = _weighed(principal, due_on, paid_on, terms)
    # Whole numbers of any size: no sum is too large.
    exact: int = sum(fen * weight for fen, weight in zip(principal.tolist(), weights.tolist(), strict=True))
    fee = rounded(exact, denominator, terms.rounding)
    return min(fee, sum(principal.tolist())) if terms.capped_at_principal else fee


def _weighed(principal: Column, due_on: Days, paid_on: Days, terms: LateFeeTerms) -> tuple[Column, Column, int]:
    """Days of arrears of each principal, and Σ(rate × days under that rate) as whole numbers over a denominator."""
    whole(principal, "principal")
    ordered = sorted(terms.rates, key=lambda r: r.since)
    days = np.broadcast_to(overdue_days(due_on, paid_on, day_count=terms.day_count), principal.shape)
    under = days_by_rate(due_on, paid_on, [one.since for one in ordered], day_count=terms.day_count)
    if np.any(sum(under) != days):
        raise NoValue("滞纳金费率没有覆盖全部逾期日期，请补充该时段的费率及依据")
    ratios = [ratio(r.rate) for r in ordered]
    denominator = lcm(*(r.denominator for r in ratios))
    weights = np.zeros(principal.shape, dtype=np.int64)
    for one, some in zip(ratios, under, strict=True):
        weights += int(one * denominator) * some
    return days, weights, denominator


def _overlap(first: Column, end: Column, starts: int, ends: int | None) -> Column:
    """Days that [first, end) and [starts, ends) share."""
    until = end if ends is None else np.minimum(end, ends)
    return np.maximum(until - np.maximum(first, starts), 0)


def _ordinal(day: Days) -> Any:
    days = np.asarray(day, dtype="datetime64[D]")
    if np.isnat(days).any():
        raise ValueError("a due date or a day of payment is missing")
    return days.astype(np.int64)
