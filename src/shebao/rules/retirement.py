"""退休月份：国务院关于渐进式延迟法定退休年龄的办法（2024-09-13 通过，2025-01-01 起施行）。

Months are `Month.index` numbers in int64 columns, so that a whole roster is one computation. The month of
birth is the one of the archive (档案出生年月), which may differ from the identity number's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.columns import Column, Flags, locked, whole
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue

#: 办法第一条: whoever would have reached the old age from this month on is delayed.
FIRST_DELAYED = Month(2025, 1)
#: 办法第三条: at most three years early, at most three years late.
FLEXIBLE_MONTHS = 36
#: 办法第二条: fifteen years, from 2030 six months more each year, up to twenty.
FEWEST_MONTHS, FEWEST_MONTHS_AT_LAST, LAST_YEAR_OF_FIFTEEN, MORE_EACH_YEAR = 180, 240, 2029, 6


@dataclass(frozen=True)
class Track:
    """One line of 办法第一条: the old age in years, one month later for every `births` months of birth."""

    key: str
    title: str
    old_age: int
    births: int
    most: int


TRACKS: Mapping[str, Track] = MappingProxyType(
    {
        t.key: t
        for t in (
            Track("man", "男职工", 60, 4, 36),
            Track("woman_55", "原法定退休年龄五十五周岁的女职工", 55, 4, 36),
            Track("woman_50", "原法定退休年龄五十周岁的女职工", 50, 2, 60),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Retirement:
    """One row for each person.

    `delay` and `age` are months; `statutory`, `earliest` and `latest` are `Month.index`. Where the old age was
    reached before 2025 the three coincide: the flexible span came with the same measure.
    """

    delay: Column
    age: Column
    statutory: Column
    earliest: Column
    latest: Column


def tracks_of(women: Flags, managerial: Flags) -> NDArray[np.str_]:
    """The track of each person; 国发〔1978〕104号: a woman in a managerial or technical post 55, a worker 50."""
    return np.where(women, np.where(managerial, "woman_55", "woman_50"), "man")


def retirement(born: Column, tracks: NDArray[np.str_]) -> Retirement:
    """Statutory month and flexible span (办法第一条、第三条) of everybody, from the index of the month of birth.

    Early retirement goes at most three years back and never below the old age. Raises NoValue for an unknown
    track.
    """
    whole(born, "born")
    if lost := set(np.unique(tracks).tolist()) - set(TRACKS):
        raise NoValue(f"没有退休类别“{min(lost)}”，请登记性别与岗位类别")

    def each(field: str) -> Any:
        values = [getattr(t, field) for t in TRACKS.values()]
        return np.select([tracks == key for key in TRACKS], values, 0).astype(np.int64)

    old = born + each("old_age") * 12
    since = old - FIRST_DELAYED.index
    delayed = since >= 0
    delay = np.where(delayed, np.minimum(since // each("births") + 1, each("most")), 0)
    statutory = old + delay
    earliest = np.where(delayed, np.maximum(old, statutory - FLEXIBLE_MONTHS), statutory)
    latest = np.where(delayed, statutory + FLEXIBLE_MONTHS, statutory)
    columns = delay, statutory - born, statutory, earliest, latest
    return Retirement(*(locked(column) for column in columns))


def fewest_months(years: Column) -> Column:
    """Months of contributions needed to draw a pension when retiring in each year (办法第二条)."""
    more = np.maximum(years - LAST_YEAR_OF_FIFTEEN, 0) * MORE_EACH_YEAR
    months: Column = np.minimum(FEWEST_MONTHS + more, FEWEST_MONTHS_AT_LAST)
    return months


def missing_months(contributed: Column, statutory: Column, chosen: Column) -> Column:
    """Months of contributions still missing for a pension; 0 where there are enough.

    实施弹性退休制度暂行办法（人社部发〔2024〕94号）: who retires early needs what the chosen year asks, who
    retires late what the year of the statutory age asks.
    """
    missing: Column = np.maximum(fewest_months(np.minimum(statutory, chosen) // 12) - contributed, 0)
    return missing


def retirement_alerts(statutory: Column, now: Month) -> NDArray[np.str_]:
    """What a reminder says of each person: "overdue", "this_month", "within_3", "within_6" or ""."""
    left = statutory - now.index
    return np.select([left < 0, left == 0, left <= 3, left <= 6], ["overdue", "this_month", "within_3", "within_6"], "")
