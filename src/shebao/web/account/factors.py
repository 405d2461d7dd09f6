"""Second factors of one's own account: set up, shown once, removed with the password."""

import json

import segno
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.errors import Refused
from shebao.hall.sign_in import codes, passkeys
from shebao.hall.sign_in import factors as operations
from shebao.hall.sign_in.models import Factor, FactorKind

from ..access import needs
from ..public.second import STATE, host_of
from ..shell import PRODUCT
from .views import confirmed, page

KEY = "totp_key"
OTHERS_ENDED = "其他设备上只凭密码的登录已全部结束，在那里须用二次验证重新登录。"


@require_http_methods(["GET", "HEAD"])
def factors(request):
    """What there is, what can be set up, and whether one must."""
    found = Factor.objects.visible_to(request.user).exclude(kind=FactorKind.RECOVERY).order_by("pk")
    recovery = Factor.objects.visible_to(request.user).filter(kind=FactorKind.RECOVERY).first()
    must = operations.needs_factor(request.user)
    kinds = {one.kind for one in found}
    context = {
        "factors": found,
        "kinds": kinds,
        "left": len(recovery.secret["codes"]) if recovery else 0,
        "must": must,
        "is_due": must and not kinds,
        "reached": bool(codes.ways_of(request.user)),
    }
    return page(request, "account/factors.html", [], **context)


@sensitive_post_parameters()
@sensitive_variables("key")
@require_http_methods(["GET", "HEAD", "POST"])
def totp(request):
    """An authenticator: the picture is scanned, its first code and the password are typed."""
    key = request.session.get(KEY) or operations.new_key()
    request.session[KEY] = key
    errors, status = [], 200
    if request.method == "POST":
        try:
            confirmed(request)
            told = operations.set_up_totp(
                key, request.POST.get("code", ""), by=request.user, session=request.session.session_key
            )
        except Refused as no:
            errors, status = [{"id": no.field, "text": no.message}], no.status
        else:
            del request.session[KEY]
            messages.success(request, OTHERS_ENDED)
            return _codes_page(request, told, "动态验证码已启用")
    address = operations.key_address(key, request.user, PRODUCT)
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=2)
    return page(request, "account/totp.html", errors, status, picture=picture, key=key)


def _codes_page(request, told: list[str], title: str):
    return render(request, "account/codes.html", {"codes": told, "title": title})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def passkey(request):
    """A passkey: made by the browser, kept with the password."""
    errors, status = [], 200
    if request.method == "POST":
        try:
            confirmed(request)
            state = request.session.pop(STATE, None) or {}
            answer, label = request.POST.get("passkey", ""), request.POST.get("label", "")
            key = request.session.session_key
            passkeys.add_passkey(state, answer, label, host_of(request), by=request.user, session=key)
        except Refused as no:
            errors, status = [{"id": no.field or "label", "text": no.message}], no.status
        else:
            messages.success(request, f"通行密钥已添加，以后可以用它登录。{OTHERS_ENDED}")
            return redirect("account_factors")
    options, state = passkeys.begin_adding(request.user, host_of(request))
    request.session[STATE] = state
    label = request.POST.get("label", "")
    return page(request, "account/passkey.html", errors, status, options=json.dumps(options), label=label)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code(request):
    """Codes by telephone or mail: one is sent to show that it arrives."""
    errors, status = [], 200
    if request.method == "POST":
        try:
            if channel := request.POST.get("send", ""):
                codes.send_code(request.user, "contact", channel)
                messages.success(request, "验证码已发出，10 分钟内有效。")
                return redirect("account_code")
            confirmed(request)
            key = request.session.session_key
            operations.set_up_code(request.POST.get("code", ""), by=request.user, session=key)
        except Refused as no:
            errors, status = [{"id": no.field or "code", "text": no.message}], no.status
        else:
            messages.success(request, f"短信或邮件验证码已启用。{OTHERS_ENDED}")
            return redirect("account_factors")
    channels = codes.ways_of(request.user).items()
    return page(request, "account/code.html", errors, status, channels=channels)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def recovery(request):
    """New recovery codes; those before end."""
    if not operations.has_factor(request.user):
        return redirect("account_factors")

    def done():
        return _codes_page(request, operations.new_recovery_codes(by=request.user), "备用码已生成")

    text = "生成后，以前的备用码全部作废。新的只显示一次，请抄下或打印。"
    return _with_password(request, "重新生成备用码", text, "生成备用码", done)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request, pk):
    """Remove a second factor."""
    found = Factor.objects.visible_to(request.user).exclude(kind=FactorKind.RECOVERY).get(pk=pk)

    def done():
        operations.remove_factor(pk, by=request.user)
        messages.success(request, f"已停用{found.label or found.get_kind_display()}。")
        return redirect("account_factors")

    text = f"停用后，登录时不再使用“{found.label or found.get_kind_display()}”。"
    return _with_password(request, "停用二次验证", text, "停用", done)


def _with_password(request, title: str, text: str, button: str, deed):
    """Ask for the password, then do it."""
    errors, status = [], 200
    if request.method == "POST":
        try:
            confirmed(request)
            return deed()
        except Refused as no:
            errors, status = [{"id": no.field or "password", "text": no.message}], no.status
    return page(request, "account/confirm.html", errors, status, title=title, text=text, button=button)


@require_POST
@needs("manage_operators")
def reset(request, pk):
    """Another operator lost them: the next sign-in asks for the password alone."""
    try:
        operator = operations.take_away_factors(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"已重置{operator.name}的二次验证，请其登录后重新设置。")
    return redirect("operators")
