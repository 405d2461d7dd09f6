"""The business month (业务年月) that something declared now is of."""

from shebao.rules.months import Month
from shebao.rules.region_model import Region

from .. import clock


def declared_month(here: Region) -> Month:
    """This month; after its window has closed the next, where the region takes that ahead."""
    return here.calendar.business_month(clock.local_now())


def closing_words(here: Region) -> str:
    """What became of this month, where the next is declared for already: said before a new month is named."""
    return "已经结算" if declared_month(here) == Month.of(clock.today()) else "的申报已经截止"
