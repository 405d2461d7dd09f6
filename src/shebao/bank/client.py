"""The hall's side of the bank's door: place an order, ask about one."""

import base64
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

from . import signing

TIMEOUT_SECONDS = 5
SILENT, UNREAD = "银行没有应答", "银行的回答读不懂"


class BankUnreachable(Exception):
    """The bank did not answer, so nothing is known; ask again later."""


class BankRefused(Exception):
    """The bank answered and said no; `status` is its HTTP status, the text its reason."""

    def __init__(self, status: int, message: str):
        self.status = status
        super().__init__(message)


class BankClient:
    """Speaks to the bank at `base_url`, signing with `secret`. `timeout` is in seconds."""

    def __init__(self, base_url: str, secret: bytes, *, timeout: float = TIMEOUT_SECONDS):
        self.base_url = base_url.rstrip("/")
        self.secret = secret
        self.timeout = timeout
        # The bank is a neighbour, so no proxy of the environment stands between.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def create_order(
        self,
        *,
        order_id: str,
        amount_fen: int,
        payer: str,
        payee: str,
        bill_number: str,
        callback_url: str,
        return_url: str,
        valid_until: str = "",
    ) -> dict:
        """Place an order; the same order again is the same answer. Returns order_id, state, pay_url.

        After `valid_until` (ISO time; "" = for ever) the bank takes no money for it.

        Raises BankUnreachable; BankRefused (409: the order_id has other content; 422: content is wrong).
        """
        order = {
            "order_id": order_id,
            "amount_fen": amount_fen,
            "payer": payer,
            "payee": payee,
            "bill_number": bill_number,
            "callback_url": callback_url,
            "return_url": return_url,
            "valid_until": valid_until,
        }
        body = json.dumps(order, ensure_ascii=False, sort_keys=True).encode()
        answer = self._send("POST", "/orders", body, signed=body)
        return {**answer, "pay_url": self.base_url + answer["pay_path"]}

    def query(self, order_id: str) -> dict:
        """Return what the bank knows: order_id, state (waiting, succeeded, refused, unknown), reason_code,
        reason, advice, amount_fen, bank_serial, paid_at.

        Raises BankUnreachable; BankRefused (404: no such order).
        """
        path = "/orders/" + urllib.parse.quote(order_id, safe="")
        return self._send("GET", path, None, signed=path.encode())

    def debit(self, order_id: str, account: str) -> dict:
        """Debit an order from the payer's signed account; return what became of it, as `query` does. Once is enough.

        Raises BankUnreachable; BankRefused (404: no such order).
        """
        body = json.dumps({"order_id": order_id, "account": account}, sort_keys=True).encode()
        return self._send("POST", "/debits", body, signed=body)

    def statement(self, day: str) -> list[dict]:
        """Every payment of a day (ISO date), each as `query` tells it. Raises BankUnreachable, BankRefused."""
        path = f"/statement/{day}"
        return self._send("GET", path, None, signed=path.encode())["rows"]

    def send_file(self, body: bytes) -> dict:
        """Hand in a file of debits (JSON: name, form, content, payee); the same file again is the same answer.

        Raises BankUnreachable; BankRefused (409: the name has other content; 422: it cannot be read).
        """
        return self._send("POST", "/debit-files", body, signed=body)

    def fetch_file(self, name: str) -> bytes | None:
        """The return of a file; None while the bank still works on it. Raises BankUnreachable, BankRefused (404)."""
        path = "/debit-files/" + urllib.parse.quote(name, safe="")
        answer = self._send("GET", path, None, signed=path.encode())
        return base64.b64decode(answer["content"]) if answer["state"] == "answered" else None

    def close(self, order_id: str) -> dict:
        """Close an order that nobody has paid; return what became of it, as `query` does.

        Raises BankUnreachable; BankRefused (404: no such order).
        """
        path = "/orders/" + urllib.parse.quote(order_id, safe="") + "/close"
        return self._send("POST", path, b"", signed=path.encode())

    def _send(self, method: str, path: str, body: bytes | None, *, signed: bytes) -> dict:
        headers = signing.sign(self.secret, signed, at=time.time(), nonce=secrets.token_hex(16))
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base_url + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (OSError, ValueError) as error:
            raise BankUnreachable(UNREAD if isinstance(error, ValueError) else SILENT) from error

    @staticmethod
    def _refusal(error: urllib.error.HTTPError) -> Exception:
        if error.code >= 500:
            return BankUnreachable(f"银行系统故障（{error.code}）")
        try:
            message = json.load(error)["message"]
        except (OSError, ValueError, KeyError, TypeError):
            message = f"银行拒绝了请求（{error.code}）"
        return BankRefused(error.code, message)
