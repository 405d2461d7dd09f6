"""Windows and working days: published holidays where there are any, weekdays where there are none."""

from datetime import date, datetime

import pytest

from shebao.regions_home import regions_roots
from shebao.rules.calendar import NATIONAL
from shebao.rules.months import Month
from shebao.rules.region import BadRegion, load_region

CALENDAR = load_region("tianjin", regions_roots()).calendar


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 1, 26), True),  # a Sunday worked before Spring Festival
        (date(2025, 1, 28), False),
        (date(2025, 10, 8), False),
        (date(2026, 11, 24), True),
        (date(2026, 11, 22), False),
        (date(2040, 10, 1), True),  # a Monday of a year nobody has published
        (date(2040, 10, 6), False),
    ],
)
def test_holidays_and_make_up_days_are_known(day, working):
    assert NATIONAL.is_working_day(day) is working


def test_a_year_without_a_published_calendar_says_so():
    assert CALENDAR.is_published(2025) and not CALENDAR.is_published(2040)


OWN = """
declaration: {{from_day: 5, until_day: 25, until_time: "18:00", shift: {shift}, source: 无, status: illustrative}}
payment: {{until_day: 31, source: 无, status: illustrative}}
back_dating: {{months: 3, source: 无, status: illustrative}}
"""


@pytest.mark.parametrize(
    ("shift", "until"), [("next_working_day", "2026-10-26T18:00:00"), ("none", "2026-10-25T18:00:00")]
)
def test_a_last_day_that_is_a_sunday_moves_where_the_region_says_so(new_region, shift, until):
    calendar = new_region({"calendar.yaml": OWN.format(shift=shift)}).calendar
    window = calendar.window(Month(2026, 10))
    assert (window.opens_at.isoformat(), window.declare_until.isoformat()) == ("2026-10-05T00:00:00", until)


@pytest.mark.parametrize(("after", "month"), [("wait", Month(2026, 11)), ("next_month", Month(2026, 12))])
def test_after_the_window_the_next_month_is_declared_for_where_the_region_says_so(new_region, after, month):
    own = OWN.format(shift="none").replace("shift: none", f"shift: none, after_close: {after}")
    calendar = new_region({"calendar.yaml": own}).calendar
    assert calendar.business_month(datetime.fromisoformat("2026-11-25T18:00:00")) == Month(2026, 11)
    assert calendar.business_month(datetime.fromisoformat("2026-11-25T18:00:01")) == month
    assert new_region({"calendar.yaml": OWN.format(shift="none")}).calendar.after_close == "wait"


def test_a_month_is_the_newest_from_the_day_on_which_its_window_opens(new_region):
    calendar = new_region({"calendar.yaml": OWN.format(shift="none")}).calendar
    assert calendar.newest_month(datetime.fromisoformat("2026-11-04T23:59:59")) == Month(2026, 10)
    assert calendar.newest_month(datetime.fromisoformat("2026-11-05T00:00:00")) == Month(2026, 11)


def test_a_day_past_the_end_of_the_month_is_its_last_day(new_region):
    calendar = new_region({"calendar.yaml": OWN.format(shift="none")}).calendar
    assert calendar.window(Month(2026, 2)).pay_until.isoformat() == "2026-02-28T23:59:00"


def test_working_days_are_counted_over_holidays():
    assert CALENDAR.add_working_days(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert CALENDAR.add_working_days(date(2026, 11, 20), 3) == date(2026, 11, 25)
    assert CALENDAR.add_working_days(date(2025, 10, 9), -1) == date(2025, 9, 30)
    assert CALENDAR.add_working_days(date(2025, 10, 5), 0) == date(2025, 10, 5)


def test_single_months_and_days_can_be_corrected_by_the_folder(new_region):
    own = OWN.format(shift="next_working_day")
    own += (
        'months: {"2027-02": {declare_until: 2027-02-26, pay_until: 2027-03-02, source: 通知, status: illustrative}}\n'
    )
    own += 'days: {"2027-10-25": rest, "2027-10-30": work}\n'
    calendar = new_region({"calendar.yaml": own}).calendar
    february, october = calendar.window(Month(2027, 2)), calendar.window(Month(2027, 10))
    assert (february.declare_until.isoformat(), february.pay_until.isoformat()) == (
        "2027-02-26T18:00:00",
        "2027-03-02T23:59:00",
    )
    assert october.declare_until.isoformat() == "2027-10-26T18:00:00"
    assert calendar.is_working_day(date(2027, 10, 30)) and not CALENDAR.is_working_day(date(2027, 10, 30))


def test_mistakes_in_corrections_are_all_named(new_region):
    own = OWN.format(shift="none")
    own += 'months: {"2027-13": {declare_until: 2027-02-26, pay_until: 2027-02-20, source: 无, status: illustrative}, '
    own += '"2027-03": {declare_until: 2027-02-26, pay_until: 2027-03-20, source: 无, status: illustrative}}\n'
    own += 'days: {"soon": rest, "2027-10-30": maybe}\n'
    with pytest.raises(BadRegion) as bad:
        new_region({"calendar.yaml": own})
    for sentence in ("2027-13", "应不早于当月一日", "应是日期", "不认识“maybe”"):
        assert sentence in str(bad.value)


def test_a_yearly_window_that_cannot_be_is_named(new_region):
    own = OWN.format(shift="none") + 'yearly_wages: {from: "09-31", until: "06-30", source: 无, status: illustrative}\n'
    with pytest.raises(BadRegion) as bad:
        new_region({"calendar.yaml": own})
    assert "应是月和日，如 07-01，实际为“09-31”" in str(bad.value)
    with pytest.raises(BadRegion) as bad:
        new_region({"calendar.yaml": own.replace("09-31", "09-30")})
    assert "应不早于 from" in str(bad.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("often: yearly", "often: yearly 和校验 once_a_year 要一起写"),
        ("checks: [id_number_valid, once_a_year]", "often: yearly 和校验 once_a_year 要一起写"),
        ("often: yearly\n  checks: [once_a_year]", "申报期写在 calendar.yaml 的 yearly_wages"),
    ],
)
def test_wages_once_a_year_need_their_check_and_their_window(new_region, words, sentence):
    service = "title: 工资申报\n  form: wage_declaration\n  operation: declare_wages\n  route: [auto_check]"
    with pytest.raises(BadRegion) as bad:
        new_region({"services.yaml": f"wage_declaration:\n  {service}\n  group: wages\n  {words}\n"})
    assert sentence in str(bad.value)
