"""Registrations at the desk: in whose hands, with which clock, and signed by as many people as the region says."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.audit.models import AuditEntry
from shebao.hall.audit.operations import broken_links
from shebao.hall.desk import operations as desk_operations
from shebao.hall.desk.effects import overdue_effects, take_effect, undo_approval
from shebao.hall.desk.models import NoteKind
from shebao.hall.desk.queries import desk_view, next_free, queue, queue_counts
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Conflict, Refused
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.registration import checks, deciding, operations, reviewing
from shebao.hall.registration.models import (
    Registration,
    RegistrationCase,
    RegistrationNote,
    RegistrationSignature,
)
from shebao.hall.registration.states import State
from shebao.rules.region_reviews import ReviewStep
from tests.factories import NOW, EmployerFactory, OperatorFactory, at

from .applying import TWICE, desk, reviewed_by, submitted

KIND = reviewing.REGISTRATIONS


@pytest.fixture(autouse=True)
def somebody_at_the_desk(db):
    desk("yunnan")


@pytest.fixture
def reviewer():
    return OperatorFactory(reviewer=True, region="yunnan", name="王审")


@pytest.fixture
def colleague(reviewer):
    return OperatorFactory(reviewer=True, region="yunnan", name="李娜")


def approve(made, by, **changes):
    raw = checks.proposed(made, region(made.region)) | changes
    return deciding.approve_registration(made.pk, raw, by=by, seen=made.version)


def view(actor, made):
    made.refresh_from_db()
    return desk_view(actor, made, KIND)


def test_a_second_review_is_by_another_person_and_nothing_is_registered_before(reviewer, colleague):
    with reviewed_by(*TWICE):
        made, token = approve(submitted(), reviewer, employer_number="777")
        assert (made.state, token) == (State.SUBMITTED, "")
        assert not Employer.objects.filter(credit_code=made.answers["credit_code"]).exists()
        assert not Operator.objects.filter(name="何示例").exists() and not Mail.objects.exists()
        assert list(queue(colleague, place="second", kind=KIND)) == [made]
        seen = view(colleague, made)
        assert seen.step.key == "second_review" and seen.holder is None and seen.is_last_for(colleague)
        assert seen.signed[0].decided["employer_number"] == "777"
        with pytest.raises(Refused, match="另一人"):
            approve(made, reviewer)
        made, token = approve(made, colleague, employer_number="777")
    assert made.state == State.APPROVED and token
    assert (made.employer.employer_number, made.decided_by) == ("777", colleague)
    deeds = AuditEntry.objects.filter(action__in=("registration.signed", "registration.approved"))
    assert [(one.action, one.actor) for one in deeds.order_by("sequence")] == [
        ("registration.signed", reviewer),
        ("registration.approved", colleague),
    ]
    assert list(broken_links()) == []


@pytest.mark.parametrize(("need", "enough"), [("all", ["reviewer", "agency_admin"]), (3, ["reviewer"] * 3)])
def test_how_many_sign_a_registration_is_said_by_the_region(need, enough):
    with reviewed_by(ReviewStep("first_review", need)):
        made = submitted()
        for role in enough:
            assert made.state == State.SUBMITTED
            made, _ = approve(made, OperatorFactory(role=role, employer=None, region="yunnan"))
    assert made.state == State.APPROVED


def test_what_could_not_be_registered_is_refused_to_who_signs_first(reviewer):
    made = submitted()
    with reviewed_by(*TWICE), pytest.raises(Refused, match="参保起始年月"):
        approve(made, reviewer, first_month="")
    assert not RegistrationSignature.objects.exists()


def test_what_is_returned_and_repaired_is_signed_anew(reviewer, colleague):
    with reviewed_by(*TWICE):
        made, _ = approve(submitted(), reviewer)
        deciding.return_registration(made.pk, {}, "请核对名称", by=colleague, seen=made.version)
        again = operations.submit_registration(made.pk)
        assert view(colleague, again).step.key == "first_review"
        again, token = approve(again, reviewer)
        assert (again.state, token) == (State.SUBMITTED, "")


def later(seconds: int = 11):
    return at(NOW + timedelta(seconds=seconds))


def test_a_first_signature_can_be_taken_back_until_somebody_signed_after_it(undo_time, reviewer, colleague):
    with reviewed_by(*TWICE):
        made, _ = approve(submitted(), reviewer)
        undo_approval([made.pk], by=reviewer, kind=KIND)
        assert view(reviewer, made).step.key == "first_review"
        approve(made, reviewer)
        with later(), pytest.raises(Conflict, match="不能再撤回"):
            undo_approval([made.pk], by=reviewer, kind=KIND)
        approve(made, colleague)
        with pytest.raises(Conflict, match="由别人接着办理"):
            undo_approval([made.pk], by=reviewer, kind=KIND)
        with later():
            assert take_effect([made.pk], KIND) == 1
    assert Registration.objects.get().decided_by == colleague


def test_the_last_approval_can_be_taken_back_for_ten_seconds_and_then_takes_effect(undo_time, reviewer, colleague):
    made, token = approve(submitted(), reviewer)
    assert (made.state, token) == (State.SUBMITTED, "")
    assert list(queue(colleague, kind=KIND)) == [] and list(queue(colleague, place="pending", kind=KIND)) == [made]
    for deed in (
        lambda: approve(made, colleague),
        lambda: deciding.return_registration(made.pk, {}, "请核对", by=colleague, seen=made.version),
        lambda: desk_operations.take_over(made.pk, by=colleague, reason="急", kind=KIND),
    ):
        with pytest.raises(Conflict, match="已经通过"):
            deed()
    with later(9):
        assert take_effect([made.pk], KIND) == 0
        undo_approval([made.pk], by=reviewer, kind=KIND)
    with later():
        assert take_effect([made.pk], KIND) == 0
    assert not Employer.objects.exists() and not Mail.objects.exists()
    approve(made, reviewer, employer_number="777")
    with later():
        with pytest.raises(Conflict, match="不能再撤回"):
            undo_approval([made.pk], by=reviewer, kind=KIND)
        assert overdue_effects(KIND) == [made.pk]
        assert [take_effect([made.pk], KIND) for _ in range(2)] == [1, 0]
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.employer.employer_number) == (State.APPROVED, reviewer, "777")
    assert list(made.events.values_list("move", "by")) == [("submit", None), ("approve", reviewer.pk)]
    assert deciding.renew_activation(made.pk, by=reviewer)[1]
    assert list(broken_links()) == []


def test_a_number_that_was_signed_is_nobody_elses_and_what_is_impossible_by_then_comes_back(undo_time, reviewer):
    one, two = submitted(n=1), submitted(n=2)
    number = checks.proposed(one, region("yunnan"))["employer_number"]
    approve(one, reviewer)
    assert int(checks.proposed(two, region("yunnan"))["employer_number"]) == int(number) + 1
    with pytest.raises(Refused, match=one.number):
        approve(two, reviewer, employer_number=number)
    EmployerFactory(region="yunnan", employer_number=number)
    with later():
        assert take_effect([one.pk], KIND) == 0
    case = RegistrationCase.objects.get(pk=one.pk)
    assert "已登记在其他单位" in case.failure and case.effective_at is None
    assert list(queue(reviewer, place="mine", kind=KIND)) == [one] and view(reviewer, one).signed == []
    assert RegistrationNote.objects.get().kind == NoteKind.FAILED


def test_a_claimed_registration_is_for_nobody_else_to_decide(reviewer, colleague):
    made = submitted()
    assert desk_operations.claim_cases([made.pk], by=colleague, kind=KIND) == ([made], [])
    assert desk_operations.claim_cases([made.pk], by=reviewer, kind=KIND) == ([], [made])
    for deed in (
        lambda: approve(made, reviewer),
        lambda: deciding.return_registration(made.pk, {}, "请核对", by=reviewer, seen=made.version),
        lambda: deciding.reject_registration(made.pk, "不属于本地", by=reviewer, seen=made.version),
        lambda: desk_operations.hold_case(made.pk, by=reviewer, code="01", kind=KIND),
        lambda: desk_operations.transfer_case(made.pk, reviewer.pk, by=reviewer, kind=KIND),
    ):
        with pytest.raises(Conflict, match="李娜手里"):
            deed()
    with pytest.raises(Refused, match="为什么接手"):
        desk_operations.take_over(made.pk, by=reviewer, reason=" ", kind=KIND)
    desk_operations.take_over(made.pk, by=reviewer, reason="李娜今天请假", kind=KIND)
    desk_operations.add_note(made.pk, "电话核实过", by=reviewer, kind=KIND)
    desk_operations.transfer_case(made.pk, colleague.pk, by=reviewer, note="请接着办", kind=KIND)
    desk_operations.give_back(made.pk, by=colleague, kind=KIND)
    kinds = list(RegistrationNote.objects.values_list("kind", flat=True))
    assert kinds == [NoteKind.CLAIM, NoteKind.TAKE_OVER, NoteKind.NOTE, NoteKind.TRANSFER, NoteKind.GIVE_BACK]
    assert AuditEntry.objects.filter(action="desk.take_over", region="yunnan").count() == 1
    made, _ = approve(made, reviewer)
    assert made.state == State.APPROVED


def test_the_places_of_the_queue_say_whose_hands_a_registration_is_in(reviewer, colleague):
    first, second, third = (submitted(n=n) for n in (1, 2, 3))
    desk_operations.claim_cases([first.pk], by=reviewer, kind=KIND)
    desk_operations.hold_case(second.pk, by=colleague, code="01", kind=KIND)
    counts = queue_counts(reviewer, kind=KIND)
    assert counts == {"all": 3, "mine": 1, "free": 1, "held": 1, "second": 0, "pending": 0}
    assert next_free(reviewer, 10, kind=KIND) == [third.pk]
    assert list(queue(reviewer, order="age", kind=KIND)) == [first, second, third]


def test_the_clock_of_a_registration_stands_still_while_it_is_held(reviewer):
    made = submitted()
    due = made.due_on
    desk_operations.hold_case(made.pk, by=reviewer, code="01", text="等营业执照", kind=KIND)
    with pytest.raises(Conflict, match="已挂起"):
        approve(made, reviewer)
    with at(NOW + timedelta(days=7)):
        desk_operations.resume_case(made.pk, by=reviewer, kind=KIND)
        made.refresh_from_db()
        assert made.due_on == region("yunnan").calendar.add_working_days(due, 5)
        made, _ = approve(made, reviewer)
    assert made.state == State.APPROVED


def test_a_colleague_of_another_division_does_not_get_it():
    made = submitted("tianjin", agency_division="120101")
    there, elsewhere = (
        OperatorFactory(reviewer=True, region="tianjin", divisions=[one]) for one in ("120101", "120102")
    )
    whole = OperatorFactory(reviewer=True, region="tianjin")
    assert elsewhere not in desk_view(whole, made, KIND).colleagues
    assert there in desk_view(whole, made, KIND).colleagues
    with pytest.raises(Refused, match="经办区划"):
        desk_operations.transfer_case(made.pk, elsewhere.pk, by=whole, kind=KIND)
    with pytest.raises(Registration.DoesNotExist):
        desk_operations.claim_cases([made.pk], by=elsewhere, kind=KIND)
    desk_operations.add_note(made.pk, "电话核实过", by=whole, kind=KIND)
    for model in (RegistrationCase, RegistrationNote, RegistrationSignature):
        assert not model.objects.visible_to(elsewhere).exists()
    assert RegistrationNote.objects.visible_to(there).count() == 1
    assert not RegistrationNote.objects.visible_to(OperatorFactory(clerk=True)).exists()


def test_the_database_itself_refuses_two_signatures_of_one_person(reviewer):
    made = submitted()
    row = {"registration": made, "version": made.version, "step": "first_review", "role": "reviewer", "by": reviewer}
    RegistrationSignature.objects.create(at=made.submitted_at, **row)
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistrationSignature.objects.create(at=made.submitted_at, **row)


@pytest.mark.parametrize(("issuer", "named"), [("530381", "曲靖市"), ("990101", "行政区划 990101")])
def test_the_desk_reads_divisions_by_their_names(issuer, named):
    made = Registration(region="yunnan", answers={"credit_code": f"91{issuer}MB", "agency_division": "530100"})
    told = {one.title: one.text for one in checks.findings(made, region("yunnan"))}
    assert told["行政区划"] == f"发证机关在{named}，所选社保局在昆明市，请核对是否同级"
