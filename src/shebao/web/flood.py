"""Whoever asks far more often than people can is answered at once and cheaply, so that nobody else waits (B36)."""

import time

from django.conf import settings
from django.http import HttpResponse

SECONDS = 10
MOST_KEYS = 50_000
OF_AN_ADDRESS = 5
"""A whole office may sit behind one address."""


class FloodGuard:
    """A bucket for every session and address: each request fills it by one, the limit runs out of it in ten seconds.

    A refused request fills it too, up to twice the limit: who keeps flooding is answered nothing else, and who stops
    is served again after ten seconds, as he was told. In this process alone: asking the database would cost more than
    most pages do. Stands before sessions are read.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self._buckets: dict[str, tuple[float, float]] = {}  # key → how full, and when that was

    def __call__(self, request):
        limit = settings.SHEBAO_FLOOD_LIMIT
        if limit and (beyond := self._beyond(request, limit)):
            text = f"请求过于频繁，请 {SECONDS} 秒后再试。错误编号 {request.number}"
            response = HttpResponse(text, status=429, content_type="text/plain; charset=utf-8")
            response["Retry-After"] = str(SECONDS)
            response._has_been_logged = beyond > 1  # Django's own mark: one line a flood tells enough
            return response
        return self.get_response(request)

    def _beyond(self, request, limit: int) -> float:
        """By how many requests the session or the address is over its limit."""
        now = time.monotonic()
        if len(self._buckets) > MOST_KEYS:
            self._buckets = {key: one for key, one in self._buckets.items() if one[1] > now - 2 * SECONDS}
            if len(self._buckets) > MOST_KEYS:
                self._buckets = {}
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        over = self._fill(request.META.get("REMOTE_ADDR", ""), limit * OF_AN_ADDRESS, now)
        return max(over, self._fill(session, limit, now)) if session else over

    def _fill(self, key: str, limit: int, now: float) -> float:
        full, since = self._buckets.get(key, (0.0, now))
        left = max(full - (now - since) * limit / SECONDS, 0)
        full = min(left + 1, max(2 * limit - 1, limit + 1))  # so that after ten seconds there is room for one
        self._buckets[key] = full, now
        return max(full - limit, 0)
