"""What Granian serves: a request is read whole before a page is asked, and the pages are asked in turn.

A page needs a thread, a slow visitor needs patience; so nobody who sends or fetches slowly may hold the thread
(reliability B36). The pages themselves are the WSGI application.
"""

import asyncio
import codecs
import sys
from collections import Counter
from io import BytesIO

from django.conf import settings
from django.http import parse_cookie
from django.utils.http import parse_header_parameters
from granian.rsgi import ProtocolClosed
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from .turns import TooManyWaiting, Turns
from .wsgi import application as pages

SMALL = 1_000_000
HELD = 256_000_000
"""Bytes. Bodies stay in memory, as what people upload must not lie on the disk in plain; when all of them together
are this large, a new one may only be small.
"""
BYTES_A_SECOND = 20_000
"""What came earns time: a second for so many bytes."""
RECEIVING = 100
"""So many requests of one address may be on their way in at once; an office uploads less."""
WAITING = 100
"""So many pages of one session may wait in one process. A first visit asks for forty at once where a proxy speaks
HTTP/2 (styles, scripts and pictures are asked here too), and two tabs for twice that. Who has no session yet waits with
all such of his address, so they may be five times as many.
"""

TOO_LARGE = (413, "上传的内容太大，没有收下。请分几次上传。")
TOO_SLOW = (408, "上传太慢，已中断，没有收下任何内容。请检查网络后重新上传。")
BROKEN_OFF = (400, "上传中断，没有收下任何内容。请重新上传。")
NO_LETTERS = (400, "发来的内容不是 UTF-8 编码，没有收下。")
TOO_MANY = (429, "请求过于频繁，请 10 秒后再试。")


class Turned(Exception):
    """A request that no page will see: status and words."""


class Hall:
    """The application of one server process."""

    def __init__(self):
        self._turns = Turns()
        self._receiving: Counter[str] = Counter()
        self._held = 0

    async def __rsgi__(self, scope, proto):
        """Answer one request."""
        if scope.proto != "http":
            proto.close(403)
            return
        asked = _located(environ_of(scope), None)
        cookies = parse_cookie(asked.get("HTTP_COOKIE", ""))
        address, session = asked["REMOTE_ADDR"], cookies.get(settings.SESSION_COOKIE_NAME, "")
        try:
            _expect_letters(asked.get("CONTENT_TYPE", ""))
            body = await self._receive(address, asked, proto)
            asked |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
            most = WAITING if session else 5 * WAITING
            status, headers, pieces = await self._turns.take(address, session, answered, asked, most=most)
            if isinstance(pieces, bytes):
                proto.response_bytes(status, headers, pieces)
            else:
                await self._send(address, session, proto.response_stream(status, headers), pieces)
        except TooManyWaiting:
            _turn_away(proto, *TOO_MANY)
        except Turned as why:
            _turn_away(proto, *why.args)

    async def _receive(self, address: str, asked: dict, proto) -> bytes:
        """The body, whole. Raises Turned where it is too large or too slow, or one of too many."""
        told = asked.get("CONTENT_LENGTH", "")
        if told == "0" or not (told or "HTTP_TRANSFER_ENCODING" in asked or asked["SERVER_PROTOCOL"] == "HTTP/2"):
            return b""
        if told.isascii() and told.isdigit() and int(told) > settings.SHEBAO_BODY_LIMIT:
            raise Turned(*TOO_LARGE)
        if self._receiving[address] >= RECEIVING:
            raise Turned(*TOO_MANY)
        self._receiving[address] += 1
        body, until = bytearray(), asyncio.get_running_loop().time() + settings.SHEBAO_BODY_SECONDS
        try:
            async with asyncio.timeout_at(until) as patience:
                async for chunk in proto:
                    body += chunk
                    self._held += len(chunk)
                    if len(body) > settings.SHEBAO_BODY_LIMIT:
                        raise Turned(*TOO_LARGE)
                    if len(body) > SMALL and self._held > HELD:
                        raise Turned(*TOO_MANY)
                    patience.reschedule(until + len(body) / BYTES_A_SECOND)
            if told and len(body) != int(told):
                raise Turned(*BROKEN_OFF)
            return bytes(body)
        except TimeoutError:
            raise Turned(*TOO_SLOW) from None
        finally:
            self._held -= len(body)
            self._receiving -= Counter([address])

    async def _send(self, address: str, session: str, stream, pieces) -> None:
        """A long answer piece by piece; between two of them others have their turn."""
        iterator = iter(pieces)
        try:
            while (piece := await self._turns.take(address, session, next, iterator, None)) is not None:
                await stream.send_bytes(piece)
        except ProtocolClosed:
            pass  # he went away
        finally:
            await self._turns.take(address, session, pieces.close)


def answered(asked: dict) -> tuple[int, list[tuple[str, str]], object]:
    """Ask the page; its content is bytes, or pieces that are still to be made and closed."""
    told: list = []
    response = pages(asked, lambda status, headers, *_: told.extend((int(status.split(" ", 1)[0]), headers)))
    if not getattr(response, "streaming", True):
        content = b"".join(response)
        response.close()
        return told[0], told[1], content
    return told[0], told[1], response


def environ_of(scope) -> dict:
    """What WSGI calls the request. A name with an underline could pass for another header, and is left out."""
    host, _, port = scope.server.rpartition(":")
    asked = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if "_" not in name:
            key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
            between = "; " if key == "HTTP_COOKIE" else ","
            asked[key] = f"{asked[key]}{between}{value}" if key in asked else value
    if scope.authority:
        asked.setdefault("HTTP_HOST", scope.authority)
    return asked


def _expect_letters(kind: str) -> None:
    """Raise Turned where the type of the body cannot be read, or names other letters than those of our pages."""
    try:
        charset = parse_header_parameters(kind)[1].get("charset", "utf-8")
        is_ours = codecs.lookup(charset).name == "utf-8"
    except (ValueError, LookupError):
        is_ours = False
    if not is_ours:  # some alphabets bring half characters, and others are none: no page expects either
        raise Turned(*NO_LETTERS)


def _turn_away(proto, status: int, words: str) -> None:
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("connection", "close"),
        ("retry-after", "10"),
    ]
    proto.response_bytes(status, headers, words.encode())


# The visitor's address and scheme, as far as a proxy tells them whose word is taken.
_located = wrap_wsgi_with_proxy_headers(lambda asked, _: asked, trusted_hosts=settings.SHEBAO_TRUSTED_PROXIES)
application = Hall()
