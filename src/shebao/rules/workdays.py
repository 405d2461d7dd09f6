"""工作日: which days offices work, and time limits counted in them.

The State Council publishes holidays and make-up working days year by year; a year it has not published is
counted from Monday to Friday, and whoever shows such a date says so.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Deadline:
    """The last day of a time limit, and the warning to show beside it: "" where nothing was assumed."""

    day: date
    warning: str


@dataclass(frozen=True)
class Workdays:
    """Published holidays (of any weekday) and make-up working days, and the years they are published for."""

    holidays: frozenset[date]
    make_up_days: frozenset[date]
    published: frozenset[int]

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day (全国年节及纪念日放假办法); Monday to Friday in other years."""
        if isinstance(day, datetime):
            day = day.date()
        if day in self.holidays:
            return False
        return day in self.make_up_days or day.weekday() < 5

    def corrected(self, rest: Set[date], work: Set[date]) -> Workdays:
        """The same calendar with single days said otherwise, whether their year is published or not."""
        return Workdays((self.holidays | rest) - work, (self.make_up_days | work) - rest, self.published)

    def same_or_next(self, day: date) -> date:
        """The day itself, or the first working day after it (民法典第二百零三条：最后一日是休假日的顺延)."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def add(self, day: date, n: int) -> date:
        """The date `n` working days after `day`; by 民法典第二百零一条 the day itself does not count.

        `n` may be negative; 0 gives the day itself.
        """
        step = timedelta(days=1 if n >= 0 else -1)
        for _ in range(abs(n)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def between(self, after: date, through: date) -> int:
        """Working days after the one day up to and with the other; negative where the two are turned round."""
        if through < after:
            return -self.between(through, after)
        days = ((through - timedelta(days=back)) for back in range((through - after).days))
        return sum(1 for day in days if self.is_working_day(day))

    def deadline(self, day: date, n: int) -> Deadline:
        """The last day of `n` working days counted from `day`, with the warning where a year was assumed."""
        last = self.add(day, n)
        return Deadline(last, self.warning(day, last))

    def warning(self, first: date, last: date) -> str:
        """A Chinese sentence naming the years between two days that nobody has published yet, or ""."""
        years = range(min(first, last).year, max(first, last).year + 1)
        lost = [str(year) for year in years if year not in self.published]
        return f"{'、'.join(lost)} 年的放假安排尚未公布，工作日暂按周一至周五计算" if lost else ""
