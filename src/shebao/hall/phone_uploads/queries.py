"""The code that a page on the desktop shows: the latest one that was asked for there."""

from .. import clock
from ..sign_in.sessions import key_digest
from .models import MOST, PhoneUpload
from .operations import LASTS


def code_for_registration(pk: int) -> PhoneUpload | None:
    """The latest code of a registration; None where there is none, or it is past by more than it ever lasted."""
    return _latest(registration=pk)


def code_in_session(session_key: str, **place) -> PhoneUpload | None:
    """The latest code that this session asked for, for this declaration or service."""
    return _latest(session__key_digest=key_digest(session_key), session__ended_at=None, **place)


def _latest(**place) -> PhoneUpload | None:
    return PhoneUpload.objects.filter(**place, until__gt=clock.now() - LASTS).order_by("-pk").first()


def is_over(made: PhoneUpload) -> bool:
    """Whether the code is past its time, or took all it takes."""
    return made.until <= clock.now() or made.used >= MOST
