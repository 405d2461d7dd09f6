"""The second step of signing in: a code, a recovery code or a passkey; and passkeys without a password."""

import json
import time

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.operators.throttle import may_try
from shebao.hall.sign_in import codes, passkeys
from shebao.hall.sign_in.factors import TRIES, WINDOW, kinds_of, prove
from shebao.hall.sign_in.models import FactorKind

from ..access import public
from ..entering import enter

HALF, STATE = "half", "passkey_state"
LASTS_SECONDS = 600
LOST = "等待验证的时间太长，请重新输入账号和密码。"


def hold_half(request, operator: Operator, following: str) -> None:
    """The password was right: remember whose, for ten minutes, in a session of a new number."""
    request.session.cycle_key()
    request.session[HALF] = {
        "operator": operator.pk,
        "proof": operator.get_session_auth_hash(),
        "until": int(time.time()) + LASTS_SECONDS,
        "next": following,
    }


def _half(request) -> Operator | None:
    held = request.session.get(HALF)
    if not held or held["until"] < time.time():
        return None
    found = Operator.objects.select_related("employer").filter(pk=held["operator"], is_active=True).first()
    return found if found and found.get_session_auth_hash() == held["proof"] else None


@public
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second(request):
    """Ask for the second factor of whoever gave the right password."""
    operator = _half(request)
    if operator is None:
        messages.info(request, LOST)
        return redirect("sign_in")
    errors, status = [], 200
    if request.method == "POST":
        try:
            way = _proved(request, operator)
        except Refused as no:
            errors, status = [{"id": no.field or "code", "text": no.message}], no.status
        else:
            return enter(request, operator, way, request.session[HALF]["next"])
    kinds = kinds_of(operator)
    options = _options(request, operator) if FactorKind.PASSKEY in kinds else ""
    context = {
        "errors": errors,
        "operator": operator,
        "asks_code": bool(kinds - {FactorKind.PASSKEY}),
        "has_totp": FactorKind.TOTP in kinds,
        "channels": codes.ways_of(operator).items() if FactorKind.CODE in kinds else (),
        "options": options,
    }
    return render(request, "public/second.html", context, status=status)


def _proved(request, operator: Operator) -> str:
    if answer := request.POST.get("passkey", ""):
        passkeys.prove_by_passkey(request.session.pop(STATE, None) or {}, answer, host_of(request), operator)
        return "passkey"
    return prove(operator, request.POST.get("code", ""))


def _options(request, operator: Operator | None) -> str:
    options, state = passkeys.begin_proving(operator, host_of(request))
    request.session[STATE] = state
    return json.dumps(options)


def host_of(request) -> str:
    """The host's name without its port, as passkeys know it; already checked against the allowed hosts."""
    return request.get_host().partition(":")[0]


@public
@require_POST
def send(request):
    """Send a code to the telephone or mail that the operator has set up."""
    operator = _half(request)
    if operator is None:
        return redirect("sign_in")
    try:
        if FactorKind.CODE not in kinds_of(operator):
            raise Refused("no_way", "这个账号没有启用短信或邮件验证码。")
        codes.send_code(operator, "sign_in", request.POST.get("channel", ""))
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "验证码已发出，10 分钟内有效。")
    return redirect("second")


@public
@require_POST
def passkey_options(request):
    """What a passkey is asked to sign, for somebody who has not said who they are."""
    if not may_try("passkey-options", request.META.get("REMOTE_ADDR", ""), limit=TRIES * 12, within=WINDOW):
        return JsonResponse({"error": "试的次数过多，请 15 分钟后再试。"}, status=429)
    return JsonResponse({"options": json.loads(_options(request, None))})


@public
@require_POST
def passkey_sign_in(request):
    """Sign in by a passkey alone: what one has, unlocked by what one knows or is."""
    if request.user.is_authenticated:
        return redirect("start")
    address = request.META.get("REMOTE_ADDR", "")
    try:
        if not may_try("passkey", address, limit=TRIES * 6, within=WINDOW):
            raise Refused("too_often", "试的次数过多，请 15 分钟后再试。", status=429)
        state = request.session.pop(STATE, None) or {}
        operator = passkeys.prove_by_passkey(state, request.POST.get("passkey", ""), host_of(request))
    except Refused as no:
        messages.error(request, no.message)
        return redirect(reverse("sign_in"))
    return enter(request, operator, "passkey")
