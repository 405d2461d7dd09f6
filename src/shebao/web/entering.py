"""Into the hall: one place where a session begins, on record, with a new number, as exactly one account."""

import re
import time

from django.contrib.auth import login, logout, update_session_auth_hash
from django.db import transaction
from django.shortcuts import redirect

from shebao.hall.operators.models import Operator
from shebao.hall.operators.operations import note_sign_in
from shebao.hall.sign_in import sessions
from shebao.hall.sign_in.factors import must_have_factor
from shebao.hall.sign_in.linking import has_links
from shebao.hall.sign_in.models import Why

BACKEND = "shebao.web.recognising.Recognising"
BEGAN, WAY, OWNER, MANY, DUE = "began", "way", "owner", "many", "factor_due"
BROWSERS = ((r"Edg/", "Edge"), (r"Firefox/", "Firefox"), (r"Chrome/", "Chrome"), (r"Safari/", "Safari"))
SYSTEMS = (
    *((r"Windows", "Windows"), (r"Android", "Android"), (r"iPhone|iPad", "iOS")),
    *((r"Mac OS", "macOS"), (r"Linux", "Linux")),
)


def enter(request, operator: Operator, way: str, following: str = ""):
    """Begin a session and go to the page that was asked for; who stands for several employers chooses first."""
    begin_on_record(request, operator, way)
    if operator.employer_id and has_links(operator):
        request.session[MANY] = True
        return redirect("employers")
    return redirect(following or "start")


@transaction.atomic
def begin_on_record(request, operator: Operator, way: str) -> None:
    """A new session by a sign-in of one's own: both, and the record of it, or none."""
    note_sign_in(operator)
    begin(request, operator, way)


def begin(request, operator: Operator, way: str, owner: Operator | None = None, own_way: str = "") -> None:
    """A new session as `operator`; by a switch, opened by `owner`'s sign-in, whose way was `own_way`.

    Nothing of a session before is left in it, and forms made in that one are refused: their token is of the past.
    """
    if old := request.session.session_key:
        sessions.close_session(old)
    request.session.flush()
    login(request, operator, backend=BACKEND)
    request.session[BEGAN], request.session[WAY] = int(time.time()), way
    through = owner if owner and owner.pk != operator.pk else None
    if through:
        request.session[OWNER] = [through.pk, through.get_session_auth_hash()]
    if must_have_factor(operator):
        request.session[DUE] = True
    request.session.save()
    address, device = request.META.get("REMOTE_ADDR", ""), device_of(request)
    sessions.begin_session(operator, request.session.session_key, way, address, device, owner=through, own_way=own_way)


def leave(request) -> None:
    """End this session, on record too."""
    if key := request.session.session_key:
        sessions.close_session(key)
    logout(request)


def keep(request, operator: Operator) -> None:
    """Go on in this session after one's own password changed; all others of the account end."""
    old = request.session.session_key
    update_session_auth_hash(request, operator)
    request.session.save()
    if old:
        sessions.follow_session(old, request.session.session_key)
    sessions.end_sessions(operator, Why.PASSWORD, by=operator, but=request.session.session_key)


def owner_of(request) -> Operator | None:
    """Whose sign-in opened this session; None when that account was closed or got another password since."""
    held = request.session.get(OWNER)
    if not held:
        return request.user
    owner = Operator.objects.select_related("employer").filter(pk=held[0], is_active=True).first()
    return owner if owner and owner.get_session_auth_hash() == held[1] else None


def is_owner_gone(request) -> bool:
    """Whether the account through which somebody came in may not be here any more; asks only where there is one."""
    return OWNER in request.session and owner_of(request) is None


def device_of(request) -> str:
    """The browser and system in words, from what the browser says of itself."""
    said = request.META.get("HTTP_USER_AGENT", "")
    found = [next((name for sign, name in table if re.search(sign, said)), "") for table in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or "未知设备"
