"""What browsers report about our pages (Content-Security-Policy): counted for a day, from one address only so often."""

from datetime import timedelta

from .. import clock
from .models import Attempt
from .throttle import may_try

PURPOSE, DAY = "csp_report", timedelta(days=1)
MOST_OF_ONE, MOST = 50, 2_000
ALL = "all"


def may_report(address: str) -> bool:
    """Count a report, unless this address, or everybody together, has sent too many today."""
    if not may_try("csp_reports", ALL, limit=MOST, within=DAY):
        return False
    return may_try(PURPOSE, address, limit=MOST_OF_ONE, within=DAY)


def reports_of_a_day() -> int:
    """How many were taken within the last day."""
    return Attempt.objects.filter(purpose=PURPOSE, at__gt=clock.now() - DAY).count()
