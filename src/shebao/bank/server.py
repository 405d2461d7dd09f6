"""The embedded bank over HTTP: orders for the hall, pages for the payer."""

import base64
import contextlib
import json
import re
import secrets
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

from . import files, pages, signing
from .callbacks import Courier
from .choices import CHOICES, Choice
from .orders import CONTENT, AlreadyDecided, OrderBook, OrderExists, message

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LARGEST_BODY = 20_000
LARGEST_FILE = 20_000_000
ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
BEIJING = timezone(timedelta(hours=8))
"""A statement is of a day, and the country keeps one time, whatever clock the machine has."""
RECENT = 12
"""So many orders stand on the operator's page."""
CSS = Path(__file__).with_name("bank.css").read_bytes()


def _now() -> datetime:
    return datetime.now(BEIJING)


@dataclass
class Bank:
    """What a running bank holds."""

    secret: bytes
    book: OrderBook
    courier: Courier
    allowed_hosts: frozenset[str] = LOOPBACK
    seen: signing.SeenNonces = field(default_factory=signing.SeenNonces)
    working: threading.Lock = field(default_factory=threading.Lock)
    desk_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def __post_init__(self):
        self.courier.note = lambda told, heard: self.book.note_told(told, "通知", heard, _now())


class Refusal(Exception):
    """An answer other than 200, in words."""

    def __init__(self, status: HTTPStatus, text: str):
        self.status = status
        super().__init__(text)


class BankServer(ThreadingHTTPServer):
    """HTTP around a `Bank`; `server_address[1]` is the port in use."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], bank: Bank):
        self.bank = bank
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """POST /orders, GET /orders/ID (signed, JSON); GET and POST /pay/ID (pages); GET /bank.css."""

    server: BankServer
    timeout = 15
    server_version = "bank"
    sys_version = ""

    def do_GET(self):  # noqa: N802 (named by http.server)
        """Answer the status of an order, a page, or the style sheet."""
        self._answer(
            {
                "": lambda _rest: self._go("/desk"),
                "orders": self._order_status,
                "statement": self._statement,
                "debit-files": self._file_answer,
                "desk": self._desk,
                "counter": self._counter,
                "pay": self._pay_page,
                "bank.css": self._style,
            }
        )

    def do_POST(self):  # noqa: N802
        """Take an order, or the payer's choice."""
        self._answer(
            {
                "orders": self._place_order,
                "debits": self._debit,
                "debit-files": self._take_file,
                "desk": self._set_desk,
                "pay": self._pay,
            }
        )

    def log_message(self, format, *args):  # noqa: A002 (named by http.server)
        """Stay silent: addresses hold order numbers."""

    def _answer(self, routes: dict) -> None:
        first, _, rest = self.path.partition("?")[0].strip("/").partition("/")
        try:
            if first not in routes:
                raise Refusal(HTTPStatus.NOT_FOUND, "没有这个页面")
            routes[first](urllib.parse.unquote(rest))
        except signing.BadSignature as bad:
            self._json(HTTPStatus.UNAUTHORIZED, {"code": bad.code, "message": str(bad)})
        except Refusal as no:
            if first in ("orders", "statement", "debits", "debit-files"):
                self._json(no.status, {"code": no.status.phrase, "message": str(no)})
            else:
                self._page(no.status, pages.plain_page("无法付款", str(no)))

    # Machine side

    def _place_order(self, rest: str) -> None:
        body = self._body()
        if rest.endswith("/close"):
            self._check_signature(self.path.encode())
            self._close_order(rest.removesuffix("/close"))
            return
        self._check_signature(body)
        if rest:
            raise Refusal(HTTPStatus.NOT_FOUND, "没有这个页面")
        order = self._order_from(body)
        try:
            stored = self.server.bank.book.place(order, _now())
        except OrderExists as taken:
            raise Refusal(HTTPStatus.CONFLICT, str(taken)) from None
        path = f"/pay/{stored['order_id']}"
        answer = {"order_id": stored["order_id"], "state": stored["state"], "pay_path": path}
        self._json(HTTPStatus.OK, answer)

    def _close_order(self, order_id: str) -> None:
        self._find(order_id)
        book = self.server.bank.book
        with contextlib.suppress(AlreadyDecided):  # it had its end before: that is the answer
            book.decide(order_id, state="refused", reason_code="closed", paid=False, at=_now())
        told = message(book.settle_unknown(order_id))
        book.note_told(told, "关闭应答", True, _now())
        self._json(HTTPStatus.OK, told)

    def _order_status(self, order_id: str) -> None:
        self._check_signature(self.path.encode())
        self._find(order_id)
        self._json(HTTPStatus.OK, message(self.server.bank.book.settle_unknown(order_id)))

    def _debit(self, _rest: str) -> None:
        """Debit an order by agreement, as the operator chose; without an account nothing was signed."""
        body = self._body()
        self._check_signature(body)
        try:
            asked = json.loads(body)
            order_id, account = str(asked["order_id"]), str(asked["account"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "扣款须写明 order_id 和 account") from None
        order, book = self._find(order_id), self.server.bank.book
        choice = CHOICES.get(book.setting("debits", "success"), CHOICES["success"])
        if not account:
            choice = CHOICES["account_not_signed"]
        if _is_over(order):
            choice = Choice("refused", "order_expired")
        try:
            order = book.decide(
                order_id,
                state=choice.state,
                reason_code=choice.reason_code,
                paid=choice.paid,
                at=_now(),
            )
        except AlreadyDecided:
            pass  # asked again, the answer is the same and no notice follows
        else:
            self._repeat(order, choice)
        told = _told(self._find(order_id), choice)
        book.note_told(told, "扣款应答", True, _now())
        self._json(HTTPStatus.OK, told)

    def _repeat(self, order: dict, choice: Choice) -> None:
        """What the operator chose to tell again beside the answer, or to take again and tell."""
        bank = self.server.bank
        if choice.notices > 1:
            bank.courier.send(order["callback_url"], _told(order, choice), times=choice.notices)
        if choice.again:
            bank.courier.send(order["callback_url"], message(bank.book.take_again(order["order_id"], _now())))

    def _take_file(self, _rest: str) -> None:
        """Keep a file of debits; it is worked on when its answer is fetched."""
        body, book = self._body(LARGEST_FILE), self.server.bank.book
        self._check_signature(body)
        try:
            asked = json.loads(body)
            name, form, content = str(asked["name"]), asked["form"], base64.b64decode(asked["content"], validate=True)
            lines = files.read_lines(form, content)
            if not ORDER_ID.fullmatch(name) or not lines:
                raise ValueError(name)
            book.keep_file(name, json.dumps(form, sort_keys=True), content, str(asked["payee"]), _now())
        except (ValueError, KeyError, TypeError, files.UnreadableFile) as bad:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"代扣文件读不出来：{bad}") from None
        except OrderExists as taken:
            raise Refusal(HTTPStatus.CONFLICT, str(taken)) from None
        self._json(HTTPStatus.OK, {"name": name, "count": len(lines)})

    def _file_answer(self, name: str) -> None:
        self._check_signature(self.path.encode())
        book = self.server.bank.book
        if book.file(name) is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "没有收到这个文件")
        with self.server.bank.working:
            made = files.answer(book, name, book.setting("files", "success"), _now())
        said = (
            {"state": "waiting"} if made is None else {"state": "answered", "content": base64.b64encode(made).decode()}
        )
        self._json(HTTPStatus.OK, said)

    def _desk(self, _rest: str) -> None:
        bank = self.server.bank
        chosen = bank.book.setting("debits", "success"), bank.book.setting("files", "success")
        self._page(HTTPStatus.OK, pages.desk_page(bank.desk_token, *chosen, bank.book.recent(RECENT)))

    def _set_desk(self, _rest: str) -> None:
        fields, bank = urllib.parse.parse_qs(self._body().decode("utf-8", "replace")), self.server.bank
        if not signing.same(fields.get("token", [""])[0], bank.desk_token):
            raise Refusal(HTTPStatus.FORBIDDEN, "页面已失效，请重新打开。")
        for name, known in (("debits", CHOICES), ("files", files.OUTCOMES)):
            if (chosen := fields.get(name, [""])[0]) in known:
                bank.book.choose(name, chosen)
                break
        else:
            raise Refusal(HTTPStatus.BAD_REQUEST, "请选择一种扣款结果。")
        self._go("/desk")

    def _counter(self, _rest: str) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        number = query.get("number", [""])[0].strip()
        order = self.server.bank.book.find(number) if number else None
        if order is None:
            problem = "没有这个凭证序号，请核对后再查。" if number else ""
            self._page(HTTPStatus.OK, pages.counter_page(number, problem))
        else:
            self._pay_page(number)

    def _statement(self, day: str) -> None:
        self._check_signature(self.path.encode())
        self._json(HTTPStatus.OK, {"day": day, "rows": [message(one) for one in self.server.bank.book.paid_on(day)]})

    def _check_signature(self, signed: bytes) -> None:
        bank = self.server.bank
        signing.verify(bank.secret, self.headers, signed, now=time.time(), seen=bank.seen)

    def _order_from(self, body: bytes) -> dict:
        try:
            order = json.loads(body)
        except ValueError:
            order = None
        order = {"valid_until": ""} | order if isinstance(order, dict) else None
        if order is None or set(order) != set(CONTENT):
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"订单须为 JSON，且恰好包含：{'、'.join(CONTENT)}")
        problems = []
        if type(order["amount_fen"]) is not int or not 0 < order["amount_fen"] < 10**15:
            problems.append("amount_fen 须为正整数（分）")
        texts = [key for key in CONTENT if key not in ("amount_fen", "valid_until")]
        problems += [f"{k} 须为 1 至 500 字的文字" for k in texts if not _is_text(order[k])]
        if not problems and not ORDER_ID.fullmatch(order["order_id"]):
            problems.append("order_id 只能由字母、数字、_ 和 - 组成，至多 64 位")
        if not isinstance(order["valid_until"], str) or len(order["valid_until"]) > 40:
            problems.append("valid_until 须为时间文字")
        problems += [f"{k} 的主机不在允许范围" for k in ("callback_url", "return_url") if not self._allowed(order[k])]
        if problems:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "；".join(problems))
        return order

    def _allowed(self, url) -> bool:
        try:
            parts = urllib.parse.urlsplit(url) if _is_text(url) else None
            return (
                bool(parts) and parts.scheme in ("http", "https") and parts.hostname in self.server.bank.allowed_hosts
            )
        except ValueError:
            return False

    # Page side

    def _pay_page(self, order_id: str) -> None:
        order = self._find(order_id)
        page = pages.pay_page(order) if order["state"] == "waiting" else pages.result_page(order)
        self._page(HTTPStatus.OK, page)

    def _pay(self, order_id: str) -> None:
        fields = urllib.parse.parse_qs(self._body().decode("utf-8", "replace"))
        order = self._find(order_id)
        if not signing.same(fields.get("token", [""])[0], order["page_token"]):
            raise Refusal(HTTPStatus.FORBIDDEN, "页面已失效，请回到社保网厅重新打开付款页面。")
        choice = CHOICES.get(fields.get("choice", [""])[0])
        if choice is None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "请选择一种付款结果。")
        bank = self.server.bank
        if _is_over(order):
            choice = Choice("refused", "order_expired")
        try:
            order = bank.book.decide(
                order_id,
                state=choice.state,
                reason_code=choice.reason_code,
                paid=choice.paid,
                at=_now(),
            )
        except AlreadyDecided:
            pass  # a second click sees what the first one did, and pays nothing
        else:
            bank.courier.send(order["callback_url"], _told(order, choice), times=choice.notices, after=choice.after)
        self._go(f"/pay/{order_id}")

    def _style(self, _rest: str) -> None:
        self._send(HTTPStatus.OK, "text/css; charset=utf-8", CSS)

    # Plumbing

    def _find(self, order_id: str) -> dict:
        order = self.server.bank.book.find(order_id)
        if order is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "没有这笔订单")
        return order

    def _body(self, largest: int = LARGEST_BODY) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 16) or int(length) > largest:
            self.close_connection = True
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "内容过长或没有注明长度")
        return self.rfile.read(int(length))

    def _json(self, status: HTTPStatus, answer: dict) -> None:
        self._send(status, "application/json; charset=utf-8", json.dumps(answer, ensure_ascii=False).encode())

    def _page(self, status: HTTPStatus, page: str) -> None:
        self._send(status, "text/html; charset=utf-8", page.encode())

    def _go(self, path: str) -> None:
        """Lead from a form to the page that shows what came of it, so that reloading sends nothing again."""
        self._send(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", b"", {"Location": path})

    def _send(self, status: HTTPStatus, kind: str, body: bytes, headers: Mapping = MappingProxyType({})) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'")
        self.end_headers()
        self.wfile.write(body)


def _told(order: dict, choice: Choice) -> dict:
    """What the hall is told: the truth, or the lie that was chosen."""
    said = message(order) | {key: told for key, told in choice.lie.items() if key != "amount_fen"}
    return said | {"amount_fen": said["amount_fen"] + choice.lie.get("amount_fen", 0)}


def _is_over(order: dict) -> bool:
    try:
        return bool(order["valid_until"]) and _now() > datetime.fromisoformat(order["valid_until"])
    except (ValueError, TypeError):
        return False


def _is_text(value) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 500
