"""What an operator may not open is not shown: links and buttons that would be refused leave the page."""

import re
from html import unescape

from .rights import may_open

# Linear whatever the page holds: a tag ends before the next one begins, and what was read once is not tried otherwise.
LINK = re.compile(
    r'<a\b(?=[^<>]*>)(?>(?P<head>[^<>]*?)\bhref="(?P<url>/[^"<>]*)"(?P<tail>[^<>]*)>)'
    r"(?P<words>[^<]*+(?:<(?!a\b|/a>)[^<]*+)*+)</a>"
)
FORM, BUTTON = (
    re.compile(
        rf'<{tag}\b(?=[^<>]*>)(?>[^<>]*?\b{where}="(?P<url>/[^"<>]*)"[^<>]*>)'
        rf"[^<]*+(?:<(?!{tag}\b|/{tag}>)[^<]*+)*+</{tag}>"
    )
    for tag, where in (("form", "action"), ("button", "formaction"))
)
IS_BUTTON = re.compile(r'\bclass="[^"]*\b(?:btn|tile|quick|stat)\b')


class OnlyWhatIsAllowed:
    """Takes out of a page what leads to an address that its reader would be refused.

    A link inside a sentence keeps its words; a button, and a form that would be refused, goes whole. Only for operators
    who have less than the whole, or whose employer has: for everybody else pages are what they are.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        user = getattr(request, "user", None)
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and user is not None and user.is_authenticated and has_less(user):
            text = response.content.decode(response.charset)
            response.content = without_refused(text, user).encode(response.charset)
            if response.has_header("Content-Length"):
                response["Content-Length"] = len(response.content)
        return response


def has_less(user) -> bool:
    """Whether something of this side's pages is shut for the operator."""
    if user.is_agency:
        return False
    return user.duty != "all" or user.is_narrow or bool(user.withheld) or bool(user.employer.closed_functions)


def without_refused(text: str, user) -> str:
    """The page without links, buttons and forms that this operator would be refused."""
    known: dict[str, bool] = {}

    def opens(url: str) -> bool:
        if url not in known:
            known[url] = may_open(user, unescape(url))
        return known[url]

    def link(found: re.Match) -> str:
        if opens(found["url"]):
            return found[0]
        return "" if IS_BUTTON.search(found["head"] + found["tail"]) else f"<span>{found['words']}</span>"

    for pattern in (FORM, BUTTON):
        text = pattern.sub(lambda found: found[0] if opens(found["url"]) else "", text)
    return LINK.sub(link, text)
