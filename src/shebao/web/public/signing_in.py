"""Signing in and out, one's own password, and where everybody starts."""

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.operators import operations
from shebao.hall.regions import all_regions, region
from shebao.hall.sign_in import guesses
from shebao.hall.sign_in.factors import has_factor
from shebao.hall.sign_in.forgotten import ways_here
from shebao.hall.sign_in.numbers import account_at
from shebao.rules.months import Month

from ..access import home_of, public
from ..chosen import left_empty
from ..entering import enter, keep, leave
from ..put_out import OVER, said
from .second import hold_half

LOCKED_TEXT = "密码输错次数过多，该账号已锁定 15 分钟。请稍后再试"
BY_CODE = "，或用“忘记密码”找回。"
BY_SOMEBODY = "；忘记密码的，社保专管员请本单位管理员重置，单位管理员请经办机构重置，经办机构的人员请安全管理员重置。"
ELDER_YEAR = 365 * 24 * 3600
LOST = {"current": "请输入当前密码。", "new": "请输入新密码。"}


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request):
    """The sign-in page; a wrong account and a wrong password get the same answer."""
    following = local_address(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(following or "start")
    if request.method != "POST":
        return _sign_in_page(request, following)
    typed, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    number = request.POST.get("number", "").strip()
    missing = [("password", "请填写密码。", password)]
    if not number:
        missing.insert(0, ("username", "请填写账号。", typed))
    if not all(value for *_, value in missing):
        return _sign_in_page(request, following, [{"id": i, "text": t} for i, t, value in missing if not value])
    username = account_at(request.POST.get("region", ""), number, typed) if number else typed
    return _entered(request, username, password, following)


def _entered(request, username: str, password: str, following: str):
    address = request.META.get("REMOTE_ADDR", "")
    if not AxesProxyHandler.is_allowed(request, {"username": username}):
        return locked_out(request)
    try:
        reserved = guesses.reserve(username, address)
    except Refused as no:
        return _sign_in_page(request, following, [{"id": no.field, "text": no.message}], status=no.status)
    operator = authenticate(request, username=username, password=password)
    if operator is None:
        return _sign_in_page(request, following, [{"id": "username", "text": _wrong(request, username)}])
    guesses.release(reserved)
    if has_factor(operator):
        hold_half(request, operator, following)
        return redirect("second")
    return enter(request, operator, "password", following)


def _numbered(request):
    """The region whose people choose their employer's number first, where the address names one."""
    here = all_regions().get(request.POST.get("region") or request.GET.get("region", ""))
    return here if here and here.sign_in.digits else None


MOST_WINDOWS = 3


def _sign_in_page(request, following: str, errors=(), status: int | None = None):
    context = {"next": following, "errors": errors, "username": request.POST.get("username", "")}
    context["number"] = request.POST.get("number", "") or request.GET.get("number", "")[:30]
    context["over"] = request.POST.get(OVER, "") or request.GET.get(OVER, "")
    context["put_out"] = said(context["over"])
    here = _numbered(request)
    context["numbered"] = here and {"code": here.code, "label": here.term("employer_number"), "title": here.title}
    context["has_certificate"] = any(one.sign_in.has_certificate for one in all_regions().values())
    several = len(all_regions()) > 1  # whose number it is cannot be guessed then
    context["others"] = [
        {"code": one.code, "label": one.term("employer_number"), "title": one.title if several else ""}
        for one in all_regions().values()
        if one.sign_in.digits and one is not here
    ]
    context["windows"] = _windows()
    return render(request, "public/sign_in.html", context, status=status or (422 if errors else 200))


def _windows() -> list[dict]:
    """When this installation takes this month's declarations and money; of many regions the page would be a table."""
    if len(all_regions()) > MOST_WINDOWS:
        return []
    month = Month.of(clock.today())
    found = [(region.title, region.calendar.window(month)) for region in all_regions().values()]
    return [
        {
            "title": title,
            "month": month,
            "opens_on": window.opens_at,
            "declare_until": window.declare_until,
            "pay_until": window.pay_until,
        }
        for title, window in found
    ]


def _wrong(request, username: str) -> str:
    failures = AxesProxyHandler.get_failures(request, {"username": username})
    left = max(settings.AXES_FAILURE_LIMIT - failures, 0)
    return f"账号或密码不对，还可以试 {left} 次。"


def locked_out(request, original_response=None, credentials=None):
    """What django-axes answers while the account and address are locked."""
    text = LOCKED_TEXT + (BY_CODE if ways_here() else BY_SOMEBODY)
    return _sign_in_page(request, "", [{"id": "username", "text": text}], status=429)


def local_address(request, address: str) -> str:
    """The address if it leads into this hall, otherwise nothing: nobody is sent to a stranger."""
    fits = url_has_allowed_host_and_scheme(address, allowed_hosts=None, require_https=request.is_secure())
    return address if fits and address.startswith("/") else ""


@public
@require_POST
def sign_out(request):
    """Leave; the session is gone at once."""
    again = _again(request.user) if "again" in request.POST and request.user.is_authenticated else ""
    leave(request)
    words = "您已安全退出，可以关闭浏览器。" if "end" in request.POST else "您已安全退出。"
    messages.success(request, words)
    response = redirect(f"{resolve_url('sign_in')}{again}")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _again(operator) -> str:
    """The sign-in page with the employer that one worked for (重登录), where its number is chosen first."""
    here = region(operator.region)
    if not (here.sign_in.digits and operator.employer_id):
        return ""
    return f"?{urlencode({'region': here.code, 'number': operator.employer.employer_number})}"


@require_safe
def start(request):
    """The first page of whoever signed in."""
    return redirect(home_of(request.user))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request):
    """Change one's own password; the first sign-in ends here."""
    errors = left_empty(request, LOST) if request.method == "POST" else []
    if request.method == "POST" and not errors:
        try:
            _change(request)
        except Refused as no:
            errors = [{"id": no.field, "text": no.message}]
        else:
            keep(request, request.user)
            messages.success(request, "密码已修改，下次请用新密码登录。")
            return redirect("start")
    forced = request.user.must_change_password
    title = region(request.user.region).terms.get("menu.password", "修改密码")
    context = {"errors": errors, "by_field": {e["id"]: e["text"] for e in errors}, "forced": forced, "title": title}
    return render(request, "public/change_password.html", context, status=422 if errors else 200)


def _change(request) -> None:
    """Change it; wrong current ones are counted apart from those at the sign-in page, where strangers guess."""
    reserved = guesses.reserve(f"own:{request.user.pk}")
    try:
        operations.change_own_password(request.POST.get("current", ""), request.POST.get("new", ""), by=request.user)
    except Refused as no:
        if no.code != "wrong_password":
            guesses.release(reserved)
        raise
    guesses.release(reserved)


@require_safe
def alive(request):
    """Somebody is still there: asking is enough to keep the session."""
    return HttpResponse(status=204)


@public
@require_POST
def elder(request):
    """Switch the large, plain presentation, or its high contrast, on or off for this browser."""
    back = local_address(request, request.POST.get("next", "")) or _referer(request) or resolve_url("start")
    response = redirect(back)
    for name in ("elder", "contrast"):
        if request.POST.get(name) == "1":
            response.set_cookie(
                name,
                "1",
                max_age=ELDER_YEAR,
                samesite="Lax",
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
            )
        elif name in request.POST:
            response.delete_cookie(name, samesite="Lax")
    return response


def _referer(request) -> str:
    referer = request.META.get("HTTP_REFERER", "")
    host = f"{request.scheme}://{request.get_host()}"
    return local_address(request, referer.removeprefix(host)) if referer.startswith(f"{host}/") else ""
