"""The only place of the hall that asks what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.utils import timezone

_pretended: ContextVar[datetime | None] = ContextVar("pretended_now", default=None)


def now() -> datetime:
    """This instant, aware."""
    return _pretended.get() or timezone.now()


def today() -> date:
    """Today in the hall's time zone: the day that windows, deadlines and `known_on` are counted in."""
    return timezone.localdate(now())


def day_of(moment: datetime) -> date:
    """The day of an instant in the hall's time zone."""
    return timezone.localdate(moment)


def midnight(day: date) -> datetime:
    """The instant at which a day begins in the hall's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def local_now() -> datetime:
    """Now as a naive local time, comparable with the region calendar's windows."""
    return timezone.localtime(now()).replace(tzinfo=None)


@contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Let the hall believe it is `moment` (naive local time): for loading a demo city's past, and for tests."""
    token = _pretended.set(timezone.make_aware(moment))
    try:
        yield
    finally:
        _pretended.reset(token)
