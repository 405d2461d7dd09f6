"""The only place of the hall that asks what time it is."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """This instant, aware."""
    return timezone.now()


def today() -> date:
    """Today in the hall's time zone: the day that windows, deadlines and `known_on` are counted in."""
    return timezone.localdate()


def local_now() -> datetime:
    """Now as a naive local time, comparable with the region calendar's windows."""
    return timezone.localtime().replace(tzinfo=None)
