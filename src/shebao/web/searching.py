"""Searches for a person: what was typed never stands in an address, where logs and histories keep it.

Forms of search are posted with the mark of `parts/_searches.html`. The answer leads to the address a GET would have
had, with what somebody typed about a person (`TYPED`), and whatever else looks like a number, sealed for this operator
and for one day; filters that are chosen from a list stay readable. What htmx asks while somebody types is answered at
once, and so is what makes too long an address. Views read `request.GET` as ever, and the links of the page carry the
seal on (docs/decisions/0018).
"""

import base64
import re
from datetime import timedelta
from urllib.parse import quote, quote_plus

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect
from django.utils.http import MAX_URL_REDIRECT_LENGTH, escape_leading_slashes
from django_htmx.http import HttpResponseClientRedirect

from shebao.hall import clock
from shebao.hall.audit.once import KEY
from shebao.hall.crypto import seal, unseal
from shebao.hall.operators.throttle import may_try

from .public import errors

MARK = "_search"
SEALED = "~"
VALID = timedelta(days=1)
TYPED = ("q", "find", "name", "id_number", "person_number", "phone")
"""The questions whose answers somebody types about a person: names, numbers, parts of either."""
LONGEST = 200
"""So many characters of such an answer are looked for: no name is longer, and SQLite refuses much longer patterns."""
NUMBER = re.compile(r"\d{11}")
BETWEEN = re.compile(r"[\s-]")
WHOLE = re.compile(r"\d{11}|\d{14}[\dXx]|\d{16,}[\dXx]?")
LOOKUPS, MINUTE = 60, timedelta(minutes=1)
"""So often a minute one account may look for whole numbers (reliability B36)."""


class PrivateSearches:
    """Keeps names, id numbers, telephones and accounts that are looked for out of addresses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            return self.get_response(request)
        if request.method == "POST" and MARK in request.POST:
            asked = request.POST.copy()
            for name in (MARK, "csrfmiddlewaretoken", KEY):
                asked.pop(name, None)
            address = f"{_path(request)}?{_sealed(request.user, asked)}"
            # No browser is led to an address that is too long, such as one with everybody who was ticked.
            if not request.htmx and len(address) <= MAX_URL_REDIRECT_LENGTH:
                return redirect(address)
            request.method, request.GET = "GET", asked
        elif any(one.startswith(SEALED) for _, values in request.GET.lists() for one in values):
            opened = _opened(request)
            if opened is None:
                messages.info(request, "这次查询的链接已失效，请重新输入要查的内容。")
                return HttpResponseClientRedirect(_path(request)) if request.htmx else redirect(_path(request))
            request.GET = opened
        if any(len(one) > LONGEST for name in TYPED for one in request.GET.getlist(name)):
            request.GET = _cut(request.GET)
        if _asks_for_a_number(request.GET) and not may_try(
            "number_search", str(request.user.pk), limit=LOOKUPS, within=MINUTE
        ):
            return errors.show(request, 429, f"一分钟最多按号码查询 {LOOKUPS} 次，请稍等一分钟再查。")
        return _without_words(request, self.get_response(request))


def _without_words(request, response):
    """The answer, with what was asked for sealed in its links, and whatever is private in where it leads."""
    if not request.user.is_authenticated:
        return response  # signed out by this very request: nothing could be opened for anybody any more
    if "Location" in response:
        response["Location"] = _sealed_address(request.user, response["Location"])
    found = {
        (name, value) for name, values in request.GET.lists() for value in values if value and is_private(name, value)
    }
    if not found or response.streaming or not response.get("Content-Type", "").startswith("text/html"):
        return response
    text = response.content.decode()
    for name, value in found:
        written = "|".join(re.escape(one) for one in {quote(value), quote_plus(value)})
        # A number under another name is as private; a word may mean something else there.
        before = "=" if is_number(value) else f"(?<=[?&;]){re.escape(name)}="
        sealed = rf"\g<1>{sealed_for(request.user, value)}"
        text = re.sub(f"({before})(?:{written})(?=[&\"'#]|$)", sealed, text)
    response.content = text.encode()
    return response


def _sealed_address(user, address: str) -> str:
    path, mark, query = address.partition("?")
    if not mark or "://" in path or path.startswith("//"):
        return address
    query, mark, place = query.partition("#")
    asked = QueryDict(query, mutable=True)
    is_open = any(_is_open(name, one) for name, values in asked.lists() for one in values)
    return f"{path}?{_sealed(user, asked)}{mark}{place}" if is_open else address


def is_number(text: str) -> bool:
    """Whether it may be the number of a person, a telephone or an account: eleven digits on end."""
    return bool(NUMBER.search(BETWEEN.sub("", text)))


def is_private(name: str, value: str) -> bool:
    """Whether the value of a question must not stand in an address."""
    return name in TYPED or is_number(value)


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


def query_for(user, conditions: dict[str, str]) -> str:
    """The query of an address that asks this, with what is private sealed."""
    asked = QueryDict(mutable=True)
    asked.update(conditions)
    return _sealed(user, asked)


def _sealed(user, asked: QueryDict) -> str:
    sealed = QueryDict(mutable=True)
    for name, values in asked.lists():
        sealed.setlist(name, [sealed_for(user, one) if _is_open(name, one) else one for one in values])
    return sealed.urlencode(safe="~")


def _is_open(name: str, value: str) -> bool:
    return bool(value) and not value.startswith(SEALED) and is_private(name, value)


def _path(request) -> str:
    """The path, which a browser must not take for another host."""
    return escape_leading_slashes(request.path)


def _opened(request) -> QueryDict | None:
    opened = request.GET.copy()
    for name, values in list(opened.lists()):
        plain = [opened_for(request.user, one) if one.startswith(SEALED) else one for one in values]
        if None in plain:
            return None
        opened.setlist(name, plain)
    return opened


def _cut(asked: QueryDict) -> QueryDict:
    shorter = asked.copy()
    for name in TYPED:
        if name in shorter:
            shorter.setlist(name, [one[:LONGEST] for one in shorter.getlist(name)])
    return shorter


def _asks_for_a_number(asked: QueryDict) -> bool:
    return any(WHOLE.fullmatch(BETWEEN.sub("", one)) for name in TYPED for one in asked.getlist(name))
