"""Wrong passwords, counted beside django-axes: by address and by account over all addresses (reliability B16)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from axes.utils import reset

from .. import clock
from ..crypto import blind_index
from ..errors import Refused
from ..operators.models import Attempt
from .typed import account_of

# (purpose, how many wrong ones, within)
BY_ADDRESS = ("wrong-address", 20, timedelta(minutes=15))
BY_ACCOUNT = ("wrong-account", 100, timedelta(days=1))
IN_AN_HOUR, HOUR = 20, timedelta(hours=1)
PAUSES = ((15, timedelta(minutes=5)), (10, timedelta(minutes=2)), (5, timedelta(minutes=1)))
"""After so many wrong ones at an account within an hour, the next one has to wait so long after the last."""
LONG_MINUTES = 90
TOO_OFTEN = "密码输错次数过多，请 {}后再试；不记得密码的，请用“忘记密码”。"


def reserve(username: str, address: str = "") -> list[int]:
    """Count one try before its password is looked at, so that many at the same moment are not more than one by one.

    Returns what `release` takes back when the password was right. Raises Refused, in words and alike for accounts that
    do not exist, while one has to wait: then nothing may be compared at all, and nothing is counted, so that waiting
    always helps. No address: somebody who is signed in.
    """
    _refuse_waiting(username, address)
    now, made = clock.now(), []
    for (purpose, _, within), who in _counted(username, address):
        Attempt.objects.filter(purpose=purpose, at__lte=now - within).delete()
        made.append(Attempt.objects.create(purpose=purpose, who=_digest(purpose, who), at=now).pk)
    try:
        _refuse_waiting(username, address, but=made)
    except Refused:
        release(made)
        raise
    return made


def release(reserved: list[int]) -> None:
    """The password was right: the try was no guess."""
    Attempt.objects.filter(pk__in=reserved).delete()


def forget(username: str) -> None:
    """The account has another password, on record: what was guessed at the one before keeps nobody waiting."""
    purpose = BY_ACCOUNT[0]
    Attempt.objects.filter(purpose=purpose, who=_digest(purpose, username.lower())).delete()
    reset(username=account_of(None, {"username": username}))


def _counted(username: str, address: str) -> list[tuple]:
    return [(BY_ACCOUNT, username.lower()), *([(BY_ADDRESS, address)] if address else [])]


def _refuse_waiting(username: str, address: str, but: Iterable[int] = ()) -> None:
    now = clock.now()
    waits = [_wait(rule, _wrong(rule, who, now, but), now) for rule, who in _counted(username, address)]
    if (wait := max(waits)) > timedelta(0):
        raise Refused("too_often", TOO_OFTEN.format(_words(wait)), field="username", status=429)


def _wrong(rule: tuple, who: str, now: datetime, but: Iterable[int]) -> list[datetime]:
    """When the wrong ones were, the last one first, as many as there may be."""
    purpose, most, within = rule
    rows = Attempt.objects.filter(purpose=purpose, who=_digest(purpose, who), at__gt=now - within)
    return list(rows.exclude(pk__in=but).order_by("-at").values_list("at", flat=True)[:most])


def _wait(rule: tuple, wrong: list[datetime], now: datetime) -> timedelta:
    """How long until the next try may be: until enough of the wrong ones are out of the window."""
    _, most, within = rule
    ends = [wrong[most - 1] + within] if len(wrong) >= most else []
    if rule is BY_ACCOUNT:
        recent = [at for at in wrong if at > now - HOUR]
        ends += [recent[IN_AN_HOUR - 1] + HOUR] if len(recent) >= IN_AN_HOUR else []
        ends += [recent[0] + pause for count, pause in PAUSES if len(recent) >= count][:1]
    return max(ends, default=now) - now


def _words(wait: timedelta) -> str:
    minutes = ceil(wait.total_seconds() / 60)
    return f"{minutes} 分钟" if minutes <= LONG_MINUTES else f"{ceil(minutes / 60)} 小时"


def _digest(purpose: str, who: str) -> str:
    return blind_index(f"attempt:{purpose}", who)
