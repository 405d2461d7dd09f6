"""On PYTHONPATH of a process that a test starts: its hall lives on the tenth of November 2026, as the test does."""

from contextvars import ContextVar
from datetime import datetime, timedelta, timezone

from shebao.hall import clock

clock._pretended = ContextVar("pretended", default=datetime(2026, 11, 10, 9, 30, tzinfo=timezone(timedelta(hours=8))))
