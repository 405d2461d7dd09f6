"""Somebody with the database's password changes the past: every change of an audit record is found, and where."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from .faults import lifted
from .outcome import Outcome

TITLE = "Audit records, tampered with"
LENGTH = 90
ANCHOR_EVERY = 15
TABLE, HEAD = "audit_auditentry", "audit_audithead"


class _TakenBack(Exception):
    """Ends the transaction of one trial."""


def run(count: int, seed: int) -> Outcome:
    """`count` single acts of tampering, each alone on an honest chain, through raw SQL with the triggers lifted."""
    from django.conf import settings
    from django.db import transaction
    from django.test import override_settings

    from shebao.hall.audit.operations import broken_links

    found = Outcome(TITLE, seed, count)
    found.counts.update({"detected": 0, "located": 0, "false alarms": 0})
    file = Path(settings.DATA_DIR) / "drill.anchors"
    file.unlink(missing_ok=True)
    with override_settings(SHEBAO_AUDIT_ANCHORS=str(file)):
        _make_chain()
        chance = random.Random(seed)  # noqa: S311
        if list(broken_links()):
            found.counts["false alarms"] += 1
            found.fail("an honest chain is called broken")
        for number in range(count):
            name, tamper = list(TAMPERINGS.items())[number % len(TAMPERINGS)]
            try:
                with transaction.atomic():
                    with lifted():
                        place = tamper(chance)
                    sentences = list(broken_links())
                    raise _TakenBack
            except _TakenBack:
                found.counts["tamperings"] += 1
            found.counts["detected"] += bool(sentences)
            is_located = any(f"第 {place} 条" in sentence for sentence in sentences[:1])
            found.counts["located"] += is_located
            if not is_located:
                found.fail(f"{seed}/{number} {name} at {place}: {sentences[:2] or 'not seen'}")
        if list(broken_links()):
            found.fail("the chain is broken after everything was taken back")
    found.counts["kinds"] = len(TAMPERINGS)
    return found


def _make_chain() -> None:
    """An honest chain of several operators, employers and details, anchored now and then as `serve` does."""
    from django.db import transaction
    from tests.factories import OperatorFactory

    from shebao.hall.audit.anchors import write_anchor
    from shebao.hall.audit.models import AuditEntry
    from shebao.hall.audit.operations import record
    from shebao.hall.audit.origin import NOWHERE, Origin, come_from

    clerks = [OperatorFactory(clerk=True) for _ in range(3)]
    for number in range(LENGTH):
        clerk = clerks[number % 3]
        come_from(Origin(f"192.0.2.{number}", f"{number:010x}"))
        with transaction.atomic():
            record(
                "employer.changed", clerk.employer, by=clerk if number % 5 else None, employer=clerk.employer, n=number
            )
        if number % ANCHOR_EVERY == ANCHOR_EVERY - 1:
            write_anchor()
    come_from(NOWHERE)
    assert AuditEntry.objects.count() == LENGTH


def sql(statement: str, *values) -> None:
    """Run raw SQL, as somebody at the database's own prompt would."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _somewhere(chance: random.Random, first: int = 2, last: int = LENGTH - 1) -> int:
    return chance.randint(first, last)


def _edit(column: str, new: Callable[[random.Random], object]) -> Callable[[random.Random], int]:
    def edit(chance: random.Random) -> int:
        place = _somewhere(chance)
        sql(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = %s", new(chance), place)
        return place

    return edit


def _digest(chance: random.Random) -> str:
    return chance.randbytes(32).hex()


def _other_time(chance: random.Random) -> int:
    from shebao.hall.audit.models import AuditEntry

    place = _somewhere(chance)
    entry = AuditEntry.objects.get(sequence=place)
    AuditEntry.objects.filter(pk=entry.pk).update(at=entry.at + timedelta(microseconds=chance.choice([-1, 1, 10**9])))
    return place


def _all_times(chance: random.Random) -> int:
    from django.db.models import F

    from shebao.hall.audit.models import AuditEntry

    place = _somewhere(chance)
    AuditEntry.objects.filter(sequence__gte=place).update(at=F("at") + timedelta(hours=1))
    return place


def _other_actor(chance: random.Random) -> int:
    place = _somewhere(chance)
    sql(f"UPDATE {TABLE} SET actor_id = (SELECT min(o.id) FROM operators_operator o "
        f"WHERE o.id <> coalesce(actor_id, 0)) WHERE sequence = %s", place)  # fmt: skip
    return place


def _another_place(chance: random.Random) -> int:
    """The address of another entry of the same employer, as it is stored: it decrypts, and is not what was written."""
    place = _somewhere(chance)
    sql(f"UPDATE {TABLE} SET address = (SELECT a.address FROM {TABLE} a, {TABLE} b WHERE b.sequence = %s "
        f"AND a.employer_id = b.employer_id AND a.sequence <> b.sequence ORDER BY a.sequence LIMIT 1) "
        f"WHERE sequence = %s", place, place)  # fmt: skip
    return place


def _older_form(chance: random.Random) -> int:
    """As if the entry were of the time before it said from where it came."""
    place = _somewhere(chance)
    sql(f"UPDATE {TABLE} SET form = 1, result = '', address = '', request = '', content = '' WHERE sequence = %s",
        place)  # fmt: skip
    return place


def _delete_one(chance: random.Random) -> int:
    place = _somewhere(chance)
    sql(f"DELETE FROM {TABLE} WHERE sequence = %s", place)
    return place


def _delete_some(chance: random.Random) -> int:
    place = _somewhere(chance, last=LENGTH - 10)
    sql(f"DELETE FROM {TABLE} WHERE sequence BETWEEN %s AND %s", place, place + chance.randint(1, 8))
    return place


def _delete_and_close_the_gap(chance: random.Random) -> int:
    place = _delete_one(chance)
    _shift(place, -1)
    sql(f"UPDATE {HEAD} SET sequence = sequence - 1")
    return place


def _shift(after: int, by: int) -> None:
    """Renumber what follows, in two steps, because numbers are unique."""
    sql(f"UPDATE {TABLE} SET sequence = -(sequence + %s) WHERE sequence > %s", by, after)
    sql(f"UPDATE {TABLE} SET sequence = -sequence WHERE sequence < 0")


NAMES = "at, action, subject, actor_id, actor_label, employer_id, region, detail, form, result, address, request"
NAMES += ", content"
COLUMNS = f"{NAMES}, previous_digest, digest"


def _insert_a_copy(chance: random.Random) -> int:
    place = _somewhere(chance)
    _shift(place, 1)
    sql(
        f"INSERT INTO {TABLE} (sequence, {COLUMNS}) SELECT %s, {COLUMNS} FROM {TABLE} WHERE sequence = %s",
        place + 1,
        place,
    )
    sql(f"UPDATE {HEAD} SET sequence = sequence + 1")
    return place + 1


def _append_forged(chance: random.Random) -> int:
    forged = _digest(chance)
    sql(f"INSERT INTO {TABLE} (sequence, {COLUMNS}) SELECT sequence + 1, {NAMES}, digest, %s FROM {TABLE} "
        f"WHERE sequence = %s", forged, LENGTH)  # fmt: skip
    sql(f"UPDATE {HEAD} SET sequence = sequence + 1, digest = %s", forged)
    return LENGTH + 1


def _swap(chance: random.Random) -> int:
    one, other = sorted(chance.sample(range(2, LENGTH), 2))
    for old, new in ((one, -1), (other, one), (-1, other)):
        sql(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", new, old)
    return one


def _swap_neighbours(chance: random.Random) -> int:
    place = _somewhere(chance, last=LENGTH - 2)
    for old, new in ((place, -1), (place + 1, place), (-1, place + 1)):
        sql(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", new, old)
    return place


def _cut(chance: random.Random) -> int:
    kept = _somewhere(chance)
    sql(f"DELETE FROM {TABLE} WHERE sequence > %s", kept)
    return kept


def _cut_with_the_head(chance: random.Random) -> int:
    kept = _cut(chance)
    sql(f"UPDATE {HEAD} SET sequence = %s, digest = (SELECT digest FROM {TABLE} WHERE sequence = %s)", kept, kept)
    return kept


def _cut_everything(chance: random.Random) -> int:
    sql(f"DELETE FROM {TABLE}")
    sql(f"DELETE FROM {HEAD}")
    return 0


def _cut_and_append(chance: random.Random) -> int:
    """The tail is replaced by as many records that somebody without the key made up."""
    kept = _somewhere(chance)
    for place in range(kept + 1, LENGTH + 1):
        sql(f"UPDATE {TABLE} SET action = 'made.up', digest = %s WHERE sequence = %s", _digest(chance), place)
    sql(f"UPDATE {HEAD} SET digest = (SELECT digest FROM {TABLE} WHERE sequence = %s)", LENGTH)
    return kept + 1


def _rewrite_with_the_key(chance: random.Random) -> int:
    """An insider who holds even the audit key rewrites the chain from some record on: only the anchors show it."""
    from shebao.hall.audit.models import AuditEntry, AuditHead
    from shebao.hall.audit.operations import entry_digest

    place = _somewhere(chance)
    previous = AuditEntry.objects.get(sequence=place - 1).digest
    for entry in AuditEntry.objects.filter(sequence__gte=place).order_by("sequence"):
        entry.detail = entry.detail | ({"fen": -1} if entry.sequence == place else {})
        entry.previous_digest = previous
        previous = entry.digest = entry_digest(entry)
        AuditEntry.objects.filter(pk=entry.pk).update(
            detail=entry.detail, previous_digest=entry.previous_digest, digest=entry.digest
        )
    AuditHead.objects.update(digest=previous)
    return -(-place // ANCHOR_EVERY) * ANCHOR_EVERY  # the first anchored record that is another one now


def _move_the_head(chance: random.Random) -> int:
    sql(f"UPDATE {HEAD} SET sequence = sequence + %s", chance.choice([-1, 1, 1000]))
    return LENGTH


TAMPERINGS: dict[str, Callable[[random.Random], int]] = {
    "action changed": _edit("action", lambda c: "employer.viewed"),
    "subject changed": _edit("subject", lambda c: f"bill:{c.randrange(10**6)}"),
    "name changed": _edit("actor_label", lambda c: "别人（经办人）"),
    "actor changed": _other_actor,
    "employer removed": _edit("employer_id", lambda c: None),
    "region changed": _edit("region", lambda c: "elsewhere"),
    "detail changed": _edit("detail", lambda c: f'{{"n": {c.randrange(1000, 2000)}}}'),
    "result changed": _edit("result", lambda c: "failed"),
    "request changed": _edit("request", lambda c: c.randbytes(5).hex()),
    "content changed": _edit("content", lambda c: c.randbytes(16).hex()),
    "address overwritten": _edit("address", lambda c: f"2:0:{c.randbytes(30).hex()}"),
    "address in clear": _edit("address", lambda c: "198.51.100.7"),
    "address removed": _edit("address", lambda c: ""),
    "another's address": _another_place,
    "form changed": _edit("form", lambda c: 1),
    "older form": _older_form,
    "time changed": _other_time,
    "clock changed": _all_times,
    "digest changed": _edit("digest", _digest),
    "link changed": _edit("previous_digest", _digest),
    "one deleted": _delete_one,
    "some deleted": _delete_some,
    "one deleted, the rest renumbered": _delete_and_close_the_gap,
    "copy put in": _insert_a_copy,
    "forged one appended": _append_forged,
    "two swapped": _swap,
    "neighbours swapped": _swap_neighbours,
    "tail cut": _cut,
    "tail cut, head moved": _cut_with_the_head,
    "everything cut": _cut_everything,
    "tail replaced": _cut_and_append,
    "rewritten with the key": _rewrite_with_the_key,
    "head moved": _move_the_head,
}
