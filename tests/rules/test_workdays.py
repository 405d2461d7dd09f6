"""Working days: a published year as data, a warning for a year nobody has published."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.calendar import NATIONAL
from shebao.rules.workdays import Workdays
from tests.rules.published import day, published, table


def days_of(span: str) -> list[date]:
    first, last = map(day, span.split("/"))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


OWN = Workdays(
    frozenset(one for span in table("workdays", "holidays") for one in days_of(span)),
    frozenset(map(day, table("workdays", "make_up_days"))),
    frozenset({2025}),
)
DAYS = st.dates(date(2024, 6, 1), date(2026, 6, 30))


@published("workdays")
def test_a_time_limit_of_a_published_year_ends_on_the_right_day(case):
    got = OWN.deadline(day(case["from"]), int(case["days"]))
    assert got.day == day(case["until"]) and got.warning == ""


def test_the_notice_and_the_calendar_package_agree_on_every_day_of_the_year():
    year = [date(2025, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [OWN.is_working_day(one) for one in year] == [NATIONAL.is_working_day(one) for one in year]
    assert sum(map(OWN.is_working_day, year)) == 248


@given(DAYS, st.integers(-60, 60))
def test_adding_and_counting_are_inverse(start, n):
    last = OWN.add(start, n)
    assert n == 0 or OWN.is_working_day(last)
    if n > 0:
        assert OWN.between(start, last) == n
    if n < 0:
        assert OWN.between(last - timedelta(days=1), start - timedelta(days=1)) == -n


@given(DAYS, DAYS, DAYS)
def test_counts_of_adjoining_spans_add_up(first, second, third):
    assert OWN.between(first, second) + OWN.between(second, third) == OWN.between(first, third)


@given(DAYS)
def test_the_same_or_next_working_day_skips_only_rest_days(start):
    found = OWN.same_or_next(start)
    assert OWN.is_working_day(found)
    assert not any(OWN.is_working_day(start + timedelta(days=n)) for n in range((found - start).days))


def test_a_year_nobody_has_published_is_counted_in_weekdays_with_a_warning():
    got = OWN.deadline(date(2025, 12, 31), 3)
    assert got.day == date(2026, 1, 5)
    assert got.warning == "2026 年的放假安排尚未公布，工作日暂按周一至周五计算"
    assert OWN.warning(date(2025, 3, 1), date(2025, 12, 31)) == ""
    assert OWN.warning(date(2027, 1, 1), date(2024, 1, 1)).startswith("2024、2026、2027 年")


def test_a_moment_is_judged_by_its_day():
    assert not OWN.is_working_day(datetime(2025, 10, 8, 9, 30, tzinfo=UTC))
    assert OWN.is_working_day(datetime(2025, 10, 11, 9, 30, tzinfo=UTC))
