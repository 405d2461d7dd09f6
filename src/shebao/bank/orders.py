"""The bank's own books: orders and what became of them, in one small SQLite file."""

import contextlib
import json
import secrets
import sqlite3
import threading
from datetime import datetime
from pathlib import Path

from .reasons import REASONS

SCHEMA = """
create table if not exists orders (
    order_id text primary key,
    amount_fen integer not null check (amount_fen > 0),
    payer text not null, payee text not null, bill_number text not null,
    callback_url text not null, return_url text not null,
    page_token text not null,
    state text not null default 'waiting' check (state in ('waiting', 'succeeded', 'refused', 'unknown')),
    reason_code text not null default '',
    bank_serial text not null default '',
    message_id text not null default '',
    paid_at text not null default '',
    valid_until text not null default '',
    placed_at text not null default ''
);
create table if not exists told (
    order_id text not null, at text not null, how text not null, said text not null, heard integer not null
);
create table if not exists taken_again (
    bank_serial text primary key, order_id text not null, message_id text not null, paid_at text not null
);
create table if not exists files (
    name text primary key, form text not null, content blob not null, answer blob, received_at text not null,
    payee text not null default ''
);
create table if not exists settings (name text primary key, value text not null);
"""
CONTENT = ("order_id", "amount_fen", "payer", "payee", "bill_number", "callback_url", "return_url", "valid_until")

LATER = (("orders", "valid_until"), ("orders", "placed_at"), ("files", "payee"))
TOLD = ("state", "reason", "amount_fen", "payer", "bank_serial")


class OrderExists(Exception):
    """The order_id is taken by an order with other content."""


class AlreadyDecided(Exception):
    """The order is no longer waiting for the payer."""


class OrderBook:
    """Orders of one bank. One connection, one lock: the process is small and the file its own."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(SCHEMA)
        for table, column in LATER:  # books of an older bank
            if column not in {row["name"] for row in self._connection.execute(f"pragma table_info({table})")}:
                self._connection.execute(f"alter table {table} add column {column} text not null default ''")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def place(self, order: dict, at: datetime) -> dict:
        """Enter an order, or return the same one again. Raises OrderExists for other content."""
        values = [order.get(key, "") for key in CONTENT]
        with self._lock:
            self._connection.execute(
                f"insert into orders ({', '.join(CONTENT)}, page_token, placed_at)"
                f" values ({', '.join('?' * len(CONTENT))}, ?, ?) on conflict (order_id) do nothing",
                [*values, secrets.token_urlsafe(24), at.isoformat(timespec="seconds")],
            )
            stored = self._find(order["order_id"])
        if [stored[key] for key in CONTENT] != values:
            raise OrderExists(f"缴费流水 {order['order_id']} 已用于另一笔内容不同的订单")
        return stored

    def find(self, order_id: str) -> dict | None:
        """Return the order, or None."""
        with self._lock:
            return self._find(order_id)

    def decide(self, order_id: str, *, state: str, reason_code: str, paid: bool, at: datetime) -> dict:
        """Close a waiting order. `paid` says that money moved, which with state `unknown` nobody is told yet.

        Raises AlreadyDecided; of two at once, one wins.
        """
        serial = _serial(at) if paid else ""
        with self._lock:
            changed = self._connection.execute(
                "update orders set state = ?, reason_code = ?, bank_serial = ?, message_id = ?, paid_at = ?"
                " where order_id = ? and state = 'waiting'",
                [state, reason_code, serial, f"MSG{secrets.token_hex(12)}",
                 at.isoformat(timespec="seconds") if paid else "", order_id],
            ).rowcount  # fmt: skip
            if changed == 0:
                raise AlreadyDecided("这笔订单已有结果，不能再次付款")
            return self._find(order_id)

    def take_again(self, order_id: str, at: datetime) -> dict:
        """Take the money of a paid order once more, as a bank does by mistake; returns the order as it is told then."""
        again = {
            "bank_serial": _serial(at),
            "message_id": f"MSG{secrets.token_hex(12)}",
            "paid_at": at.isoformat(timespec="seconds"),
        }
        with self._lock:
            self._connection.execute(
                "insert into taken_again (order_id, bank_serial, message_id, paid_at) values (?, ?, ?, ?)",
                [order_id, *again.values()],
            )
            return self._find(order_id) | again

    def setting(self, name: str, default: str) -> str:
        """What the bank's operator chose, or the default."""
        with self._lock:
            row = self._connection.execute("select value from settings where name = ?", [name]).fetchone()
        return row["value"] if row else default

    def choose(self, name: str, value: str) -> None:
        """Keep what the bank's operator chose."""
        with self._lock:
            self._connection.execute("insert or replace into settings (name, value) values (?, ?)", [name, value])

    def paid_on(self, day: str) -> list[dict]:
        """Every order that was paid on a day (ISO date), whatever the hall was told, in order of payment."""
        with self._lock:
            rows = self._connection.execute(
                "select * from orders where bank_serial <> '' and substr(paid_at, 1, 10) = ?"
                " order by paid_at, order_id",
                [day],
            ).fetchall()
            again = self._connection.execute(
                "select * from taken_again where substr(paid_at, 1, 10) = ? order by paid_at, order_id", [day]
            ).fetchall()
            found = [dict(row) for row in rows] + [self._find(row["order_id"]) | dict(row) for row in again]
        return [row | {"state": "succeeded", "reason_code": ""} for row in found]

    def keep_file(self, name: str, form: str, content: bytes, payee: str, at: datetime) -> None:
        """Keep a file of debits; the same one again changes nothing. Raises OrderExists for other content."""
        with self._lock:
            self._connection.execute(
                "insert into files (name, form, content, payee, received_at) values (?, ?, ?, ?, ?)"
                " on conflict (name) do nothing",
                [name, form, content, payee, at.isoformat(timespec="seconds")],
            )
            row = self._connection.execute("select form, content from files where name = ?", [name]).fetchone()
        if (row["form"], row["content"]) != (form, content):
            raise OrderExists(f"文件号 {name} 已用于另一个内容不同的文件")

    def file(self, name: str) -> dict | None:
        """A file of debits and its answer, or None."""
        with self._lock:
            row = self._connection.execute("select * from files where name = ?", [name]).fetchone()
        return dict(row) if row else None

    def keep_answer(self, name: str, answer: bytes) -> bytes:
        """Keep the answer to a file, the first one for ever, and return it."""
        with self._lock:
            self._connection.execute("update files set answer = ? where name = ? and answer is null", [answer, name])
            return self._connection.execute("select answer from files where name = ?", [name]).fetchone()["answer"]

    def settle_unknown(self, order_id: str) -> dict:
        """Clear up an unknown order, as a real bank does when asked: if money moved, it now says so."""
        with self._lock:
            self._connection.execute(
                "update orders set state = 'succeeded', reason_code = ''"
                " where order_id = ? and state = 'unknown' and bank_serial <> ''",
                [order_id],
            )
            return self._find(order_id)

    def note_told(self, told: dict, how: str, heard: bool, at: datetime) -> None:
        """Keep what was sent about an order, how, and whether it arrived; for the operator to look at."""
        said = json.dumps({key: told.get(key, "") for key in TOLD}, ensure_ascii=False)
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):  # a late notice, and the book is closed
            self._connection.execute(
                "insert into told (order_id, at, how, said, heard) values (?, ?, ?, ?, ?)",
                [told["order_id"], at.isoformat(timespec="seconds"), how, said, heard],
            )

    def recent(self, most: int) -> list[dict]:
        """The newest orders, each with what was sent about it (`told`), in order of time."""
        with self._lock:
            rows = self._connection.execute("select * from orders order by rowid desc limit ?", [most]).fetchall()
            found = [dict(row) for row in rows]
            for one in found:
                told = self._connection.execute(
                    "select * from told where order_id = ? order by rowid", [one["order_id"]]
                ).fetchall()
                one["told"] = [dict(row) | json.loads(row["said"]) for row in told]
        return found

    def _find(self, order_id: str) -> dict | None:
        row = self._connection.execute("select * from orders where order_id = ?", [order_id]).fetchone()
        return dict(row) if row else None


def _serial(at: datetime) -> str:
    return f"YH{at:%Y%m%d}{secrets.randbelow(10**10):010d}"


def message(order: dict) -> dict:
    """Return what the bank says about an order, in a call-back or an answer."""
    reason = REASONS.get(order["reason_code"])
    return {
        "message_id": order["message_id"],
        "order_id": order["order_id"],
        "state": order["state"],
        "reason_code": order["reason_code"],
        "reason": reason.text if reason else "",
        "advice": reason.advice if reason else "",
        "amount_fen": order["amount_fen"],
        "bill_number": order["bill_number"],
        "payer": order["payer"],
        "bank_serial": order["bank_serial"] if order["state"] == "succeeded" else "",
        "paid_at": order["paid_at"] if order["state"] == "succeeded" else "",
    }
