"""When a month may be declared and paid, and which days are working days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from chinese_calendar.constants import holidays, workdays

from shebao.rules.months import Month
from shebao.rules.workdays import Workdays

#: Years for which the State Council's notice is in the calendar data. Ten holidays or more tells a published
#: year from one that merely received the first days of a neighbour's Spring Festival.
PUBLISHED_YEARS = frozenset(y for y in {d.year for d in holidays} if sum(d.year == y for d in holidays) >= 10)
NATIONAL = Workdays(frozenset(holidays), frozenset(workdays), PUBLISHED_YEARS)


@dataclass(frozen=True)
class Window:
    """The naive local times between which one month is declared, and until which it is paid."""

    opens_at: datetime
    declare_until: datetime
    pay_until: datetime


@dataclass(frozen=True)
class YearlyWindow:
    """The days of each year on which what is declared once a year may be declared; (month, day), both included."""

    first: tuple[int, int]
    last: tuple[int, int]
    source: str
    status: str

    def of(self, year: int) -> tuple[date, date]:
        """The first and the last day in that year; the end of February where a day is past it."""
        return self._day(year, self.first), self._day(year, self.last)

    @staticmethod
    def _day(year: int, day: tuple[int, int]) -> date:
        return _day(Month(year, day[0]), day[1])


@dataclass(frozen=True)
class LateDecisions:
    """What becomes of a month whose employer waited for the agency when its time ended (逾期办结).

    `settle_within` so many working days after the last decision it may be settled; 0: it may not. `due` says whether
    the payment's last day moves with it.
    """

    settle_within: int
    due: str
    source: str
    status: str


@dataclass(frozen=True)
class Calendar:
    """A region's calendar. Days are of the month declared for; a day past its end means its last day.

    `shift` says what happens to a last day that is no working day: "next_working_day" or "none". `months` has
    the last days of single months that were announced otherwise: until when to declare, until when to pay.
    `yearly_wages` is the window of wages that are declared once a year, where the region has one. `after_close` says
    what is done with what comes when the month's window is closed: it waits for the next month ("wait"), or counts for
    that month at once ("next_month").
    """

    declare_from: int
    declare_until: int
    declare_until_time: time
    pay_until: int
    pay_until_time: time
    shift: str
    back_months: int
    source: str
    status: str
    origin: Mapping[str, str]
    months: Mapping[Month, tuple[date, date]] = field(default_factory=dict)
    workdays: Workdays = NATIONAL
    yearly_wages: YearlyWindow | None = None
    late_decisions: LateDecisions | None = None
    after_close: str = "wait"

    def business_month(self, at: datetime) -> Month:
        """The month that is declared for at that (naive local) moment (业务年月): the calendar month, or the next one
        where the window has closed and the region takes it ahead.
        """
        month = Month.of(at.date())
        is_ahead = self.after_close == "next_month" and at > self.window(month).declare_until
        return month.next() if is_ahead else month

    def newest_month(self, at: datetime) -> Month:
        """The latest month whose window has opened by that (naive local) moment: no later one can be settled."""
        month = Month.of(at.date())
        return month if self.window(month).opens_at <= at else month.previous()

    def window(self, month: Month) -> Window:
        """The declaration and payment window of a month."""
        usual = self._last(_day(month, self.declare_until)), self._last(_day(month, self.pay_until))
        declare_until, pay_until = self.months.get(month, usual)
        return Window(
            datetime.combine(_day(month, self.declare_from), time(0, 0)),
            datetime.combine(declare_until, self.declare_until_time),
            datetime.combine(pay_until, self.pay_until_time),
        )

    def open_after(self, decided: date) -> datetime | None:
        """Until when a month stays open whose last case was decided on that day, after the month's time; None: it does
        not.
        """
        rule = self.late_decisions
        if rule is None or not rule.settle_within:
            return None
        return datetime.combine(self.add_working_days(decided, rule.settle_within), self.pay_until_time)

    def _last(self, day: date) -> date:
        return self.workdays.same_or_next(day) if self.shift == "next_working_day" else day

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on that day; in a year without a published calendar, Monday to Friday."""
        return self.workdays.is_working_day(day)

    def add_working_days(self, day: date, n: int) -> date:
        """The date `n` working days after `day`; the day itself does not count. `n` may be negative."""
        return self.workdays.add(day, n)

    def is_published(self, year: int) -> bool:
        """Whether the holidays of that year are known; if not, pages warn that weekdays were assumed."""
        return year in PUBLISHED_YEARS


def _day(month: Month, number: int) -> date:
    return month.last_day if number > month.last_day.day else date(month.year, month.number, number)
