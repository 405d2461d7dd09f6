"""The text of an announcement as HTML: paragraphs, headings, lists, bold, links; everything else is plain text.

Everything is escaped first and only then a closed set of marks becomes tags, so that no text can bring a tag of its
own.
"""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

BOLD = re.compile(r"\*\*([^*\n]{1,300})\*\*")
LINK = re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^\s()<>\"']{1,500})\)")
ITEM, NUMBERED, HEADING = re.compile(r"^[-*] +"), re.compile(r"^\d{1,3}[.、] *"), re.compile(r"^#{1,4} +")


@register.filter
def notice_text(text: str) -> SafeString:
    """The marks: "# 标题", "- 一项", "1. 一项", "**粗体**", "[文字](https://…)"; an empty line ends a paragraph."""
    blocks = (block.split("\n") for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()))
    return mark_safe("".join(_block(lines) for lines in blocks))  # noqa: S308 - every piece is escaped below


def _block(lines: list[str]) -> str:
    out: list[str] = []
    kind, rows = "", []
    for line in [*lines, None]:
        now = "" if line is None else _kind(line)
        if now != kind or line is None:
            out += _closed(kind, rows)
            kind, rows = now, []
        if line is not None and line.strip():
            rows.append(line.strip())
    return "".join(out)


def _kind(line: str) -> str:
    line = line.strip()
    for name, mark in (("ul", ITEM), ("ol", NUMBERED), ("h", HEADING)):
        if mark.match(line):
            return name
    return "p"


def _closed(kind: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    if kind == "p":
        return [f"<p>{'<br>'.join(map(_inline, rows))}</p>"]
    if kind == "h":
        return [f"<h2>{_inline(HEADING.sub('', row))}</h2>" for row in rows]
    mark = ITEM if kind == "ul" else NUMBERED
    items = "".join(f"<li>{_inline(mark.sub('', row))}</li>" for row in rows)
    return [f"<{kind}>{items}</{kind}>"]


def _inline(text: str) -> str:
    """Escaped text with bold and links; the address of a link is matched before escaping, and escaped as well."""
    out, at = [], 0
    for found in LINK.finditer(text):
        out.append(_bold(text[at : found.start()]))
        name, address = escape(found[1]), escape(found[2])
        out.append(f'<a href="{address}" rel="noopener noreferrer nofollow" target="_blank">{name}</a>')
        at = found.end()
    return "".join([*out, _bold(text[at:])])


def _bold(text: str) -> str:
    return BOLD.sub(r"<b>\1</b>", escape(text))
