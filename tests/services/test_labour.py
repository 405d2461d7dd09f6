"""Labour is registered before insurance begins, and ended before insurance ends, where the region says so."""

from datetime import date

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import preview
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.models import Employee, LabourRegistration, Spell
from shebao.hall.roster.queries import labour_registrations, roster
from shebao.hall.settlement.declared import changes_of, open_counts
from tests.factories import (
    MONTH,
    EmployerFactory,
    OperatorFactory,
    cessation,
    enrolled,
    enrolment,
    labour_registered,
    synthetic_id,
)

BEGIN, END, ENROL, CEASE = "labour_registration", "labour_deregistration", "employee_enrolment", "employee_cessation"


@pytest.fixture
def clerk():
    return OperatorFactory(clerk=True, employer=EmployerFactory(region="wage_hall"))


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="wage_hall")


def hire(sequence=1, **changes):
    return {
        "id_kind": "07", "id_number": synthetic_id(sequence=sequence), "name": "王示例", "employment_kind": "41",
        "contract_from": "2026-11-02", "work": "装配工",
    } | changes  # fmt: skip


def leave(employee, **changes):
    about = {"id_number": employee.person.id_number, "name": employee.name}
    return about | {"ended_on": "2026-11-09", "reason": "2"} | changes


def done(service, rows, clerk, reviewer):
    """Declared, submitted and approved."""
    made = save_declarations(clerk.employer_id, service, rows, by=clerk)
    result = submit_declarations([one.pk for one in made], by=clerk)
    assert not result.refused
    return approve_declarations([one.pk for one in made], by=reviewer)


def found(by, service, raw):
    return {p.code: p for p in preview(by.employer, service, raw, by=by).problems}


def test_enrolment_waits_for_the_registration_and_says_which_service_makes_it(clerk, reviewer):
    problem = found(clerk, ENROL, enrolment())["labour_registered"]
    assert (problem.level, problem.service) == ("error", BEGIN) and "劳动用工备案增员" in problem.message
    done(BEGIN, [hire()], clerk, reviewer)
    assert "labour_registered" not in found(clerk, ENROL, enrolment())
    done(ENROL, [enrolment()], clerk, reviewer)
    assert Employee.objects.count() == 1 and Spell.objects.exists()


def test_a_registration_that_is_still_in_review_is_told_from_one_that_nobody_made(clerk):
    save_declarations(clerk.employer_id, BEGIN, [hire()], by=clerk)
    problem = found(clerk, ENROL, enrolment())["labour_registered"]
    assert "还没有审核通过" in problem.message and not problem.service


def test_another_employers_registration_opens_nothing_here(clerk):
    labour_registered(EmployerFactory(region="wage_hall"))
    assert "labour_registered" in found(clerk, ENROL, enrolment())
    assert not labour_registrations(clerk).exists()


def test_the_registered_are_on_the_roster_without_being_insured(clerk, reviewer):
    done(BEGIN, [hire(1), hire(2, name="孙示例")], clerk, reviewer)
    assert {one.status for one in roster(clerk)} == {"none"}
    assert set(LabourRegistration.objects.values_list("first_on", "work")) == {(date(2026, 11, 2), "装配工")}


def test_nobody_is_registered_twice_or_before_the_day(clerk):
    labour_registered(clerk.employer)
    assert found(clerk, BEGIN, hire())["labour_not_yet"].level == "error"
    assert found(clerk, BEGIN, hire(2, contract_from="2026-11-11"))["labour_not_yet"].field == "contract_from"


def test_insurance_ends_after_the_employment_did(clerk, reviewer):
    employee = enrolled(clerk.employer)
    LabourRegistration.objects.create(employee=employee, region="wage_hall", first_on=date(2026, 1, 5))
    problem = found(clerk, CEASE, cessation(employee))["labour_ended"]
    assert (problem.level, problem.service) == ("error", END)
    done(END, [leave(employee)], clerk, reviewer)
    assert str(LabourRegistration.objects.get().last_on) == "2026-11-09"
    done(CEASE, [cessation(employee)], clerk, reviewer)
    assert not Spell.objects.filter(last_month__isnull=True).exists()


def test_who_was_insured_before_there_were_registrations_may_leave(clerk):
    assert "labour_ended" not in found(clerk, CEASE, cessation(enrolled(clerk.employer)))


@pytest.mark.parametrize(("day", "field"), [("2026-10-31", "ended_on"), ("2026-11-11", "ended_on")])
def test_an_employment_ends_between_its_beginning_and_today(clerk, day, field):
    employee = labour_registered(clerk.employer)
    assert found(clerk, END, leave(employee, ended_on=day))["labour_open"].field == field


def test_an_end_that_somebody_else_made_first_leaves_no_trace(clerk, reviewer):
    employee = labour_registered(clerk.employer)
    (made,) = save_declarations(clerk.employer_id, END, [leave(employee)], by=clerk)
    submit_declarations([made.pk], by=clerk)
    LabourRegistration.objects.update(last_on=date(2026, 11, 8))
    with pytest.raises(Conflict):
        approve_declarations([made.pk], by=reviewer)
    made.refresh_from_db()
    assert made.state == "submitted" and str(LabourRegistration.objects.get().last_on) == "2026-11-08"


def test_a_month_does_not_wait_for_a_registration_and_is_not_changed_by_one(clerk, reviewer):
    done(BEGIN, [hire()], clerk, reviewer)
    save_declarations(clerk.employer_id, BEGIN, [hire(2, name="孙示例")], by=clerk)
    assert open_counts(clerk.employer, MONTH) == {} and changes_of(clerk.employer, MONTH) == {}


def test_who_only_pays_or_works_in_another_region_declares_nothing(clerk):
    payer = OperatorFactory(clerk=True, employer=clerk.employer, duty="finance")
    with pytest.raises(Refused, match="权限"):
        save_declarations(clerk.employer_id, BEGIN, [hire()], by=payer)
    with pytest.raises(Employer.DoesNotExist):
        save_declarations(clerk.employer_id, BEGIN, [hire()], by=OperatorFactory(reviewer=True, region="tianjin"))
    assert not Declaration.objects.exists()


def test_the_same_registration_pressed_twice_is_one(clerk):
    save_declarations(clerk.employer_id, BEGIN, [hire()], by=clerk)
    with pytest.raises((Conflict, InvalidDeclaration)):
        save_declarations(clerk.employer_id, BEGIN, [hire()], by=clerk)
