"""A refused case where it is declared anew: locked, copied with the reasons beside the fields, deleted and restored."""

import pytest

from shebao.hall.declarations.copying import copy_declaration
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    approve_declarations,
    delete_declarations,
    reject_declaration,
    repair_declaration,
    restore_declarations,
    return_declaration,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import raw_answers
from shebao.hall.declarations.queries import case_view
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.regions import region
from tests.factories import EmployerFactory, OperatorFactory, enrolment, labour_registered

ENROL = "employee_enrolment"
MARKS = {"declared_wage": "与合同不符"}


@pytest.fixture(params=["wage_hall", "certificate_city"])
def hall(request):
    """A clerk and a reviewer where refused cases are declared anew."""
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region=request.param))
    if "labour_registered" in region(request.param).services[ENROL].checks:
        labour_registered(clerk.employer)
    return clerk, OperatorFactory(reviewer=True, region=request.param)


def refused_case(clerk, reviewer):
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    submit_declarations([saved.pk], by=clerk)
    return reject_declaration(saved.pk, by=reviewer, note="", marks=MARKS)


def test_a_refused_case_is_locked_and_copied_with_the_reasons_beside_its_fields(hall):
    clerk, reviewer = hall
    old = refused_case(clerk, reviewer)
    assert old.state_label == "审核不通过"
    with pytest.raises(Conflict):
        repair_declaration(old.pk, enrolment(declared_wage="9000"), by=clerk, confirmed={}, version=old.version)
    copy = copy_declaration(old.pk, by=clerk)
    assert (copy.state, copy.marks, copy.answers, copy.copied_from) == (State.DRAFT, MARKS, old.answers, old)
    assert copy.case_number is None
    raw = raw_answers(copy.form, copy.answers) | {"declared_wage": "9000"}
    repair_declaration(copy.pk, raw, by=clerk, confirmed={}, version=copy.version)
    (sent,) = submit_declarations([copy.pk], by=clerk).submitted
    view = case_view(reviewer, sent.pk)
    wages = next(field for field in view.fields if field.id == "declared_wage")
    assert view.repaired == [wages.label]
    assert (wages.previous, wages.new, wages.asked) == ("8,000.00", "9,000.00", "与合同不符")
    assert sent.case_number != old.case_number
    old.refresh_from_db()
    assert old.state == State.REJECTED
    assert old.answers["declared_wage"] == 800_000


def test_one_case_is_not_copied_twice_at_once(hall):
    clerk, reviewer = hall
    old = refused_case(clerk, reviewer)
    copy_declaration(old.pk, by=clerk)
    with pytest.raises(Conflict, match="已有一笔"):
        copy_declaration(old.pk, by=clerk)
    assert Declaration.objects.count() == 2


def test_a_case_that_is_not_decided_or_not_ones_own_is_not_copied(hall):
    clerk, reviewer = hall
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    with pytest.raises(Refused, match="还没有办结"):
        copy_declaration(saved.pk, by=clerk)
    with pytest.raises(Declaration.DoesNotExist):
        copy_declaration(saved.pk, by=OperatorFactory(clerk=True))


def test_there_is_no_return_for_repair_where_cases_are_declared_anew(hall):
    clerk, reviewer = hall
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    submit_declarations([saved.pk], by=clerk)
    assert "return" not in case_view(reviewer, saved.pk).moves
    with pytest.raises(Refused, match="复制后重报"):
        return_declaration(saved.pk, by=reviewer, marks=MARKS)
    with pytest.raises(Refused, match="请写明审核不通过的原因"):
        reject_declaration(saved.pk, by=reviewer, note="  ")
    with pytest.raises(Refused, match="没有写原因"):
        reject_declaration(saved.pk, by=reviewer, note="", marks={"name": " "})
    assert Declaration.objects.get().state == State.SUBMITTED


def test_a_refused_case_is_deleted_and_brought_back_and_the_person_declared_anew(hall):
    clerk, reviewer = hall
    old = refused_case(clerk, reviewer)
    delete_declarations([old.pk], by=clerk)
    (again,) = restore_declarations([old.pk], by=clerk)
    assert (again.state, again.decided_by) == (State.REJECTED, reviewer)
    delete_declarations([old.pk], by=clerk)
    assert save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)


def test_where_cases_are_repaired_a_rejected_one_stays_on_record(clerk, reviewer):
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    submit_declarations([saved.pk], by=clerk)
    old = reject_declaration(saved.pk, by=reviewer, note="重复")
    assert old.state_label == "不予办理"
    with pytest.raises(Refused, match="留作记录"):
        delete_declarations([old.pk], by=clerk)
    copy = copy_declaration(old.pk, by=clerk)
    assert copy.note == "重复"


def test_an_approved_case_is_a_pattern_for_a_new_one(clerk, reviewer):
    (saved,) = save_declarations(clerk.employer_id, ENROL, [enrolment()], by=clerk)
    submit_declarations([saved.pk], by=clerk)
    approve_declarations([saved.pk], by=reviewer)
    copy = copy_declaration(saved.pk, by=clerk)
    assert [problem["code"] for problem in copy.problems if problem["level"] == "error"] == ["already_enrolled"]
    assert submit_declarations([copy.pk], by=clerk).refused
    raw = enrolment(2, name="赵示例")
    repair_declaration(copy.pk, raw, by=clerk, confirmed={}, version=copy.version)
    assert submit_declarations([copy.pk], by=clerk).submitted
