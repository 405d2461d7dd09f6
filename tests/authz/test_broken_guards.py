"""Every page with every guard broken: where the guard was asked, nothing is answered (reliability B44)."""

import logging
from collections import defaultdict

import pytest

from shebao.hall import scopes
from shebao.hall.operators.models import Operator
from tests.factories import NOW, at

from .belongings import certificates_offered
from .table import addresses, rows
from .walk import Door, actors, cases, expected
from .world import build

WHO = ("A.admin", "A.clerk", "tianjin.admin", "tianjin.reviewer", "tianjin.security", "tianjin.audit", "tianjin.system",
       "leshan.admin")  # fmt: skip
TOLD = ("Traceback", 'File "', "RuntimeError", "SELECT ", "OperationalError", "django.")
LEAST = {"the scope": 150, "the right": 150, "the key": 40, "the session": 200, "the record": 20}
"""At how many doors each guard is asked, at the least: fewer, and the walk passes it by."""


@pytest.fixture(autouse=True)
def hundreds_of_failures_are_no_news():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Broken:
    """A guard that fails, and tells whether it was asked."""

    def __init__(self):
        self.asked = False

    def __call__(self, *_, **__):
        self.asked = True
        raise RuntimeError("SELECT secret FROM operators")


def lay(guard: str, monkeypatch) -> Broken:
    """Put a broken one in the place of a guard."""
    broken = Broken()
    if guard == "the scope":
        monkeypatch.setattr(scopes.ScopedQuerySet, "visible_to", lambda *a: broken())
    elif guard == "the right":
        monkeypatch.setattr(Operator, "may", lambda *a: broken())
    elif guard == "the key":
        monkeypatch.setattr("shebao.hall.fields.decrypt", broken)
    elif guard == "the session":
        monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", lambda *a: broken())
    else:
        monkeypatch.setattr("shebao.hall.audit.operations.insert_rows", broken)
    return broken


def doors(hall):
    """Every address and method once, by the first who reaches something of their own there."""
    everybody = {one.key: one for one in actors(hall)}
    for address in addresses():
        row, seen = rows()[address.name], set()
        for key in WHO:
            for case in cases(hall, row, address, everybody[key]):
                is_own = case.target in ("own", "word") and not case.sent and expected(case) == "reached"
                if is_own and case.method in ("GET", "POST") and case.method not in seen and row.side != "public":
                    seen.add(case.method)
                    yield case


@pytest.mark.parametrize("guard", LEAST)
def test_where_a_guard_breaks_the_answer_is_no_on_every_page(db, guard, monkeypatch):
    with at(NOW), certificates_offered():
        hall = build()
        door, wrong, count = Door(hall), defaultdict(list), 0
        for case in doors(hall):
            with monkeypatch.context() as now:
                broken = lay(guard, now)
                answer = door.knock(case)
            if not broken.asked:
                continue
            count += 1
            if answer.status < 500 and not answer.location.startswith("/login"):
                wrong[f"{answer.status} all the same"].append(str(case))
            if answer.status == 500 and ("错误编号" not in answer.text or [one for one in TOLD if one in answer.text]):
                wrong["tells of the program"].append(str(case))
        assert not wrong, dict(wrong)
        assert count >= LEAST[guard], count
