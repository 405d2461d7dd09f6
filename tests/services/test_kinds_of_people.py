"""Everybody who can be enrolled, each as data through the one pipe; and those who cannot."""

from datetime import date

import pytest

from shebao.hall.crypto import blind_index
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import preview
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.models import PreEntry, Spell
from shebao.hall.roster.operations import pre_enter_person
from shebao.hall.roster.queries import pre_entries
from tests.factories import EmployerFactory, OperatorFactory, cessation, enrolled, enrolment, synthetic_id

ENROL, CEASE = "employee_enrolment", "employee_cessation"
HONGKONG, MACAU, TAIWAN, FOREIGNER = "810000199408230021", "820000199001010018", "830000199201300022", ""


def found(by, raw, service=ENROL):
    return {p.code: p for p in preview(by.employer, service, raw, by=by).problems}


def through(clerk, reviewer, service, raw):
    (made,) = save_declarations(clerk.employer_id, service, [raw], by=clerk)
    assert submit_declarations([made.pk], by=clerk).submitted
    approve_declarations([made.pk], by=reviewer)
    return made


@pytest.mark.parametrize(
    ("number", "kind", "household"),
    [
        (HONGKONG, "16", "31"),
        (TAIWAN, "16", "33"),
        (synthetic_id(area="820000"), "16", "32"),
        ("911124198108030024", "07", "40"),
        ("E12345678", "08", "40"),
    ],
)
def test_compatriots_and_foreigners_are_enrolled_by_their_own_papers(clerk, reviewer, number, kind, household):
    raw = enrolment(id_number=number, id_kind=kind, household=household)
    through(clerk, reviewer, ENROL, raw)
    spell = Spell.objects.select_related("person").filter(scheme="pension").get()
    assert (spell.person.id_number, spell.person.id_kind) == (number, kind)


@pytest.mark.parametrize(
    ("kind", "code"), [("新参保", "11"), ("续保", "12"), ("统筹转入", "14"), ("统筹范围外转入", "13")]
)
def test_the_kind_of_enrolment_is_kept_with_the_spell(clerk, reviewer, kind, code):
    through(clerk, reviewer, ENROL, enrolment(enrolment_kind=kind))
    assert set(Spell.objects.values_list("kind", flat=True)) == {code}


def test_a_part_time_worker_is_insured_against_injury_only_and_at_several_employers(clerk, reviewer):
    for employer in (clerk.employer, EmployerFactory()):
        own = OperatorFactory(clerk=True, employer=employer)
        through(own, reviewer, ENROL, enrolment(employment_kind="52"))
    assert sorted(Spell.objects.values_list("scheme", "is_exclusive")) == [("injury", False)] * 2


def test_nobody_enrols_the_dead_again_wherever_they_were_insured(clerk, reviewer):
    other = OperatorFactory(clerk=True)
    gone = enrolled(other.employer, name="王示例")
    through(other, reviewer, CEASE, cessation(gone, reason="6401"))
    problem = found(clerk, enrolment(id_number=gone.person.id_number))["ended_for_good"]
    assert problem.level == "error" and "死亡" in problem.message and other.employer.name not in problem.message
    with pytest.raises(InvalidDeclaration):
        save_declarations(clerk.employer_id, ENROL, [enrolment(id_number=gone.person.id_number)], by=clerk)


def test_a_retired_person_is_asked_about_and_one_who_only_left_is_not(clerk, reviewer):
    left, retired = enrolled(clerk.employer), enrolled(clerk.employer, name="赵示例", sequence=901)
    through(clerk, reviewer, CEASE, cessation(left))
    through(clerk, reviewer, CEASE, cessation(retired, reason="退休"))
    assert found(clerk, enrolment(id_number=retired.person.id_number))["ended_for_good"].level == "confirm"
    assert "ended_for_good" not in found(clerk, enrolment(id_number=left.person.id_number))


def test_who_comes_from_another_province_first_shows_the_papers_to_the_agency(clerk, reviewer):
    raw = enrolment(household="外地农业户口")
    assert found(clerk, raw)["pre_entered"].level == "error"
    made = pre_enter_person(raw["id_number"].lower(), " 王示例 ", by=reviewer)
    assert made.name == "王示例" and "pre_entered" not in found(clerk, raw)
    assert list(pre_entries(reviewer, q=raw["id_number"])) == [made] and not pre_entries(clerk).exists()


def test_who_was_insured_here_before_needs_no_entry(clerk):
    before = enrolled(EmployerFactory(), name="王示例", number=synthetic_id(area="119901"))
    Spell.objects.update(last_month="2026-06", end_reason="6301")
    raw = enrolment(id_number=before.person.id_number, household="外地农业户口")
    assert "pre_entered" not in found(clerk, raw)


def test_an_entry_is_made_once_in_a_region_and_by_its_agency_only(clerk, reviewer):
    number = synthetic_id()
    pre_enter_person(number, "王示例", by=reviewer)
    with pytest.raises(Conflict, match="已做过"):
        pre_enter_person(number, "王示例", by=reviewer)
    pre_enter_person(number, "王示例", by=OperatorFactory(reviewer=True, region="yunnan"))
    with pytest.raises(Refused) as no:
        pre_enter_person(synthetic_id(sequence=2), "王示例", by=clerk)
    assert no.value.status == 403 and PreEntry.objects.filter(id_digest=blind_index("person", number)).count() == 2


@pytest.mark.parametrize(("number", "name", "field"), [("123", "王示例", "id_number"), (synthetic_id(), " ", "name")])
def test_a_wrong_entry_is_refused_at_its_field(reviewer, number, name, field):
    with pytest.raises(Refused) as no:
        pre_enter_person(number, name, by=reviewer)
    assert no.value.field == field and not PreEntry.objects.exists()


def test_a_three_insurance_account_chooses_the_scope_of_work_and_pays_three(reviewer):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(account_kind="3"))
    problem = found(clerk, enrolment())["required"]
    assert problem.field == "work_scope" and "用工范围" in problem.message
    through(clerk, reviewer, ENROL, enrolment(work_scope="农籍工"))
    assert set(Spell.objects.values_list("scheme", flat=True)) == {"pension", "medical", "injury"}


def test_any_other_account_is_not_asked_for_the_scope(clerk):
    assert "required" not in found(clerk, enrolment())


@pytest.mark.parametrize(("day", "code"), [("", "required"), ("2026-11-11", "labour_day")])
def test_labour_is_registered_before_the_enrolment_is_declared(clerk, day, code):
    assert found(clerk, enrolment(labour_registered_on=day))[code].field == "labour_registered_on"


def test_a_minor_is_told_the_day_and_a_small_x_is_taken_as_a_capital(clerk):
    assert found(clerk, enrolment(id_number=synthetic_id(born=date(2015, 1, 1))))["age_limits"].level == "error"
    answer = preview(
        clerk.employer, ENROL, enrolment(id_number="11010519491231002x", id_kind="01", sequence=1), by=clerk
    )
    assert answer.values["id_number"] == "11010519491231002X"
