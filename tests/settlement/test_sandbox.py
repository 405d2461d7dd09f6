"""规则沙盘: proposed values on the real bills of the last month; nothing that is true changes."""

import numpy as np
import pytest

from shebao.hall.audit.operations import broken_links
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.settlement import sandbox
from shebao.hall.settlement.models import Bill, BillLine, LedgerEntry, SandboxRun
from shebao.hall.settlement.sandbox import carry_out, try_values
from shebao.rules.contributions import People, charge
from shebao.rules.months import Month
from shebao.rules.proposals import with_value, written
from shebao.rules.region import BadRegion

from .hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle

pytestmark = pytest.mark.django_db
JANUARY = Month(2027, 1)
WAGES = [300_000, 760_000, 1_000_000, 9_000_000]


@pytest.fixture
def admin(db):
    return Operator.objects.create(username="sh", name="管理员", role="agency_admin", region="shanghai")


@pytest.fixture
def bills(db):
    made = []
    for number, wages in (("310001", WAGES), ("310002", [1_000_000]), ("310003", [400_000, 400_000])):
        employer = make_employer("shanghai", number=number)
        hire(employer, wages)
        made.append(settle(employer, make_clerk(employer), OCTOBER))
    return made


def floor_at(fen: int, since=JANUARY) -> str:
    with on_day(NOVEMBER):
        known = sandbox.today()
    parameter = region("shanghai").parameters["base_floor"]
    return written([with_value(parameter, since, known, fen, "试", "illustrative")])


def run(admin, text) -> SandboxRun:
    with on_day(NOVEMBER):
        made = try_values(text, by=admin)
    made.refresh_from_db()
    return made


def test_the_difference_is_that_of_charging_everybody_again_and_nothing_else_is_written(admin, bills):
    kept = list(BillLine.objects.order_by("pk").values()), LedgerEntry.objects.count(), Bill.objects.count()
    made = run(admin, floor_at(800_000))
    assert (made.month, made.employers_done, made.employers_total) == (OCTOBER, 3, 3)
    before = {one["title"]: one["before"] for one in made.outcome["schemes"]}
    assert sum(before.values()) == sum(bill.total_due for bill in bills)
    # Four people are raised from 7546 or 7600 to 8000: pension 24 % of 454 yuan thrice, and of 400 once.
    pension = made.outcome["schemes"][0]
    assert pension["after"] - pension["before"] == 3 * 10_896 + 9_600
    assert made.outcome["people"] == {
        "all": 7, "affected": 4, "to_floor": 1, "from_floor": 0, "to_ceiling": 0, "from_ceiling": 0,
    }  # fmt: skip
    assert [one["number"] for one in made.outcome["employers"]] == ["310003", "310001"]
    assert made.outcome["employers_affected"] == 2
    assert kept == (list(BillLine.objects.order_by("pk").values()), LedgerEntry.objects.count(), Bill.objects.count())
    assert region("shanghai").value("base_floor", JANUARY, known_on=sandbox.today()).value == 754_600
    assert list(broken_links()) == []


def test_each_employers_amounts_are_its_bill_and_its_new_charge(admin, bills):
    made = run(admin, floor_at(800_000))
    for one in made.outcome["employers"]:
        bill = next(bill for bill in bills if bill.employer_id == one["employer"])
        wages = {line.employee_id: max(line.declared_wage, 800_000) for line in bill.lines.all()}
        facts = {"employment_kind": "41", "household": "11", "industry_class": "1", "float_grade": "100"}
        columns = People(np.array(list(wages.values()), dtype=np.int64), facts)
        with on_day(NOVEMBER):
            new = charge(region("shanghai"), OCTOBER, columns, known_on=sandbox.today())
        assert one["before"] == bill.total_due
        assert one["after"] == int(new.employer_total.sum() + new.employee_total.sum())


def test_many_chunks_give_what_one_gives(admin, bills, monkeypatch):
    whole = run(admin, floor_at(800_000)).outcome
    monkeypatch.setattr(sandbox, "CHUNK", 1)
    assert run(admin, floor_at(800_000)).outcome == whole


def test_a_large_region_is_done_in_the_background(admin, bills, monkeypatch):
    queued = []
    monkeypatch.setattr(sandbox, "AT_ONCE", 1)
    monkeypatch.setattr(sandbox, "run_in_background", lambda *ids: queued.append(ids))
    made = run(admin, floor_at(800_000))
    assert queued == [(made.pk, admin.pk)] and made.outcome is None
    with on_day(NOVEMBER):
        for _ in range(2):
            carry_out(made.pk, by=admin)
    made.refresh_from_db()
    assert made.outcome["employers_affected"] == 2 and made.employers_done == 3


def test_what_changes_nothing_or_has_no_bills_is_refused(admin, bills):
    with on_day(NOVEMBER), pytest.raises(Refused, match="完全相同"):
        try_values(written([region("shanghai").parameters["base_floor"]]), by=admin)
    with on_day(OCTOBER), pytest.raises(Refused, match="没有以前月份的账单"):
        try_values(floor_at(800_000), by=admin)
    with on_day(NOVEMBER), pytest.raises(BadRegion, match="高于上限"):
        try_values(floor_at(9_000_000_00, Month(2026, 7)), by=admin)
    assert not SandboxRun.objects.exists()


def test_only_an_administrator_of_the_agency_tries_values_and_sees_only_its_own_region(admin, bills):
    for role, where in (("reviewer", "shanghai"), ("agency_admin", "tianjin")):
        other = Operator.objects.create(username=role, name="某", role=role, region=where)
        with on_day(NOVEMBER), pytest.raises(Refused):
            try_values(floor_at(800_000) if where == "shanghai" else TIANJIN, by=other)


TIANJIN = """base_floor:
  title: 缴费基数下限
  unit: yuan
  values:
    - {from: "2021-01", known: 2020-12-31, value: 1, source: 试, status: illustrative}
"""


def test_only_the_last_runs_are_kept(admin, bills, monkeypatch):
    monkeypatch.setattr(sandbox, "KEPT", 2)
    made = [run_pk for fen in (760_000, 770_000, 780_000) for run_pk in [run(admin, floor_at(fen)).pk]]
    assert sorted(SandboxRun.objects.values_list("pk", flat=True)) == made[1:]
