"""Nobody speaks for the hall or the bank without the secret."""

import json
import time
from datetime import UTC, datetime

import pytest

from shebao.bank.__main__ import read_secret
from shebao.bank.client import BankClient, BankRefused
from shebao.bank.orders import OrderBook
from shebao.bank.signing import NONCE, SIGNATURE, TIMESTAMP, BadSignature, SeenNonces, sign, verify

SECRET, BODY, NOW = b"5" * 64, '{"amount_fen": 100, "payer": "某单位"}'.encode(), 1_790_000_000


def refused(headers, body=BODY, *, now=NOW, seen=None, secret=SECRET):
    with pytest.raises(BadSignature) as refusal:
        verify(secret, headers, body, now=now, seen=seen)
    return refusal.value.code


def test_a_signed_message_is_believed_in_any_case_of_the_header_names():
    headers = sign(SECRET, BODY, at=NOW, nonce="n1")
    assert verify(SECRET, headers, BODY, now=NOW + 299, seen=SeenNonces()) is None
    assert verify(SECRET, {k.lower(): v for k, v in headers.items()}, BODY, now=NOW, seen=None) is None


def test_an_altered_message_is_refused():
    headers = sign(SECRET, BODY, at=NOW, nonce="n1")
    assert refused(headers, BODY.replace(b"100", b"101")) == "forged"
    assert refused({**headers, NONCE: "n2"}) == "forged"
    assert refused({**headers, TIMESTAMP: str(NOW + 1)}) == "forged"
    assert refused({**headers, SIGNATURE: "0" * 64}) == "forged"
    assert refused({**headers, SIGNATURE: "签名"}) == "forged"
    assert refused(headers, secret=b"6" * 64) == "forged"


def test_an_old_or_future_message_is_refused():
    headers = sign(SECRET, BODY, at=NOW, nonce="n1")
    assert refused(headers, now=NOW + 301) == "expired"
    assert refused(headers, now=NOW - 301) == "expired"


def test_a_message_is_believed_once():
    headers, seen = sign(SECRET, BODY, at=NOW, nonce="n1"), SeenNonces()
    verify(SECRET, headers, BODY, now=NOW, seen=seen)
    assert refused(headers, seen=seen) == "replayed"
    verify(SECRET, sign(SECRET, BODY, at=NOW, nonce="n2"), BODY, now=NOW, seen=seen)


def test_a_forged_message_does_not_use_up_a_nonce():
    headers, seen = sign(SECRET, BODY, at=NOW, nonce="n1"), SeenNonces()
    assert refused({**headers, SIGNATURE: "0" * 64}, seen=seen) == "forged"
    verify(SECRET, headers, BODY, now=NOW, seen=seen)


@pytest.mark.parametrize("missing", [TIMESTAMP, NONCE, SIGNATURE])
def test_a_missing_header_is_unsigned(missing):
    headers = sign(SECRET, BODY, at=NOW, nonce="n1")
    del headers[missing]
    assert refused(headers) == "unsigned"


@pytest.mark.parametrize("stamp", ["soon", "-1", "1e9", "１７９０００００００", "9" * 40])
def test_an_odd_time_is_malformed(stamp):
    assert refused({**sign(SECRET, BODY, at=NOW, nonce="n1"), TIMESTAMP: stamp}) == "malformed"


def test_the_bank_refuses_a_client_with_another_secret(bank, order):
    liar = BankClient(f"http://127.0.0.1:{bank.server_address[1]}", b"6" * 64)
    for ask in (lambda: liar.create_order(**order), lambda: liar.query("PAY-0001")):
        with pytest.raises(BankRefused, match="签名不正确") as refusal:
            ask()
        assert refusal.value.status == 401


def test_the_bank_refuses_a_replayed_or_altered_or_unsigned_order(payer, order):
    body = json.dumps(order, ensure_ascii=False).encode()
    headers = sign(SECRET, body, at=time.time(), nonce="once")
    assert payer.request("POST", "/orders", body, headers)[0] == 200
    assert payer.request("POST", "/orders", body, headers)[0] == 401
    altered = body.replace(b"123456", b"123457")
    assert payer.request("POST", "/orders", altered, sign(SECRET, body, at=time.time(), nonce="two"))[0] == 401
    assert payer.request("POST", "/orders", body, sign(SECRET, body, at=time.time() - 400, nonce="three"))[0] == 401
    assert payer.request("POST", "/orders", body)[0] == 401
    assert payer.request("GET", "/orders/PAY-0001")[0] == 401


def test_an_order_survives_a_restart(tmp_path, order):
    book = OrderBook(tmp_path / "bank.sqlite3")
    placed = book.place(order, datetime(2026, 11, 5, 10, tzinfo=UTC))
    book.close()
    again = OrderBook(tmp_path / "bank.sqlite3")
    assert again.find(order["order_id"]) == placed
    again.close()


def test_the_secret_is_made_once_and_is_the_owners_only(tmp_path):
    path = tmp_path / "new" / "bank.key"
    secret = read_secret(path)
    assert len(secret) == 64
    assert read_secret(path) == secret
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["bank.key"]
    path.write_text("short")
    with pytest.raises(SystemExit, match="过短"):
        read_secret(path)
