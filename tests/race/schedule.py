"""Two deeds at once, step by step in every order; and the same with the guards taken away.

A deed has two steps: what it reads and checks, until just before its first write (to a table that it names, where it
notes something down before); and the rest. A schedule such as "ABBA" says whose step is next: A checks, B checks and
writes, A writes. Who waits for a lock of the other is passed over until the lock is free.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from shebao.hall.declarations import pipe
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.states import MOVES, State
from shebao.hall.errors import Refused
from shebao.hall.settlement.month_partitions import dress_partitions
from tests.asked_anew import composed_each_time
from tests.factories import at

ORDERS = sorted({"".join(order) for order in itertools.permutations("AABB")})
SCHEDULES = [order for order in ORDERS if order not in ("AABB", "BBAA")]
"""Every order of the steps in which the two deeds overlap."""
PATIENCE = 0.1
"""Seconds after which a deed that does not move is taken to wait for a lock. Without locks nobody waits: take more."""
WRITES = ("INSERT", "UPDATE", "DELETE", "COPY")
here = threading.local()


class Deed(threading.Thread):
    """One deed in a thread and a connection of its own; `outcome` is "done", a refusal's code or "crash: …"."""

    def __init__(self, work: Callable[[], object]):
        super().__init__(daemon=True)
        self.work, self.outcome = work, ""
        self.go, self.stopped = threading.Semaphore(0), threading.Event()
        self.has_written = False
        self.table = getattr(work, "pauses_before", "")

    def run(self) -> None:
        here.deed = self
        self.go.acquire()
        try:
            with at(), connection.execute_wrapper(self._before_a_write):
                self.work()
            self.outcome = "done"
        except Refused as no:
            self.outcome = no.code
        except InvalidDeclaration:
            self.outcome = "invalid"
        except Exception as error:  # a stranger would see an error page
            self.outcome = f"crash: {type(error).__name__}: {error}"
        finally:
            connections.close_all()
            self.stopped.set()

    def _before_a_write(self, execute, sql, params, many, context):
        self.pause(sql)
        return execute(sql, params, many, context)

    def pause(self, sql: str) -> None:
        """The end of the first step, if this statement is where it ends."""
        if not self.has_written and sql.lstrip().upper().startswith(WRITES) and self.table in sql:
            self.has_written = True
            self.stopped.set()
            self.go.acquire()

    def step(self, patience: float) -> None:
        """Let it do its next step; returns when that is done, or when it waits for the other."""
        self.stopped.clear() if self.is_alive() else None
        self.go.release()
        self.stopped.wait(patience if self.is_alive() else 0)


def _copy(self, sql, *words, **more):
    """COPY is a write too."""
    if deed := getattr(here, "deed", None):
        deed.pause(sql)
    return self.cursor.copy(sql, *words, **more)


def run(schedule: str, a: Callable, b: Callable, patience: float = PATIENCE) -> tuple[str, str]:
    """Carry out both deeds as the schedule says; their outcomes."""
    deeds = {"A": Deed(a), "B": Deed(b)}
    with patch.object(CursorWrapper, "copy", _copy, create=True):
        for one in deeds.values():
            one.start()
        for turn in schedule:
            deeds[turn].step(patience)
        for one in deeds.values():
            one.go.release(3)
        for one in deeds.values():
            one.join(60)
            assert not one.is_alive(), "a deed waits for ever"
    return deeds["A"].outcome, deeds["B"].outcome


@contextmanager
def without_guards(walls: tuple[str, ...]) -> Iterator[None]:
    """No locks, no transactions, no conditions on the state, and none of these unique indexes and triggers.

    Afterwards the database is empty, and whole.
    """
    connections.close_all()
    kept = [_lifted(name) for name in walls]
    try:
        with (
            patch.object(QuerySet, "select_for_update", lambda self, *_, **__: self),
            composed_each_time(),
            patch.object(transaction.Atomic, "__enter__", _enter),
            patch.object(transaction.Atomic, "__exit__", _exit),
            patch.object(pipe, "MOVES", {name: replace(one, sources=frozenset(State)) for name, one in MOVES.items()}),
        ):
            yield
    finally:
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        with connection.cursor() as cursor:
            for definition in kept:
                cursor.execute(definition)
            if connection.vendor == "postgresql":
                dress_partitions(cursor)


def _lifted(name: str) -> str:
    """Take a wall away; the statement that sets it up again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s AND tgparentid = 0", [name])
            if found := cursor.fetchone():
                cursor.execute(f"ALTER TABLE {found[0]} DISABLE TRIGGER {name}")
                return f"ALTER TABLE {found[0]} ENABLE TRIGGER {name}"
        definition = _definition(name)
        cursor.execute(f"DROP {'TRIGGER' if definition.startswith('CREATE TRIGGER') else 'INDEX'} {name}")
    return definition


def _definition(name: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # An index of a partitioned table is laid on its partitions too.
            cursor.execute("SELECT replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes WHERE indexname = %s", [name])
        else:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [name])
        return cursor.fetchone()[0]


def _enter(self):
    """A block that is none: every statement stands for itself."""
    here_now = transaction.get_connection(self.using)
    here_now.ensure_connection()
    here_now.depth_of_nothing = getattr(here_now, "depth_of_nothing", 0) + 1
    here_now.in_atomic_block = True


def _exit(self, *_):
    here_now = transaction.get_connection(self.using)
    here_now.depth_of_nothing -= 1
    here_now.needs_rollback = False
    if not here_now.depth_of_nothing:
        here_now.in_atomic_block = False
        hooks, here_now.run_on_commit = here_now.run_on_commit, []
        for _, hook, *_ in hooks:
            hook()
