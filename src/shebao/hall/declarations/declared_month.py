"""The business month (业务年月) that something declared now is of."""

from datetime import datetime

from shebao.rules.months import Month
from shebao.rules.region_model import Region
from shebao.rules.settling_words import settling

from .. import clock


def declared_month(here: Region) -> Month:
    """This month; after its window has closed the next, where the region takes that ahead."""
    return here.calendar.business_month(clock.local_now())


def closing_words(here: Region) -> str:
    """What became of this month, where the next is declared for already: said before a new month is named."""
    return settling(here.terms, "已经结算") if declared_month(here) == Month.of(clock.today()) else "的申报已经截止"


WINDOWED = frozenset({"month_window", "back_payment_months", "correctable_months"})
"""The checks that refuse whatever is declared while the window is closed."""


def why_closed(here: Region, at: datetime) -> str:
    """Why nothing can be declared at this (naive local) moment, and from when on; "" while the window is open."""
    month = here.calendar.business_month(at)
    if month > Month.of(at.date()):  # this month is closed, and the region takes the next one ahead
        return ""
    window = here.calendar.window(month)
    if at < window.opens_at:
        return f"{month.label}的申报期 {window.opens_at:%m 月 %d 日}才开始，请到时再报。"
    if at > window.declare_until:
        opens = here.calendar.window(month.next()).opens_at
        ended = f"{month.label}的申报期已于 {window.declare_until:%m 月 %d 日 %H:%M} 结束"
        return f"{ended}，{month.next().label}的业务从 {opens:%m 月 %d 日}起可以申报，请到时再报。"
    return ""
