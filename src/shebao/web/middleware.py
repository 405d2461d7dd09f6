"""What happens around every page: nothing is cached, nobody is unknown, and a refusal is in words."""

import logging
import secrets
import time
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError
from django.http import Http404
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from shebao.hall.audit.looks import note_refusal
from shebao.hall.audit.origin import NOWHERE, Origin, come_from
from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.patience import begin_step, is_busy, waiting_at_most
from shebao.hall.sign_in.factors import must_have_factor
from shebao.hall.sign_in.sessions import note_seen, why_ended

from .access import writer_of
from .chosen import is_whole
from .entering import BEGAN, DUE, is_owner_gone, leave
from .public import errors
from .put_out import IDLE, LIMIT, OVER, OWNER_GONE
from .rights import function_of, is_open, shut

logger = logging.getLogger("shebao.web")

LAST_SEEN = "last_seen"
ASKED_BY_ITSELF = "Shebao-Poll"
"""The header of what a page asks while nobody touches it: an open page alone keeps no session."""
REFUSALS, HOUR = 200, timedelta(hours=1)
# The session is written once a minute at most, not on every request.
SEEN_STEP_SECONDS = 60
NOTING_SECONDS = 0.5
BEFORE_PASSWORD_CHANGE = {"change_password", "sign_out", "elder", "alive"}
BEFORE_FACTOR = {
    *BEFORE_PASSWORD_CHANGE,
    *("account_factors", "account_totp", "account_passkey", "account_code", "account_contact", "account_codes_shown"),
}
POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"


class EveryAnswer:
    """Outermost: a number for every request, by which support finds it in the log and the record, and what every answer
    tells the browser, also one that Django gives before any of our pages is asked.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.number = secrets.token_hex(5)
        begin_step()
        if not request.COOKIES.get(settings.SESSION_COOKIE_NAME, "").isalnum():
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)  # never ours: a quoted NUL is asked of no database
        come_from(Origin(request.META.get("REMOTE_ADDR", ""), request.number))
        try:
            response = self.get_response(request)
        finally:
            come_from(NOWHERE)
        response.headers["Permissions-Policy"] = POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        # Files of the program itself say how long they may be kept; nothing else may be.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class PrivatePages:
    """No page is kept by browsers or proxies, and a session that was left alone ends."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self._timed_out(request) or self.get_response(request)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _timed_out(self, request):
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return None
        now = int(time.time())
        last, allowed = request.session.get(LAST_SEEN, now), idle_seconds(request)
        if why := self._over(request, now, now - last > allowed):
            leave(request)
            return to_sign_in(request, why)
        is_due = now - last >= min(SEEN_STEP_SECONDS, allowed) and ASKED_BY_ITSELF not in request.headers
        if LAST_SEEN not in request.session or is_due:
            request.session[LAST_SEEN] = now
            request.session.setdefault(BEGAN, now)
            self._note(request.session)
        return None

    @staticmethod
    def _note(session) -> None:
        """Write down that the session was used; nobody who only reads waits for who writes."""
        try:
            with waiting_at_most(NOTING_SECONDS):
                session.save()
                note_seen(session.session_key)
        except (OperationalError, UpdateError) as error:
            if not is_busy(error) and isinstance(error, UpdateError):
                raise SessionInterrupted("the session was ended elsewhere meanwhile") from error
            if not is_busy(error):
                raise
        session.modified = False

    @staticmethod
    def _over(request, now: int, is_idle: bool) -> str:
        """Why this session ends here (`put_out`); empty while it goes on."""
        if is_idle:
            return IDLE
        if now - request.session.get(BEGAN, now) > settings.SHEBAO_ABSOLUTE_LIMIT.total_seconds():
            return LIMIT
        return OWNER_GONE if is_owner_gone(request) else ""


class SignInRequired:
    """Every view needs a signed-in operator, on the right side of the counter, unless marked `public`."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "is_public", False):
            return None
        if not request.user.is_authenticated:
            return to_sign_in(request, why_ended(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")))
        if request.user.must_change_password and request.resolver_match.url_name not in BEFORE_PASSWORD_CHANGE:
            return go(request, resolve_url("change_password"))
        if DUE in request.session and request.resolver_match.url_name not in BEFORE_FACTOR:
            if must_have_factor(request.user):
                return go(request, resolve_url("account_factors"))
            del request.session[DUE]
        wrong_side = "/e/" if request.user.is_agency else "/a/"
        if request.path_info.startswith(wrong_side):
            raise Http404
        function = function_of(request.resolver_match)
        if not is_open(request.user, function):
            return errors.refused(request, shut(request.user, function))
        return None


class PlainRefusals:
    """What a view lets through becomes a page in plain Chinese: not found, refused, not to be opened, or our fault."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        is_bare = response.status_code == 405 and request.method in ("GET", "POST") and not response.content
        return errors.not_offered(request, response) if is_bare else response

    def process_view(self, request, view, args, kwargs):
        if any(isinstance(one, int) and not is_whole(str(one)) for one in kwargs.values()):
            raise Http404  # more than any database counts to: no row has such a number
        # No database keeps a NUL in a text, and nobody types one.
        asked = [*request.GET.lists(), *request.POST.lists()]
        said = (one for name, values in asked for one in (name, *values))
        return errors.bad_request(request) if any("\0" in one for one in (request.path_info, *said)) else None

    def process_exception(self, request, exception):
        if isinstance(exception, ObjectDoesNotExist):
            _on_record(request, 404)
            return errors.not_found(request, exception)
        if isinstance(exception, Refused):
            if exception.status == 403:
                _on_record(request, 403)
            return errors.refused(request, exception)
        if is_busy(exception):
            return errors.busy(request)
        if not isinstance(exception, Http404):
            # Django logs the traceback; this line ties it to the number that the user reads out.
            logger.error("request %s failed: %s", request.number, type(exception).__name__)
        return None


def _on_record(request, status: int) -> None:
    """What somebody signed in was refused is on record, however often; past a number an hour only that it went on."""
    user, place = request.user, request.resolver_match
    if user.is_authenticated and place and may_try("refusals", str(user.pk), limit=REFUSALS, within=HOUR):
        note_refusal(place.url_name or "", status, by=user)


def is_elder(request) -> bool:
    """Whether the large, plain presentation (长者模式) is on in this browser."""
    return request.COOKIES.get("elder") == "1"


def has_contrast(request) -> bool:
    """Whether the elder mode is shown white on black in this browser."""
    return is_elder(request) and request.COOKIES.get("contrast") == "1"


def idle_seconds(request) -> int:
    """How long a session may be left alone: less at the agency; slow readers get twice the time (elder mode)."""
    allowed = settings.SHEBAO_IDLE_SECONDS
    if request.user.is_agency:
        allowed = min(allowed, settings.SHEBAO_AGENCY_IDLE_SECONDS)
    return allowed * (2 if is_elder(request) else 1)


def to_sign_in(request, why: str = ""):
    """Off to the sign-in page, which says `why`, and back to the same address afterwards; what a form brought is kept
    for its writer.
    """
    if request.method == "POST":
        _keep_typed(request)
    said = {"next": page_of(request)} | ({OVER: why} if why else {})
    return go(request, f"{resolve_url('sign_in')}?{urlencode(said)}")


def _keep_typed(request) -> None:
    try:
        view, _, kwargs = resolve(request.path_info)
    except Resolver404:
        return
    writer = writer_of(request.POST.get("writer", ""))
    if writer and hasattr(view, "keeper"):
        # Refused or not found: the writer may not declare any more, and there is nothing to keep.
        with suppress(Refused, ObjectDoesNotExist):
            view.keeper(request, writer, **kwargs)


def go(request, url: str):
    """A redirect of the whole page, for a fragment request too."""
    return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)


def page_of(request) -> str:
    """The page that somebody is looking at: of a POST or a fragment, the page it was sent from."""
    if request.method == "GET" and not getattr(request, "htmx", False):
        return request.get_full_path()
    referer = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()):
        return "/" + referer.split("://", 1)[1].partition("/")[2]
    return "/"
