import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.preview import preview, previews
from shebao.hall.errors import Refused
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled, enrolment, wage

ENROL, WAGE = "employee_enrolment", "wage_declaration"


def queries(count, employer, by):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        previews(employer, ENROL, [enrolment(n) for n in range(count)], by=by, confirmed=[{}] * count)
    return len(captured)


def test_the_cost_is_the_engines_answer(clerk):
    answer = preview(clerk.employer, ENROL, enrolment(), by=clerk)
    assert not answer.problems
    assert answer.effect_fen == answer.employer_total + answer.employee_total > 0
    pension = next(row for row in answer.cost if row.scheme == "pension")
    assert (pension.base, pension.employer_due, pension.employee_due) == (800_000, 128_000, 64_000)
    assert answer.derived["sex_label"] == "男" and answer.derived["age"] == 36


def test_a_part_time_worker_is_insured_against_injury_only(direct_clerk):
    answer = preview(direct_clerk.employer, ENROL, enrolment(employment_kind="非全日制用工"), by=direct_clerk)
    assert [row.scheme for row in answer.cost] == ["injury"]


def test_a_new_wage_costs_the_difference(clerk):
    employee = enrolled(clerk.employer)
    answer = preview(clerk.employer, WAGE, wage(employee, "9000"), by=clerk)
    same = preview(clerk.employer, WAGE, wage(employee, "8000"), by=clerk)
    assert answer.effect_fen > 0 and same.effect_fen == 0
    assert answer.known == employee and answer.before["declared_wage"] == 800_000


def test_two_hundred_rows_take_as_many_queries_as_ten(clerk):
    assert queries(10, clerk.employer, clerk) == queries(200, clerk.employer, clerk)


def test_another_employers_preview_is_not_there(clerk):
    other = EmployerFactory()
    with pytest.raises(type(other).DoesNotExist):
        preview(other, ENROL, enrolment(), by=clerk)


def test_past_months_are_named(clerk):
    answer = preview(clerk.employer, ENROL, enrolment(enrolment_month="2026-09", contract_from="2026-09-01"), by=clerk)
    assert answer.months == [Month(2026, 9), Month(2026, 10)]
    assert [problem.level for problem in answer.problems] == ["confirm"]


def test_looking_at_who_is_insured_elsewhere_is_recorded_and_limited(clerk, monkeypatch):
    number = enrolled(EmployerFactory()).person.id_number
    monkeypatch.setattr("shebao.hall.declarations.preview.LOOKS_A_DAY", 1)
    preview(clerk.employer, ENROL, enrolment(id_number=number), by=clerk)
    entry = AuditEntry.objects.get()
    assert entry.actor == clerk and entry.detail == {"rows": 1}
    with pytest.raises(Refused, match="上限"):
        preview(clerk.employer, ENROL, enrolment(id_number=number), by=clerk)


def test_a_sheet_that_points_out_many_people_is_counted_by_people(clerk, monkeypatch):
    other = EmployerFactory()
    raws = [enrolment(id_number=enrolled(other, sequence=n).person.id_number) for n in (1, 2)]
    monkeypatch.setattr("shebao.hall.declarations.preview.PEOPLE_A_DAY", 3)
    previews(clerk.employer, ENROL, raws, by=clerk)
    with pytest.raises(Refused, match="上限"):
        previews(clerk.employer, ENROL, raws, by=clerk)
    assert AuditEntry.objects.get().detail == {"rows": 2}


def test_the_cost_is_told_before_every_field_is_filled(clerk):
    answer = preview(clerk.employer, ENROL, enrolment(household="", contract_from="", name=""), by=clerk)
    assert {problem.code for problem in answer.problems} == {"required"}
    assert answer.effect_fen == preview(clerk.employer, ENROL, enrolment(), by=clerk).effect_fen > 0
