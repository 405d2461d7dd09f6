"""Random walks: anybody presses anything in any order, and a declaration moves only as its table says (reliability B7).

Every step is a request as a browser sends it, with fields smuggled in that nobody may set; beside it walks a model of
two words. A case that was submitted stays as it was submitted, whoever decided it is nobody who declared it, and every
move has its record.
"""

from __future__ import annotations

import random

from .outcome import Outcome

TITLE = "Random walks through the states of a declaration"
STEPS = 20
SMUGGLED = {
    "state": "approved", "status": "approved", "employer": "1", "employer_id": "1", "decided_by": "1",
    "declared_by": "1", "version": "999", "amount_fen": "1", "is_active": "1",
}  # fmt: skip


def run(count: int, seed: int) -> Outcome:
    """Walk `count` times; a walk that differs from the table is told with its steps."""
    from django.db import transaction
    from tests.factories import NOW, at

    found = Outcome(TITLE, seed, count)
    found.counts.update({"walks": count, "steps": 0, "moves": 0, "refused": 0, "approved": 0})
    for number in range(count):
        with at(NOW), transaction.atomic():
            _walk(found, random.Random(f"{seed}-{number}"), f"{seed}-{number}")
            transaction.set_rollback(True)
    return found


def _walk(found: Outcome, dice: random.Random, name: str) -> None:
    from django.test import Client
    from tests.authz.moves import ACTIONS, MOVES, act, one_case

    case, people = one_case()
    clients = {}
    for role, person in people.items():
        clients[role] = Client(raise_request_exception=False)
        clients[role].force_login(person)
    state, put_away, walked = "draft", "draft", []
    for _ in range(STEPS):
        role, action = dice.choice(list(people)), dice.choice(ACTIONS)
        if dice.random() < 0.5:  # the table alone would leave most walks where they began
            role, action = dice.choice([(who, what) for (at, what), (_, whose) in MOVES.items() if at == state
                                        for who in whose] or [(role, action)])  # fmt: skip
        walked.append(f"{role} {action}")
        case.refresh_from_db()
        answers, seen = case.answers, case.events.count()
        answer = act(clients[role], case, action, **SMUGGLED)
        to, roles = MOVES.get((state, action), (state, ()))
        if role in roles:
            if action == "restore":
                to = put_away
            put_away = state if action == "delete" else put_away
            state = to
        case.refresh_from_db()
        moved = role in roles
        found.counts["steps"] += 1
        found.counts["moves" if moved else "refused"] += 1
        found.counts["approved"] += moved and state == "approved"
        if wrong := _wrong(case, state, answers, answer, case.events.count() - seen, moved):
            found.fail(f"{name}: {wrong} after {', '.join(walked)}")
            return


def _wrong(case, state: str, answers: dict, answer, recorded: int, moved: bool) -> str:
    """What is not as the table says; "" where all is."""
    if case.state != state:
        return f"{case.state}, not {state}"
    if answer.status_code >= 500:
        return f"answered {answer.status_code}"
    if case.answers != answers:
        return "what was declared has changed"
    if bool(recorded) != moved:
        return f"{recorded} records"
    if case.decided_by_id and case.decided_by_id == case.declared_by_id:
        return "decided by who declared it"
    return ""
