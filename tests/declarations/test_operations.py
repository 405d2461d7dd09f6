from datetime import date

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations import operations
from shebao.hall.declarations.basket import basket_rows
from shebao.hall.declarations.models import Declaration, DeclarationEvent, FormDraft
from shebao.hall.declarations.queries import (
    case_view,
    cases,
    counts,
    desk,
    draft_of,
    recent_events,
    repair_draft_of,
)
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Role
from shebao.hall.roster.models import DeclaredWage, Employee, Spell
from shebao.hall.workbench.queries import workbench
from shebao.rules.months import Month
from tests.factories import MONTH, EmployerFactory, OperatorFactory, cessation, enrolled, enrolment, settled, wage

ENROL, CEASE, WAGE = "employee_enrolment", "employee_cessation", "wage_declaration"


def save(by, service, *raws, **options):
    return operations.save_declarations(by.employer_id, service, list(raws), by=by, **options)


def submitted(by, service=ENROL, raw=None):
    (declaration,) = save(by, service, raw or enrolment())
    operations.submit_declarations([declaration.pk], by=by)
    declaration.refresh_from_db()
    return declaration


def test_a_saved_declaration_waits_in_the_basket_and_changes_nothing(clerk):
    (declaration,) = save(clerk, ENROL, enrolment())
    assert declaration.state == State.DRAFT and declaration.case_number is None
    assert declaration.effect_fen > 0
    assert not Spell.objects.exists()
    (row,) = basket_rows(clerk)
    assert "8,000.00" in row.before_after
    assert counts(clerk, MONTH)["draft"] == 1
    assert [item.url_name for item in workbench(clerk, MONTH).todos] == ["e_basket"]


def test_submitting_gives_a_number_and_a_day_to_decide_by(clerk):
    declaration = submitted(clerk)
    assert declaration.case_number == f"202611{declaration.pk:06d}"
    assert declaration.due_on == date(2026, 11, 13)
    assert case_view(clerk, declaration.pk).moves == ["withdraw"]


def test_submitting_twice_is_refused_in_words_and_leaves_no_trace(clerk):
    declaration = submitted(clerk)
    events, entries = DeclarationEvent.objects.count(), AuditEntry.objects.count()
    again = operations.submit_declarations([declaration.pk], by=clerk)
    assert again.submitted == [] and "没有重复办理" in again.refused[0][1]
    assert (events, entries) == (DeclarationEvent.objects.count(), AuditEntry.objects.count())


def test_approval_enrols_the_person_in_one_step(clerk, reviewer):
    declaration = submitted(clerk)
    operations.approve_declarations([declaration.pk], by=reviewer)
    declaration.refresh_from_db()
    assert declaration.state == State.APPROVED and declaration.decided_by == reviewer
    employee = Employee.objects.get()
    assert declaration.employee == employee and employee.name_pinyin == "wang0王 wangshili wsl"
    assert set(employee.spells.values_list("scheme", flat=True)) >= {"pension", "medical", "unemployment", "injury"}
    assert DeclaredWage.objects.get().amount_fen == 800_000
    assert AuditEntry.objects.filter(action="declaration.approved").count() == 1


def test_approving_twice_is_a_conflict_and_leaves_no_trace(clerk, reviewer):
    declaration = submitted(clerk)
    operations.approve_declarations([declaration.pk], by=reviewer)
    traces = DeclarationEvent.objects.count(), AuditEntry.objects.count(), Spell.objects.count()
    with pytest.raises(Conflict):
        operations.approve_declarations([declaration.pk], by=reviewer)
    assert traces == (DeclarationEvent.objects.count(), AuditEntry.objects.count(), Spell.objects.count())


def test_approving_somebody_who_is_meanwhile_insured_elsewhere_is_a_conflict(clerk, reviewer):
    declaration = submitted(clerk)
    enrolled(EmployerFactory(), number=enrolment()["id_number"])
    with pytest.raises(Conflict, match="正在参保"):
        operations.approve_declarations([declaration.pk], by=reviewer)
    declaration.refresh_from_db()
    assert declaration.state == State.SUBMITTED


def test_a_clerk_may_not_review_and_what_a_reviewer_enters_is_for_another_to_decide(clerk, reviewer):
    declaration = submitted(clerk)
    with pytest.raises(Refused, match="权限"):
        operations.approve_declarations([declaration.pk], by=clerk)
    (entered,) = operations.save_declarations(clerk.employer_id, ENROL, [enrolment(2)], by=reviewer)
    operations.submit_declarations([entered.pk], by=reviewer)
    with pytest.raises(Refused, match="不能自己审核"):
        operations.approve_declarations([entered.pk], by=reviewer)


def test_who_declared_never_decides_even_after_a_change_of_role(clerk):
    declaration = submitted(clerk)
    clerk.role, clerk.employer = Role.REVIEWER, None
    clerk.save()
    with pytest.raises(Refused, match="不能自己审核"):
        operations.approve_declarations([declaration.pk], by=clerk)


def test_another_employers_declaration_is_not_there(clerk):
    declaration = submitted(clerk)
    stranger = OperatorFactory(clerk=True)
    for attempt in (
        lambda: case_view(stranger, declaration.pk),
        lambda: operations.withdraw_declaration(declaration.pk, by=stranger),
        lambda: operations.submit_declarations([declaration.pk], by=stranger),
        lambda: operations.repair_declaration(declaration.pk, enrolment(), by=stranger, confirmed={}, version=2),
    ):
        with pytest.raises(Declaration.DoesNotExist):
            attempt()
    assert not cases(stranger).exists() and not recent_events(stranger)
    with pytest.raises(EmployerFactory._meta.model.DoesNotExist):
        operations.save_declarations(clerk.employer_id, ENROL, [enrolment(3)], by=stranger)


def test_a_reviewer_of_another_region_sees_nothing(clerk):
    declaration = submitted(clerk)
    other = OperatorFactory(reviewer=True, region="leshan")
    assert not desk(other).exists()
    with pytest.raises(Declaration.DoesNotExist):
        operations.approve_declarations([declaration.pk], by=other)


def test_a_returned_declaration_is_repaired_in_place_and_submitted_again(clerk, reviewer):
    declaration = submitted(clerk)
    operations.return_declaration(declaration.pk, by=reviewer, marks={"declared_wage": "与合同不符"}, note="")
    assert workbench(clerk, MONTH).todos[0].kind == "d"
    declaration.refresh_from_db()
    view = case_view(clerk, declaration.pk)
    assert next(f.mark for f in view.fields if f.id == "declared_wage") == "与合同不符"
    number = declaration.case_number
    operations.repair_declaration(
        declaration.pk, enrolment(declared_wage="8500"), by=clerk, confirmed={}, version=declaration.version
    )
    assert operations.submit_declarations([declaration.pk], by=clerk).refused == []
    declaration.refresh_from_db()
    assert (declaration.case_number, declaration.revision, declaration.marks) == (number, 2, {})
    field = next(f for f in case_view(reviewer, declaration.pk).fields if f.id == "declared_wage")
    assert (field.previous, field.new) == ("8,000.00", "8,500.00")


def test_the_desk_sees_what_was_submitted_and_not_what_the_employer_is_still_writing(clerk, reviewer):
    (draft,) = save(clerk, ENROL, enrolment())
    with pytest.raises(Declaration.DoesNotExist):
        case_view(reviewer, draft.pk)
    assert not DeclarationEvent.objects.visible_to(reviewer).exists()
    assert operations.submit_declarations([draft.pk], by=clerk).refused == []
    operations.return_declaration(draft.pk, by=reviewer, marks={"declared_wage": "与合同不符"}, note="")
    draft.refresh_from_db()
    writing = enrolment(declared_wage="8500")
    operations.repair_declaration(draft.pk, writing, by=clerk, confirmed={}, version=draft.version)

    def wage(actor):
        return next(f.new for f in case_view(actor, draft.pk).fields if f.id == "declared_wage")

    assert (wage(reviewer), wage(clerk)) == ("8,000.00", "8,500.00")
    assert operations.submit_declarations([draft.pk], by=clerk).refused == []
    assert wage(reviewer) == "8,500.00"


def returned(clerk, reviewer, **marks):
    declaration = submitted(clerk)
    operations.return_declaration(declaration.pk, by=reviewer, marks=marks or {"name": "请核对"}, note="")
    declaration.refresh_from_db()
    return declaration


def test_what_was_returned_does_not_go_again_as_it_was(clerk, reviewer):
    declaration = returned(clerk, reviewer)
    refused = operations.submit_declarations([declaration.pk], by=clerk).refused
    assert "还没有按审核意见修改" in refused[0][1]
    assert basket_rows(clerk)[0].is_unrepaired
    # Saving it without a change is no repair either.
    operations.repair_declaration(
        declaration.pk, enrolment(), by=clerk, confirmed={}, version=declaration.version, note="  "
    )
    assert operations.submit_declarations([declaration.pk], by=clerk).submitted == []


def test_what_was_returned_goes_again_unchanged_with_a_word_why(clerk, reviewer):
    declaration = returned(clerk, reviewer)
    operations.repair_declaration(
        declaration.pk, enrolment(), by=clerk, confirmed={}, version=declaration.version, note="已核对身份证原件"
    )
    assert not basket_rows(clerk)[0].is_unrepaired
    assert operations.submit_declarations([declaration.pk], by=clerk).refused == []
    view = case_view(reviewer, declaration.pk)
    assert (view.explanation, view.repaired) == ("已核对身份证原件", [])
    assert next(f.asked for f in view.fields if f.id == "name") == "请核对"


def test_removing_and_bringing_back_is_no_way_round_a_repair(clerk, reviewer):
    declaration = returned(clerk, reviewer)
    operations.delete_declarations([declaration.pk], by=clerk)
    (back,) = operations.restore_declarations([declaration.pk], by=clerk)
    back.refresh_from_db()
    assert (back.state, back.marks) == (State.RETURNED, {"name": "请核对"})
    assert operations.submit_declarations([declaration.pk], by=clerk).submitted == []


def test_both_sides_see_what_the_second_submission_changed(clerk, reviewer):
    declaration = returned(clerk, reviewer, declared_wage="与合同不符")
    raw = enrolment(declared_wage="8500", department="质检部")
    operations.repair_declaration(declaration.pk, raw, by=clerk, confirmed={}, version=declaration.version)
    operations.submit_declarations([declaration.pk], by=clerk)
    for actor in (clerk, reviewer):
        view = case_view(actor, declaration.pk)
        assert len(view.repaired) == 2
        wage_row = next(f for f in view.fields if f.id == "declared_wage")
        assert (wage_row.is_repaired, wage_row.previous, wage_row.new) == (True, "8,000.00", "8,500.00")
        notes = [event["note"] for event in view.events]
        assert any("与合同不符" in note for note in notes) and notes[-1].startswith("改了")


def test_a_batch_holds_no_case_with_findings_but_one_alone_may_be_approved_and_says_so(clerk, reviewer):
    plain = submitted(clerk)
    (low,) = save(clerk, ENROL, enrolment(2, declared_wage="3000"), confirmed=[{"wage_limits": "试用期工资"}])
    operations.submit_declarations([low.pk], by=clerk)
    with pytest.raises(Refused, match="不能批量通过"):
        operations.approve_declarations([plain.pk, low.pk], by=reviewer)
    assert not Spell.objects.exists()
    operations.approve_declarations([low.pk], by=reviewer)
    assert AuditEntry.objects.get(action="declaration.approved").detail["findings"] == "wage_limits"
    assert "核验提示" in case_view(reviewer, low.pk).events[-1]["note"]
    operations.approve_declarations([plain.pk], by=reviewer)


def test_nobody_approves_what_changed_since_they_opened_it(clerk, reviewer):
    declaration = submitted(clerk)
    seen = {declaration.pk: declaration.version}
    operations.withdraw_declaration(declaration.pk, by=clerk)
    declaration.refresh_from_db()
    operations.repair_declaration(
        declaration.pk, enrolment(declared_wage="20000"), by=clerk, confirmed={}, version=declaration.version
    )
    operations.submit_declarations([declaration.pk], by=clerk)
    for attempt in (
        lambda: operations.approve_declarations([declaration.pk], by=reviewer, seen=seen),
        lambda: operations.return_declaration(declaration.pk, by=reviewer, marks={}, note="不符", seen=seen),
        lambda: operations.reject_declaration(declaration.pk, by=reviewer, note="不符", seen=seen),
    ):
        with pytest.raises(Conflict, match="看过最新内容"):
            attempt()
    declaration.refresh_from_db()
    assert declaration.state == State.SUBMITTED


def test_the_second_of_two_people_is_told_who_was_faster(clerk, reviewer):
    declaration = submitted(clerk)
    other = OperatorFactory(reviewer=True, name="李快")
    operations.approve_declarations([declaration.pk], by=other)
    with pytest.raises(Conflict, match="李快已于 11-10 10:00 办理“通过”"):
        operations.return_declaration(declaration.pk, by=reviewer, marks={}, note="慢了")
    colleague = OperatorFactory(clerk=True, employer=clerk.employer, name="赵同事")
    (draft,) = save(clerk, ENROL, enrolment(3))
    operations.delete_declarations([draft.pk], by=colleague)
    with pytest.raises(Conflict, match="赵同事"):
        operations.delete_declarations([draft.pk], by=clerk)


def test_two_open_declarations_about_one_person_name_each_other(clerk):
    employee = enrolled(clerk.employer)
    save(clerk, CEASE, cessation(employee))
    save(clerk, WAGE, wage(employee))
    rows = basket_rows(clerk)
    assert [[mate.service for mate in row.mates] for row in rows] == [[WAGE], [CEASE]]


def test_the_basket_asks_as_many_questions_for_many_as_for_few(clerk, django_assert_max_num_queries):
    save(clerk, ENROL, *[enrolment(n) for n in range(1, 31)])
    with django_assert_max_num_queries(3):
        basket_rows(clerk)


def test_what_is_typed_into_a_repair_is_kept_until_it_is_saved(clerk, reviewer):
    declaration = returned(clerk, reviewer)
    operations.save_repair_draft(declaration.pk, {"name": "王改"}, by=clerk)
    operations.save_draft(clerk.employer_id, ENROL, {"name": "另一人"}, by=clerk)
    assert repair_draft_of(clerk, declaration).answers == {"name": "王改"}
    assert draft_of(clerk, ENROL).answers == {"name": "另一人"}
    colleague = OperatorFactory(clerk=True, employer=clerk.employer)
    assert repair_draft_of(colleague, declaration) is None
    with pytest.raises(Declaration.DoesNotExist):
        operations.save_repair_draft(declaration.pk, {}, by=OperatorFactory(clerk=True))
    operations.repair_declaration(
        declaration.pk, enrolment(name="王改"), by=clerk, confirmed={}, version=declaration.version
    )
    assert repair_draft_of(clerk, declaration) is None


def test_returning_needs_a_reason(clerk, reviewer):
    declaration = submitted(clerk)
    with pytest.raises(Refused, match="原因"):
        operations.return_declaration(declaration.pk, by=reviewer, marks={}, note=" ")


def test_repairing_what_somebody_else_changed_names_them(clerk):
    (declaration,) = save(clerk, ENROL, enrolment())
    colleague = OperatorFactory(clerk=True, employer=clerk.employer, name="赵示例")
    operations.repair_declaration(
        declaration.pk, enrolment(declared_wage="8100"), by=colleague, confirmed={}, version=1
    )
    with pytest.raises(Conflict, match="赵示例"):
        operations.repair_declaration(declaration.pk, enrolment(), by=clerk, confirmed={}, version=1)


def test_a_batch_with_one_error_saves_nothing(clerk):
    with pytest.raises(operations.InvalidDeclaration) as invalid:
        save(clerk, ENROL, enrolment(1), enrolment(2, declared_wage=""))
    assert [bool(one.blocking) for one in invalid.value.previews] == [False, True]
    assert not Declaration.objects.exists() and not AuditEntry.objects.exists()


def test_a_finding_to_confirm_needs_its_reason(clerk):
    raw = enrolment(declared_wage="3000")
    with pytest.raises(operations.InvalidDeclaration):
        save(clerk, ENROL, raw)
    (declaration,) = save(clerk, ENROL, raw, confirmed=[{"wage_limits": "试用期工资"}])
    assert declaration.confirmed == {"wage_limits": "试用期工资"}
    assert operations.submit_declarations([declaration.pk], by=clerk).refused == []
    assert declaration in desk(OperatorFactory(reviewer=True), risk="flagged")


def test_submitting_checks_again(clerk):
    (declaration,) = save(clerk, ENROL, enrolment())
    settled(clerk.employer, MONTH, clerk)
    result = operations.submit_declarations([declaration.pk], by=clerk)
    assert result.submitted == [] and "已结算" in result.refused[0][1]


def test_deleting_can_be_taken_back_unless_the_person_was_declared_again(clerk):
    (declaration,) = save(clerk, ENROL, enrolment())
    operations.delete_declarations([declaration.pk], by=clerk)
    operations.restore_declarations([declaration.pk], by=clerk)
    operations.delete_declarations([declaration.pk], by=clerk)
    save(clerk, ENROL, enrolment())
    with pytest.raises(Conflict, match="尚未办结"):
        operations.restore_declarations([declaration.pk], by=clerk)


def test_withdrawing_makes_it_a_draft_with_its_number(clerk):
    declaration = submitted(clerk)
    operations.withdraw_declaration(declaration.pk, by=clerk)
    declaration.refresh_from_db()
    assert declaration.state == State.DRAFT and declaration.case_number


def test_a_direct_service_takes_effect_at_once_and_can_be_undone(direct_clerk):
    (declaration,) = save(direct_clerk, ENROL, enrolment())
    assert declaration.state == State.APPROVED and declaration.case_number
    assert Spell.objects.filter(is_voided=False).count() == 4
    assert case_view(direct_clerk, declaration.pk).moves == ["undo"]
    operations.undo_declarations([declaration.pk], by=direct_clerk)
    assert not Spell.objects.filter(is_voided=False).exists()
    assert not DeclaredWage.objects.filter(is_voided=False).exists()
    save(direct_clerk, ENROL, enrolment())
    assert Spell.objects.filter(is_voided=False).count() == 4 and Employee.objects.count() == 1


def test_nothing_is_undone_once_the_month_is_settled(direct_clerk):
    (declaration,) = save(direct_clerk, ENROL, enrolment())
    settled(direct_clerk.employer, MONTH, direct_clerk)
    with pytest.raises(Refused, match="已经核定"):
        operations.undo_declarations([declaration.pk], by=direct_clerk)


def test_a_cessation_ends_the_spells_the_month_before_and_undoing_reopens_them(direct_clerk):
    employee = enrolled(direct_clerk.employer)
    (declaration,) = save(direct_clerk, CEASE, cessation(employee))
    assert declaration.effect_fen < 0
    assert set(employee.spells.values_list("last_month", "end_reason")) == {(Month(2026, 10), "6301")}
    operations.undo_declarations([declaration.pk], by=direct_clerk)
    assert set(employee.spells.values_list("last_month", "end_reason")) == {(None, "")}


def test_a_second_wage_of_the_same_month_replaces_the_first_and_undoing_brings_it_back(direct_clerk):
    employee = enrolled(direct_clerk.employer)
    (first,) = save(direct_clerk, WAGE, wage(employee, "9000"))
    (second,) = save(direct_clerk, WAGE, wage(employee, "9500"))
    with pytest.raises(Conflict, match="先撤销后面"):
        operations.undo_declarations([first.pk], by=direct_clerk)
    operations.undo_declarations([second.pk], by=direct_clerk)
    live = employee.wages.filter(is_voided=False).order_by("first_month")
    assert list(live.values_list("amount_fen", flat=True)) == [800_000, 900_000]


def test_undoing_an_enrolment_that_has_ended_since_is_refused(direct_clerk):
    (declaration,) = save(
        direct_clerk, ENROL, enrolment(enrolment_month="2026-10", contract_from="2026-10-01"),
        confirmed=[{"month_window": "漏报"}],
    )  # fmt: skip
    save(direct_clerk, CEASE, cessation(Employee.objects.get()))
    with pytest.raises(Conflict, match="先撤销停保"):
        operations.undo_declarations([declaration.pk], by=direct_clerk)


def test_what_was_typed_is_kept_until_it_is_saved(clerk):
    operations.save_draft(clerk.employer_id, ENROL, {"name": "王"}, by=clerk)
    operations.save_draft(clerk.employer_id, ENROL, {"name": "王示例"}, by=clerk)
    assert draft_of(clerk, ENROL).answers == {"name": "王示例"}
    save(clerk, ENROL, enrolment())
    assert not FormDraft.objects.exists()


def test_saving_many_asks_no_question_per_row(direct_clerk, django_assert_max_num_queries):
    with django_assert_max_num_queries(80):
        save(direct_clerk, ENROL, *[enrolment(n) for n in range(1, 201)])
    assert Employee.objects.count() == 200
