"""A real bank on a free port, and a small hall that hears its call-backs."""

import http.client
import json
import re
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shebao.bank import server as bank_server
from shebao.bank import signing
from shebao.bank.callbacks import Courier
from shebao.bank.client import BankClient
from shebao.bank.orders import OrderBook

SECRET = b"5" * 64


class Receiver(ThreadingHTTPServer):
    """Verifies and keeps call-backs; answers 500 to the first `failures` of them."""

    daemon_threads = True

    def __init__(self):
        self.heard, self.raw, self.failures = [], [], 0
        super().__init__(("127.0.0.1", 0), ReceiverHandler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/bank/callback"

    def wait_for(self, count, seconds=5):
        until = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.heard) >= count, f"只收到 {len(self.heard)} 条通知"
        return self.heard


class ReceiverHandler(BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.raw.append((dict(self.headers), body))
        status = 200
        if self.server.failures:
            self.server.failures -= 1
            status = 500
        else:
            signing.verify(SECRET, self.headers, body, now=time.time(), seen=None)
            self.server.heard.append(json.loads(body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        pass


class Payer:
    """The person in front of the bank's page."""

    def __init__(self, port):
        self.port = port

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            answer = response.status, response.read().decode()
            location = response.headers["Location"]
        finally:
            connection.close()
        return self.follow(answer, location)

    def follow(self, answer, location):
        """What a browser does after a form: a redirection is a visit of its page."""
        return self.request("GET", location) if answer[0] == 303 else answer

    def open(self, order_id):
        return self.request("GET", f"/pay/{order_id}")

    def choose(self, order_id, choice, token=None):
        if token is None:
            token = re.search(r'name="token" value="([^"]+)"', self.open(order_id)[1]).group(1)
        return self.request("POST", f"/pay/{order_id}", urllib.parse.urlencode({"token": token, "choice": choice}))


def running(server):
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def receiver():
    with running(Receiver()) as server:
        yield server
        server.shutdown()


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.setitem(bank_server.CHOICES, "success_late", bank_server.Choice("succeeded", paid=True, after=0.3))
    book = OrderBook(tmp_path / "bank.sqlite3")
    holder = bank_server.Bank(SECRET, book, Courier(SECRET, retry_after=(0.02, 0.05, 0.1)))
    with running(bank_server.BankServer(("127.0.0.1", 0), holder)) as server:
        yield server
        server.shutdown()
    book.close()


@pytest.fixture
def client(bank):
    return BankClient(f"http://127.0.0.1:{bank.server_address[1]}", SECRET)


@pytest.fixture
def payer(bank):
    return Payer(bank.server_address[1])


@pytest.fixture
def order(receiver):
    return {
        "order_id": "PAY-0001",
        "amount_fen": 123456,
        "payer": "某某<机械>有限公司",
        "payee": "社会保险基金专户",
        "bill_number": "B202603-01",
        "callback_url": receiver.url,
        "return_url": "http://127.0.0.1:8000/e/bills/1?from=bank&x=1",
    }
