"""What stands on every page, in one piece each: a template takes twice as long for a menu of sixty entries."""

import re
from functools import cache, lru_cache

from django import template
from django.template.loader import get_template, render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from .ui import icon

register = template.Library()

AMOUNT = re.compile(r"\|(?:signed_)?(?:yuan|wan\b)|\{% (?:money|bridge|scheme_bar|bars_svg) ")
PART = re.compile(r'\{% (?:extends|include) "([^"]+)"')


@register.simple_tag
@cache
def frame_files() -> str:
    """Return the links to styles and scripts: their addresses stay the same as long as the program runs."""
    return render_to_string("parts/_files.html")


@register.simple_tag
def menu_parts(nav: list[dict]) -> SafeString:
    """Draw the parts of the menu; an entry that is not folded away tells how many things wait there."""
    pieces = []
    for part in nav:
        pieces += [_heading(part["heading"]), "\n"]
        for item in part["items"]:
            if item.get("fold"):
                folded = (_link(one["url"], one["label"], "", one["current"]) + "</a>\n" for one in item["fold"])
                pieces += [_fold(item["label"], item["icon"], item["open"]), *folded, "</details>\n"]
            else:
                pieces.append(_link(item["url"], item["label"], item["icon"], item["current"]))
                pieces += [_waiting(item["badge"], item["badge_kind"]) if item["badge"] else "", "</a>\n"]
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped below


@register.simple_tag(takes_context=True)
def shows_amounts(context) -> bool:
    """Whether the page that is drawn can show an amount: where none is, the warning about values of example is vain."""
    return writes_amounts(context.template.name)


@cache
def writes_amounts(name: str) -> bool:
    """Whether a template, what it extends or one of its parts writes amounts.

    Asked of the templates themselves: a list of pages was always some pages behind. A page whose amounts are not the
    region's, or only sometimes there, says so in its own block `strip`.
    """
    source = get_template(name).template.source
    return bool(AMOUNT.search(source)) or any(
        writes_amounts(part)
        for part in PART.findall(source)
        if part != name  # one that draws itself, as a tree does
    )


@lru_cache(maxsize=512)
def _heading(text: str) -> str:
    return format_html("<h2>{}</h2>", text) if text else ""


@lru_cache(maxsize=4096)
def _link(url: str, label: str, mark: str, is_current: bool) -> str:
    link = '<a href="{}" aria-current="page">{}{}' if is_current else '<a href="{}">{}{}'
    return format_html(link, url, icon(mark) if mark else "", label)


@lru_cache(maxsize=512)
def _fold(label: str, mark: str, is_open: bool) -> str:
    part = '<details class="fold-nav" open>' if is_open else '<details class="fold-nav">'
    return format_html(part + "<summary>{}{}</summary>", icon(mark), label)


def _waiting(number: int, kind: str) -> str:
    return format_html('<span class="bd{}">{}</span>', f" {kind}" if kind else "", number)
