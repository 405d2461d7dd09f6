"""`python -m shebao.bank --port 8001 --secret-file FILE --data DIR`: run the embedded bank."""

import argparse
import contextlib
import os
import secrets
import signal
import sys
from pathlib import Path

from .callbacks import Courier
from .orders import OrderBook
from .server import LOOPBACK, Bank, BankServer


def read_secret(path: Path) -> bytes:
    """Return the shared secret in `path`; make one, readable by its owner only, when there is none.

    Safe when the hall and the bank start at once: of two makers, one wins and both read the same.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all, and never over another's
        draft.unlink()
    secret = path.read_bytes().strip()
    if len(secret) < 32:
        raise SystemExit(f"密钥文件 {path} 过短：至少 32 个字符。请删除它重新生成，或填入完整的密钥。")
    return secret


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="shebao.bank", description="示例银行（演示渠道）")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--secret-file", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="bank.sqlite3 is kept here")
    parser.add_argument("--allow-host", action="append", default=[], help="a host for call-backs beside loopback")
    options = parser.parse_args(arguments)
    secret = read_secret(options.secret_file)
    book = OrderBook(options.data / "bank.sqlite3")
    bank = Bank(secret, book, Courier(secret), LOOPBACK | frozenset(options.allow_host))
    try:
        server = BankServer((options.host, options.port), bank)
    except OSError:
        raise SystemExit(f"端口 {options.port} 已被占用：请用 --port 换一个端口。") from None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
