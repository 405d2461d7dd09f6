"""Database settings from one address, for both engines."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SPILL_PAGES = 110_000
"""Changed pages of SQLite that stay in memory, about 480 MB: a sheet of 100,000 people is just below."""
JOB_SECONDS, PAGE_SECONDS = 240, 10
"""How long a write waits on SQLite while another is under way: a sheet of 100,000 people takes a minute or two.
A background job waits for that; a page says that the hall is busy, so that the few processes are free for who reads.
"""
SAMPLE = "例如 postgresql://user:password@127.0.0.1:5432/shebao"


def database(url: str) -> dict:
    """Settings for `sqlite:///path` or `postgresql://user:password@host:port/name?option=value`.

    Raises ImproperlyConfigured.
    """
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError:
        raise ImproperlyConfigured(f"SHEBAO_DATABASE_URL 写法不对：{SAMPLE}") from None
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres", "sqlite"} or not name:
        raise ImproperlyConfigured(f"SHEBAO_DATABASE_URL 须以 postgresql:// 或 sqlite:/// 开头，并写明库名：{SAMPLE}")
    if parts.scheme == "sqlite":
        return sqlite(Path("/") / name)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def whole_number(name: str, text: str, default: int) -> int:
    """The number that an environment variable holds. Raises ImproperlyConfigured."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ImproperlyConfigured(f"环境变量 {name} 应为 1 到 65535 的整数，现在是“{text}”。")
    return int(text)


def answer_soon(databases: dict) -> None:
    """Let this process, which answers pages, wait no longer than PAGE_SECONDS for who writes. Before any connection."""
    for one in databases.values():
        if one["ENGINE"].endswith("sqlite3"):
            one["OPTIONS"]["timeout"] = PAGE_SECONDS


def sqlite(path: Path) -> dict:
    """SQLite with a rollback journal: versions before 3.51.3 can corrupt a WAL shared by several processes.

    IMMEDIATE takes the write lock at BEGIN, so that two writers queue instead of failing half-way. What a transaction
    changed stays in memory until it commits, so that readers go on meanwhile; beyond SPILL_PAGES it is written early
    rather than fill the memory, and readers wait for the rest of it.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": JOB_SECONDS,
            "init_command": "PRAGMA journal_mode=DELETE;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;"
            f"PRAGMA cache_size=-20000;PRAGMA cache_spill={SPILL_PAGES}",
        },
    }
