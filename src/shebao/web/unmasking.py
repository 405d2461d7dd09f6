"""Asking for a whole number (查看完整号码): why, and once in a while one's password. One way for every page."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try

from .proof import is_proved, prove

TITLE = "查看完整号码"
OTHER = "other"
TRIES, WITHIN = 10, timedelta(minutes=15)


def whole_or_asking(
    request, reasons: Sequence[str], whole: Callable[[str], Any], *, is_in_hand: bool = False, **context
) -> tuple[Any, HttpResponse | None]:
    """What `whole(reason)` gives once the reason is told and the password was typed lately; until then, the question.

    `is_in_hand`: it is a case that the reader took in hand, and the first of the reasons is told with it: then no
    password is asked for (docs/decisions/0032). `context`: `about` says whose number it is, `back_url` leads away
    without it, `crumbs` to the page; `title`, `sub` and `button` where it is not the numbers of one that are asked for.
    """
    if request.method != "POST":
        return None, _asking(request, reasons, context)
    chosen = request.POST.get("reason", "")
    reason = request.POST.get("other", "") if chosen == OTHER else chosen if chosen in reasons else ""
    try:
        if not (is_in_hand and reason == reasons[0]):
            _prove(request)
        return whole(reason), None
    except Refused as no:
        return None, _asking(request, reasons, context, no)


def _prove(request) -> None:
    if not is_proved(request) and not may_try("proof", str(request.user.pk), limit=TRIES, within=WITHIN):
        raise Refused("proof_too_often", "密码试得太多，请 15 分钟后再试。", field="password", status=429)
    prove(request, request.POST.get("password", ""))


def _asking(request, reasons, context: dict, error: Refused | None = None) -> HttpResponse:
    chosen = request.POST.get("reason", reasons[0])
    fields = [
        {
            "id": "reason", "label": "查看原因", "kind": "radios", "full": True, "value": chosen, "required": True,
            "options": [*((reason, reason) for reason in reasons), (OTHER, "其他")],
        },
        {
            "id": "other", "label": "其他原因", "kind": "text", "maxlength": 100, "full": True,
            "value": request.POST.get("other", ""), "hint": "选“其他”时填写",
        },
    ]  # fmt: skip
    for field in fields:
        field["name"] = field["id"]
        if error and error.field == field["id"]:
            field["error"] = error.message
    context = {"title": TITLE, "sub": "查看人、时间和原因会记入操作记录", "button": TITLE} | context
    context |= {
        "fields": fields,
        "asks_password": not is_proved(request),
        "password_error": error.message if error and error.field == "password" else "",
        "errors": [{"id": error.field or "reason", "text": error.message}] if error else [],
    }
    return render(request, "unmask.html", context, status=error.status if error else 200)
