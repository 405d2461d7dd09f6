"""我的账号: how I sign in, where I am reached, where I am signed in, and when I was."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.regions import region as region_of
from shebao.hall.sign_in import codes, contacts, forgotten, sessions
from shebao.hall.sign_in.factors import TRIES, WINDOW, needs_factor
from shebao.hall.sign_in.models import Contact, Factor, FactorKind, OperatorCertificate, SecurityQuestion, Why

TITLE = "我的账号"


def title_of(request) -> str:
    """What the page is called in this region."""
    return region_of(request.user.region).terms.get("menu.account", TITLE)


def confirmed(request) -> None:
    """The password again, five tries in a quarter of an hour. Raises Refused."""
    if not request.POST.get("password", ""):
        raise Refused("no_password", "请输入当前密码。", field="password")
    if not may_try("confirm", str(request.user.pk), limit=TRIES, within=WINDOW):
        raise Refused("too_often", "密码输错次数过多，请 15 分钟后再试。", field="password", status=429)
    contacts.confirm_password(request.POST.get("password", ""), by=request.user)


def page(request, template: str, errors: list[dict], status: int = 200, **more):
    """A page of the account, with what is wrong by field."""
    context = {
        "errors": errors,
        "by_field": {one["id"]: one["text"] for one in errors},
        "account_title": title_of(request),
    }
    return render(request, template, context | more, status=status)


@require_safe
def account(request):
    """Everything about one's own account on one page."""
    user, here = request.user, region_of(request.user.region)
    this = sessions.key_digest(request.session.session_key)
    told = [
        {"session": one, "way": sessions.WAYS.get(one.way, one.way), "is_this": one.key_digest == this}
        for one in sessions.last_sign_ins(user)
    ]
    open_now = set(sessions.open_sessions(user).values_list("pk", flat=True))
    factors = Factor.objects.visible_to(user).exclude(kind=FactorKind.RECOVERY).order_by("pk")
    context = {
        "sessions": [row | {"is_open": row["session"].pk in open_now} for row in told],
        "others": len([row for row in told if row["session"].pk in open_now and not row["is_this"]]),
        "factors": factors,
        "must": needs_factor(user),
        "contact": Contact.objects.visible_to(user).first(),
        "certificates": OperatorCertificate.objects.visible_to(user).filter(operator=user, ended_at=None)
        if user.employer_id
        else (),
        "questions": here.sign_in.questions,
        "question": SecurityQuestion.objects.visible_to(user).first(),
    }
    return page(request, "account/account.html", [], **context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request):
    """Telephone and mail, changed with the password."""
    kept = Contact.objects.visible_to(request.user).first()
    typed = {
        "phone": request.POST.get("phone", kept.phone if kept else ""),
        "email": request.POST.get("email", kept.mail_address if kept else ""),
    }
    errors, status = [], 200
    if request.method == "POST":
        try:
            confirmed(request)
            contacts.set_contact(typed["phone"], typed["email"], by=request.user)
        except Refused as no:
            errors, status = [{"id": no.field, "text": no.message}], no.status
        else:
            messages.success(request, "联系方式已保存。")
            return redirect("account")
    return page(request, "account/contact.html", errors, status, typed=typed)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def question(request):
    """密码遗忘设定, where the region keeps it."""
    here = region_of(request.user.region)
    if not here.sign_in.questions:
        raise SecurityQuestion.DoesNotExist("not kept here")
    errors, status = [], 200
    if request.method == "POST":
        try:
            confirmed(request)
            forgotten.set_question(request.POST.get("question", ""), request.POST.get("answer", ""), by=request.user)
        except Refused as no:
            errors, status = [{"id": no.field, "text": no.message}], no.status
        else:
            messages.success(request, "问题和答案已保存，答案只保存摘要。")
            return redirect("account")
    field = {
        **{"id": "question", "name": "question", "label": "问题", "kind": "choice", "required": True, "full": True},
        "value": request.POST.get("question", ""),
        "options": [(one, one) for one in here.sign_in.questions],
    }
    row = next((one for one in here.pages.values() if one.page == "question"), None)
    title = row.title if row else "密码遗忘设定"
    more = {"reached": "mail" in codes.ways_of(request.user, forgotten.PURPOSE), "is_tried": codes.is_tried()}
    return page(request, "account/question.html", errors, status, field=field, title=title, **more)


@require_POST
def end(request, pk):
    """End one of one's own sessions."""
    sessions.end_session(pk, by=request.user)
    messages.success(request, "已结束该次登录。")
    return redirect("account")


@require_POST
def end_others(request):
    """End all of one's sessions but this one."""
    count = sessions.end_sessions(request.user, Why.OWNER, by=request.user, but=request.session.session_key)
    messages.success(request, f"已结束其他 {count} 处登录。")
    return redirect("account")
