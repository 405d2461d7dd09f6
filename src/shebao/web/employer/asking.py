"""What is asked before whole identity numbers are given: why, and once in a while one's password."""

from datetime import timedelta

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.roster.unmasking import REASONS

from ..proof import is_proved, prove

OTHER = "other"
TRIES, WITHIN = 10, timedelta(minutes=15)


def reason_proved(request) -> str:
    """The reason that was given, once the password is proved; empty where none was. Raises Refused."""
    chosen = request.POST.get("reason", "")
    if not is_proved(request) and not may_try("proof", str(request.user.pk), limit=TRIES, within=WITHIN):
        raise Refused("proof_too_often", "密码试得太多，请 15 分钟后再试。", field="password", status=429)
    prove(request, request.POST.get("password", ""))
    return request.POST.get("other", "") if chosen == OTHER else chosen if chosen in REASONS else ""


def asked_fields(request, error: Refused | None = None) -> dict:
    """The fields of the question, for `employer/unmask.html`, with what was wrong about them."""
    fields = [
        {
            "id": "reason", "label": "查看原因", "kind": "radios", "full": True, "required": True,
            "value": request.POST.get("reason", REASONS[0]),
            "options": [*((reason, reason) for reason in REASONS), (OTHER, "其他")],
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
    return {
        "fields": fields,
        "asks_password": not is_proved(request),
        "password_error": error.message if error and error.field == "password" else "",
        "errors": [{"id": error.field or "reason", "text": error.message}] if error else [],
    }
