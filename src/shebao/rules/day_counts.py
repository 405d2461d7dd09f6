"""How the days of arrears are counted (滞纳金起止)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class DayCount:
    """How the days of arrears are counted; `last` is the last counted day relative to the day of payment."""

    key: str
    title: str
    last: int
    source: str


#: 社会保险法第八十六条 says 自欠缴之日起 and neither when that day falls nor whether the day of payment
#: counts: both conventions start on the day after the due date, and the region chooses the end.
DAY_COUNTS: Mapping[str, DayCount] = MappingProxyType(
    {
        c.key: c
        for c in (
            DayCount(
                "through_payment_day",
                "自缴费期限届满次日起，至实际缴纳之日止",
                0,
                "比照税收征收管理法实施细则第七十五条",
            ),
            DayCount("before_payment_day", "自缴费期限届满次日起，至实际缴纳前一日止", -1, "地方做法，须由地区写明"),
        )
    }
)
