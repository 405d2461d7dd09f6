"""Every address that does something, sent twice with one key: one deed, its record, and the same answer (B4, B15)."""

import logging
from collections.abc import Iterator

import pytest
from django.db import transaction

from shebao.hall.audit.models import SpentKey
from shebao.hall.audit.once import KEY, MAY_REPEAT
from shebao.web.once import OF_THE_SESSION
from tests.factories import NOW, at
from tests.safety.recording import TYPING, Written, written

from .belongings import certificates_offered
from .table import addresses, rows
from .walk import Case, Door, _own, _shell, actors, cases, expected
from .world import build

WHO = ("A.clerk", "A.admin", "tianjin.admin", "tianjin.security", "tianjin.reviewer", "leshan.admin")
LEAST = 25


@pytest.fixture(autouse=True)
def refusals_are_no_news():
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_every_address_that_does_something_does_it_once_for_one_key_with_one_record(db, monkeypatch):
    with at(NOW), certificates_offered():
        hall = build()
        door, everybody = Door(hall), [one for one in actors(hall) if one.key in WHO]
        done, wrong = set(), []
        for address in addresses():
            if address.name not in rows() or address.name in OF_THE_SESSION:
                continue
            for case in _knocks(hall, rows()[address.name], address, everybody):
                if case.row.name in done:
                    break
                did, problem = _thrice(door, hall, case, monkeypatch)
                done |= {case.row.name} if did else set()
                wrong += [f"{case}: {problem}"] if problem else []
        assert wrong == [], "\n".join(wrong)
        assert len(done) >= LEAST, sorted(done)


def _knocks(hall, row, address, everybody) -> Iterator[Case]:
    """Of everybody who may send the form, the first time at something of their own."""
    for actor in everybody if "POST" in row.needs else ():
        for case in cases(hall, row, address, actor):
            if case.method == "POST" and case.target in ("own", "word") and expected(case) == "reached":
                yield case
                break


def _thrice(door: Door, hall, case: Case, monkeypatch) -> tuple[bool, str]:
    """Whether it did something the first time; what is wrong with its records, with the second time, and with something
    else after it.
    """
    numbers = {name: _own(hall, kind, case.actor) for name, kind in case.row.ids.items()}
    said = dict(case.row.body) | {name: str(one) for name, one in numbers.items() if one} | {KEY: "a-key"}
    client = door.clients[case.actor.key]
    with _shell():
        try:
            first, seen = _send(door, client, case, said, monkeypatch)
            if first.status_code >= 400 or not _did(seen):
                lost = seen.unrecorded - TYPING.get(case.row.name, set()) if first.status_code < 400 else set()
                return False, f"changes {sorted(lost)} without a record" if lost else ""
            if seen.unrecorded or seen.wrong:
                return True, f"leaves {sorted(seen.unrecorded)} without a record, and {seen.wrong}"
            if not SpentKey.objects.exists():
                return True, f"spends no key, answers {first.status_code}"
            again, seen = _send(door, client, case, said, monkeypatch)
            if _did(seen) or seen.deeds:
                return True, f"is done again, in {sorted(seen.deeds)}"
            if first.status_code == 302 and (again.status_code, again.url) != (302, first.url):
                return True, f"leads to {first.url}, and then answers {again.status_code}"
            other = _send(door, client, case, said | {"more": "1"}, monkeypatch)[0]
            return True, "" if other.status_code == 422 else f"answers {other.status_code} to something else"
        finally:
            transaction.set_rollback(True)


def _did(seen: Written) -> bool:
    """Whether a deed was recorded."""
    return bool({one.action for one in seen.records} - MAY_REPEAT)


def _send(door: Door, client, case: Case, said: dict, monkeypatch):
    """(the answer, what was written)"""
    client.cookies.clear()
    client.cookies["sessionid"] = door.jars[case.actor.key]
    with written(monkeypatch) as seen:
        answer = client.post(case.path, said)
    return answer, seen
