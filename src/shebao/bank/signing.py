"""How the hall and the bank sign what they say to each other: HMAC-SHA256 over time, nonce and body."""

import hashlib
import hmac
import threading
from collections.abc import Mapping

TIMESTAMP = "X-Bank-Timestamp"
NONCE = "X-Bank-Nonce"
SIGNATURE = "X-Bank-Signature"
WINDOW_SECONDS = 300


class BadSignature(Exception):
    """The message is not from who it claims, too old, or seen before. `code` says which."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(message)


class SeenNonces:
    """Nonces of the last minutes in this process; a second use of one is a replay. Safe among threads."""

    def __init__(self):
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def __call__(self, nonce: str, *, now: float) -> bool:
        """Remember `nonce` and say whether it was known already."""
        with self._lock:
            for old in [n for n, until in self._until.items() if until < now]:
                del self._until[old]
            known = nonce in self._until
            # A message dated ahead of our clock stays acceptable for twice the window.
            self._until[nonce] = now + 2 * WINDOW_SECONDS
            return known


def sign(secret: bytes, body: bytes, *, at: float, nonce: str) -> dict[str, str]:
    """Return the three headers for `body`; `at` is Unix time in seconds, the nonce new for every message."""
    stamp = str(int(at))
    return {TIMESTAMP: stamp, NONCE: nonce, SIGNATURE: _digest(secret, stamp, nonce, body)}


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, *, now: float, seen) -> None:
    """Raise BadSignature unless `body` was signed with `secret` within five minutes of `now`.

    `headers` is read without regard to case. `seen(nonce, now=…)` returns True for a nonce used before and
    remembers it (`SeenNonces()`); it is None where replays are recognised by their content.
    """
    found = {name.lower(): value for name, value in headers.items()}
    stamp, nonce, signature = (found.get(name.lower(), "") for name in (TIMESTAMP, NONCE, SIGNATURE))
    if not (stamp and nonce and signature):
        raise BadSignature("unsigned", "缺少签名、时间或随机数")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and len(nonce) <= 64):
        raise BadSignature("malformed", "签名时间或随机数格式不正确")
    expected = _digest(secret, stamp, nonce, body)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise BadSignature("forged", "签名不正确")
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        raise BadSignature("expired", "签名时间相差超过五分钟，请校准时钟")
    if seen is not None and seen(nonce, now=now):
        raise BadSignature("replayed", "这条消息已经收到过")


def _digest(secret: bytes, stamp: str, nonce: str, body: bytes) -> str:
    # A header cannot hold a line break, so parts cannot be shifted into each other.
    message = b"\n".join((stamp.encode(), nonce.encode("utf-8", "replace"), body))
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
