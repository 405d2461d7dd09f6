"""Projects and their workers: registered by the employer, paid for with the project, insured against injury only."""

import pytest

from shebao.hall.declarations.operations import approve_declarations, save_declarations, submit_declarations
from shebao.hall.declarations.preview import preview
from shebao.hall.employers.models import Project
from shebao.hall.employers.queries import projects
from shebao.hall.roster.models import Spell
from shebao.hall.roster.queries import columns_for_charge, project_workers, roster
from shebao.hall.settlement.progress import preconditions
from tests.factories import MONTH, EmployerFactory, OperatorFactory, cessation, enrolled, synthetic_id

REGISTER, ADD = "project_registration", "project_worker_enrolment"


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="yunnan")


def project(number="XM2026-01", **changes):
    return {
        "project_number": number, "project_name": "示例大桥", "contract_sum": "1234567.85", "first_on": "2026-10-15",
        "last_on": "2027-05-31",
    } | changes  # fmt: skip


def worker(sequence=1, number="XM2026-01", **changes):
    return {
        "id_kind": "07", "id_number": synthetic_id(sequence=sequence), "name": f"示例工{sequence}", "project": number,
        "work": "钢筋工", "enrolment_month": "2026-11",
    } | changes  # fmt: skip


def done(service, rows, clerk, reviewer):
    made = save_declarations(clerk.employer_id, service, rows, by=clerk)
    result = submit_declarations([one.pk for one in made], by=clerk)
    assert not result.refused
    for one in made:
        approve_declarations([one.pk], by=reviewer)
    return made


def found(by, service, raw):
    return {p.code: p for p in preview(by.employer, service, raw, by=by).problems}


def test_a_project_costs_its_contract_sum_times_the_rate_and_keeps_why(clerk, reviewer):
    hint = found(clerk, REGISTER, project())["project_cost"]
    assert hint.level == "hint" and "1,234.57" in hint.message
    done(REGISTER, [project()], clerk, reviewer)
    kept = Project.objects.get()
    assert (kept.injury_due, kept.rate) == (1_234_57, "0.001") and kept.rate_source


def test_two_projects_wait_side_by_side_and_a_number_is_registered_once(clerk, reviewer):
    done(REGISTER, [project(), project("XM2026-02")], clerk, reviewer)
    assert found(clerk, REGISTER, project())["project_known"].field == "project_number"
    other = OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))
    assert "project_known" not in found(other, REGISTER, project())


@pytest.mark.parametrize(
    ("changes", "field"), [({"last_on": "2026-10-14"}, "last_on"), ({"contract_sum": "0"}, "contract_sum")]
)
def test_a_project_that_cannot_be_is_refused_at_its_field(clerk, changes, field):
    assert found(clerk, REGISTER, project(**changes))["project_known"].field == field


def test_workers_are_insured_against_injury_only_and_are_in_no_months_bill(clerk, reviewer):
    done(REGISTER, [project()], clerk, reviewer)
    done(ADD, [worker(1), worker(2)], clerk, reviewer)
    assert set(Spell.objects.values_list("scheme", "is_exclusive", "project__number")) == {
        ("injury", False, "XM2026-01")
    }
    enrolled(clerk.employer)
    charged, _ = columns_for_charge(clerk.employer, MONTH)
    assert [one.name for one in charged] == ["李示例"]
    wages = {p.key: p.is_met for p in preconditions(clerk.employer, MONTH, by=clerk)}
    assert wages["wages_complete"]


def test_a_worker_may_be_on_two_employers_projects_and_once_at_one(clerk, reviewer):
    other = OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))
    for one in (clerk, other):
        done(REGISTER, [project()], one, reviewer)
        done(ADD, [worker()], one, reviewer)
    assert Spell.objects.count() == 2
    assert found(clerk, ADD, worker())["project_worker_not_yet"].level == "error"
    employee = enrolled(clerk.employer)
    raw = worker(id_number=employee.person.id_number, name=employee.name)
    assert found(clerk, ADD, raw)["project_worker_not_yet"].level == "error"


def test_a_worker_comes_to_a_registered_project_while_it_lasts(clerk, reviewer):
    problem = found(clerk, ADD, worker())["project_open"]
    assert (problem.field, problem.service) == ("project", REGISTER)
    done(REGISTER, [project(first_on="2026-12-01")], clerk, reviewer)
    assert found(clerk, ADD, worker())["project_open"].field == "enrolment_month"


def test_another_employers_project_is_unknown_here(clerk, reviewer):
    other = OperatorFactory(clerk=True, employer=EmployerFactory(region="yunnan"))
    done(REGISTER, [project()], other, reviewer)
    assert found(clerk, ADD, worker())["project_open"].level == "error"
    assert not projects(clerk).exists() and not project_workers(clerk).exists()


def test_the_roster_is_narrowed_to_a_project_and_its_workers_leave_like_anybody(clerk, reviewer):
    done(REGISTER, [project()], clerk, reviewer)
    done(ADD, [worker()], clerk, reviewer)
    Spell.objects.update(first_month="2026-10")
    enrolled(clerk.employer)
    (one,) = roster(clerk, {"project": str(Project.objects.get().pk)})
    assert one.name == "示例工1" and projects(clerk).get().workers == 1
    done("employee_cessation", [cessation(one)], clerk, reviewer)
    assert projects(clerk).get().workers == 0
