"""One press, one deed: the key that a form carries is spent in the transaction of what it does (一次性编号).

The first record of a deed in a request writes the key down. Whoever comes with the same key again finds it, before or
while the deed is done, and does nothing: see `web/once.py` for what is answered. Jobs and commands have no key.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from ..clock import now
from ..crypto import blind_index
from .models import SpentKey

KEY = "_once"
"""The name under which a form sends its key."""
CHANGES_NOTHING = frozenset({
    "data.looked_at", "person.looked_at", "evidence.looked_at", "privileged.looked",
    "access.refused", "operator.sign_in_failed",
})  # fmt: skip
"""Records of reading and of what was refused: they change nothing that anybody could do twice."""
MAY_REPEAT = CHANGES_NOTHING | {
    "reveal_id_number", "alert.unmasking", "alert.unmasking_sheets", "person.searched", "roster.template_made",
    "data.exported", "export.started", "print_run.started", "values.tried",
    "document.issued", "document.signed", "document.downloaded",
}  # fmt: skip
"""Looks, papers and tables too: asked for again from the same page, which stays open, they are given again, and a paper
of the same content is the same paper.
"""


class AlreadyDone(Exception):
    """The key of this request was spent by another: this transaction is undone, and the other's answer given."""


@dataclass(eq=False)
class Press:
    """A request that came with a key."""

    digest: str
    fingerprint: str
    spent_at: datetime | None = None

    def is_spent(self) -> bool:
        """Whether this request spent its key, and neither a savepoint nor a transaction took that back."""
        if self.spent_at is None:
            return False
        return SpentKey.objects.filter(digest=self.digest, at=self.spent_at).exists()


_press: ContextVar[Press | None] = ContextVar("press", default=None)


def press_of(account: int | None, address: str, key: str, said: str) -> Press:
    """The press of an account (None: somebody not signed in) at an address; `said` is all that was sent along."""
    return Press(blind_index("once", f"{account or ''} {address} {key}"), blind_index("once_said", said))


def bear(press: Press | None) -> None:
    """From here on, what this thread records is done by this press; None: by none."""
    _press.set(press)


def borne() -> Press | None:
    """The press that this thread works for."""
    return _press.get()


def spend(action: str) -> None:
    """Spend the key of the request that records `action`, if it has one and has not yet. Raises AlreadyDone."""
    press = _press.get()
    if press is None or action in MAY_REPEAT or press.is_spent():
        return
    moment = now()
    try:
        SpentKey.objects.create(digest=press.digest, fingerprint=press.fingerprint, at=moment)
    except IntegrityError as error:
        raise AlreadyDone from error
    press.spent_at = moment


def spent_by(press: Press) -> SpentKey | None:
    """The deed that was done with this key, whoever sent it first."""
    return SpentKey.objects.filter(digest=press.digest).first()


def keep_answer(press: Press, status: int, location: str) -> None:
    """Keep what was answered, for whoever sends the same again."""
    SpentKey.objects.filter(digest=press.digest).update(status=status, location=location)


def free(press: Press) -> None:
    """The answer left the page as it was, to be pressed again: the key may be used once more."""
    SpentKey.objects.filter(digest=press.digest).delete()
