"""Addresses that machines call: is the hall alive, can it work, the bank's notices, what browsers refused to run."""

import json
import logging
import re
from urllib.parse import urlsplit

from django.db import DatabaseError, connection
from django.http import HttpResponse, RawPostDataException
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.browser_reports import may_report
from shebao.hall.payments import operations
from shebao.hall.regions import all_regions

from ..access import public

logger = logging.getLogger("shebao.csp")

REPORT_BYTES = 16_384
DIRECTIVE = re.compile(r"[a-z-]{1,40}")
KEYWORDS = ("inline", "eval", "data", "blob", "self", "wasm-eval")


@public
@require_safe
def healthz(request):
    """The process answers; asks nothing else."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@public
@require_safe
def favicon(request):
    """Where browsers look for the icon beside what is no page, such as a paper."""
    return redirect(static("shebao/icons/mark.svg"))


@public
@require_safe
def readyz(request):
    """The database answers and the regions are loaded; otherwise 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        all_regions()
    except DatabaseError:
        return HttpResponse("database", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


def _said(request) -> bytes:
    """What was sent; nothing where it came as a form with files, which no machine sends and which is read by now."""
    try:
        return request.body
    except RawPostDataException:
        return b""


@public
@csrf_exempt  # no browser sends these: the bank signs what it says, and nothing else opens the door
@require_POST
def pay_notice(request):
    """The bank tells the outcome of a payment (maybe repeatedly); its signature is its only credential."""
    try:
        outcome = operations.receive_notice(request.headers, _said(request))
    except Refused as no:
        return HttpResponse(no.code, status=no.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(outcome, content_type="text/plain; charset=utf-8")


@public
@csrf_exempt  # a browser sends these by itself, without a form; nothing is changed by them
@require_POST
def csp_report(request):
    """A browser refused to run or load something of one of our pages: noted without a word about who looked at what."""
    body = _said(request)
    if len(body) > REPORT_BYTES:
        return HttpResponse(status=413)
    if not may_report(request.META.get("REMOTE_ADDR", "")):
        return HttpResponse(status=429)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    found = said.get("csp-report") if isinstance(said, dict) else None
    if not isinstance(found, dict):
        return HttpResponse(status=400)
    directive = str(found.get("effective-directive") or found.get("violated-directive") or "").partition(" ")[0]
    logger.warning(
        "csp: %s refused %s on %s",
        directive if DIRECTIVE.fullmatch(directive) else "-",
        _origin(str(found.get("blocked-uri", ""))),
        _page(str(found.get("document-uri", ""))),
    )
    return HttpResponse(status=204)


def _origin(address: str) -> str:
    """Where the refused thing comes from, without its path: that may say anything."""
    if address in KEYWORDS:
        return address
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return "-"
    return host if re.fullmatch(r"[a-z0-9.-]{1,80}", host) else "-"


def _page(address: str) -> str:
    """The name of one of our pages; its address may hold numbers of objects."""
    try:
        return resolve(urlsplit(address).path).url_name or "-"
    except (Resolver404, ValueError):
        return "-"
