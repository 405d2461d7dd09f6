"""Telling the hall: a signed call-back, tried again when nobody answers."""

import json
import logging
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from . import signing

log = logging.getLogger("shebao.bank")
RETRY_AFTER_SECONDS = (0.5, 2, 8)
TIMEOUT_SECONDS = 5


class Courier:
    """Delivers messages in threads of their own. Every attempt is signed anew; the message_id stays.

    `note` hears of each message whether it arrived.
    """

    def __init__(self, secret: bytes, *, retry_after: tuple[float, ...] = RETRY_AFTER_SECONDS):
        self.secret = secret
        self.retry_after = retry_after
        self.note: Callable[[dict, bool], None] | None = None
        # A redirect would carry the message to a host nobody allowed.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def send(self, url: str, message: dict, *, times: int = 1, after: float = 0) -> None:
        """Deliver `message` `times` times, beginning `after` seconds from now. Returns at once."""
        threading.Thread(target=self._send_all, args=(url, message, times, after), daemon=True).start()

    def _send_all(self, url: str, message: dict, times: int, after: float) -> None:
        time.sleep(after)
        body = json.dumps(message, ensure_ascii=False, sort_keys=True).encode()
        for _ in range(times):
            heard = self._send_until_heard(url, body)
            if self.note:
                self.note(message, heard)

    def _send_until_heard(self, url: str, body: bytes) -> bool:
        for wait in (0, *self.retry_after):
            time.sleep(wait)
            headers = signing.sign(self.secret, body, at=time.time(), nonce=secrets.token_hex(16))
            headers["Content-Type"] = "application/json"
            request = urllib.request.Request(url, data=body, headers=headers, method="POST")
            try:
                with self._opener.open(request, timeout=TIMEOUT_SECONDS):
                    return True
            except (OSError, ValueError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    error.close()
                log.warning("通知未送达 %s：%s", url, error)
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args, **_kwargs):
        return None
