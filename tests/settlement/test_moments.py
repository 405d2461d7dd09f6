"""The month of a settlement is decided once, by the hall's clock: at the edges of months, and over midnight."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from shebao.hall.errors import Refused
from shebao.hall.regions import region
from shebao.hall.settlement.models import Assessment
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.rules.months import Month

from .hall import hire, make_clerk, make_employer

pytestmark = pytest.mark.django_db
SHANGHAI = timedelta(hours=8)
EDGES = [Month(2026, 1), Month(2026, 2), Month(2026, 11), Month(2026, 12), Month(2028, 2), Month(2027, 12)]


def at(local: datetime):
    """The machine's own clock, in UTC, when it is this time in the hall."""
    return time_machine.travel(local.replace(tzinfo=UTC) - SHANGHAI, tick=False)


@pytest.mark.parametrize("month", EDGES, ids=str)
def test_a_month_is_settled_from_the_first_instant_of_its_time_to_the_last(month):
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    hire(employer, [500_000])
    window = region("leshan").calendar.window(month)
    tick = timedelta(milliseconds=1)
    for moment in (window.opens_at - tick, window.pay_until + timedelta(seconds=1)):
        with at(moment), pytest.raises(Refused, match="核定"):
            settle_month(employer.pk, month, "monthly", by=clerk, confirmations=1)
        with at(moment):
            assert list(settle_employers([employer.pk], month).skipped) == [employer.pk]
    with at(window.opens_at):
        bill = settle_month(employer.pk, month, "monthly", by=clerk, confirmations=1)
    assert bill.month == month and bill.assessment.known_on == window.opens_at.date()
    assert {line.month for line in bill.lines.all()} == {month}


@pytest.mark.parametrize("moment", ["2026-01-31T23:59:59.999", "2026-02-28T23:59:59.999", "2028-02-29T23:59:59.999"])
def test_the_day_is_that_of_the_hall_and_not_of_the_machine(moment):
    """A moment before midnight in the hall is afternoon in UTC; a moment after it, still the day before."""
    from shebao.hall.clock import local_now, today

    late = datetime.fromisoformat(moment)
    with at(late):
        assert (today(), local_now()) == (late.date(), late)
    with at(late + timedelta(milliseconds=1)):
        assert today() == late.date() + timedelta(days=1)
        assert Month.of(today()) == Month.of(late.date()).next()


def test_what_is_settled_while_midnight_passes_is_known_on_one_day(monkeypatch):
    employers = [make_employer("leshan", number=f"12000{n}") for n in range(3)]
    for one in employers:
        hire(one, [500_000])
    moments = iter(
        datetime(2026, 11, 10, 15, 59, 59, tzinfo=UTC) + timedelta(milliseconds=300 * n) for n in range(10_000)
    )
    monkeypatch.setattr("django.utils.timezone.now", lambda: next(moments))
    run = settle_employers([one.pk for one in employers], Month(2026, 11))
    assert len(run.bills) == 3
    assert len(set(Assessment.objects.values_list("known_on", flat=True))) == 1
