"""A production installation does not start on a bad setting, and says in one plain sentence which one it is."""

# ruff: noqa: E501 - a setting and its sentence are one line
import importlib
import secrets
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from shebao.config import safety
from shebao.config.safety import refuse_unsafe

MODULES = ("shebao.config.settings.base", "shebao.config.settings.production")
REMOTE = "postgresql://hall:{password}@db.example:5432/shebao{options}"


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Start with the good settings of an installation, but for what is named: by environment, or in derived settings."""
    good = {
        "SHEBAO_SECRET_KEY": secrets.token_urlsafe(50),
        "SHEBAO_FIELD_KEY": secrets.token_hex(32),
        "SHEBAO_AUDIT_KEY": secrets.token_hex(32),
        "SHEBAO_ALLOWED_HOSTS": "hall.example",
        "SHEBAO_DATABASE_URL": REMOTE.format(password="k7-Wq_2v9xPz", options="?sslmode=verify-full"),
        "SHEBAO_STATIC_ROOT": str(tmp_path / "static"),
        "SHEBAO_FILES_DIR": str(tmp_path / "files"),
        "SHEBAO_AUDIT_ANCHORS": str(tmp_path / "audit.anchors"),
    }
    (tmp_path / "files").mkdir(mode=0o700)

    def started(environment: dict, derived: dict) -> None:
        for name in (
            "SHEBAO_SMTP_HOST",
            "SHEBAO_SMS_URL",
            "SHEBAO_BANK_URL",
            "SHEBAO_BASE_URL",
            "SHEBAO_SMTP_PORT",
            "SHEBAO_ADMIN_FACTOR",
            "REGIONS_DIR",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in (good | environment).items():
            text = value(good, tmp_path) if callable(value) else value
            monkeypatch.setenv(name, text) if text is not None else monkeypatch.delenv(name, raising=False)
        for name in MODULES:
            monkeypatch.delitem(sys.modules, name, raising=False)
        made = vars(importlib.import_module(MODULES[1]))
        changed = {name: value(made) if callable(value) else value for name, value in derived.items()}
        refuse_unsafe(SimpleNamespace(**{k: v for k, v in made.items() if k.isupper()} | changed))

    kept = {name: sys.modules.get(name) for name in MODULES}
    yield started
    sys.modules.update({name: module for name, module in kept.items() if module})


def test_good_settings_start(start):
    start({}, {})


BAD = {
    "no secret": ({"SHEBAO_SECRET_KEY": None}, {}, "SHEBAO_SECRET_KEY"),
    "a short secret": ({"SHEBAO_SECRET_KEY": "short"}, {}, "SHEBAO_SECRET_KEY"),
    "a typed secret": ({"SHEBAO_SECRET_KEY": "abc" * 20}, {}, "太简单"),
    "a secret of an example": ({"SHEBAO_SECRET_KEY": "django-insecure-" + "qwertyuiopasdfghjkl1234567890zxcvbnm"}, {}, "示例"),
    "no key for the fields": ({"SHEBAO_FIELD_KEY": None}, {}, "SHEBAO_FIELD_KEY"),
    "a key that is none": ({"SHEBAO_FIELD_KEY": "x" * 64}, {}, "十六进制"),
    "a simple key": ({"SHEBAO_FIELD_KEY": "11" * 32}, {}, "太简单"),
    "no key for the records": ({"SHEBAO_AUDIT_KEY": None}, {}, "SHEBAO_AUDIT_KEY"),
    "one key for both": ({"SHEBAO_AUDIT_KEY": lambda good, _: good["SHEBAO_FIELD_KEY"]}, {}, "同一个值"),
    "no host": ({"SHEBAO_ALLOWED_HOSTS": None}, {}, "SHEBAO_ALLOWED_HOSTS"),
    "every host": ({"SHEBAO_ALLOWED_HOSTS": "*"}, {}, "不能是 *"),
    "every host of a domain": ({"SHEBAO_ALLOWED_HOSTS": ".example"}, {}, "太宽"),
    "an address for a host": ({"SHEBAO_ALLOWED_HOSTS": "https://hall.example"}, {}, "不是域名"),
    "no database": ({"SHEBAO_DATABASE_URL": None}, {}, "SHEBAO_DATABASE_URL"),
    "another database": ({"SHEBAO_DATABASE_URL": "mysql://a/b"}, {}, "postgresql://"),
    "a port that is none": ({"SHEBAO_DATABASE_URL": "postgresql://a:b@c:port/d"}, {}, "写法不对"),
    "the small database": ({"SHEBAO_DATABASE_URL": "sqlite:////tmp/x.sqlite3"}, {}, "须用 PostgreSQL"),
    "a far database without a password": ({"SHEBAO_DATABASE_URL": "postgresql://a@db.example/d?sslmode=require"}, {}, "必须有密码"),
    "a weak password": (
        {"SHEBAO_DATABASE_URL": REMOTE.format(password="123456", options="?sslmode=require")}, {}, "弱密码",
    ),
    "a password that is the account": ({"SHEBAO_DATABASE_URL": "postgresql://hall:hall@127.0.0.1:5432/shebao"}, {}, "弱密码"),
    "a password that is the name of the database": ({"SHEBAO_DATABASE_URL": "postgresql://a:shebao2026@127.0.0.1:5432/shebao"}, {}, "弱密码"),
    "a short password": ({"SHEBAO_DATABASE_URL": REMOTE.format(password="x7Kq", options="?sslmode=require")}, {}, "弱密码"),
    "a password of one key": ({"SHEBAO_DATABASE_URL": REMOTE.format(password="aaaaaaaaaaab", options="?sslmode=require")}, {}, "弱密码"),
    "letters that are read in the hall": ({"SHEBAO_LOCAL_OUTBOX": "1"}, {}, "SHEBAO_LOCAL_OUTBOX 不能打开"),
    "codes that nobody gets": ({"SHEBAO_TRIAL_CODES": "1"}, {}, "SHEBAO_TRIAL_CODES 不能打开"),
    "a far database in the clear": ({"SHEBAO_DATABASE_URL": REMOTE.format(password="k7-Wq_2v9", options="")}, {}, "sslmode"),
    "no folder for files": ({"SHEBAO_FILES_DIR": None}, {}, "SHEBAO_FILES_DIR"),
    "a folder somewhere": ({"SHEBAO_FILES_DIR": "files"}, {}, "绝对路径"),
    "papers among static files": ({"SHEBAO_FILES_DIR": lambda good, _: good["SHEBAO_STATIC_ROOT"] + "/files"}, {}, "人人可取"),
    "a folder open to all": ({"SHEBAO_FILES_DIR": lambda _, tmp: opened(tmp / "open")}, {}, "chmod 700"),
    "no anchors": ({"SHEBAO_AUDIT_ANCHORS": None}, {}, "SHEBAO_AUDIT_ANCHORS"),
    "anchors open to all": ({"SHEBAO_AUDIT_ANCHORS": lambda _, tmp: opened(tmp / "anchors")}, {}, "chmod 600"),
    "signing keys that others read": ({"SHEBAO_SIGNING_DIR": lambda _, tmp: opened(tmp / "open")}, {}, "chmod 700"),
    "letters lead to a plain address": ({"SHEBAO_BASE_URL": "http://hall.example"}, {}, "SHEBAO_BASE_URL 须以 https://"),
    "messages in the clear": ({"SHEBAO_SMS_URL": "http://sms.example", "SHEBAO_SMS_KEY": "k"}, {}, "SHEBAO_SMS_URL 须以"),
    "messages without a key": ({"SHEBAO_SMS_URL": "https://sms.example", "SHEBAO_SMS_KEY": None}, {}, "SHEBAO_SMS_KEY"),
    "letters in the clear": ({"SHEBAO_SMTP_HOST": "mail.example", "SHEBAO_SMTP_TLS": "0"}, {}, "SHEBAO_SMTP_TLS"),
    "a port of letters that is none": ({"SHEBAO_SMTP_PORT": "ssl"}, {}, "SHEBAO_SMTP_PORT"),
    "a bank in the clear": ({"SHEBAO_BANK_URL": "http://bank.example", "SHEBAO_BANK_SECRET": "s" * 40}, {}, "SHEBAO_BANK_URL 须以"),
    "a bank without a secret": ({"SHEBAO_BANK_URL": "https://bank.example", "SHEBAO_BANK_SECRET": ""}, {}, "SHEBAO_BANK_SECRET"),
    "every proxy": ({"SHEBAO_TRUSTED_PROXIES": "*"}, {}, "冒充来访地址"),
    "every proxy as a network": ({"SHEBAO_TRUSTED_PROXIES": "0.0.0.0/0"}, {}, "冒充来访地址"),
    "every proxy of the newer kind": ({"SHEBAO_TRUSTED_PROXIES": "127.0.0.1,::/0"}, {}, "冒充来访地址"),
    "half of all proxies": ({"SHEBAO_TRUSTED_PROXIES": "128.0.0.0/1"}, {}, "太宽"),
    "a session without an end": ({"SHEBAO_SESSION_HOURS": "10000"}, {}, "1 到 24"),
    "a session of more hours than there are": ({"SHEBAO_SESSION_HOURS": "100000"}, {}, "SHEBAO_SESSION_HOURS"),
    "a session of less than nothing": ({"SHEBAO_SESSION_HOURS": "-5"}, {}, "SHEBAO_SESSION_HOURS"),
    "hours that are none": ({"SHEBAO_SESSION_HOURS": "abc"}, {}, "SHEBAO_SESSION_HOURS"),
    "minutes that are none": ({"SHEBAO_IDLE_MINUTES": "x"}, {}, "SHEBAO_IDLE_MINUTES"),
    "a clerk who never leaves": ({"SHEBAO_IDLE_MINUTES": "10000"}, {}, "SHEBAO_IDLE_MINUTES 应为 1 到 120"),
    "a reviewer who never leaves": ({"SHEBAO_AGENCY_IDLE_MINUTES": "100000"}, {}, "SHEBAO_AGENCY_IDLE_MINUTES"),
    "a reviewer who stays for hours": ({"SHEBAO_AGENCY_IDLE_MINUTES": "600"}, {}, "SHEBAO_AGENCY_IDLE_MINUTES 应为 1 到 60"),
    "authorities that others add": ({"SHEBAO_CA_DIR": lambda _, tmp: opened(tmp / "open")}, {}, "SHEBAO_CA_DIR"),
    "regions that others change": ({"REGIONS_DIR": lambda _, tmp: opened(tmp / "open")}, {}, "REGIONS_DIR"),
    "one region that others change": ({"REGIONS_DIR": lambda _, tmp: str(folder_of(opened(tmp / "open")))}, {}, "REGIONS_DIR"),
    "no folder for static files": ({"SHEBAO_STATIC_ROOT": None}, {}, "SHEBAO_STATIC_ROOT"),
    "static files somewhere": ({"SHEBAO_STATIC_ROOT": "static"}, {}, "SHEBAO_STATIC_ROOT 须是绝对路径"),
    "signing keys somewhere": ({"SHEBAO_SIGNING_DIR": "signing"}, {}, "SHEBAO_SIGNING_DIR 须是绝对路径"),
    "anchors somewhere": ({"SHEBAO_AUDIT_ANCHORS": "audit.anchors"}, {}, "SHEBAO_AUDIT_ANCHORS 须是绝对路径"),
    "authorities somewhere": ({"SHEBAO_CA_DIR": "ca"}, {}, "SHEBAO_CA_DIR 须是绝对路径"),
    "the authority for trying": ({}, {"SHEBAO_TEST_CA_DIR": "/var/lib/shebao/test-ca"}, "SHEBAO_TEST_CA_DIR"),
    "passwords without an end of tries": (
        {}, {"AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"]}, "AxesStandaloneBackend",
    ),
    "any password": ({}, {"AUTH_PASSWORD_VALIDATORS": []}, "AUTH_PASSWORD_VALIDATORS"),
    **{
        f"pages without {part}": (
            {}, {"MIDDLEWARE": lambda s, part=part: [m for m in s["MIDDLEWARE"] if part not in m]}, part,
        )
        for part in ("OnlyWhatIsAllowed", "FloodGuard", "AxesMiddleware", "SecurityMiddleware", "XFrameOptions")
    },
    "a proxy by name": ({"SHEBAO_TRUSTED_PROXIES": "proxy"}, {}, "不是 IP 地址"),
    "administrators by password alone": ({"SHEBAO_ADMIN_FACTOR": "0"}, {}, "SHEBAO_ADMIN_FACTOR"),
    "debugging": ({}, {"DEBUG": True}, "DEBUG"),
    "no redirect to https": ({}, {"SECURE_SSL_REDIRECT": False}, "SECURE_SSL_REDIRECT"),
    "a session in the clear": ({}, {"SESSION_COOKIE_SECURE": False}, "SESSION_COOKIE_SECURE"),
    "a token in the clear": ({}, {"CSRF_COOKIE_SECURE": False}, "CSRF_COOKIE_SECURE"),
    "a session that scripts read": ({}, {"SESSION_COOKIE_HTTPONLY": False}, "SESSION_COOKIE_HTTPONLY"),
    "https for a day": ({}, {"SECURE_HSTS_SECONDS": 86_400}, "一年"),
    "fast hashes": ({}, {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}, "Argon2"),
    "scripts in pages": ({}, {"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}}, "unsafe-inline"),
    "pages without sign-in": ({}, {"MIDDLEWARE": lambda s: [m for m in s["MIDDLEWARE"] if "SignIn" not in m]}, "SignInRequired"),
    "forms without tokens": ({}, {"MIDDLEWARE": lambda s: [m for m in s["MIDDLEWARE"] if "Csrf" not in m]}, "CsrfView"),
    "the admin of the framework": ({}, {"INSTALLED_APPS": ["django.contrib.admin"]}, "django.contrib.admin"),
    "the bank for trying": ({}, {"SHEBAO_EMBEDDED_BANK": True}, "不是真的银行"),
    "an outbox that is read": ({}, {"SHEBAO_LOCAL_OUTBOX": True}, "只用于试用"),
    "codes that nobody brings": ({}, {"SHEBAO_TRIAL_CODES": True}, "SHEBAO_TRIAL_CODES"),
}  # fmt: skip


def folder_of(region: str) -> Path:
    """The folder above, which is nobody else's."""
    above = Path(region).parent
    above.chmod(0o700)
    return above


def opened(path) -> str:
    path.mkdir() if path.name == "open" else path.touch()
    path.chmod(0o777)
    return str(path)


@pytest.mark.parametrize("name", BAD)
def test_production_refuses_a_bad_setting_in_one_sentence(start, name):
    environment, derived, words = BAD[name]
    with pytest.raises(ImproperlyConfigured) as no:
        start(environment, derived)
    sentence = str(no.value)
    assert words in sentence and "\n" not in sentence and (sentence.endswith("。") or "例如" in sentence)


def test_without_the_guard_against_hostile_tables_nothing_starts(start, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "defusedxml" else found(name, *a))
    with pytest.raises(ImproperlyConfigured, match="defusedxml"):
        start({}, {})


def test_a_program_that_others_may_change_does_not_start(start, monkeypatch, tmp_path):
    program = tmp_path / "program"
    (program / "config").mkdir(parents=True)
    program.chmod(0o777)
    monkeypatch.setattr(safety, "__file__", str(program / "config/safety.py"))
    with pytest.raises(ImproperlyConfigured, match="chmod o-w"):
        start({}, {})


def test_there_are_more_than_thirty():
    assert len(BAD) >= 30
