"""Wrong passwords, counted beside django-axes: by address and by account over all addresses (reliability B16)."""

from datetime import timedelta

from .. import clock
from ..crypto import blind_index
from ..operators.models import Attempt

# (purpose, how many wrong ones, within)
BY_ADDRESS = ("wrong-address", 20, timedelta(minutes=15))
BY_ACCOUNT = ("wrong-account", 100, timedelta(days=1))


def is_blocked(username: str, address: str) -> bool:
    """Whether too much was guessed, from this address or at this account: then nothing is compared at all."""
    return any(_count(rule, who) >= rule[1] for rule, who in ((BY_ADDRESS, address), (BY_ACCOUNT, username.lower())))


def note_wrong(username: str, address: str) -> None:
    """Count one wrong password."""
    now = clock.now()
    for (purpose, _, within), who in ((BY_ADDRESS, address), (BY_ACCOUNT, username.lower())):
        Attempt.objects.filter(purpose=purpose, at__lte=now - within).delete()
        Attempt.objects.create(purpose=purpose, who=_digest(purpose, who), at=now)


def _count(rule, who: str) -> int:
    purpose, _, within = rule
    rows = Attempt.objects.filter(purpose=purpose, who=_digest(purpose, who), at__gt=clock.now() - within)
    return rows.count()


def _digest(purpose: str, who: str) -> str:
    return blind_index(f"attempt:{purpose}", who)
