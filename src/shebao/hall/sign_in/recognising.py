"""Whose session it is: two questions that every request asks, composed once."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from ..operators.models import Operator
from ..prepared import prepared


@prepared
def sessions(key: str, at: datetime) -> QuerySet:
    """The session with the key, if it lasts beyond `at`."""
    return Session.objects.filter(session_key=key, expire_date__gt=at)


@prepared
def operators(pk: int) -> QuerySet:
    """The operator with the number, and the employer they act for."""
    return Operator.objects.filter(pk=pk).select_related("employer")
