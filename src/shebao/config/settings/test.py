"""The test suite: fixed keys, fast hashing, jobs at once. SHEBAO_DATABASE_URL chooses the engine."""

import os
import tempfile
from pathlib import Path

from shebao.config.databases import database, sqlite

from .base import *  # noqa: F403

SECRET_KEY = "test-only-" + "k" * 50
SHEBAO_FIELD_KEY = "11" * 32
SHEBAO_AUDIT_KEY = "22" * 32
SHEBAO_BANK_SECRET = "33" * 32
ALLOWED_HOSTS = ["*"]
DATA_DIR = Path(os.environ.get("SHEBAO_TEST_DIR") or Path(tempfile.gettempdir()) / f"shebao-test-{os.getuid()}")
DATA_DIR.mkdir(exist_ok=True, parents=True)
_url = os.environ.get("SHEBAO_DATABASE_URL")
DATABASES = {"default": database(_url) if _url else sqlite(DATA_DIR / "unused.sqlite3")}
if not _url:
    # Nobody draws the plug here, and a killed process leaves to the system what it wrote.
    DATABASES["default"]["OPTIONS"]["init_command"] += ";PRAGMA synchronous=OFF"
# The live server of the journeys runs in threads of this process: its database must be a file.
DATABASES["default"]["TEST"] = {"NAME": "shebao_test" if _url else str(DATA_DIR / "test.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
# Tests that are about taking back set it.
SHEBAO_UNDO_SECONDS = 0
SHEBAO_FILES_DIR = DATA_DIR / "files"
SHEBAO_TEST_CA_DIR = DATA_DIR / "test-ca"
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "⚠UNDEFINED(%s)⚠"  # noqa: F405
# Tests that are about it set it.
SHEBAO_ADMIN_FACTOR = False
# Tests and drills ask more often than people do; those about the limits set their own.
SHEBAO_FLOOD_LIMIT = 0
SHEBAO_SHEETS_AN_HOUR = SHEBAO_PAPERS_AN_HOUR = 1_000_000
