"""`shebao assess` by several processes and by a cluster: one is killed in the middle, and nothing is written twice."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.db.models import Count

from shebao.hall.audit.operations import broken_links
from shebao.hall.employers.models import Employer
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Assessment, BillLine

from .hall import NOVEMBER, hire, make_employer, take_partition_away

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Path(__file__).parent
EMPLOYERS, PEOPLE = 12, 5


@pytest.fixture(autouse=True)
def region():
    for n in range(EMPLOYERS):
        hire(make_employer("leshan", number=f"12{n:04}"), [500_000 + 10_000 * i for i in range(PEOPLE)])


def environment(name: str) -> dict[str, str]:
    """What a process of the installation has, so that it finds this test's database, on the test's day."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite://{settings['NAME']}"
    else:
        host = quote(connection.settings_dict["OPTIONS"].get("host") or settings["HOST"], safe="")
        url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={host}"
    paths = [HERE / "tenth_of_november", HERE.parents[1] / "src", HERE.parents[1]]
    return os.environ | {
        "SHEBAO_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "shebao.config.settings.test", "PGAPPNAME": name,
        "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONWARNINGS": "ignore",
    }  # fmt: skip


def assess(*words: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "shebao", "assess", "--month", "2026-11", "--region", "leshan", *words]
    return subprocess.Popen(
        command, env=environment("assess"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(condition, seconds: float = 60):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)
    return found


def waiting(what: str = "wait_event_type = 'Lock'") -> list[str]:
    """The programs that wait for the lock that this test holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees the others as they were at first
        cursor.execute(
            f"SELECT application_name FROM pg_stat_activity WHERE {what} AND datname = %s",
            [connection.settings_dict["NAME"]],
        )
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def held_up():
    """One employer in the middle of the region is held by somebody else: whoever settles it stops there."""
    with transaction.atomic():
        middle = Employer.objects.order_by("pk")[EMPLOYERS // 2].pk
        list(Employer.objects.select_for_update().filter(pk=middle))
        yield


def everything_is_settled_once():
    assert Assessment.objects.count() == EMPLOYERS
    twice = BillLine.objects.values("employee", "scheme").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists() and BillLine.objects.values("employee").distinct().count() == EMPLOYERS * PEOPLE
    assert list(check_ledger()) == list(broken_links()) == []


def test_a_run_that_was_killed_is_started_again_and_does_the_rest():
    if connection.vendor == "postgresql":
        take_partition_away(NOVEMBER)
    first = assess("--workers", "2", "--people", "10")
    if connection.vendor == "postgresql":
        with held_up():
            wait_for(waiting)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        wait_for(lambda: "assess" not in waiting("true"))
        assert 0 < Assessment.objects.count() < EMPLOYERS
    else:
        wait_for(lambda: Assessment.objects.exists())
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    second = assess("--workers", "2", "--people", "10")
    told, progress = second.communicate(timeout=120)
    assert second.returncode == 0, progress
    assert "跳过 0 户" in told or "没有待核定" in told
    if connection.vendor == "postgresql":
        assert "每秒" in progress and "还需约" in progress
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM settlement_billline_2026_11")  # made by the first run before it began
            assert cursor.fetchone() == (BillLine.objects.count(),)
    everything_is_settled_once()


@contextmanager
def cluster(folder: Path):
    """A scheduler and two workers, each a process of its own; yields its address and the workers by name."""
    file, running = folder / "scheduler.json", {}
    base = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [*base, "--no-dashboard", "--scheduler-file", str(file)], env=environment("scheduler"), **quiet
    )
    try:
        address = wait_for(lambda: file.exists() and file.read_text() and json.loads(file.read_text())["address"])
        for name in ("one", "two"):
            worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--no-dashboard"]
            running[name] = subprocess.Popen(
                [*worker, "--nthreads", "1", "--name", name, "--local-directory", str(folder)],
                env=environment(name), **quiet,
            )  # fmt: skip
        yield address, running
    finally:
        for process in (*running.values(), scheduler):
            process.kill()
            process.wait()


def test_a_worker_of_the_cluster_that_dies_in_the_middle_costs_a_retry_and_no_line_twice(tmp_path):
    with cluster(tmp_path) as (address, workers):
        if connection.vendor == "postgresql":
            with held_up():
                run = assess("--scheduler", address, "--people", "10")
                # All but the one that is held: the other worker goes on meanwhile.
                wait_for(lambda: Assessment.objects.count() == EMPLOYERS - 2)
                victim = wait_for(waiting)[0]
                workers[victim].kill()
                workers[victim].wait()
        else:
            run = assess("--scheduler", address, "--people", "10")
            wait_for(lambda: Assessment.objects.exists() or run.poll() is not None)
            with held_up():
                time.sleep(0.3)
                workers["one"].kill()
                workers["one"].wait()
        told, progress = run.communicate(timeout=60)
    assert run.returncode == 0, progress
    assert f"核定 {EMPLOYERS} 户" in told or "跳过" in told
    everything_is_settled_once()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--month", "2026-13"], "不是年月"),
        (["--region", "nowhere"], "没有地区“nowhere”"),
        (["--scheduler", "tcp://127.0.0.1:9"], "连不上调度器"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(words, sentence):
    run = assess(*words)
    _, trouble = run.communicate(timeout=60)
    assert run.returncode == 2 and sentence in trouble
    assert not Assessment.objects.exists()
