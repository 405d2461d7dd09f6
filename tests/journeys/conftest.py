"""Journeys: the demo city, a real bank process, and people who press keys in Chromium."""

import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Error, TimeoutError

from shebao.cli.demo_city import load_demo_city
from tests.short_messages import gateway  # noqa: F401 - a fixture of this folder


class Bank:
    """The embedded bank as the process that it is; it can be killed, and started again with the same books."""

    def __init__(self, port: int, secret: Path, books: Path):
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        command = [sys.executable, "-m", "shebao.bank", "--port", str(port), "--secret-file", str(secret)]
        self._command = [*command, "--data", str(books)]
        self._process = None

    def start(self) -> None:
        """Return once the bank answers."""
        self._process = subprocess.Popen(self._command, env={"PYTHONPATH": "src"})
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=0.2):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the bank does not start")

    def kill(self) -> None:
        """End it as a power failure would."""
        self._process.kill()
        self._process.wait(10)


@pytest.fixture
def bank(live_server, settings, tmp_path):
    """A running bank, calling back to the live server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = tmp_path / "bank.key"
    secret.write_text(settings.SHEBAO_BANK_SECRET)
    bank = Bank(port, secret, tmp_path)
    settings.SHEBAO_BANK_URL, settings.SHEBAO_BASE_URL = bank.url, live_server.url
    bank.start()
    yield bank
    bank.kill()


@pytest.fixture(scope="session", autouse=True)
def files_are_kept_by_the_browser():
    """As in production, where their names carry what is in them; else every page asks for all of them anew."""
    serve = StaticFilesHandler.serve

    def kept(handler, request):
        answer = serve(handler, request)
        # Ten years: the hall's clock may stand at another year than the browser's.
        answer["Cache-Control"] = "max-age=315360000, immutable"
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(StaticFilesHandler, "serve", kept)
        yield


@pytest.fixture(scope="session", autouse=True)
def connections_are_kept_by_the_server():
    """As in production: a new one would read the whole schema for every request."""
    connections.databases["default"]["CONN_MAX_AGE"] = 60


@pytest.fixture(scope="session")
def kept_city():
    """What loading the demo city once has made: its sign-ins, and on SQLite a copy of the database."""
    return {}


@pytest.fixture
def city(bank, kept_city):
    """Two regions of the demo city, one that reviews and one that does not; sign-ins by username.

    A year of business takes seconds to live through, so on SQLite every journey but the first gets a copy.
    """
    connection.ensure_connection()
    if copy := kept_city.get("copy"):
        copy.backup(connection.connection)
        return dict(kept_city["sign_ins"])
    sign_ins = {account.username: account.password for account in load_demo_city({"tianjin", "leshan"})}
    if connection.vendor == "sqlite":
        kept_city |= {"copy": sqlite3.connect(":memory:"), "sign_ins": sign_ins}
        connection.connection.backup(kept_city["copy"])
    return sign_ins


def said(message) -> str:
    """What the console complains about, and which address it is about."""
    return f"{message.text} ({message.location['url']})"


def patient(page):
    """The page, whose `goto` waits for a navigation of the page's own that is still under way.

    Chromium answers such a meeting in two ways: the address is interrupted, or neither page ever says that it loaded.
    Asking once more is what a person does; an address that does not answer fails the last time.
    """
    straight = page.goto

    def goto(address, **options):
        for _ in range(4):
            try:
                return straight(address, **options)
            except TimeoutError:
                page.wait_for_timeout(500)
            except Error as interrupted:
                if not any(words in str(interrupted) for words in ("interrupted by another navigation", "ERR_ABORTED")):
                    raise
                page.wait_for_load_state()
        return straight(address, **options)

    page.goto = goto
    return page


@pytest.fixture
def sign_in(browser, live_server, city):
    """Sign in as somebody in a browser of their own, and return the page; every page is watched for errors."""
    opened = []

    def enter(username: str, *, width: int = 1440, javascript: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN",
            accept_downloads=True,
            java_script_enabled=javascript,
        )
        page = patient(context.new_page())
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(said(m)) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(live_server.url + "/login")
        page.get_by_label("账号").fill(username)
        page.get_by_label("密码").fill(city[username])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        opened.append((context, page))
        return page

    yield enter
    for context, _ in opened:
        context.close()


@pytest.fixture
def page_of(browser, live_server):
    """Open a page in a browser of somebody's own, signed in (or not, for None); errors of its scripts fail the test."""
    opened, complaints = [], []

    def enter(operator=None, address: str = "", *, width: int = 1440, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN", accept_downloads=True, **options
        )
        if operator:
            client = Client()
            client.force_login(operator)
            context.add_cookies(
                [{"name": key, "value": one.value, "url": live_server.url} for key, one in client.cookies.items()]
            )
        context.set_default_timeout(15_000)
        page = patient(context.new_page())
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if address:
            page.goto(live_server.url + address)
        opened.append((context, page))
        return page

    yield enter
    for context, page in opened:
        # A context closed in the middle of a navigation may never answer.
        page.goto("about:blank")
        context.close()
    assert complaints == []


def fetched(page, address: str) -> bytes:
    """The body of an address, with the page's own session."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    request = urllib.request.Request(address, headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()
