"""What every installation shares. `embedded`, `production` and `test` import this and add the rest."""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from shebao.config.databases import whole_number

PACKAGE = Path(__file__).resolve().parents[2]

DEBUG = False
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
USE_I18N = True
ROOT_URLCONF = "shebao.config.urls"
WSGI_APPLICATION = "shebao.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "operators.Operator"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "shebao.hall.audit",
    "shebao.hall.employers",
    "shebao.hall.operators",
    "shebao.hall.roster",
    "shebao.hall.declarations",
    "shebao.hall.desk",
    "shebao.hall.sheets",
    "shebao.hall.settlement",
    "shebao.hall.reimbursements",
    "shebao.hall.reports",
    "shebao.hall.payments",
    "shebao.hall.documents",
    "shebao.hall.evidence",
    "shebao.hall.configuring",
    "shebao.hall.notices",
    "shebao.hall.privileged",
    "shebao.hall.mail",
    "shebao.hall.registration",
    "shebao.hall.supplements",
    "shebao.hall.sign_in",
    "shebao.hall.phone_uploads",
    "shebao.hall.services",
    "shebao.web",
]

MIDDLEWARE = [
    "shebao.web.middleware.EveryAnswer",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shebao.web.flood.FloodGuard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shebao.web.middleware.PrivatePages",
    "shebao.web.middleware.SignInRequired",
    "shebao.web.searching.PrivateSearches",
    "shebao.web.middleware.PlainRefusals",
    "shebao.web.only_allowed.OnlyWhatIsAllowed",
    "axes.middleware.AxesMiddleware",
    "shebao.web.once.Once",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shebao.web.shell.shell",
            ],
            "builtins": [f"shebao.web.templatetags.{name}" for name in ("ui", "once", "settling")],
        },
    }
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "shebao.web.recognising.Recognising"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "shebao.hall.operators.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "shebao.hall.operators.passwords.NothingUsual"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "start"

# Five wrong passwords lock the pair of account and address for a quarter of an hour (reliability B16).
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# Somebody may type their id number where the account belongs.
AXES_USERNAME_CALLABLE = "shebao.hall.sign_in.typed.account_of"
AXES_LOCKOUT_CALLABLE = "shebao.web.public.signing_in.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Administrators must have a second factor, whatever their region asks: always in production (reliability B17).
SHEBAO_ADMIN_FACTOR = os.environ.get("SHEBAO_ADMIN_FACTOR", "") == "1"

# A session ends after twelve hours, however busy, and when it is left alone: sooner at the agency (reliability B16).
SHEBAO_ABSOLUTE_LIMIT = timedelta(
    hours=whole_number("SHEBAO_SESSION_HOURS", os.environ.get("SHEBAO_SESSION_HOURS", ""), 12)
)
SESSION_COOKIE_AGE = int(SHEBAO_ABSOLUTE_LIMIT.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "shebao.web.recognising"
SHEBAO_IDLE_SECONDS = 60 * whole_number("SHEBAO_IDLE_MINUTES", os.environ.get("SHEBAO_IDLE_MINUTES", ""), 30)
SHEBAO_AGENCY_IDLE_SECONDS = 60 * whole_number(
    "SHEBAO_AGENCY_IDLE_MINUTES", os.environ.get("SHEBAO_AGENCY_IDLE_MINUTES", ""), 15
)
# How long an approval can be taken back before it takes effect (docs/decisions/0013); 0: at once.
SHEBAO_UNDO_SECONDS = 10
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "shebao.web.public.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report",
    }
}

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# A spreadsheet may be 20 MB; everything else is small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
SHEBAO_UPLOAD_LIMIT = 20_000_000
# A request of any kind: so large at most (a page says in its own words what is too large for it), and sent within so
# many seconds, plus one for every 20 kB that came.
SHEBAO_BODY_LIMIT = 64_000_000
# Whatever may come stays in memory: a file on the disk would be in plain, and stay there when the process is killed.
FILE_UPLOAD_MAX_MEMORY_SIZE = SHEBAO_BODY_LIMIT
SHEBAO_BODY_SECONDS = 20
# So many tables, and files of papers, one employer may send in an hour; so many pages one session may ask for in ten
# seconds of one server process, and an address five times as many (reliability B36). Tests set it to 0: no limit.
SHEBAO_SHEETS_AN_HOUR = 120
SHEBAO_PAPERS_AN_HOUR = 1_200
SHEBAO_FLOOD_LIMIT = whole_number("SHEBAO_FLOOD_LIMIT", os.environ.get("SHEBAO_FLOOD_LIMIT", ""), 100)

# Letters go through this mail server; without one they stay in the hall's own outbox.
EMAIL_HOST = os.environ.get("SHEBAO_SMTP_HOST", "")
EMAIL_PORT = whole_number("SHEBAO_SMTP_PORT", os.environ.get("SHEBAO_SMTP_PORT", ""), 587)
EMAIL_HOST_USER = os.environ.get("SHEBAO_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("SHEBAO_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("SHEBAO_SMTP_TLS", "1") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("SHEBAO_MAIL_FROM") or EMAIL_HOST_USER or "shebao@localhost"

# Short messages go through this HTTP gateway (an https address); without one they stay in the outbox too.
SHEBAO_SMS_URL = os.environ.get("SHEBAO_SMS_URL", "")
SHEBAO_SMS_KEY = os.environ.get("SHEBAO_SMS_KEY", "")

# Whether what stays in the outbox may be read there: for trying only, and only an embedded installation.
SHEBAO_LOCAL_OUTBOX = False
# Whether codes that nothing brings are written all the same, to be tried with the outbox: only `shebao demo`.
SHEBAO_TRIAL_CODES = False

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

SILENCED_SYSTEM_CHECKS = ["axes.W003"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "shebao.config.log.Masked", "format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

# The folder of the keys that sign papers (PKCS#12), and their password; without a key papers are not signed.
SHEBAO_SIGNING_DIR = os.environ.get("SHEBAO_SIGNING_DIR", "")
SHEBAO_SIGNING_PASSWORD = os.environ.get("SHEBAO_SIGNING_PASSWORD", "")
# Certificates (*.pem) and revocation lists (*.crl) of the authority whose certificates sign in and sign.
SHEBAO_CA_DIR = os.environ.get("SHEBAO_CA_DIR", "")
# The authority for trying; only an embedded installation has one.
SHEBAO_TEST_CA_DIR = ""

# Where the bank listens, and where it finds us. Only an embedded installation runs a bank of its own.
SHEBAO_EMBEDDED_BANK = False
SHEBAO_IS_PRODUCTION = False
SHEBAO_BANK_URL = os.environ.get("SHEBAO_BANK_URL", "")
SHEBAO_BASE_URL = os.environ.get("SHEBAO_BASE_URL", "http://127.0.0.1:8000")
# The file in which `shebao serve` writes down the end of the audit chain; best on another machine's disk.
SHEBAO_AUDIT_ANCHORS = os.environ.get("SHEBAO_AUDIT_ANCHORS", "")
# Proxies whose word on the visitor's address and scheme is taken; none unless told.
SHEBAO_TRUSTED_PROXIES = [p.strip() for p in os.environ.get("SHEBAO_TRUSTED_PROXIES", "").split(",") if p.strip()]
