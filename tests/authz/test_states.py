"""Every state × action × role: only what the table lists moves a declaration; nobody sets fields by posting them."""

import pytest
from django.db import transaction

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.settlement.models import Bill
from tests.authz.moves import ACTIONS, MOVES, act, one_case
from tests.factories import NOW, EmployerFactory, at, wage
from tests.settlement.hall import OCTOBER, settle


@pytest.fixture
def hall(db):
    """One declaration, and everybody who might touch it."""
    with at(NOW):
        yield one_case()


@pytest.mark.slow
def test_only_the_listed_moves_are_made_in_any_state_by_any_role(hall, client):
    case, people = hall
    wrong, tried = [], 0
    for state in State.values:
        decider = people["reviewer"].pk if state in ("approved", "returned", "rejected") else None
        Declaration.objects.filter(pk=case.pk).update(
            state=state, decided_by=decider, case_number=f"N{state}", revision=int(state == "returned")
        )
        if state in ("submitted", "returned"):
            for move, to in (("submit", "submitted"), ("return", "returned"))[: 1 + (state == "returned")]:
                by = people["clerk" if move == "submit" else "reviewer"]
                case.events.create(move=move, to_state=to, by=by, at=case.declared_at, answers=case.answers)
        case.refresh_from_db()
        for action in ACTIONS:
            target, roles = MOVES.get((state, action), (state, ()))
            for role, person in people.items():
                client.force_login(person)
                tried += 1
                with transaction.atomic():
                    act(client, case, action)
                    found = Declaration.objects.get(pk=case.pk).state
                    transaction.set_rollback(True)
                expected = target if role in roles else state
                if found != expected:
                    wrong.append(f"{state} × {action} × {role}: {found}, not {expected}")
    assert not wrong, "\n".join(wrong)
    assert tried == len(State) * len(ACTIONS) * 8


def test_whoever_declared_it_at_the_counter_does_not_approve_it(hall, client):
    case, people = hall
    client.force_login(people["clerk"])
    act(client, case, "submit")
    Declaration.objects.filter(pk=case.pk).update(declared_by=people["reviewer"])
    case.events.create(
        move="repair", to_state="submitted", by=people["reviewer"], at=case.declared_at, answers=case.answers
    )
    case.refresh_from_db()
    client.force_login(people["reviewer"])
    act(client, case, "approve")
    case.refresh_from_db()
    assert case.state == "submitted"


def test_fields_that_nobody_may_set_are_not_set_by_posting_them(hall, client):
    """mass assignment: state, employer, reviewer and amounts in a form change nothing."""
    case, people = hall
    other = EmployerFactory()
    smuggled = {
        "state": "approved", "status": "approved", "employer": other.pk, "employer_id": other.pk, "region": "leshan",
        "decided_by": people["clerk"].pk, "reviewed_by": people["clerk"].pk, "declared_by": people["stranger"].pk,
        "effect_fen": "1", "amount_fen": "1", "version": case.version, "case_number": "N1", "revision": "9",
        "proposed_by": "1", "is_active": "1",
    }  # fmt: skip
    client.force_login(people["clerk"])
    before = Declaration.objects.values().get(pk=case.pk)
    answers = wage(case.employee, "9100") | smuggled | {"next": "keep"}
    client.post(f"/e/cases/{case.pk}/repair/", answers)
    after = Declaration.objects.values().get(pk=case.pk)
    kept = set(before) - {"answers", "before", "version", "effect_fen", "problems", "confirmed"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["effect_fen"] != 1
    client.post("/e/declare/wage_declaration/", answers)
    assert not Declaration.objects.filter(employer=other).exists()
    assert not Declaration.objects.exclude(state="draft").exists()


def test_an_amount_in_a_form_does_not_change_what_is_paid(hall, client):
    case, people = hall
    Declaration.objects.filter(pk=case.pk).update(state="deleted")
    bill = settle(case.employer, people["clerk"], OCTOBER)
    client.force_login(people["clerk"])
    with transaction.atomic():
        client.post("/e/settle/", {"amount": "1", "total_due": "1", "employer": "1"})
        client.post(f"/e/voids/{bill.assessment_id}/", {"reason": "错", "state": "voided", "voided_at": "2026-01-01"})
    bill.refresh_from_db()
    assert bill.total_due == Bill.objects.get(pk=bill.pk).total_due > 1
    assert bill.assessment.voided_at is None


def test_nobody_gives_themselves_a_role_by_posting_it(hall, client):
    case, people = hall
    entry = people["entry"]
    client.force_login(entry)
    for path in (f"/e/operators/{entry.pk}/", "/operators/new", "/password"):
        client.post(path, {"role": "employer_admin", "duty": "all", "name": "x", "username": "y", "is_active": "1"})
    entry.refresh_from_db()
    assert (entry.role, entry.duty) == ("clerk", "entry")
