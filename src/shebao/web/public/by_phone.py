"""What a telephone sees that scanned the code beside a paper (手机上传): what is asked for, and where to send it."""

from datetime import timedelta

from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.phone_uploads.models import MOST, PhoneUpload
from shebao.hall.phone_uploads.operations import phone_upload_of, send_by_phone

from ..access import public
from ..sent_files import count_sending, uploads

TOKEN, UNCLEAR = "phone_upload", "phone_unclear"
SENDINGS, HOUR = 60, timedelta(hours=1)
"""How often an address may send by phone in an hour."""


@public
@sensitive_variables("token")
@require_safe
def phone_with(request, token):
    """The address of the code: what it holds moves into the session, so that it stays in no address.

    Looking is no use of it: whatever scans a code for its owner may open it before they do.
    """
    request.session[TOKEN] = token
    return redirect("phone_upload")


@public
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def phone_upload(request):
    """Take a photo or choose one, and send it; nothing of what is there already is shown."""
    token, phone = request.session.get(TOKEN, ""), request.session.session_key or ""
    found, errors, status = phone_upload_of(token, phone), [], 200
    if request.method == "POST":
        try:
            _count(request, found)
            files = [one for name in ("shot", "files") for one in uploads(request, name)]
            request.session[UNCLEAR] = send_by_phone(token, phone, files).is_unclear
        except Refused as no:
            errors, status = [{"id": "", "text": no.message}], no.status
        else:
            return redirect("phone_upload")
    context = {
        "title": found.title,
        "used": found.used,
        "left": MOST - found.used,
        "until": found.until,
        "is_unclear": request.session.pop(UNCLEAR, False),
        "errors": errors,
    }
    return render(request, "public/phone_upload.html", context, status=status)


def _count(request, found: PhoneUpload) -> None:
    """By the address of the phone, and with what its employer sends otherwise. Raises Refused past either limit."""
    if not may_try("phone-upload", request.META.get("REMOTE_ADDR", ""), limit=SENDINGS, within=HOUR):
        raise Refused("too_often", "这个地址上传的次数过多，请一小时后再试。", status=429)
    if found.operator:
        count_sending(found.operator, "papers", settings.SHEBAO_PAPERS_AN_HOUR)
