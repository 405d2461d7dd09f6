"""Anybody who holds a paper can check it: the code and the amount together, or nothing is said."""

from datetime import timedelta

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from shebao.hall.documents import operations
from shebao.hall.operators.throttle import may_try

from ..access import public

TRIES, WINDOW = 30, timedelta(minutes=10)


@public
@require_http_methods(["GET", "HEAD"])
def verify(request):
    """Check a paper by its verification code and amount (yuan); the QR code on it leads here."""
    code, total = request.GET.get("code", "").strip().upper(), request.GET.get("total", "").strip()
    errors, status, found = _missing(request, code, total), 200, None
    is_asked = bool(code and total)
    if errors:
        status = 422
    elif is_asked and _too_many(request):
        errors, status, is_asked = [{"id": "code", "text": "查验次数过多，请 10 分钟后再试。"}], 429, False
    elif is_asked:
        found = _shown(operations.verify(code, total))
    context = {"code": code, "total": total, "errors": errors, "is_asked": is_asked, "found": found}
    context["by_field"] = {error["id"]: error["text"] for error in errors}
    return render(request, "public/verify.html", context, status=status)


def _shown(found: dict | None) -> dict | None:
    """What the public sees of a paper: the holder knows the employer, a stranger learns only its ends."""
    if found is None:
        return None
    name = found["employer_name"]
    since = timezone.localtime(found["state_on"]) if found["state_on"] else None
    said = {
        "state_title": f"此件{found['state_label']}",
        "state_text": f"{since:%Y-%m-%d %H:%M} 起不再有效：{found['state_reason']}" if since else "",
    }
    if signature := found["signature"]:
        at = timezone.localtime(signature.signed_at)
        test = "（测试证书，仅供演示）" if signature.is_test else ""
        said["signed"] = f"{signature.signer}{test}，{at:%Y-%m-%d %H:%M} 签名，证书序列号 {signature.certificate}"
    else:
        said["signed"] = "没有电子签名"
    return found | said | {"employer_name": name[:2] + "*" * max(len(name) - 4, 1) + name[-2:]}


def _missing(request, code: str, total: str) -> list[dict]:
    """What was left empty on a form that was sent; the QR code brings the code alone, which is no mistake."""
    if "total" not in request.GET:
        return []
    asked = [("code", "请填写单据上的验证码。", code), ("total", "请填写单据上的合计金额。", total)]
    return [{"id": name, "text": text} for name, text, value in asked if not value]


def _too_many(request) -> bool:
    """Whether this address asked too often: codes cannot be guessed by trying."""
    return not may_try("verify", request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=WINDOW)
