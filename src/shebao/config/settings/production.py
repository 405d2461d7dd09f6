"""A public installation: PostgreSQL behind TLS. Every secret comes from the environment; a missing one is an error."""

import os
import re

from django.core.exceptions import ImproperlyConfigured

from shebao.config.databases import database

from .base import *  # noqa: F403


def _needed(name: str, length: int = 1) -> str:
    value = os.environ.get(name, "")
    if len(value) < length:
        raise ImproperlyConfigured(f"请设置环境变量 {name}" + (f"（至少 {length} 个字符）。" if length > 1 else "。"))
    return value


def _key(name: str) -> str:
    value = _needed(name, 64)
    if not re.fullmatch("[0-9a-fA-F]{64}", value):
        raise ImproperlyConfigured(f"环境变量 {name} 应为 64 个十六进制字符，可用 openssl rand -hex 32 生成。")
    return value


SECRET_KEY = _needed("SHEBAO_SECRET_KEY", 50)
SHEBAO_FIELD_KEY = _key("SHEBAO_FIELD_KEY")
SHEBAO_AUDIT_KEY = _key("SHEBAO_AUDIT_KEY")
SHEBAO_BANK_SECRET = os.environ.get("SHEBAO_BANK_SECRET", "")
ALLOWED_HOSTS = [host.strip() for host in _needed("SHEBAO_ALLOWED_HOSTS").split(",")]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
DATABASES = {"default": database(_needed("SHEBAO_DATABASE_URL"))}
# Uploaded papers, encrypted; every server of the installation must see the same folder.
SHEBAO_FILES_DIR = _needed("SHEBAO_FILES_DIR")
# The end of the audit chain, outside the database; best on another machine's disk.
SHEBAO_AUDIT_ANCHORS = _needed("SHEBAO_AUDIT_ANCHORS")
SHEBAO_BASE_URL = os.environ.get("SHEBAO_BASE_URL") or f"https://{ALLOWED_HOSTS[0]}"
STATIC_ROOT = _needed("SHEBAO_STATIC_ROOT")

# `shebao.config.safety` refuses to start on what would hurt, also in settings made from these.
SHEBAO_IS_PRODUCTION = True
SHEBAO_ADMIN_FACTOR = os.environ.get("SHEBAO_ADMIN_FACTOR", "1") == "1"
SHEBAO_TRUSTED_PROXIES = SHEBAO_TRUSTED_PROXIES or ["127.0.0.1"]
# Never in production: read, so that whoever sets them is told and nobody believes that they hold.
SHEBAO_LOCAL_OUTBOX = os.environ.get("SHEBAO_LOCAL_OUTBOX", "") == "1"
SHEBAO_TRIAL_CODES = os.environ.get("SHEBAO_TRIAL_CODES", "") == "1"
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
