"""Who may do what at an employer: duties, ticks, scope, leaving, and that somebody always administers."""

import pytest

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    return_declaration,
    save_declarations,
    submit_declarations,
)
from shebao.hall.declarations.preview import raw_answers
from shebao.hall.declarations.seconding import send_back, sent_back
from shebao.hall.declarations.states import State
from shebao.hall.employers.operations import add_department, rename_department
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.managing import Rights, ask_for_a_second, change_operator, remove_operator
from shebao.hall.operators.models import Operator
from shebao.hall.operators.operations import create_operator, set_active
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee
from shebao.hall.workbench.handing_over import hand_over, kit_of
from tests.factories import OperatorFactory, enrolled, enrolment, synthetic_id, wage


@pytest.fixture
def admin(clerk):
    return OperatorFactory(admin=True, employer=clerk.employer)


@pytest.fixture
def people(clerk):
    """One of the workshop, one of the sales."""
    return [
        enrolled(clerk.employer, name=name, department=name, sequence=n, number=synthetic_id(sequence=n))
        for n, name in enumerate(("车间", "销售"), 301)
    ]


def narrowed(clerk, admin, **rights) -> Operator:
    change_operator(clerk.pk, clerk.name, "clerk", Rights(**rights), by=admin)
    return Operator.objects.get(pk=clerk.pk)


def test_the_last_administrator_is_neither_disabled_nor_deleted_nor_demoted(admin):
    second = OperatorFactory(admin=True, employer=admin.employer)
    set_active(second.pk, False, by=admin)
    for deed in (
        lambda: set_active(admin.pk, False, by=second),
        lambda: remove_operator(admin.pk, by=second),
        lambda: change_operator(admin.pk, "新名", "clerk", Rights(), by=second),
    ):
        with pytest.raises(Refused):
            deed()
    admin.refresh_from_db()
    assert (admin.is_active, admin.role) == (True, "employer_admin")


def test_two_administrators_who_disable_each_other_leave_one(admin):
    """The second comes with rights that the first has just taken away."""
    second = OperatorFactory(admin=True, employer=admin.employer)
    set_active(second.pk, False, by=admin)
    with pytest.raises(Refused, match="没有“管理操作员”权限"):
        set_active(admin.pk, False, by=second)
    assert Operator.objects.filter(employer=admin.employer, role="employer_admin", is_active=True).count() == 1


def test_an_account_with_traces_is_disabled_and_one_without_is_gone(admin, clerk):
    fresh, _ = create_operator("fresh", "新人", "clerk", by=admin)
    assert remove_operator(fresh.pk, by=admin) is True
    save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
    assert remove_operator(clerk.pk, by=admin) is False
    clerk.refresh_from_db()
    assert not clerk.is_active
    assert not Operator.objects.filter(username="fresh").exists()
    deeds = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"operator.deleted", "operator.disabled"} <= deeds


def test_a_duty_leaves_what_it_says(admin, clerk):
    assert clerk.may("settle")
    entry = narrowed(clerk, admin, duty="entry")
    assert entry.may("declare") and not entry.may("settle") and not entry.may("confirm")
    finance = narrowed(clerk, admin, duty="finance")
    assert finance.may("pay") and not finance.may("declare")


def test_an_administrator_always_has_the_whole(admin, clerk):
    narrowed(clerk, admin, duty="read", withheld=("settle",))
    change_operator(clerk.pk, clerk.name, "employer_admin", Rights(duty="read", withheld=("settle",)), by=admin)
    clerk.refresh_from_db()
    assert (clerk.duty, clerk.withheld, clerk.may("settle")) == ("all", [], True)


def test_nobody_changes_their_own_rights(admin):
    with pytest.raises(Refused, match="自己的权限"):
        change_operator(admin.pk, admin.name, "employer_admin", Rights(), by=admin)


def test_another_employers_operator_is_not_there(admin):
    stranger = OperatorFactory(clerk=True)
    with pytest.raises(Operator.DoesNotExist):
        change_operator(stranger.pk, "x", "clerk", Rights(), by=admin)
    with pytest.raises(Operator.DoesNotExist):
        kit_of(stranger.pk, by=admin)


def test_a_department_limits_whom_one_sees_and_declares(admin, clerk, people):
    mine = narrowed(clerk, admin, departments=("车间",))
    assert [one.name for one in Employee.objects.visible_to(mine)] == ["车间"]
    save_declarations(mine.employer_id, "wage_declaration", [wage(people[0])], by=mine)
    with pytest.raises(InvalidDeclaration) as no:
        save_declarations(mine.employer_id, "wage_declaration", [wage(people[1])], by=mine)
    assert "不在您负责的部门或险种" in no.value.previews[0].problems[-1].message
    with pytest.raises(InvalidDeclaration) as no:
        save_declarations(mine.employer_id, "employee_enrolment", [enrolment(department="销售")], by=mine)
    assert any("您负责的部门是车间" in problem.message for problem in no.value.previews[0].problems)


def test_a_scheme_limits_whom_one_sees(admin, clerk, people):
    Employee.objects.get(pk=people[1].pk).spells.filter(scheme="injury").delete()
    mine = narrowed(clerk, admin, schemes=("injury",))
    assert [one.name for one in Employee.objects.visible_to(mine)] == ["车间"]


def test_a_renamed_department_stays_the_operators(admin, clerk, people):
    made = add_department(clerk.employer_id, "车间", by=clerk)
    mine = narrowed(clerk, admin, departments=("车间",))
    rename_department(made.pk, "一车间", by=admin)
    mine.refresh_from_db()
    assert mine.departments == ["一车间"]
    assert Employee.objects.visible_to(mine).get().name == "车间"


def test_a_withheld_service_is_neither_declared_nor_seen(admin, clerk):
    save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
    mine = narrowed(clerk, admin, withheld=("service:employee_enrolment",))
    with pytest.raises(Refused, match="没有开放"):
        save_declarations(mine.employer_id, "employee_enrolment", [enrolment(2)], by=mine)
    assert not Declaration.objects.visible_to(mine).exists()
    assert Declaration.objects.visible_to(admin).count() == 1


def test_what_somebody_leaves_goes_to_another_with_its_history(admin, clerk):
    (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
    heir = OperatorFactory(clerk=True, employer=clerk.employer)
    assert [one.pk for one in kit_of(clerk.pk, by=admin).declarations] == [case.pk]
    assert hand_over(clerk.pk, heir.pk, by=admin) == (1, 0)
    case.refresh_from_db()
    assert case.declared_by == heir
    assert [(event.move, event.by) for event in case.events.all()] == [("save", clerk), ("hand_over", admin)]
    assert kit_of(clerk.pk, by=admin).is_empty
    reader = OperatorFactory(clerk=True, employer=clerk.employer, duty="read")
    with pytest.raises(Refused, match="接手"):
        hand_over(heir.pk, reader.pk, by=admin)


class TestTheSecondPerson:
    """内部复核: what one submits another confirms."""

    @pytest.fixture
    def second(self, clerk, admin):
        """Another clerk of an employer that asks for confirmation."""
        made = OperatorFactory(clerk=True, employer=clerk.employer)
        ask_for_a_second(True, by=admin)
        clerk.refresh_from_db()
        clerk.employer.refresh_from_db()
        return made

    def test_it_goes_out_only_when_another_confirms(self, clerk, second):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        found = submit_declarations([case.pk], by=clerk)
        assert (len(found.proposed), found.submitted) == (1, [])
        again = submit_declarations([case.pk], by=clerk)
        assert "须由另一位操作员" in again.refused[0][1]
        case.refresh_from_db()
        assert case.state == State.DRAFT
        assert len(submit_declarations([case.pk], by=second).submitted) == 1
        case.refresh_from_db()
        assert case.state == State.SUBMITTED

    def test_whoever_wrote_it_does_not_confirm_what_another_proposed(self, clerk, second):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        submit_declarations([case.pk], by=second)
        assert submit_declarations([case.pk], by=clerk).refused

    def test_who_may_only_enter_does_not_confirm(self, clerk, second, admin):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        submit_declarations([case.pk], by=clerk)
        entry = narrowed(second, admin, duty="entry")
        assert "复核" in submit_declarations([case.pk], by=entry).refused[0][1]

    def test_what_is_sent_back_says_why_waits_for_nobody_and_goes_the_whole_way_again(self, clerk, second):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        submit_declarations([case.pk], by=clerk)
        assert [one.pk for one in send_back([case.pk], "  部门写错了 ", by=second)] == [case.pk]
        case.refresh_from_db()
        assert (case.state, case.proposed_by, case.proposed_at) == (State.DRAFT, None, None)
        assert [(one.move, one.by, one.note) for one in case.events.order_by("at", "pk")] == [
            ("save", clerk, ""), ("propose", clerk, ""), ("send_back", second, "部门写错了"),
        ]  # fmt: skip
        assert AuditEntry.objects.filter(action="declaration.sent_back", actor=second).count() == 1
        assert sent_back([case]) == {case.pk: "部门写错了"}
        assert submit_declarations([case.pk], by=second).submitted == [], "it waits for another once more"
        case.refresh_from_db()
        assert case.proposed_by == second and sent_back([case]) == {}
        assert len(submit_declarations([case.pk], by=clerk).refused) == 1, "who wrote it confirms it never"

    def test_sending_back_needs_a_reason_the_permission_and_something_that_waits(self, clerk, second, admin):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        with pytest.raises(Conflict, match="已不在待复核"):
            send_back([case.pk], "部门写错了", by=second)
        submit_declarations([case.pk], by=clerk)
        with pytest.raises(Refused, match="原因"):
            send_back([case.pk], "  ", by=second)
        with pytest.raises(Declaration.DoesNotExist):
            send_back([case.pk], "部门写错了", by=OperatorFactory(admin=True))
        with pytest.raises(Refused, match="复核"):
            send_back([case.pk], "部门写错了", by=narrowed(second, admin, duty="entry"))
        assert len(submit_declarations([case.pk], by=admin).submitted) == 1
        with pytest.raises(Conflict, match="已不在待复核"):
            send_back([case.pk], "部门写错了", by=admin)
        case.refresh_from_db()
        assert case.state == State.SUBMITTED and sent_back([case]) == {}

    def test_a_returned_case_repaired_goes_to_the_second_person_and_the_page_says_so(
        self, clerk, second, reviewer, client
    ):
        (case,) = save_declarations(clerk.employer_id, "employee_enrolment", [enrolment()], by=clerk)
        submit_declarations([case.pk], by=clerk)
        submit_declarations([case.pk], by=second)
        return_declaration(case.pk, by=reviewer, marks={}, note="工资请核对")
        client.force_login(clerk)
        case.refresh_from_db()
        form = region(case.region).forms[case.spec.form]
        again = raw_answers(form, case.answers) | {"declared_wage": "8100", "version": case.version}
        page = f"/e/cases/{case.pk}/repair/"
        said = client.post(page, again | {"next": "submit", "declared": "1"}, follow=True)
        assert "已送内部复核" in said.content.decode() and said.redirect_chain[-1][0] == "/e/basket/"
        case.refresh_from_db()
        assert (case.state, case.proposed_by) == (State.RETURNED, clerk)

    def test_the_switch_needs_somebody_who_can_confirm(self, reviewer):
        alone = OperatorFactory(admin=True)
        with pytest.raises(Refused, match="至少要有两位"):
            ask_for_a_second(True, by=alone)

    def test_the_switch_needs_somebody_else_to_pay_what_was_settled(self):
        admin = OperatorFactory(admin=True)
        OperatorFactory(clerk=True, employer=admin.employer, duty="entry")
        with pytest.raises(Refused, match="谁办结算谁不缴费"):
            ask_for_a_second(True, by=admin)
        OperatorFactory(clerk=True, employer=admin.employer, duty="finance")
        assert ask_for_a_second(True, by=admin).needs_second

    def test_where_things_take_effect_at_once_they_wait_for_the_second_person_too(self, direct_clerk):
        admin = OperatorFactory(admin=True, employer=direct_clerk.employer)
        ask_for_a_second(True, by=admin)
        one = enrolled(direct_clerk.employer, facts={"enrolment_kind": "11", "medical_tier": "1"})
        direct_clerk.employer.refresh_from_db()
        (case,) = save_declarations(direct_clerk.employer_id, "wage_declaration", [wage(one)], by=direct_clerk)
        assert case.state == State.DRAFT
        submit_declarations([case.pk], by=direct_clerk)
        assert len(submit_declarations([case.pk], by=admin).submitted) == 1
        case.refresh_from_db()
        assert case.state == State.APPROVED
