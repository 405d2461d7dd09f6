"""A forgotten password: a code to the known telephone or mail, then a new one; or a question and a link by mail."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.regions import all_regions
from shebao.hall.sign_in import forgotten as operations
from shebao.hall.sign_in.codes import is_tried, takes_mail
from shebao.hall.sign_in.factors import WINDOW

from ..access import public

ACCOUNT = "forgotten_account"
TRIES = 20


def _throttled(request) -> None:
    if not may_try("forgotten-address", request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=WINDOW):
        raise Refused("too_often", operations.TOO_OFTEN, field="username", status=429)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request):
    """Which account; whether it exists is not said. Where nothing can be sent, whom to ask instead."""
    ways = operations.ways_here()
    if not ways:
        return render(request, "public/forgotten_unsent.html")
    username, errors, status = request.POST.get("username", "").strip(), [], 200
    if request.method == "POST":
        try:
            if not username:
                raise Refused("no_account", "请填写账号。", field="username")
            _throttled(request)
            operations.send_forgotten_code(username)
        except Refused as no:
            errors, status = [{"id": "username", "text": no.message}], no.status
        else:
            request.session[ACCOUNT] = username
            messages.info(request, operations.sent_words())
            return redirect("forgotten_code")
    context = {"errors": errors, "username": username, "has_question": bool(_questions()), "ways": ways}
    context["is_tried"] = is_tried()
    return render(request, "public/forgotten.html", context, status=status)


@public
@sensitive_post_parameters()
@sensitive_variables("new", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_code(request):
    """The code and the new password."""
    username, errors, status = request.session.get(ACCOUNT, ""), [], 200
    if not (username and operations.ways_here()):
        return redirect("forgotten")
    if request.method == "POST":
        try:
            _throttled(request)
            code, new = request.POST.get("code", ""), request.POST.get("new", "")
            operations.set_forgotten_password(username, code, new)
        except Refused as no:
            errors, status = [{"id": no.field or "code", "text": no.message}], no.status
        else:
            request.session.flush()
            messages.success(request, "密码已重新设置，请用新密码登录。")
            return redirect("sign_in")
    wrong = {error["id"]: error["text"] for error in errors}
    context = {"errors": errors, "wrong": wrong, "username": username, "is_tried": is_tried()}
    return render(request, "public/forgotten_code.html", context, status=status)


def _questions() -> list[str]:
    """The questions of all regions that keep them; none where the link that follows could not be sent."""
    if not takes_mail():
        return []
    found = [question for region in all_regions().values() for question in region.sign_in.questions]
    return list(dict.fromkeys(found))


@public
@sensitive_post_parameters("answer")
@sensitive_variables("answer")
@require_http_methods(["GET", "HEAD", "POST"])
def question(request):
    """The security question: only a step before a link goes out by mail, where a region keeps it."""
    if not _questions():
        return redirect("forgotten")
    typed = {name: request.POST.get(name, "").strip() for name in ("username", "question", "answer")}
    errors, status = [], 200
    if request.method == "POST":
        lost = {"username": "请填写账号。", "question": "请选择问题。", "answer": "请填写答案。"}
        errors = [{"id": name, "text": text} for name, text in lost.items() if not typed[name]]
        status = 422 if errors else 200
        if not errors:
            try:
                _throttled(request)
                operations.question_link(**typed)
            except Refused as no:
                errors, status = [{"id": "username", "text": no.message}], no.status
            else:
                messages.info(request, operations.linked_words())
                return redirect("sign_in")
    options = [(one, one) for one in _questions()]
    context = {"errors": errors, "wrong": {e["id"]: e["text"] for e in errors}, "typed": typed, "options": options}
    context["is_tried"] = is_tried()
    return render(request, "public/question.html", context, status=status)


@require_safe
def leaving(request):
    """Leave in one of three ways: sign out, sign in again as the same employer, end."""
    return render(request, "account/leaving.html", {})
