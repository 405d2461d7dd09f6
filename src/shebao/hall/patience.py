"""How long a write waits for the one that the database is busy with: a page answers soon, a background job has time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import OperationalError, connection

RETRIED = {"55P03", "40P01", "40001"}
"""PostgreSQL's own words for it: a lock not given, a deadlock, a transaction that could not be put in an order."""

_step = threading.local()

DRAFT_SECONDS = 1
"""For what the browser keeps too: while it waits, its own saving waits behind it."""


def begin_step() -> None:
    """A request begins: nothing of it is done."""
    _step.is_part_done = False


def note_done() -> None:
    """A deed of this request is kept, whatever becomes of the rest of it."""
    _step.is_part_done = True


def is_part_done() -> bool:
    """Whether a request that fails now has left a deed behind, in an earlier transaction of its own."""
    return getattr(_step, "is_part_done", False)


def is_busy(error: BaseException | None) -> bool:
    """Whether a transaction failed only because others were writing: all of it is undone, and it may be tried again."""
    while isinstance(error, UpdateError | SessionInterrupted):  # so Django calls whatever kept it from the session
        error = error.__cause__ or error.__context__
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(cause, "sqlstate", "") in RETRIED


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """On SQLite, whoever writes meanwhile is waited for so long and no longer; PostgreSQL locks rows, not all."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    own = connection.connection  # a setting of this connection: no question to the database, and not counted as one
    (before,) = own.execute("PRAGMA busy_timeout").fetchone()
    own.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        own.execute(f"PRAGMA busy_timeout = {before}")
