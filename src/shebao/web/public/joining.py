"""申请加入: somebody asks the administrator of an employer for an account there, and looks what came of it."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.regions import region as region_of
from shebao.hall.registration import joining, operations
from shebao.hall.registration.join_deciding import ADMINISTRATOR
from shebao.hall.registration.join_states import JoinState
from shebao.hall.registration.telling import answer_told, link_told
from shebao.hall.sign_in.codes import is_tried, takes_messages

from ..access import public
from ..employer.fields import Shown, page_fields, typed
from .asking_code import ASKED, CODE, count_code
from .holding import JOINING, held_join, hold_join

HOUR = timedelta(hours=1)
BEGINNINGS, TRIES = 20, 20
"""How many requests an address may begin, and how often it may have a code sent or type one, in an hour."""
UNPROVED = 5
"""How many requests without a proved telephone an address may send to one employer in a day: less than its day has."""
CODE_SENT = "join_code"


@public
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request, code):
    """What the administrator needs to know; a POST goes on to the telephone, or where none is asked, submits."""
    here = operations.wizard_region(code)
    draft = held_join(request)
    draft = draft if draft and draft.state == JoinState.DRAFT and draft.employer.region == code else None
    if request.method != "POST":
        kept = draft.answers if draft else {CODE: request.session.get(ASKED, "")}
        return _join_page(request, here, kept)
    raw, problems = typed(here.forms[joining.FORM], request.POST), []
    try:
        count_code(request, raw.get(CODE, ""))
        if not may_try("join", request.META.get("REMOTE_ADDR", ""), limit=BEGINNINGS, within=HOUR):
            raise Refused("too_often", "这个地址申请的次数过多，请一小时后再试。", status=429)
        made, problems = joining.start_join(code, raw, instead_of=draft.pk if draft else None)
        if made:
            hold_join(request, made)
            if joining.may_prove(made):
                return redirect("join_phone")
            _not_too_many(request, made)
            joining.submit_join(made.pk)
    except Refused as no:
        return _join_page(
            request,
            here,
            raw,
            said=[{"id": f"id_{no.field}" if no.field else "", "text": no.message}],
            status=no.status,
        )
    return _join_page(request, here, raw, problems=problems) if problems else redirect("join_progress")


def _not_too_many(request, made) -> None:
    """Where no message proves who asks, one address does not use up the day of an employer (Refused)."""
    place = f"{request.META.get('REMOTE_ADDR', '')} {made.employer_id}"
    if not may_try("join-from", place, limit=UNPROVED, within=joining.DAY):
        raise Refused("too_many", "这个地址今天向这个单位的申请过多，请明天再试，或直接联系本单位管理员。", status=429)


def _join_page(request, here, raw, *, problems=(), said=(), status=200):
    defaults = {field.id: field.default for field in here.forms[joining.FORM].fields}
    errors = [{"id": f"id_{one.field}", "text": one.message} for one in problems] + list(said)
    context = {
        "region": here,
        "fields": page_fields(here.forms[joining.FORM], here, Shown(defaults | raw, tuple(problems))),
        "errors": errors,
        "has_none": any(one.code == "no_account" for one in problems),
        "is_tried": is_tried(),
        "asks_code": takes_messages(),
        "days": joining.LASTS.days,
    }
    return render(request, "registration/join.html", context, status=422 if problems else status)


@public
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request):
    """Have a code sent, and type it: that submits. Where codes are only tried, it is submitted without as well."""
    made = held_join(request)
    if made is None or made.state != JoinState.DRAFT:
        return redirect("join_progress" if made else "register_status")
    errors, status = [], 200
    if request.method == "POST":
        try:
            return _posted(request, made)
        except Refused as no:
            errors, status = [{"id": no.field or "code", "text": no.message}], no.status
    number = made.answers["phone"]
    context = {
        "region": region_of(made.employer.region),
        "place": f"{number[:3]}****{number[-4:]}",
        "is_sent": request.session.get(CODE_SENT) == made.phone_digest,
        "is_tried": is_tried(),
        "is_asked": joining.may_prove(made),
        "is_proved": made.is_proved,
        "errors": errors,
    }
    return render(request, "registration/join_phone.html", context, status=status)


def _posted(request, made):
    go = request.POST.get("go")
    if not may_try(
        "join-send" if go == "send" else "join-code", request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=HOUR
    ):
        raise Refused("too_often", "这个地址试的次数过多，请一小时后再试。", status=429)
    if go == "send":
        joining.send_join_code(made.pk)
        request.session[CODE_SENT] = made.phone_digest
        messages.success(
            request, "验证码已写在发件记录里，10 分钟内有效。" if is_tried() else "验证码已发出，10 分钟内有效。"
        )
        return redirect("join_phone")
    if go == "submit":
        joining.submit_join(made.pk)
        return redirect("join_progress")
    if not request.POST.get("code", "").strip():
        raise Refused("no_code", "请填写短信里的 6 位验证码。", field="code")
    joining.prove_and_submit(made.pk, request.POST["code"])
    return redirect("join_progress")


@public
@require_safe
def progress(request):
    """Where the request stands, and what to do next."""
    made = held_join(request)
    if made is None:
        return redirect("register_status")
    if made.state == JoinState.DRAFT:
        return redirect("join_phone")
    here = region_of(made.employer.region)
    may_sign_in = made.state == JoinState.APPROVED and made.operator.has_usable_password()
    context = {
        "made": made,
        "state": made.standing,
        "region": here,
        "may_sign_in": may_sign_in,
        "next_text": "密码已经设置，请用账号和密码登录。" if may_sign_in else f"下一步：{link_told(ADMINISTRATOR)}。",
        "answer_told": answer_told(),
        "days": joining.LASTS.days,
        "again_url": reverse("register_join", args=[here.code]),
    }
    return render(request, "registration/join_progress.html", context)


@public
@require_POST
def withdraw(request):
    """Take one's own request back."""
    made = held_join(request)
    if made is None:
        return redirect("register_status")
    try:
        joining.withdraw_join(made.pk)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "已撤回，单位管理员不再看到待处理的申请。")
    return redirect("join_progress")


@public
@require_POST
def leave(request):
    """Leave a shared computer: this browser forgets the request, the hall does not."""
    request.session.pop(JOINING, None)
    messages.success(request, "已退出。凭申请号和手机号可以随时查询。")
    return redirect("register_status")
