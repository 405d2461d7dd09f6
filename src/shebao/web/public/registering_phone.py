"""The page of the wizard that proves the clerk's telephone with a code by short message."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.registration import operations
from shebao.hall.registration.proving import may_prove, prove_phone, send_phone_code
from shebao.hall.registration.states import WITH_APPLICANT
from shebao.hall.sign_in.codes import is_tried

from ..access import public
from .holding import held
from .registering import following, phone_step, stepping

TRIES, WITHIN = 20, timedelta(hours=1)
"""How often an address may have a code sent, and how often it may type one, in an hour."""


@public
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request, code):
    """Have a code sent, and type it; who does so later goes on meanwhile."""
    here = operations.wizard_region(code)
    made = held(request, here)
    if made is None or made.state not in WITH_APPLICANT:
        return redirect("register_at" if made is None else "register_progress", *([code] if made is None else []))
    step = phone_step(here)
    if not may_prove(made):
        return redirect(following(made, here, step))
    errors, status = [], 200
    if request.method == "POST":
        try:
            return _posted(request, made, here, step)
        except Refused as no:
            errors, status = [{"id": no.field or "code", "text": no.message}], no.status
    number = made.answers["clerk_phone"]
    context = {
        "region": here,
        "spec": here.registration,
        "made": made,
        "steps": stepping(made, here, step),
        "place": f"{number[:3]}****{number[-4:]}",
        "is_sent": request.session.get("registration_code") == made.phone_digest,
        "step_number": step + 1,
        "next_url": following(made, here, step),
        "is_tried": is_tried(),
        "errors": errors,
    }
    return render(request, "registration/phone.html", context, status=status)


def _posted(request, made, here, step):
    is_sending = request.POST.get("go") == "send"
    purpose = "register-send" if is_sending else "register-code"
    if not may_try(purpose, request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=WITHIN):
        raise Refused("too_often", "这个地址试的次数过多，请一小时后再试。", status=429)
    if is_sending:
        send_phone_code(made.pk)
        request.session["registration_code"] = made.phone_digest
        said = "验证码已写在发件记录里，10 分钟内有效。" if is_tried() else "验证码已发出，10 分钟内有效。"
        messages.success(request, said)
        return redirect("register_phone", here.code)
    if not request.POST.get("code", "").strip():
        raise Refused("no_code", "请填写短信里的 6 位验证码。", field="code")
    prove_phone(made.pk, request.POST["code"])
    messages.success(request, "手机号已验证。")
    return redirect(following(made, here, step))
