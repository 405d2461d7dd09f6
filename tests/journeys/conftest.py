"""Journeys: the demo city, a real bank process, and people who press keys in Chromium."""

import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from shebao.cli.demo_city import load_demo_city


@pytest.fixture
def bank(live_server, settings, tmp_path):
    """The embedded bank as the process that it is, calling back to the live server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = tmp_path / "bank.key"
    secret.write_text(settings.SHEBAO_BANK_SECRET)
    settings.SHEBAO_BANK_URL = f"http://127.0.0.1:{port}"
    settings.SHEBAO_BASE_URL = live_server.url
    command = [sys.executable, "-m", "shebao.bank", "--port", str(port), "--secret-file", str(secret)]
    process = subprocess.Popen([*command, "--data", str(tmp_path)], env={"PYTHONPATH": "src"})
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.2):
                break
        except OSError:
            time.sleep(0.05)
    yield settings.SHEBAO_BANK_URL
    process.terminate()
    process.wait(10)


@pytest.fixture
def city(bank):
    """The demo city; sign-ins by username."""
    return {account.username: account.password for account in load_demo_city()}


@pytest.fixture
def sign_in(browser, live_server, city):
    """Sign in as somebody in a browser of their own, and return the page; every page is watched for errors."""
    opened = []

    def enter(username: str, *, width: int = 1440):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", accept_downloads=True)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
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


def fetched(page, address: str) -> bytes:
    """The body of an address, with the page's own session."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    request = urllib.request.Request(address, headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()
