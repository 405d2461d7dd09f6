"""A form that comes twice does its deed once, and gets the same answer again (docs/decisions/0022).

Double press, reload, the back button, a reply that was lost: every form carries a one-time key, drawn by the tag
`csrf_token`. `hall/audit/once.py` spends it in the transaction of the deed; here is what the second press is told.
"""

import json
from datetime import timedelta
from hashlib import sha256

from django.contrib import messages
from django.db import OperationalError
from django.shortcuts import redirect

from shebao.hall import clock
from shebao.hall.audit.models import SpentKey
from shebao.hall.audit.once import KEY, AlreadyDone, Press, bear, borne, free, keep_answer, press_of, spent_by
from shebao.hall.patience import is_busy, waiting_at_most

from .middleware import page_of
from .public import errors

KEEPING_SECONDS = 2
IN_FLIGHT = timedelta(seconds=15)
"""So long a deed without an answer may still be going on, in several transactions; later its process has died."""
OF_THE_SESSION = frozenset({
    "sign_in", "sign_out", "second", "second_send", "passkey_sign_in", "passkey_options", "sign_in_certificate",
    "forgotten", "forgotten_code", "forgotten_question", "employer_enter",
})  # fmt: skip
"""Who is here, not what is done: signing in again from the same page is meant, and has guards of its own."""

DONE = "这件事刚才已经办好了，没有再办一次。"
RECORDED = "刚才那一次提交已经收到，没有再办一次。办到哪一步，请看这里和列表。"
IN_HAND = "刚才那一次提交正在办理，这次没有再办。请等几秒，再打开列表看结果。"
OTHER = "这一页已经办过一件事，这次发来的内容和那时不同，没有再办。要再办一件，请重新打开页面填写。"


class Once:
    """Innermost of all: whoever it answers has passed every guard, and is the account that did the deed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        bear(None)
        try:
            response = self.get_response(request)
            press = borne()
        finally:
            bear(None)
        if press is None:
            return response
        if press.is_spent():
            _keep(press, response)
        elif 300 <= response.status_code < 500 and (twin := spent_by(press)):
            # Refused because the same press went through meanwhile: what that one was told is the answer here too.
            list(messages.get_messages(request))
            return _again(request, press, twin)
        return response

    def process_view(self, request, view, args, kwargs):
        key = request.POST.get(KEY) if request.method == "POST" and not request.htmx else ""
        if not key or request.resolver_match.url_name in OF_THE_SESSION:
            return None
        account = request.user.pk or request.session.session_key
        press = press_of(account, request.get_full_path(), key, _said(request))
        if spent := spent_by(press):
            return _again(request, press, spent)
        bear(press)
        return None

    def process_exception(self, request, exception):
        if not isinstance(exception, AlreadyDone):
            return None
        press = borne()
        bear(None)
        return _again(request, press, spent_by(press))


def _said(request) -> str:
    """All that the form said, but for what belongs to the page: files by what is in them."""
    said = [(name, values) for name, values in request.POST.lists() if name not in (KEY, "csrfmiddlewaretoken")]
    files = [(name, one.name, _digest(one)) for name, some in request.FILES.lists() for one in some]
    return json.dumps([sorted(said), sorted(files)])


def _digest(file) -> str:
    found = sha256()
    for part in file.chunks():
        found.update(part)
    file.seek(0)
    return found.hexdigest()


def _keep(press: Press, response) -> None:
    """Keep the answer of a deed. That it could not be kept makes no error of the deed, which is done."""
    try:
        with waiting_at_most(KEEPING_SECONDS):
            if "Location" in response:
                keep_answer(press, response.status_code, response["Location"])
            elif not response.get("Content-Type", "").startswith("text/html"):
                free(press)
            elif response.status_code < 500:
                keep_answer(press, response.status_code, "")
    except OperationalError as error:
        if not is_busy(error):
            raise


def _again(request, press: Press, spent: SpentKey | None):
    """What the second request is told. Nothing is done. None: the first one gave the key free at this moment."""
    if spent is None:
        return errors.show(request, 409, IN_HAND, title="正在办理")
    if spent.fingerprint != press.fingerprint:
        return errors.show(request, 422, OTHER, title="这一页已经用过")
    if not spent.status and clock.now() - spent.at < IN_FLIGHT:
        return errors.show(request, 409, IN_HAND, title="正在办理")
    messages.info(request, DONE if 0 < spent.status < 400 else RECORDED)
    return redirect(spent.location or page_of(request))
