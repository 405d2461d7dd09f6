"""Nobody takes into their hands what only somebody else may sign next, nor back what is not theirs to take back."""

import pytest

from shebao.hall.desk import effects
from shebao.hall.desk import operations as desk
from shebao.hall.desk.queries import desk_view, next_free
from shebao.hall.errors import Conflict, Refused
from shebao.rules.region_reviews import ReviewStep
from tests.factories import OperatorFactory

from .test_desk import ENROL, later, reviewed_by, submitted

pytestmark = pytest.mark.django_db
TWICE = (ReviewStep("first_review"), ReviewStep("second_review"))
BY_HEADS = (ReviewStep("first_review"), ReviewStep("second_review", of=("agency_admin",)))


@pytest.fixture
def colleague(reviewer):
    return OperatorFactory(reviewer=True, name="李娜")


def test_who_signed_first_takes_the_next_ten_without_what_they_signed(clerk, reviewer, colleague, undo_time):
    one, two = submitted(clerk, 1, 2)
    with reviewed_by("tianjin", ENROL, *TWICE):
        effects.approve_cases([one.pk], by=reviewer)
        assert next_free(reviewer, 10) == [two.pk]
        assert sorted(next_free(colleague, 10)) == [one.pk, two.pk]
        assert desk.claim_cases([one.pk, two.pk], by=reviewer) == ([two], [one])
        assert desk.claim_cases([one.pk], by=colleague) == ([one], [])


def test_it_is_neither_handed_on_to_who_signed_already(clerk, reviewer, colleague, undo_time):
    (one,) = submitted(clerk)
    third = OperatorFactory(reviewer=True, name="王芳")
    with reviewed_by("tianjin", ENROL, *TWICE):
        effects.approve_cases([one.pk], by=reviewer)
        desk.claim_cases([one.pk], by=colleague)
        one.refresh_from_db()
        assert desk_view(colleague, one).colleagues == [third]
        with pytest.raises(Refused, match="已签过这笔"):
            desk.transfer_case(one.pk, reviewer.pk, by=colleague)
        desk.transfer_case(one.pk, third.pk, by=colleague)


def test_a_step_of_another_role_is_not_claimed(clerk, reviewer, colleague, undo_time):
    (one,) = submitted(clerk)
    head = OperatorFactory(agency_admin=True)
    with reviewed_by("tianjin", ENROL, *BY_HEADS):
        effects.approve_cases([one.pk], by=reviewer)
        assert desk.claim_cases([one.pk], by=colleague) == ([], [one])
        assert desk.claim_cases([one.pk], by=head) == ([one], [])


def test_whoever_cannot_take_an_approval_back_reads_why_and_never_that_it_is_in_force_when_it_is_not(
    clerk, reviewer, colleague, undo_time
):
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)
    with pytest.raises(Conflict, match="是.*通过的，只能由本人撤回"):
        effects.undo_approval([one.pk], by=colleague)
    effects.undo_approval([one.pk], by=reviewer)
    with pytest.raises(Conflict, match="没有等着生效的通过，不用撤回"):
        effects.undo_approval([one.pk], by=reviewer)
    effects.approve_cases([one.pk], by=reviewer)
    with later(11):
        effects.take_effect([one.pk])
        with pytest.raises(Conflict, match="已经生效，不能再撤回"):
            effects.undo_approval([one.pk], by=reviewer)
