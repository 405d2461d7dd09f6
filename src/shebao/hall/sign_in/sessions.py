"""Sessions of operators: each is on record, can be ended by its owner, and ends at once when rights change."""

from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..operators.models import Operator
from .models import OpenSession, Why

WAYS = {
    "password": "密码",
    "totp": "密码和动态验证码",
    "recovery": "密码和备用码",
    "code": "密码和短信或邮件验证码",
    "passkey": "通行密钥",
    "certificate": "数字证书",
    "activation": "激活链接",
    "switch": "切换单位",
}
STRONG = ("totp", "recovery", "code", "passkey", "certificate")
"""Ways that prove more than the knowledge of a password."""
SHOWN = 10


def key_digest(key: str) -> str:
    """What a session is found by."""
    return blind_index("session", key)


@transaction.atomic
def begin_session(
    operator: Operator, key: str, way: str, address: str, device: str, *, owner: Operator | None = None, own_way=""
) -> OpenSession:
    """Put a session on record that has just begun; by a switch, through whose sign-in and by which way that was."""
    now = clock.now()
    return OpenSession.objects.create(
        operator=operator, key=key, key_digest=key_digest(key), way=way, address=address, device=device[:120],
        owner=owner, opened_by=own_way or way, began_at=now, seen_at=now,
    )  # fmt: skip


def note_seen(key: str) -> None:
    """The session was used; once a minute is enough."""
    OpenSession.objects.filter(key_digest=key_digest(key), ended_at=None).update(seen_at=clock.now())


def close_session(key: str) -> None:
    """The session was left: signed out, or ended by its limits."""
    OpenSession.objects.filter(key_digest=key_digest(key), ended_at=None).update(ended_at=clock.now())


def session_of(operator: Operator, key: str) -> OpenSession:
    """The open session of an operator with this key. Raises DoesNotExist."""
    return OpenSession.objects.visible_to(operator).get(key_digest=key_digest(key), ended_at=None)


def follow_session(old: str, new: str) -> None:
    """The session goes on under another key."""
    OpenSession.objects.filter(key_digest=key_digest(old), ended_at=None).update(key=new, key_digest=key_digest(new))


def open_sessions(operator: Operator):
    """Those that can still be used, as far as their limits tell."""
    since = clock.now() - settings.SHEBAO_ABSOLUTE_LIMIT
    return OpenSession.objects.visible_to(operator).filter(ended_at=None, began_at__gt=since)


def last_sign_ins(operator: Operator):
    """The latest sessions, open and ended."""
    return OpenSession.objects.visible_to(operator)[:SHOWN]


@transaction.atomic
def end_session(pk: int, *, by: Operator) -> None:
    """End one of one's own sessions (结束); its next request is a stranger's."""
    found = OpenSession.objects.visible_to(by).select_for_update().get(pk=pk, ended_at=None)
    _end([found], Why.OWNER)
    record("session.ended", by, by=by, employer=by.employer, count=1)


@transaction.atomic
def end_sessions(operator: Operator, why: Why, *, by: Operator | None, but: str = "") -> int:
    """End all sessions of an operator, for the reason `why`, except the one with the key `but`."""
    return _end_these(OpenSession.objects.filter(operator=operator), why, by=by, but=but)


@transaction.atomic
def end_weak_sessions(operator: Operator, *, but: str) -> int:
    """End the sessions that one opened without proving a second factor, now that there is one, also those in which one
    switched to another employer; not the one with the key `but`, in which it was just set up.
    """
    mine = OpenSession.objects.filter(Q(operator=operator) | Q(owner=operator))
    return _end_these(mine.exclude(opened_by__in=STRONG), Why.FACTOR, by=operator, but=but)


def why_ended(key: str) -> str:
    """Why a session was ended, for a browser that still holds its key; "" where there is nothing to say (`Why`)."""
    row = OpenSession.objects.filter(key_digest=key_digest(key)).exclude(ended_why="").first()
    return row.ended_why if row else ""


def _end_these(rows, why: Why, *, by: Operator | None, but: str) -> int:
    rows = rows.select_for_update(of=("self",)).select_related("operator__employer").filter(ended_at=None)
    found = list(rows.exclude(key_digest=key_digest(but)) if but else rows)
    _end(found, why)
    whose = {one.operator_id: one.operator for one in found}
    for pk, operator in sorted(whose.items()):
        count = sum(1 for one in found if one.operator_id == pk)
        record("session.ended", operator, by=by, employer=operator.employer, count=count)
    return len(found)


def _end(found: list[OpenSession], why: Why) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for session in found:
        store(session_key=session.key).delete()
    OpenSession.objects.filter(pk__in=[one.pk for one in found]).update(ended_at=clock.now(), ended_why=why)
