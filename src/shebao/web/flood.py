"""Whoever asks far more often than people can is answered at once and cheaply, so that nobody else waits (B36)."""

import time

from django.conf import settings
from django.http import HttpResponse

SECONDS = 10
MOST_KEYS = 50_000
OF_AN_ADDRESS = 5
"""A whole office may sit behind one address."""


class FloodGuard:
    """Counts the requests of every session and address, in this process alone: asking the database would cost more
    than most pages do. Stands before sessions are read.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self._window, self._counts = 0, {}

    def __call__(self, request):
        limit = settings.SHEBAO_FLOOD_LIMIT
        if limit and (beyond := self._beyond(request, limit)):
            text = f"请求过于频繁，请 {SECONDS} 秒后再试。错误编号 {request.number}"
            response = HttpResponse(text, status=429, content_type="text/plain; charset=utf-8")
            response["Retry-After"] = str(SECONDS)
            response._has_been_logged = beyond > 1  # Django's own mark: one line a window tells enough
            return response
        return self.get_response(request)

    def _beyond(self, request, limit: int) -> int:
        """By how many requests the session or the address is over its limit."""
        window = int(time.monotonic()) // SECONDS
        if window != self._window or len(self._counts) > MOST_KEYS:
            self._window, self._counts = window, {}
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        keys = [(request.META.get("REMOTE_ADDR", ""), limit * OF_AN_ADDRESS)] + ([(session, limit)] if session else [])
        for key, _ in keys:
            self._counts[key] = self._counts.get(key, 0) + 1
        return max(0, *(self._counts[key] - most for key, most in keys))
