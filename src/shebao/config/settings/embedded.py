"""One machine, SQLite, no set-up: `make demo` and small agencies. Data lives in SHEBAO_DATA_DIR (default ./var)."""

import os
from pathlib import Path

from shebao.config.databases import database, sqlite
from shebao.config.secrets import kept_secret

from .base import *  # noqa: F403

DATA_DIR = Path(os.environ.get("SHEBAO_DATA_DIR", "var")).resolve()
SECRET_KEY = kept_secret(DATA_DIR, "secret.key")
SHEBAO_FIELD_KEY = kept_secret(DATA_DIR, "field.key", opens=DATA_DIR / "shebao.sqlite3")
SHEBAO_AUDIT_KEY = kept_secret(DATA_DIR, "audit.key", opens=DATA_DIR / "shebao.sqlite3")
SHEBAO_AUDIT_ANCHORS = SHEBAO_AUDIT_ANCHORS or str(DATA_DIR / "audit.anchors")
SHEBAO_SIGNING_DIR = SHEBAO_SIGNING_DIR or str(DATA_DIR / "signing")
SHEBAO_SIGNING_PASSWORD = SHEBAO_SIGNING_PASSWORD or kept_secret(DATA_DIR, "signing.key")
SHEBAO_EMBEDDED_BANK = True
SHEBAO_LOCAL_OUTBOX = os.environ.get("SHEBAO_LOCAL_OUTBOX", "1") == "1"
SHEBAO_TRIAL_CODES = os.environ.get("SHEBAO_TRIAL_CODES", "") == "1"
SHEBAO_BANK_URL = SHEBAO_BANK_URL or "http://127.0.0.1:8001"
SHEBAO_BANK_SECRET = kept_secret(DATA_DIR, "bank.key")
ALLOWED_HOSTS = os.environ.get("SHEBAO_ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")

_url = os.environ.get("SHEBAO_DATABASE_URL")
DATABASES = {"default": database(_url) if _url else sqlite(DATA_DIR / "shebao.sqlite3")}
STATIC_ROOT = DATA_DIR / "static"
SHEBAO_FILES_DIR = os.environ.get("SHEBAO_FILES_DIR") or DATA_DIR / "files"
SHEBAO_TEST_CA_DIR = DATA_DIR / "test-ca"
