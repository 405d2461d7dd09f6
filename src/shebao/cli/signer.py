"""The local signer: holds a PKCS#12 file on this machine and signs what a page of the hall shows, after asking."""

import asyncio
import base64
import io
import json
import sys
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from pyhanko.sign.signers import SimpleSigner

LARGEST = 2_000_000
SHOWN = 20
BEGINNING = 60


class BadFile(Exception):
    """The PKCS#12 file cannot be used, in words."""


class Signer:
    """Signs with the key of a PKCS#12 file."""

    def __init__(self, file: Path, password: str):
        if not file.is_file():
            raise BadFile(f"没有文件 {file}。")
        try:
            self._signer = SimpleSigner.load_pkcs12_data(
                file.read_bytes(), other_certs=[], passphrase=password.encode()
            )
        except (ValueError, TypeError):
            raise BadFile(f"{file} 打不开：密码不对，或不是 PKCS#12 文件。") from None

    @property
    def holder(self) -> str:
        """Whose certificate it is."""
        return self._signer.signing_cert.subject.human_friendly

    def sign(self, content: bytes) -> bytes:
        """A detached CMS over the content, with the certificate in it."""
        return asyncio.run(self._signer.async_sign_general_data(io.BytesIO(content), "sha256", detached=True)).dump()


def serve(signer: Signer, origin: str, port: int, *, asks: bool) -> None:
    """Wait on the loopback address until interrupted."""
    server = make_server(signer, origin, port, asks=asks)
    print(f"本机签名程序已启动（{signer.holder}），只接受 {origin} 的签名请求。按 Ctrl+C 结束。", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("已结束。")


def make_server(signer: Signer, origin: str, port: int, *, asks: bool) -> ThreadingHTTPServer:
    """The server on 127.0.0.1; `asks`: a person at the terminal says yes to each signature."""
    one_at_a_time = Lock()

    class Handler(BaseHTTPRequestHandler):
        def _is_allowed(self) -> bool:
            # The name that the browser called us by: a page that rebinds its own name to us is refused.
            host = (self.headers.get("Host") or "").partition(":")[0]
            return host in ("127.0.0.1", "localhost") and self.headers.get("Origin") == origin

        def _answer(self, status: int, said: dict | None = None) -> None:
            body = json.dumps(said or {}, ensure_ascii=False).encode()
            self.send_response(status)
            if self._is_allowed():
                self.send_header("Access-Control-Allow-Origin", origin)
                self.send_header("Access-Control-Allow-Headers", "Content-Type")
                self.send_header("Access-Control-Allow-Methods", "POST")
                self.send_header("Access-Control-Allow-Private-Network", "true")
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_OPTIONS(self) -> None:
            self._answer(204 if self._is_allowed() else 403)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            is_json = (self.headers.get("Content-Type") or "").startswith("application/json")
            if not (self._is_allowed() and is_json and self.path == "/sign"):
                return self._answer(403, {"error": "只接受本系统网页的签名请求。"})
            if not length.isdigit() or int(length) > LARGEST:
                return self._answer(413, {"error": "要签名的内容太大。"})
            try:
                content = json.loads(self.rfile.read(int(length)))["content"].encode()
            except (ValueError, KeyError, TypeError, AttributeError):
                return self._answer(400, {"error": "签名请求不完整。"})
            with one_at_a_time:
                if asks and not _agreed(content):
                    return self._answer(409, {"error": "您没有同意签名。"})
                if not asks:
                    print(f"{datetime.now().astimezone():%H:%M:%S} 已签名（没有询问）：{summary(content)}", flush=True)
                return self._answer(200, {"signature": base64.b64encode(signer.sign(content)).decode()})

        def log_message(self, *args) -> None:
            """Nothing of what is signed is written down."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def summary(content: bytes) -> str:
    """What was signed, on one line: of a submission how many declarations and whose; else how it begins."""
    text = content.decode(errors="replace")
    try:
        said = json.loads(text)
        number, operator = said["employer"]["number"], said["operator"]
        return f"{len(said['declarations'])} 笔申报，单位编号 {number}，账号 {operator}"
    except (ValueError, KeyError, TypeError):
        return "".join(one for one in text[:BEGINNING].splitlines()[:1] if one) or f"{len(content)} 字节"


def _agreed(content: bytes) -> bool:
    lines = content.decode(errors="replace")[:4000].splitlines()[:SHOWN]
    print("网页请求签名，内容是：\n  " + "\n  ".join(lines), flush=True)
    sys.stdout.write("同意签名请输入 y：")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")
