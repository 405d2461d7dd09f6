"""Wages once a year or every month, as the region says: in the year's window, once for a person, told in words."""

from datetime import date, datetime, time

import pytest

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    return_declaration,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import preview
from shebao.hall.regions import all_regions, region
from shebao.rules.months import Month
from tests.factories import EmployerFactory, OperatorFactory, enrolled, wage

KEY = "wage_declaration"


def on(month: int, day: int = 10, year: int = 2026, hour: int = 10) -> datetime:
    """A naive local moment."""
    return datetime.combine(date(year, month, day), time(hour))


IN_JULY, IN_AUGUST, IN_JUNE, IN_NOVEMBER = (on(month) for month in (7, 8, 6, 11))


@pytest.fixture
def clerk(db):
    with clock.pretending(on(5)):
        return OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))


@pytest.fixture
def employee(clerk):
    with clock.pretending(on(5)):
        return enrolled(clerk.employer, since=Month(2026, 5))


def asked(employee, moment, **changes):
    return wage(employee, first_month=str(Month(moment.year, moment.month)), declared_wage="9000") | changes


def declare(clerk, employee, moment, until="approved", **changes):
    """A wage declared at that moment, and through the review."""
    with clock.pretending(moment):
        (made,) = save_declarations(clerk.employer_id, KEY, [asked(employee, moment, **changes)], by=clerk)
        if until != "saved":
            assert submit_declarations([made.pk], by=clerk).submitted
        if until == "approved":
            approve_declarations([made.pk], by=OperatorFactory(reviewer=True, region="yunnan"))
    return made


def sentences(clerk, employee, moment) -> str:
    with clock.pretending(moment):
        found = preview(clerk.employer, KEY, asked(employee, moment), by=clerk)
    return "".join(problem.message for problem in found.problems if problem.code == "once_a_year")


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [(IN_JUNE, "还没有开始，请到时再报"), (IN_NOVEMBER, "已经结束，下一次从 2027 年 7 月 1 日开始")],
)
def test_outside_the_window_it_is_refused_with_the_days_named(clerk, employee, moment, sentence):
    with pytest.raises(InvalidDeclaration):
        declare(clerk, employee, moment)
    said = sentences(clerk, employee, moment)
    assert "2026 年度的工资申报期是 7 月 1 日至 9 月 30 日" in said and sentence in said
    assert not Declaration.objects.filter(service=KEY).exists()


def test_the_page_says_so_before_anybody_types(client, clerk, employee):
    client.force_login(clerk)
    for moment, closed in ((IN_JULY, False), (IN_NOVEMBER, True)):
        with clock.pretending(moment):
            assert ("本年度不在申报期" in client.get(f"/e/declare/{KEY}/").content.decode()) is closed


def test_a_second_wage_of_the_year_is_refused_naming_the_day_of_the_first(clerk, employee):
    declare(clerk, employee, IN_JULY)
    said = sentences(clerk, employee, IN_AUGUST)
    assert "2026 年度的工资已于 2026-07-10 申报，一年只申报一次" in said and employee.name in said
    with pytest.raises(InvalidDeclaration):
        declare(clerk, employee, IN_AUGUST, declared_wage="9500")


def test_next_year_it_is_declared_again_and_another_person_is_not_concerned(clerk, employee):
    declare(clerk, employee, IN_JULY)
    with clock.pretending(on(5)):
        other = enrolled(clerk.employer, name="赵另外", sequence=77, since=Month(2026, 5))
    declare(clerk, other, IN_AUGUST)
    declare(clerk, employee, on(7, year=2027), declared_wage="9900")
    assert Declaration.objects.filter(service=KEY, state="approved").count() == 3


def test_what_was_returned_in_time_may_be_repaired_and_approved_after_the_window(clerk, employee):
    made = declare(clerk, employee, on(9, 30), until="submitted")
    reviewer = OperatorFactory(reviewer=True, region="yunnan")
    with clock.pretending(on(9, 30, hour=15)):
        return_declaration(made.pk, by=reviewer, marks={"declared_wage": "请核对"}, note="请核对")
    with clock.pretending(on(10, 8)):
        found = preview(
            clerk.employer, KEY, asked(employee, on(10, 8)), by=clerk, declaration=Declaration.objects.get()
        )
    assert not [problem for problem in found.problems if problem.code == "once_a_year"]


def test_everywhere_else_wages_are_declared_in_any_month():
    often = {code: one.services[KEY].often for code, one in all_regions().items() if KEY in one.services}
    assert {code for code, word in often.items() if word == "yearly"} == {"yunnan"}
    assert region("lijiang").services[KEY].often == "monthly"
