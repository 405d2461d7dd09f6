"""Searches by a person's number: the number never stands in an address, where logs and histories keep it.

Forms of search are posted with the mark of `parts/_searches.html`. The answer leads to the address a GET would have
had, with what looks like a number sealed for this operator and for one day; what htmx asks while somebody types is
answered at once. Views read `request.GET` as ever, and the links of the page carry the seal on.
"""

import base64
import re
from datetime import timedelta
from urllib.parse import quote, quote_plus

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect

from shebao.hall import clock
from shebao.hall.crypto import seal, unseal

MARK = "_search"
SEALED = "~"
VALID = timedelta(days=1)
NUMBER = re.compile(r"\d{11}")
BETWEEN = re.compile(r"[\s-]")


class PrivateSearches:
    """Keeps id numbers, telephones and accounts that are looked for out of addresses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        is_form = request.method == "POST" and request.content_type == "application/x-www-form-urlencoded"
        if is_form and MARK in request.POST:
            asked = request.POST.copy()
            for name in (MARK, "csrfmiddlewaretoken"):
                asked.pop(name, None)
            if not request.htmx:
                return redirect(_address(request, asked))
            request.method, request.GET = "GET", asked
        elif any(value.startswith(SEALED) for values in request.GET.lists() for value in values[1]):
            opened = _opened(request)
            if opened is None:
                messages.info(request, "这次查询的链接已失效，请重新输入要查的号码。")
                return redirect(request.path)
            request.GET = opened
        return self._without_numbers(request, self.get_response(request))

    @staticmethod
    def _without_numbers(request, response):
        """The page, with the numbers that were asked for sealed in every link."""
        found = {value for _, values in request.GET.lists() for value in values if is_number(value)}
        for value in found:
            sealed = sealed_for(request.user, value)
            for written in {quote(value), quote_plus(value)}:
                link = re.compile(f"={re.escape(written)}(?=[&\"'#]|$)")
                if "Location" in response:
                    response["Location"] = link.sub(f"={sealed}", response["Location"])
                if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
                    response.content = link.sub(f"={sealed}", response.content.decode()).encode()
        if found and response.has_header("Content-Length") and not response.streaming:
            response["Content-Length"] = len(response.content)
        return response


def is_number(text: str) -> bool:
    """Whether it may be the number of a person, a telephone or an account: eleven digits on end."""
    return bool(NUMBER.search(BETWEEN.sub("", text)))


def sealed_for(user, text: str) -> str:
    """What stands in the address instead of `text`: opens for this operator only, for a day."""
    until = int((clock.now() + VALID).timestamp())
    sealed = seal(f"{user.pk} {until} {text}".encode(), user.employer_id or 0)
    return SEALED + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened_for(user, sealed: str) -> str | None:
    """The text behind `sealed_for`; None when it is another's, too old, or none of ours."""
    body = sealed.removeprefix(SEALED)
    try:
        raw = unseal(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).decode()
        who, until, text = raw.split(" ", 2)
        is_good = who == str(user.pk) and int(until) >= clock.now().timestamp()
    except ValueError:
        return None
    return text if is_good else None


def _address(request, asked: QueryDict) -> str:
    for name, values in list(asked.lists()):
        asked.setlist(name, [sealed_for(request.user, one) if is_number(one) else one for one in values])
    return f"{request.path}?{asked.urlencode(safe='~')}"


def _opened(request) -> QueryDict | None:
    opened = request.GET.copy()
    for name, values in list(opened.lists()):
        plain = [opened_for(request.user, one) if one.startswith(SEALED) else one for one in values]
        if None in plain:
            return None
        opened.setlist(name, plain)
    return opened
