"""kill -9 in the middle of the work: at random instants, and before and after every single write and commit.

Every piece of work is done by a forked process that dies by SIGKILL. What it acknowledged must be there whole; what it
did not must be there whole or not at all; the books must prove themselves; whoever comes next finishes it; and what it
had on the disk for a moment is gone after the next sweep.
"""

from __future__ import annotations

import os
import random
import re
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .jobs import JOBS, Job
from .outcome import Outcome
from .restoring import back_up_and_restore

TITLE = "kill -9 in the middle of the work"
DONE, WRITES = b"done", re.compile(r"\s*(INSERT|UPDATE|DELETE|COPY)\b[^\"]*\"?(\w+)", re.I)
PATIENCE = 120  # seconds for a server that was struck
SERVER_EVERY = 20  # on PostgreSQL, every so often it is the server's process that dies


class Points:
    """Counts the writes and commits of this process, and calls `strike` at the chosen one."""

    def __init__(self, chosen: int | None = None, strike: Callable[[], None] | None = None):
        self.seen: list[str] = []
        self.chosen, self.strike = chosen, strike

    def pass_by(self, name: str) -> None:
        """A named point of the work is reached."""
        if len(self.seen) == self.chosen:
            self.strike()
        self.seen.append(name)

    def watch(self) -> None:
        """From now on, in this process."""
        from django.db import connection

        def around(execute, sql, params, many, context):
            found = WRITES.match(sql)
            if not found:
                return execute(sql, params, many, context)
            name = f"{found[1].upper()} {found[2]}"
            self.pass_by(f"before {name}")
            result = execute(sql, params, many, context)
            self.pass_by(f"after {name}")
            return result

        commit = connection._commit

        def committing():
            self.pass_by("before COMMIT")
            result = commit()
            self.pass_by("after COMMIT")
            return result

        connection.execute_wrappers.append(around)
        connection._commit = committing


def _forked(work: Callable[[], bytes]) -> tuple[int, int]:
    """(process id, end of a pipe to read): a child that does `work`, tells its result and vanishes."""
    from django.db import connections

    connections.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    status = 1
    try:
        os.close(reader)
        os.setsid()
        os.write(writer, work())
        status = 0
    except BaseException:
        if os.environ.get("SHEBAO_DRILL_LOUD"):
            traceback.print_exc()
    finally:
        os._exit(status)


def _told(reader: int) -> bytes:
    with os.fdopen(reader, "rb") as end:
        return end.read()


def _rehearsed(job: Job) -> tuple[list[str], float]:
    """The named points of the work in order, and its seconds, when nobody dies."""

    def work() -> bytes:
        points = Points()
        points.watch()
        began = time.perf_counter()
        job.work()
        return "\n".join([*points.seen, str(time.perf_counter() - began)]).encode()

    pid, reader = _forked(work)
    *names, seconds = _told(reader).decode().split("\n")
    os.waitpid(pid, 0)
    return names, float(seconds or 0)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_the_server() -> None:
    from django.db import connection

    os.kill(connection.connection.info.backend_pid, signal.SIGKILL)


def _killed(job: Job, point: int | None, delay: float, strike: Callable[[], None]) -> bool:
    """Do the work in a process that dies at `point`, or after `delay` seconds; whether it acknowledged before."""

    def work() -> bytes:
        points = Points(point, strike)
        points.watch()
        job.work()
        return DONE

    pid, reader = _forked(work)
    if point is None:
        time.sleep(delay)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return _told(reader) == DONE


def run(count: int, seed: int) -> Outcome:
    """`count` kills of each job: half at named points in turn, half at random instants."""
    from django.db import connection
    from tests.factories import at

    found = Outcome(TITLE, seed, count)
    found.counts.update(
        {"lost": 0, "doubled or half done": 0, "not finished by a second run": 0, "temporary files left": 0}
    )
    chance = random.Random(seed)  # noqa: S311
    longest, points = 0.0, 0
    there = _temporary()
    with at():
        for kind in JOBS:
            names, seconds = _rehearsed(kind(_number()))
            points += len(names)
            if not names:
                found.fail(f"{kind.name}: the work does not work")
                continue
            order = list(range(len(names)))
            chance.shuffle(order)
            for number in range(count):
                job = kind(_number())
                is_named = number % 2 == 0
                point = order[number // 2 % len(order)] if is_named else None
                strike = _die
                if connection.vendor == "postgresql" and number % SERVER_EVERY == SERVER_EVERY - 2:
                    strike = _kill_the_server
                    found.counts["of them the database server's process"] += 1
                label = f"{seed} {kind.name} {number} {names[point] if is_named else 'at a random instant'}"
                told = _killed(job, point, chance.uniform(0, seconds * 1.1), strike)
                found.counts["kills"] += 1
                found.counts["acknowledged before"] += told
                _sweep(found, label, there)
                longest = max(longest, _look(found, label, job, told))
        if connection.vendor == "postgresql" and count >= SERVER_EVERY:
            _restore(found, str(seed))
    _prove(found, str(seed))
    found.facts["named points"], found.facts["longest second run"] = str(points), f"{longest:.2f} s"
    return found


def _restore(found: Outcome, label: str) -> None:
    """What survived all this is backed up and brought back, and worked with."""

    def work() -> str:
        job = JOBS[0](_number())
        job.finish()
        return job.look()

    found.counts["backups brought back"] += 1
    for sentence in back_up_and_restore(work):
        found.fail(f"{label}, restored: {sentence}")


_used = iter(range(10**6))


def _number() -> int:
    """Every job of a process has its own employer."""
    return next(_used)


def _look(found: Outcome, label: str, job: Job, told: bool) -> float:
    """Hold what is left to the promise, let the next one finish it; seconds of that."""
    _wait_for_the_database()
    state = job.look()
    found.counts[f"found {state}" if state in ("nothing", "step", "all") else "doubled or half done"] += 1
    if state not in ("nothing", "step", "all"):
        found.fail(f"{label}: {state}")
    if told and state not in job.promised:
        found.counts["lost"] += 1
        found.fail(f"{label}: acknowledged, but found {state}")
    _prove(found, label)
    began = time.perf_counter()
    try:
        job.finish()
        after = job.look()
    except Exception as why:  # whatever it is, it belongs into the report
        after = f"{type(why).__name__}: {why}"
    if after != "all":
        found.counts["not finished by a second run"] += 1
        found.fail(f"{label}: after the second run: {after}")
    return time.perf_counter() - began


def _temporary() -> set[str]:
    """What lies in the temporary folder, but for the locks of those who read files."""
    names = {file.name for file in Path(tempfile.gettempdir()).iterdir()}
    return {name for name in names if not name.startswith("shebao-reading-")}


def _sweep(found: Outcome, label: str, there: set[str]) -> None:
    """What `serve` does every few minutes, with nobody just making a folder; then nothing of the dead may lie there."""
    from shebao.hall.work_folders import sweep_work

    found.counts["folders swept after a kill"] += sweep_work(young=0)
    if left := _temporary() - there:
        found.counts["temporary files left"] += len(left)
        found.fail(f"{label}: left behind: {sorted(left)[:5]}")
        there |= left


def _wait_for_the_database() -> None:
    """A server that lost a process starts anew: a few seconds, on a busy machine more."""
    from django.db import OperationalError, connection

    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.ensure_connection()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return
        except OperationalError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _prove(found: Outcome, label: str) -> None:
    """check-ledger, verify-audit, and the database's own check of itself."""
    from django.db import connection

    from shebao.hall.audit.operations import broken_links
    from shebao.hall.settlement.ledger import check_ledger

    sentences = [*check_ledger(), *broken_links()]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            sentences += [row[0] for row in cursor.fetchall() if row[0] != "ok"]
            cursor.execute("PRAGMA foreign_key_check")
            sentences += [f"foreign key: {row}" for row in cursor.fetchall()]
    for sentence in sentences[:3]:
        found.counts["books that do not prove themselves"] += 1
        found.fail(f"{label}: {sentence}")
