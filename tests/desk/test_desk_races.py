"""Two reviewers at once: one has the case, one decides, one signature each."""

import threading

import pytest
from django.db import connections

from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.desk import effects
from shebao.hall.desk import operations as desk
from shebao.hall.desk.models import Approval, DeskCase
from shebao.hall.errors import Refused
from shebao.rules.region_reviews import ReviewStep
from tests.factories import OperatorFactory, at

from .test_desk import ENROL, later, reviewed_by, submitted

pytestmark = [
    pytest.mark.django_db(transaction=True),
]


def at_once(*deeds) -> list:
    """Run the deeds in threads of their own, together; what each returned, or the code of its refusal."""
    outcomes, start = [], threading.Barrier(len(deeds))

    def run(deed):
        start.wait(10)
        try:
            with at():
                outcomes.append(deed())
        except Refused as no:
            outcomes.append(no.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return outcomes


def test_one_of_many_claims_a_case(clerk, reviewer):
    (one,) = submitted(clerk)
    people = [OperatorFactory(reviewer=True) for _ in range(4)]
    taken = at_once(*[lambda who=who: len(desk.claim_cases([one.pk], by=who)[0]) for who in people])
    assert sorted(taken) == [0, 0, 0, 1]


def test_one_of_two_approves_and_it_takes_effect_once(clerk, reviewer):
    (one,) = submitted(clerk)
    people = [reviewer, OperatorFactory(reviewer=True)]
    done = at_once(*[lambda who=who: len(operations.approve_declarations([one.pk], by=who)) for who in people])
    assert done.count(1) == 1
    assert one.events.filter(move="approve").count() == 1


def test_one_person_pressing_twice_signs_once(clerk, reviewer):
    (one,) = submitted(clerk)
    with reviewed_by(one.region, ENROL, ReviewStep("first_review"), ReviewStep("second_review")):
        at_once(*[lambda: len(operations.approve_declarations([one.pk], by=reviewer))] * 3)
    assert Approval.objects.count() == 1
    assert Declaration.objects.get().state == "submitted"


def test_undoing_and_taking_effect_at_once_leave_one_of_the_two(clerk, reviewer, settings):
    settings.SHEBAO_UNDO_SECONDS = 10
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    (one,) = submitted(clerk)
    effects.approve_cases([one.pk], by=reviewer)

    def effect():
        with later(11):
            return effects.take_effect([one.pk])

    outcomes = at_once(effect, effect, lambda: len(effects.undo_approval([one.pk], by=reviewer)))
    in_force = Declaration.objects.get().state == "approved"
    assert outcomes.count(1) == 1
    assert in_force == (not Approval.objects.filter(withdrawn_at__isnull=False).exists())
    assert not DeskCase.objects.filter(effective_at__isnull=False).exists()
