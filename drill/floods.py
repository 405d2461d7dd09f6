"""One employer asks as often as it can, and a hundred visitors send slowly: another employer hardly notices.

A real server of two processes answers, as `shebao serve` starts it. Measured is how long the pages of another employer
take alone, in the flood, and while many more bodies trickle in than the server has threads.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .outcome import Outcome

TITLE = "Floods and slow bodies"
PATH, PEOPLE, SLOW = "/e/roster/", 30, 64
BAR = 2.0
"""How much longer the slowest twentieth of another's pages may take (reliability B36)."""
LIMIT, BODY_SECONDS = 100, 10
PAUSE = 0.15  # quicker, nobody reads: it would be a flood of its own
SLOWER = "p95 of the other is"


def run(count: int, seed: int) -> Outcome:
    """Ask for `count` pages of the quiet employer alone, in the flood, and beside slow bodies."""
    found = Outcome(TITLE, seed, count)
    quiet, loud = _visitor(), _visitor()
    with _server() as port:
        for _ in range(10):
            _seconds(port, loud)
        before = _taken(found, port, quiet, count // 2)
        flood = _flood(port, loud)
        time.sleep(1)
        during = _taken(found, port, quiet, count)
        flood.stdin.close()
        told = flood.stdout.read()
        alone = _p95(before + _taken(found, port, quiet, count // 2))
        _judge_flood(found, told, alone, _p95(during))
        _judge_slow(found, port, quiet, count, alone)
    found.counts["pages of the other employer"] = 3 * count
    return found


def _judge_flood(found: Outcome, text: str, alone: float, during: float) -> None:
    told = dict(line.split("\t") for line in text.split("\n"))
    found.counts["asked by the flood"] = sum(map(int, told.values()))
    found.counts["refused in words"] = int(told.get("429 in words", 0))
    found.facts["p95 of the other alone"] = f"{alone * 1000:.0f} ms"
    found.facts["in the flood"] = f"{during * 1000:.0f} ms"
    found.facts["ratio"] = f"{during / alone:.2f}"
    if set(told) - {"200", "429 in words"}:
        found.fail(f"the flood was answered {told}")
    if not found.counts["refused in words"]:
        found.fail("nobody stopped the flood")
    if during > BAR * alone:
        found.fail(f"{SLOWER} {during / alone:.2f} times what it was alone, in the flood")


def _judge_slow(found: Outcome, port: int, quiet: str, count: int, alone: float) -> None:
    token = _csrf(port)
    ends: list[tuple[float, str]] = []
    threads = [threading.Thread(target=_trickle, args=(port, token, ends), daemon=True) for _ in range(SLOW)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    during = _p95(_taken(found, port, quiet, count))
    for thread in threads:
        thread.join(BODY_SECONDS * 3)
    cut = [seconds for seconds, answer in ends if "408" in answer and "上传太慢" in answer]
    found.counts["slow bodies"], found.counts["cut off in words"] = SLOW, len(cut)
    found.facts["beside slow bodies"] = f"{during * 1000:.0f} ms"
    found.facts["slow bodies were cut off after"] = f"{max(cut, default=0):.0f} s"
    if len(cut) < SLOW:
        found.fail(f"{SLOW - len(cut)} slow bodies were not cut off")
    if during > BAR * alone:
        found.fail(f"{SLOWER} {during / alone:.2f} times what it was alone, beside slow bodies")


def _trickle(port: int, token: str, ends: list) -> None:
    """Send a form a letter at a time, until somebody ends it."""
    began = time.monotonic()
    head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nCookie: csrftoken={token}\r\n"
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5) as line:
            line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=".encode())
            while not answer and time.monotonic() < began + BODY_SECONDS * 2:
                line.sendall(b"a")
                try:
                    answer = line.recv(4096)
                except TimeoutError:
                    continue
    except OSError as why:
        answer = answer or str(why).encode()
    ends.append((time.monotonic() - began, answer.decode("utf-8", "replace")))


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)]


def _taken(found: Outcome, port: int, cookie: str, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        seconds, status = _seconds(port, cookie)
        taken.append(seconds)
        if status != 200:
            found.fail(f"the other employer was answered {status}")
        time.sleep(PAUSE)
    return taken


def _seconds(port: int, cookie: str) -> tuple[float, int]:
    began = time.perf_counter()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BODY_SECONDS)
        connection.request("GET", PATH, headers={"Cookie": f"sessionid={cookie}"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return time.perf_counter() - began, answer.status
    except OSError:
        return time.perf_counter() - began, 0


def _csrf(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/login")
    return re.search(r"csrftoken=(\w+)", str(connection.getresponse().headers))[1]


def _flood(port: int, cookie: str) -> subprocess.Popen:
    """Ends when nothing more can be read from its input."""
    command = [sys.executable, "-m", "drill.flooding", str(port), cookie, PATH]
    root = Path(__file__).parents[1]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)


def _visitor() -> str:
    """The session of a clerk of an employer of its own, with people to show."""
    from datetime import date

    from django.test import Client
    from tests.factories import EmployerFactory, OperatorFactory, enrolled, synthetic_id

    employer = EmployerFactory()
    for number in range(PEOPLE):
        born = date(1980 + number, 1 + employer.pk % 12, 1)
        enrolled(employer, name="李示例", number=synthetic_id(born=born, sequence=employer.pk % 999))
    client = Client()
    client.force_login(OperatorFactory(admin=True, employer=employer))
    return client.cookies["sessionid"].value


@contextmanager
def _server() -> Iterator[int]:
    from django.db import connections
    from tests.cli.terminal import free_port

    from shebao.cli.serving import server_command

    connections.close_all()
    port, root = free_port(), Path(__file__).parents[1]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "drill.served", "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}",
        "SHEBAO_DRILL_FLOOD_LIMIT": str(LIMIT), "SHEBAO_DRILL_BODY_SECONDS": str(BODY_SECONDS),
    }  # fmt: skip
    server = subprocess.Popen(server_command("127.0.0.1", port, 2), env=environment, cwd=root)
    try:
        until = time.monotonic() + 60
        while _seconds(port, "")[1] == 0 and time.monotonic() < until:
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
