"""What became of a registration: found again by its number and the clerk's telephone, and the way into the account."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.desk.holds import holds_of
from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.phone_uploads.operations import end_for_registration
from shebao.hall.regions import region as region_of
from shebao.hall.registration import checks, queries
from shebao.hall.registration.activation import activate_account, activation_of
from shebao.hall.registration.deciding import labels
from shebao.hall.registration.joining import find_join
from shebao.hall.registration.models import REGISTERED
from shebao.hall.registration.states import WITH_APPLICANT, State
from shebao.hall.registration.telling import link_told, result_told
from shebao.hall.sign_in.factors import has_factor

from ..access import public
from ..entering import begin_on_record
from .holding import HELD, held, hold, hold_join
from .registering import marked_steps

TRIES, WINDOW = 12, timedelta(minutes=10)
TOKEN = "activation"
NOTHING = "没有找到。请核对申请号和手机号；两项都对才能查到，超过 30 天没有提交的草稿已经清理。"


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def status(request):
    """Ask for a registration; posted, because a telephone belongs in no address."""
    number, phone = (request.POST.get(name, "").strip() for name in ("number", "phone"))
    errors, code = [], 422
    if request.method == "POST":
        lost = [("number", "请填写申请号。", number), ("phone", "请填写手机号。", phone)]
        errors = [{"id": name, "text": text} for name, text, value in lost if not value]
        if not errors and _too_often(request, "register-status"):
            errors, code = [{"id": "number", "text": "查询次数过多，请 10 分钟后再试。"}], 429
        if not errors:
            found = queries.find_registration(number, phone)
            if found:
                hold(request, found)
                return redirect("register_progress")
            if joined := find_join(number, phone):
                hold_join(request, joined)
                return redirect("join_progress")
            errors = [{"id": "number", "text": NOTHING}]
    context = {
        "number": number,
        "phone": phone,
        "errors": errors,
        "wrong": {error["id"]: error["text"] for error in errors},
    }
    return render(request, "registration/status.html", context, status=code if errors else 200)


def _too_often(request, purpose: str) -> bool:
    return not may_try(purpose, request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=WINDOW)


@public
@require_safe
def progress(request):
    """Where the registration stands, and what to do next."""
    made = held(request)
    if made is None:
        return redirect("register_status")
    here = region_of(made.region)
    words = labels(here)
    is_draft, is_returned = made.state == State.DRAFT, made.state == State.RETURNED
    is_repaired = is_returned and bool(made.marks) and not checks.unrepaired(made, here)
    context = {
        "made": made,
        "region": here,
        "spec": here.registration,
        "marks": [(words.get(name, name), text) for name, text in made.marks.items()],
        "next_url": reverse("register_step", args=[here.code, _next_step(made, here) + 1]),
        "is_ready": (is_draft or is_repaired) and not checks.faults(made, here),
        "is_returned": is_returned,
        "hold": holds_of([made], REGISTERED).get(made.pk),
        "may_sign_in": made.state == State.APPROVED and made.operator.has_usable_password(),
        "result_told": result_told(),
        "next_text": _next_text(made, here.term("agency")),
        "agency": here.term("agency"),
        "agency_phone": here.term("agency_phone"),
    }
    return render(request, "registration/progress.html", context)


def _next_text(made, agency: str) -> str:
    """How the owner of the new account gets in."""
    if made.state == State.APPROVED and made.operator.has_usable_password():
        return "密码已经设置，请用账号和密码登录。"
    return f"下一步：{link_told(agency)}。"


def _next_step(made, here) -> int:
    """The first step with a remark that nobody answered, any with a remark, or else the first that lacks something."""
    wanted = {fault.step for fault in checks.unrepaired(made, here)} if made.state == State.RETURNED else set()
    wanted = wanted or (marked_steps(made, here) if made.state == State.RETURNED else set())
    wanted = wanted or {fault.step for fault in checks.faults(made, here)} if made.state in WITH_APPLICANT else set()
    return min(wanted, default=0)


@public
@require_POST
def leave(request):
    """Leave a shared computer: this browser forgets the registration, the hall does not."""
    if made := request.session.pop(HELD, None):
        end_for_registration(made)
    messages.success(request, "已退出。凭申请号和手机号可以随时接着办。")
    return redirect("register_status")


@public
@sensitive_variables("token")
@require_safe
def activate_with(request, token):
    """The link of the letter: what it holds moves into the session, so that it stays in no address."""
    request.session[TOKEN] = token
    return redirect("activate")


@public
@sensitive_post_parameters()
@sensitive_variables("token", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request):
    """Set the first password; the account is entered with it."""
    token, errors = request.session.get(TOKEN, ""), []
    if _too_often(request, "activate"):
        raise Refused("too_often", "打开链接的次数过多，请 10 分钟后再试。", status=429)
    found = activation_of(token)
    if request.method == "POST":
        try:
            operator = activate_account(token, request.POST.get("new", ""))
        except Refused as no:
            errors = [{"id": no.field, "text": no.message}]
        else:
            if has_factor(operator):
                # A link in the mail is not the second factor of whoever set one up.
                request.session.flush()
                messages.success(request, "密码已设置，请用新密码登录。")
                return redirect("sign_in")
            begin_on_record(request, operator, "activation")
            messages.success(request, "密码已设置，欢迎使用。下次用账号和密码登录。")
            return redirect("start")
    context = {"operator": found.operator, "until": found.until, "errors": errors}
    return render(request, "registration/activate.html", context, status=422 if errors else 200)
