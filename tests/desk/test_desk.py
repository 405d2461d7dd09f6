"""The desk: one case is in one pair of hands, an approval can be taken back, and two people mean two people."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.desk import effects, sampling
from shebao.hall.desk import operations as desk
from shebao.hall.desk.models import Approval, DeskCase, DeskNote, NoteKind
from shebao.hall.desk.queries import desk_view, next_free, queue, queue_counts, queue_size
from shebao.hall.errors import Conflict, Refused
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.roster.models import Spell
from shebao.rules.region_reviews import REVIEWERS, ReviewStep
from tests.factories import NOW, OperatorFactory, at, enrolment

ENROL, WHY = "employee_enrolment", "抽中的已核对"
pytestmark = pytest.mark.django_db


def submitted(clerk, *numbers, by=None, **changes) -> list[Declaration]:
    raws = [enrolment(n, name=f"员工{n}", **changes) for n in numbers or (1,)]
    made = operations.save_declarations(clerk.employer_id, ENROL, raws, by=by or clerk)
    operations.submit_declarations([one.pk for one in made], by=by or clerk)
    return list(Declaration.objects.filter(pk__in=[one.pk for one in made]).order_by("pk"))


def state(one) -> str:
    return Declaration.objects.get(pk=one.pk).state


def later(seconds):
    return at(NOW + timedelta(seconds=seconds))


@contextmanager
def reviewed_by(code, service, *steps):
    """The region as its folder would say it with these review steps."""
    here = region(code)
    kept = here.services[service]
    here.services[service] = replace(kept, review_steps=steps)
    try:
        yield
    finally:
        here.services[service] = kept


@pytest.fixture
def colleague(reviewer):
    return OperatorFactory(reviewer=True, name="李娜")


@pytest.fixture
def head(reviewer):
    return OperatorFactory(agency_admin=True, name="陈志远")


def test_the_number_in_the_menu_is_of_what_waits_for_whoever_reads_it(clerk, reviewer, colleague):
    submitted(clerk, 1, 2)
    type(clerk.employer).objects.filter(pk=clerk.employer_id).update(agency_division="d2")
    for divisions, number in (([], 2), (["d1"], 0), (["d1", "d2", "d3"], 2)):
        colleague.divisions = divisions
        assert queue_size(colleague) == queue(colleague).count() == number
    reviewer.region = "leshan"
    assert [queue_size(reviewer), queue_size(clerk)] == [0, 0]


def test_a_claimed_case_is_for_nobody_else_to_decide(clerk, reviewer, colleague):
    (one,) = submitted(clerk)
    assert desk.claim_cases([one.pk], by=colleague) == ([one], [])
    assert desk.claim_cases([one.pk], by=reviewer) == ([], [one])
    for deed in (
        lambda: operations.approve_declarations([one.pk], by=reviewer),
        lambda: operations.return_declaration(one.pk, by=reviewer, marks={}, note="不符"),
        lambda: operations.reject_declaration(one.pk, by=reviewer, note="不符"),
        lambda: desk.transfer_case(one.pk, colleague.pk, by=reviewer),
        lambda: desk.hold_case(one.pk, by=reviewer, code="01"),
    ):
        with pytest.raises(Conflict, match="李娜"):
            deed()
    with pytest.raises(Refused, match="为什么接手"):
        desk.take_over(one.pk, by=reviewer, reason=" ")
    desk.take_over(one.pk, by=reviewer, reason="李娜休假")
    operations.approve_declarations([one.pk], by=reviewer)
    assert state(one) == State.APPROVED
    kinds = list(DeskNote.objects.values_list("kind", "text"))
    assert kinds == [("claim", ""), ("take_over", "李娜休假")]
    assert "李娜休假" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_the_places_of_the_desk_say_whose_hands_a_case_is_in(clerk, reviewer, colleague):
    first, second, third, fourth = submitted(clerk, 1, 2, 3, 4)
    desk.claim_cases([first.pk], by=reviewer)
    desk.transfer_case(second.pk, colleague.pk, by=reviewer, note="你办过这家")
    desk.hold_case(third.pk, by=reviewer, code="01", text="等公安核对")
    counts = queue_counts(reviewer)
    assert {k: counts[k] for k in ("all", "mine", "free", "held", "second", "pending")} == {
        "all": 4, "mine": 1, "free": 1, "held": 1, "second": 0, "pending": 0,
    }  # fmt: skip
    assert list(queue(colleague, place="mine")) == [second]
    assert next_free(reviewer, 10) == [fourth.pk]
    desk.give_back(first.pk, by=reviewer)
    assert sorted(next_free(reviewer, 10)) == sorted([first.pk, fourth.pk])


def test_the_clock_stands_still_while_a_case_is_held(clerk, reviewer):
    (one,) = submitted(clerk)
    due = one.due_on
    desk.hold_case(one.pk, by=reviewer, code="02", text="合同原件")
    assert desk_view(reviewer, one).why_held.endswith("合同原件")
    with pytest.raises(Conflict, match="恢复"):
        operations.approve_declarations([one.pk], by=reviewer)
    # From Tuesday to the Tuesday after: five working days.
    with at(NOW + timedelta(days=7)):
        desk.resume_case(one.pk, by=reviewer)
    one.refresh_from_db()
    assert region(one.region).calendar.workdays.between(due, one.due_on) == 5
    with pytest.raises(Refused, match="请选择挂起原因"):
        desk.hold_case(one.pk, by=reviewer, code="没有")


def test_the_clock_stands_still_while_a_case_is_with_the_employer(clerk, reviewer):
    (one,) = submitted(clerk)
    days = region(one.region).calendar.workdays
    left = days.between(NOW.date(), one.due_on)
    with at(NOW + timedelta(days=1)):
        operations.return_declaration(one.pk, by=reviewer, marks={}, note="请核对")
    with at(NOW + timedelta(days=20)):
        one.refresh_from_db()
        raw = enrolment(1, name="员工1", declared_wage="8100")
        operations.repair_declaration(one.pk, raw, by=clerk, confirmed={}, version=one.version)
        operations.submit_declarations([one.pk], by=clerk)
    one.refresh_from_db()
    assert days.between((NOW + timedelta(days=20)).date(), one.due_on) == left - 1


def test_the_badge_of_the_desk_counts_what_its_page_lists(undo_time, client, clerk, reviewer):
    one, _ = submitted(clerk, 1, 2)
    client.force_login(reviewer)
    for listed in (2, 1):
        page = client.get("/a/")
        badges = {item["url"]: item["badge"] for group in page.context["shell"]["nav"] for item in group["items"]}
        assert badges["/a/"] == listed == page.context["page"].paginator.count
        if listed == 2:
            effects.approve_cases([one.pk], by=reviewer)


def test_what_was_submitted_is_what_takes_effect(clerk, reviewer):
    """Whoever writes past the hall changes neither a case that waits nor what was said of it."""
    one, other = submitted(clerk, 1, 2)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        one.events.update(answers={})
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        one.events.all().delete()
    one.answers = one.answers | {"declared_wage": 1}
    Declaration.objects.bulk_update([one], ["answers"])
    with pytest.raises(Conflict, match="与提交时的不一致"):
        operations.approve_declarations([one.pk], by=reviewer)
    assert state(one) == State.SUBMITTED and not Spell.objects.exists()
    operations.approve_declarations([other.pk], by=reviewer)
    assert state(other) == State.APPROVED


def test_an_approval_can_be_taken_back_for_ten_seconds_and_then_takes_effect(undo_time, clerk, reviewer):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    assert state(one) == State.SUBMITTED and not Spell.objects.exists()
    assert list(queue(reviewer)) == [] and list(queue(reviewer, place="pending")) == [one]
    with later(9):
        assert effects.take_effect([one.pk]) == 0
        effects.undo_approval([one.pk], by=reviewer)
    assert (state(one), Spell.objects.count(), list(queue(reviewer))) == (State.SUBMITTED, 0, [one])
    with later(11):
        assert effects.take_effect([one.pk]) == 0
    effects.approve_cases([one.pk], by=reviewer, note="核对过")
    with later(11):
        with pytest.raises(Conflict, match="不能再撤回"):
            effects.undo_approval([one.pk], by=reviewer)
        assert effects.overdue_effects() == [one.pk]
        assert effects.take_effect([one.pk]) == 1
        assert effects.take_effect([one.pk]) == 0
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.note) == (State.APPROVED, reviewer, "核对过")
    assert Spell.objects.exists()


def test_what_waits_to_take_effect_is_for_nobody_to_decide_again(undo_time, clerk, reviewer, colleague):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    for deed in (
        lambda: effects.approve_cases([one.pk], by=colleague),
        lambda: operations.return_declaration(one.pk, by=colleague, marks={}, note="不符"),
        lambda: desk.take_over(one.pk, by=colleague, reason="急"),
    ):
        with pytest.raises(Conflict, match="已经通过"):
            deed()
    with pytest.raises(Conflict):
        effects.undo_approval([one.pk], by=colleague)


def test_an_employer_that_withdraws_in_time_is_not_overtaken_by_the_approval(undo_time, clerk, reviewer):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    operations.withdraw_declaration(one.pk, by=clerk)
    operations.submit_declarations([one.pk], by=clerk)
    with later(11):
        assert effects.take_effect([one.pk]) == 0
    assert (state(one), Spell.objects.count()) == (State.SUBMITTED, 0)
    assert list(queue(reviewer)) == [one]


def test_an_approval_that_cannot_take_effect_comes_back_with_the_reason(undo_time, clerk, reviewer):
    one, twin = submitted(clerk)[0], None
    other = OperatorFactory(clerk=True)
    (twin,) = submitted(other)
    effects.approve_cases([one.pk], by=reviewer)
    effects.approve_cases([twin.pk], by=reviewer)
    with later(11):
        assert effects.take_effect([one.pk, twin.pk]) == 1
    assert {state(one), state(twin)} == {State.APPROVED, State.SUBMITTED}
    lost = DeskCase.objects.get(declaration__state=State.SUBMITTED)
    assert "没有执行" in lost.failure and lost.effective_at is None
    assert not Approval.objects.filter(declaration=lost.pk, withdrawn_at=None).exists()
    assert DeskNote.objects.filter(kind=NoteKind.FAILED).count() == 1


def test_what_is_not_possible_is_refused_at_once_and_leaves_no_trace(undo_time, clerk, reviewer):
    (one,) = submitted(clerk)
    (twin,) = submitted(OperatorFactory(clerk=True))
    operations.approve_declarations([twin.pk], by=reviewer)
    with pytest.raises(Conflict):
        effects.approve_cases([one.pk], by=reviewer)
    assert not Approval.objects.filter(declaration=one).exists()
    assert not DeskCase.objects.filter(effective_at__isnull=False).exists()


def test_a_second_review_is_by_another_person(clerk, reviewer, colleague):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review"), ReviewStep("second_review")):
        operations.approve_declarations([one.pk], by=reviewer, note="材料齐")
        assert state(one) == State.SUBMITTED and not Spell.objects.exists()
        assert list(queue(colleague, place="second")) == [one]
        with pytest.raises(Refused, match="另一人"):
            operations.approve_declarations([one.pk], by=reviewer)
        assert desk_view(colleague, one).step.key == "second_review"
        operations.approve_declarations([one.pk], by=colleague)
    assert state(one) == State.APPROVED
    assert [event.move for event in one.events.all()][-2:] == ["sign", "approve"]


def test_who_has_nothing_to_sign_is_offered_no_approval(client, clerk, reviewer, colleague, head):
    (one,) = submitted(clerk)

    def offered(by) -> tuple[bool, bool, bool]:
        client.force_login(by)
        page = client.get(f"/a/cases/{one.pk}").content.decode()
        return f'action="/a/cases/{one.pk}/approve"' in page, "您已签过，还须" in page, ">领取 <" in page

    steps = ReviewStep("first_review"), ReviewStep("second_review", "any", ("agency_admin",))
    with reviewed_by(one.region, ENROL, *steps):
        assert offered(reviewer) == (True, False, True)
        operations.approve_declarations([one.pk], by=reviewer)
        assert offered(reviewer) == (False, True, False)
        assert offered(colleague) == (False, False, False)
        assert offered(head) == (True, False, True)


@pytest.mark.parametrize(
    ("need", "enough"),
    [("any", ["reviewer"]), ("all", ["reviewer", "agency_admin"]), (3, ["reviewer", "reviewer", "agency_admin"])],
)
def test_how_many_sign_is_said_by_the_region(clerk, reviewer, need, enough):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review", need, REVIEWERS)):
        for role in enough:
            assert state(one) == State.SUBMITTED
            operations.approve_declarations([one.pk], by=OperatorFactory(role=role, employer=None, region="tianjin"))
    assert state(one) == State.APPROVED


def test_a_step_is_signed_only_by_the_roles_it_is_for(clerk, reviewer, colleague, head):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review", "any", ("agency_admin",))):
        with pytest.raises(Refused, match="经办机构管理员"):
            operations.approve_declarations([one.pk], by=reviewer)
        operations.approve_declarations([one.pk], by=head)
    assert state(one) == State.APPROVED
    (two,) = submitted(clerk, 2)
    with reviewed_by(two.region, ENROL, ReviewStep("first_review", "all", ("reviewer", "agency_admin"))):
        operations.approve_declarations([two.pk], by=reviewer)
        with pytest.raises(Refused, match="不能签"):
            operations.approve_declarations([two.pk], by=colleague)


def test_a_signature_is_about_one_version_and_lapses_with_it(clerk, reviewer, colleague):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review"), ReviewStep("second_review")):
        operations.approve_declarations([one.pk], by=reviewer)
        operations.withdraw_declaration(one.pk, by=clerk)
        operations.submit_declarations([one.pk], by=clerk)
        operations.approve_declarations([one.pk], by=colleague)
        assert state(one) == State.SUBMITTED
        operations.approve_declarations([one.pk], by=reviewer)
    assert state(one) == State.APPROVED


def test_a_first_signature_can_be_taken_back_until_somebody_signed_after_it(undo_time, clerk, reviewer, colleague):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review"), ReviewStep("second_review")):
        effects.approve_cases([one.pk], by=reviewer)
        effects.undo_approval([one.pk], by=reviewer)
        assert desk_view(reviewer, one).step.key == "first_review"
        effects.approve_cases([one.pk], by=reviewer)
        effects.approve_cases([one.pk], by=colleague)
        with pytest.raises(Conflict, match="别人接着"):
            effects.undo_approval([one.pk], by=reviewer)


def test_the_database_itself_refuses_two_signatures_of_one_person_and_that_of_who_declared(clerk, reviewer):
    (one,) = submitted(clerk)
    row = {"declaration": one, "version": one.version, "step": "first_review", "role": "reviewer", "declarer": clerk}
    row["at"] = one.submitted_at
    Approval.objects.create(by=reviewer, **row)
    for by in (reviewer, clerk):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.create(by=by, **row)


def test_a_colleague_who_entered_the_case_does_not_get_it(clerk, reviewer, colleague):
    (one,) = submitted(clerk, by=reviewer)
    assert one.at_counter
    with pytest.raises(Refused, match="不能由其审核"):
        desk.transfer_case(one.pk, reviewer.pk, by=colleague)
    assert desk.claim_cases([one.pk], by=reviewer) == ([], [one])
    with pytest.raises(Refused, match="不能自己审核"):
        desk.take_over(one.pk, by=reviewer, reason="急")
    operations.approve_declarations([one.pk], by=colleague)
    assert state(one) == State.APPROVED


def test_who_entered_a_case_is_offered_nothing_that_would_be_refused(client, clerk, reviewer, colleague, head):
    (mine,), others = submitted(clerk, by=reviewer), submitted(clerk, *range(2, 6))
    client.force_login(reviewer)
    page = client.get(f"/a/cases/{mine.pk}").content.decode()
    assert "您录入的申报，由别人审核" in page and 'data-key="n"' in page
    for key in "arcth":
        assert f'data-key="{key}"' not in page
    assert 'id="return"' not in page and 'id="transfer"' not in page and 'id="hold"' not in page
    client.force_login(colleague)
    page = client.get(f"/a/cases/{mine.pk}").content.decode()
    assert 'data-key="a"' in page and "由别人审核" not in page
    assert f'<option value="{reviewer.pk}">' not in page and f'<option value="{head.pk}">' in page
    desk.claim_cases([mine.pk], by=colleague)
    client.force_login(reviewer)
    page = client.get(f"/a/cases/{mine.pk}").content.decode()
    assert 'id="take-over"' not in page and 'data-key="c"' not in page
    desk.give_back(mine.pk, by=colleague)
    with pytest.raises(Refused, match="不能自己审核"):
        desk.transfer_case(mine.pk, head.pk, by=reviewer)
    listed = client.get("/a/").content.decode()
    assert f'value="{mine.pk}" aria-label="选择 员工1" disabled' in listed and "您录入的" in listed
    assert f'value="{others[0].pk}" aria-label="选择 员工2">' in listed
    assert sampling.draw_sample([mine.pk, *(one.pk for one in others)], by=reviewer).chosen == [o.pk for o in others]
    with pytest.raises(Refused, match="您自己录入的"):
        sampling.draw_sample([mine.pk], by=reviewer)


def test_what_the_counter_only_repaired_is_not_claimed_by_who_repaired_it(client, clerk, reviewer, colleague, head):
    (mine,), (other,) = submitted(clerk, 1, by=colleague), submitted(clerk, 2)
    desk.claim_cases([mine.pk], by=reviewer)
    operations.return_declaration(mine.pk, by=reviewer, marks={}, note="工资请核对")
    mine.refresh_from_db()
    again = enrolment(1, name="员工1", declared_wage="8200")
    operations.repair_declaration(mine.pk, again, by=reviewer, confirmed={}, version=mine.version)
    operations.submit_declarations([mine.pk], by=reviewer)
    client.force_login(reviewer)
    page = client.get(f"/a/cases/{mine.pk}").content.decode()
    assert "请放回待领" in page and 'id="give-back"' in page and 'data-key="a"' not in page
    desk.give_back(mine.pk, by=reviewer)
    assert next_free(reviewer, 10) == next_free(colleague, 10) == [other.pk]
    assert len(next_free(head, 10)) == 2


def test_a_batch_is_approved_once_the_drawn_cases_were_opened(clerk, reviewer, colleague):
    cases = submitted(clerk, *range(1, 6))
    stranger = submitted(clerk, 9)[0]
    sample = sampling.draw_sample([one.pk for one in cases], by=reviewer)
    assert len(sample.drawn) == region("tianjin").agency.sampling.size(5) == 3
    pks = [one.pk for one in cases]
    with pytest.raises(Refused, match="没有打开"):
        sampling.approve_batch(sample.pk, pks, by=reviewer, reason=WHY)
    for pk in sample.drawn:
        effects.open_drawn(sample.pk, pk, by=reviewer)
    with pytest.raises(Refused, match="不在这一批"):
        sampling.approve_batch(sample.pk, [*pks, stranger.pk], by=reviewer, reason=WHY)
    with pytest.raises(Refused, match="理由"):
        sampling.approve_batch(sample.pk, pks, by=reviewer, reason=" ")
    with pytest.raises(type(sample).DoesNotExist):
        sampling.approve_batch(sample.pk, pks, by=colleague, reason=WHY)
    sampling.approve_batch(sample.pk, pks, by=reviewer, reason=WHY)
    assert {state(one) for one in cases} == {State.APPROVED}
    assert AuditEntry.objects.filter(action="desk.sample_opened").count() == 3
    entry = AuditEntry.objects.get(action="desk.batch_approved")
    assert (entry.actor, entry.region, entry.employer) == (reviewer, "tianjin", None)
    assert entry.detail == {"count": 5, "drawn": sample.drawn, "chosen": pks, "reason": WHY}


def test_drawing_again_gives_the_same_lot_on_that_day_alone_and_among_others(clerk, reviewer):
    pks = [one.pk for one in submitted(clerk, *range(1, 13))]
    first = sampling.draw_sample(pks, by=reviewer).drawn
    assert [sampling.draw_sample(pks, by=reviewer).drawn for _ in range(5)] == [first] * 5
    alone = [sampling.draw_sample([pk], by=reviewer).drawn for pk in pks]
    assert alone == [[pk] for pk in pks], "nobody goes round the lot by asking for one at a time"
    fewer = sampling.draw_sample(pks[:-1], by=reviewer).drawn
    assert set(first) & set(pks[:-1]) <= set(fewer), "who leaves one out gets no other lot for the rest"
    with at(NOW + timedelta(days=1)):
        tomorrow = [sampling.draw_sample(pks, by=reviewer).drawn]
    with at(NOW + timedelta(days=2)):
        tomorrow.append(sampling.draw_sample(pks, by=reviewer).drawn)
    assert tomorrow != [first] * 2


def test_what_opens_an_account_is_approved_one_by_one(clerk, reviewer):
    here = region("lijiang")
    assert {key for key, one in here.services.items() if not one.is_batched and one.is_listed} == {
        key for key, one in here.services.items() if one.operation in ("register_clerk", "replace_clerk")
    }
    cases = submitted(clerk, *range(1, 4))
    spec = region("tianjin").services[ENROL]
    object.__setattr__(spec, "batch_review", "one_by_one")
    try:
        with pytest.raises(Refused, match="逐笔"):
            sampling.draw_sample([one.pk for one in cases], by=reviewer)
        with pytest.raises(Refused, match="逐笔打开审核，不能批量通过"):
            effects.approve_cases([one.pk for one in cases], by=reviewer)
        effects.approve_cases([cases[0].pk], by=reviewer)
    finally:
        object.__setattr__(spec, "batch_review", "sampled")


def test_a_reviewer_whose_account_was_closed_has_approved_nothing(undo_time, clerk, reviewer):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    Operator.objects.filter(pk=reviewer.pk).update(is_active=False)
    with later(11):
        assert effects.take_effect([one.pk]) == 0
    assert "停用" in DeskCase.objects.get(pk=one.pk).failure


def test_a_reviewer_who_no_longer_serves_the_employer_has_approved_nothing(undo_time, clerk, reviewer):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    Operator.objects.filter(pk=reviewer.pk).update(divisions=["somewhere-else"])
    with later(11):
        assert effects.take_effect([one.pk]) == 0
    case = DeskCase.objects.get(pk=one.pk)
    assert "不再经办这个单位" in case.failure and case.effective_at is None
