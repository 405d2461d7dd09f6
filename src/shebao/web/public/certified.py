"""Signing in by certificate (数字证书登录): sign a challenge with the local signer, or as a file."""

import time

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.sign_in import certificates
from shebao.hall.sign_in.factors import WINDOW

from ..access import public
from ..certified import SIGNER, signature_in, signer_allowed
from ..entering import enter

CHALLENGE = "challenge"
TRIES = 20


@public
@signer_allowed
@require_http_methods(["GET", "HEAD", "POST"])
def certificate(request):
    """Show a challenge; the certificate that signed it tells who comes in."""
    if request.user.is_authenticated:
        return redirect("start")
    errors, status = [], 200
    if request.method == "POST":
        try:
            return enter(request, _holder(request), "certificate")
        except Refused as no:
            errors, status = [{"id": no.field if no.field == "file" else "file", "text": no.message}], no.status
    if request.method == "POST" or _challenge(request) is None:
        request.session[CHALLENGE] = [certificates.new_challenge(), int(time.time())]
    context = {"errors": errors, "challenge": _challenge(request), "signer": SIGNER}
    return render(request, "public/certificate.html", context, status=status)


def _challenge(request) -> str | None:
    text, made = request.session.get(CHALLENGE, (None, 0))
    return text if time.time() - made < certificates.CHALLENGE_LASTS.total_seconds() else None


def _holder(request):
    if not may_try("certificate", request.META.get("REMOTE_ADDR", ""), limit=TRIES, within=WINDOW):
        raise Refused("too_often", "试的次数过多，请 15 分钟后再试。", status=429)
    challenge = _challenge(request)
    # Good for one answer: whoever saw the signature cannot use it again.
    request.session.pop(CHALLENGE, None)
    if challenge is None:
        raise Refused("too_late", "登录质询已过期，请对新的质询签名。")
    return certificates.holder_of(challenge, signature_in(request)).operator


@public
@require_safe
def challenge_file(request):
    """The challenge as a file, for a signing tool."""
    text = _challenge(request)
    if text is None:
        return redirect("sign_in_certificate")
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="challenge.txt"'
    return response
