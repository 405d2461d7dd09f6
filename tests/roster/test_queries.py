import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.roster.models import Employee
from shebao.hall.roster.names import pinyin_key
from shebao.hall.roster.queries import columns_for_charge, employee_detail, insured_count, ribbon, roster
from shebao.rules.months import Month
from tests.factories import MONTH, OperatorFactory, enrolled


def names(actor, **params):
    return [employee.name for employee in roster(actor, params)]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("单小明", "shan0单 shanxiaoming sxm"),
        ("仇示例", "qiu0仇 qiushili qsl"),
        ("尉迟恭", "yuchi0尉迟 yuchigong yg"),
        ("", "  "),
    ],
)
def test_surnames_are_read_as_surnames(name, key):
    assert pinyin_key(name) == key


def test_people_with_one_surname_stand_together(clerk):
    for sequence, name in enumerate(["程思远", "刘洋", "陈宇航", "李敏", "林悦", "陈安", "汪洁", "王强", "汪倩"], 1):
        enrolled(clerk.employer, name=name, sequence=sequence)
    assert names(clerk) == ["陈安", "陈宇航", "程思远", "李敏", "林悦", "刘洋", "汪洁", "汪倩", "王强"]


def test_people_are_found_by_name_pinyin_initials_and_last_digits(clerk):
    employee = enrolled(clerk.employer, name="单小明", sequence=7)
    enrolled(clerk.employer, name="李示例", sequence=8)
    number = employee.person.id_number
    for q in ("小明", "shanx", "sxm", number[-4:], number, employee.person_number):
        assert names(clerk, q=q) == ["单小明"], q
    assert names(OperatorFactory(clerk=True), q=number) == []


def test_the_roster_says_wage_status_and_schemes(clerk):
    enrolled(clerk.employer, name="甲", sequence=1)
    enrolled(clerk.employer, name="乙", sequence=2, since=MONTH, wage_fen=500_000)
    left = enrolled(clerk.employer, name="丙", sequence=3)
    left.spells.update(last_month=Month(2026, 9))
    rows = {e.name: (e.wage, e.status, len(e.live_spells)) for e in roster(clerk)}
    assert rows == {"甲": (800_000, "insured", 4), "乙": (500_000, "new", 4), "丙": (800_000, "left", 0)}
    assert sorted(names(clerk, status="insured")) == ["乙", "甲"]
    assert names(clerk, status="left") == ["丙"]
    assert names(clerk, base_to="6000") == ["乙"]
    assert sorted(names(clerk, scheme="pension")) == ["乙", "甲"]
    assert insured_count(clerk.employer, MONTH) == 2
    assert insured_count(clerk.employer, Month(2026, 9)) == 2


def test_the_ribbon_shows_a_gap(clerk):
    employee = enrolled(clerk.employer, since=Month(2026, 10))
    first = employee.spells.get(scheme="pension")
    first.pk, first.first_month, first.last_month = None, Month(2026, 5), Month(2026, 7)
    first.save()
    pension = next(lane for lane in ribbon(employee) if lane["scheme"] == "pension")
    states = [cell["state"] for cell in pension["months"]]
    assert len(states) == 24
    assert states[-8:] == ["none", "insured", "insured", "insured", "gap", "gap", "insured", "insured"]


def test_columns_for_the_engine_take_as_many_queries_for_thirty_as_for_three(clerk):
    def run():
        with CaptureQueriesContext(connection) as captured:
            employees, people = columns_for_charge(clerk.employer, MONTH)
        assert len(people.declared_wage) == len(employees) == len(people.covered["pension"])
        return len(captured)

    for n in range(3):
        enrolled(clerk.employer, sequence=n)
    few = run()
    for n in range(3, 30):
        enrolled(clerk.employer, sequence=n)
    assert run() == few == 3


def test_another_employers_employee_is_not_there(clerk):
    employee = enrolled(clerk.employer)
    assert employee_detail(clerk, employee.pk).employee == employee
    with pytest.raises(Employee.DoesNotExist):
        employee_detail(OperatorFactory(clerk=True), employee.pk)
