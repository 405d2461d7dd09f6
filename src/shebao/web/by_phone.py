"""The code beside a paper on the desktop (手机上传): what the page shows of it, and what it is told while it waits."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.phone_uploads.models import MOST, PhoneUpload
from shebao.hall.phone_uploads.operations import token_of
from shebao.hall.phone_uploads.queries import is_over

CODES, HOUR = 60, timedelta(hours=1)
"""How many codes an employer, or the address of an applicant, may ask for in an hour."""
HERE_ALONE = ("localhost", "127.0.0.1", "::1")
PART = "part"
"""The word in the query of a page that asks for one paper's part again, and the number of that paper."""


def panel(request, made: PhoneUpload | None) -> dict:
    """The code of a page as its template shows it; empty where none was asked for."""
    if made is None:
        return {}
    over = is_over(made)
    address = "" if over else f"{_home(request)}{reverse('phone_with', args=[token_of(made)])}"
    return {
        "title": made.title,
        "state": _state(made),
        "is_over": over,
        "used": made.used,
        "left": MOST - made.used,
        "until": made.until,
        "picture": _picture(address) if address else "",
        "is_here_alone": urlsplit(address).hostname in HERE_ALONE,
    }


def _state(made: PhoneUpload) -> str:
    return f"{made.pk}-{made.used}"


def _home(request) -> str:
    """Where the phone finds the hall: as it was told, or else as this browser found it."""
    told = settings.SHEBAO_BASE_URL
    return f"{request.scheme}://{request.get_host()}" if urlsplit(told).hostname in HERE_ALONE else told


def _picture(address: str) -> str:
    svg = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2)
    return mark_safe(svg)  # noqa: S308 - our own


def count_codes(who: str) -> None:
    """Count a code that an employer, or an address, asks for. Raises Refused past the limit."""
    if not may_try("phone-code", who, limit=CODES, within=HOUR):
        text = "一小时里生成二维码的次数过多，请稍后再试，或在电脑上选择文件。"
        raise Refused("too_often", text, status=429)


def numbered(typed: str) -> int | None:
    """The number of a paper on its page, as a request says it; None for what is none."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 3 else None


def part(
    request, made: PhoneUpload | None, template: str, page: Callable[[], dict], at: int | None = None
) -> HttpResponse:
    """The part of one paper, for a page that waits; nothing (204) while there is nothing new for it.

    `page` gives what the whole page shows. `at`: the number of the paper whose code was asked for just now; without,
    the request names it.
    """
    if at is None and made and not is_over(made) and request.GET.get("had") == _state(made):
        return HttpResponse(status=204)
    number, context = numbered(request.GET.get(PART, "")) if at is None else at, page()
    if number is None or number >= len(context["papers"]):
        return HttpResponse(status=204)
    seen = {"view": context["papers"][number], "at": str(number), "phone": panel(request, made)}
    return render(request, template, context | seen)
