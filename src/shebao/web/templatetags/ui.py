"""Template tags and filters of the interface: icons, money and id formats, parts that need arithmetic.

Every part is described, with snippets, in docs/ui-kit.md and shown on /styleguide.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join

from shebao.rules.identity import masked, masked_name, masked_phone

from . import charts
from .statuses import LIKE, STATUSES

register = template.Library()

SPRITE = Path(__file__).resolve().parent.parent / "static" / "shebao" / "icons" / "sprite.svg"
MINUS = "−"
NOTHING = "—"
SCHEME_COLOURS = (
    *("pension", "medical", "unemployment", "injury", "maternity"),
    *("supplementary_pension", "large_medical", "supplementary_medical"),
)


@lru_cache(maxsize=1)
def icon_names() -> frozenset[str]:
    """Return the names in the icon sprite."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text(encoding="utf-8")))


@register.simple_tag(name="icon")
def icon(name: str, **attributes: str) -> str:
    """Draw one icon: `{% icon "search" class="i-s" %}`, with `label="搜索"` when it stands alone.

    Raises TemplateSyntaxError for a name that the sprite lacks.
    """
    classes = f"i {attributes.get('class', '')}".strip()
    if label := attributes.get("label"):
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, icon_href(name)
        )
    return _drawn(name, classes)


@lru_cache(maxsize=1024)
def _drawn(name: str, classes: str) -> str:
    """A page draws fifty icons, most of them the same ones: each is put together once."""
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', classes, icon_href(name))


@register.simple_tag
@lru_cache(maxsize=256)
def icon_href(name: str) -> str:
    """Return the address of one symbol of the sprite, for marks that are not 24 × 24 icons.

    Raises TemplateSyntaxError for a name that the sprite lacks, because an empty space would go unnoticed.
    """
    if name not in icon_names():
        raise template.TemplateSyntaxError(f"图标 {name!r} 不在 icons/sprite.svg 里")
    return f"{static('shebao/icons/sprite.svg')}#{name}"


# --- formats ---


@register.filter
def yuan(fen: int | None) -> str:
    """Write an amount in fen as yuan: 123456 → 1,234.56; nothing → —."""
    if fen is None or fen == "":
        return NOTHING
    whole, rest = divmod(abs(int(fen)), 100)
    return f"{MINUS if int(fen) < 0 else ''}{whole:,}.{rest:02d}"


register.filter("yuan_or_dash", lambda fen: yuan(fen or None))  # a charge of a fixed amount has no base


@register.filter
def signed_yuan(fen: int | None) -> str:
    """Write a change in fen with its sign: +1,234.56 or −1,234.56; zero has no sign."""
    text = yuan(fen)
    return f"+{text}" if fen and int(fen) > 0 else text


@register.filter
def unbroken(text: str) -> str:
    """A text whose months and days stay whole at the end of a line: 2026-11, 2026-11-28."""
    parts = enumerate(re.split(r"(\d{4}-\d{2}(?:-\d{2})?)", text))
    whole = '<span class="nowrap">{}</span>'
    return format_html_join("", "{}", ((format_html(whole, part) if i % 2 else part,) for i, part in parts))


@register.filter
def wan(fen: int | None) -> str:
    """Write an amount in fen as 万元 with one decimal, half up: 23562432 → 23.6."""
    if fen is None:
        return NOTHING
    tenths = (abs(int(fen)) + 50_000) // 100_000
    return f"{MINUS if int(fen) < 0 else ''}{tenths // 10:,}.{tenths % 10}"


@register.filter
def mask_id(number: str | None) -> str:
    """Hide the middle of an id number: first three and last four stay; short numbers keep only their ends."""
    return masked(number)


@register.filter
def mask_phone(number: str | None) -> str:
    """Hide the middle four digits of a telephone number: 138****2016."""
    return masked_phone(number)


@register.filter
def mask_name(name: str | None) -> str:
    """Hide a person's name but the surname: 张*."""
    return masked_name(name)


@register.filter
def common_name(subject: str) -> str:
    """Whom a certificate names, by the common name alone; all of the name where there is none."""
    found = re.search(r"Common Name: ([^;,]+)", subject)
    return found[1].strip() if found else subject


def _year_month(month: Any) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{4})-?(\d{1,2})(?:-\d\d)?", str(month)) if month else None
    return (int(found[1]), int(found[2])) if found else None


@register.filter
def month_label(month: Any) -> str:
    """Write a month as 2026-11, the form of tables and headers."""
    parts = _year_month(month)
    return f"{parts[0]}-{parts[1]:02d}" if parts else NOTHING


@register.filter
def month_words(month: Any) -> str:
    """Write a month in running text: 2026 年 11 月."""
    parts = _year_month(month)
    return f"{parts[0]} 年 {parts[1]} 月" if parts else NOTHING


@register.filter
def month_short(month: Any) -> str:
    """Write a month without its year: 11 月."""
    parts = _year_month(month)
    return f"{parts[1]} 月" if parts else NOTHING


@register.filter
def share_of(part: int, whole: int) -> int:
    """Return part of whole in per cent, 0 to 100, for `<progress value="…" max="100">`."""
    return min(max(int(part) * 100 // int(whole), 0), 100) if whole else 0


@register.filter
def scheme_class(code: str) -> str:
    """Return the colour class of a scheme; one without its own colour is grey."""
    return f"s-{code if code in SCHEME_COLOURS else 'other'}"


# --- parts ---


def _get(source: Any, name: str, default: Any = "") -> Any:
    found = source.get(name, default) if isinstance(source, Mapping) else getattr(source, name, default)
    return default if found is None else found


@register.inclusion_tag("parts/_status_tag.html")
def status_tag(state: str, label: str = "") -> dict[str, str]:
    """Show a state as word, colour and icon; an unknown state needs `label` and is grey."""
    word, kind, mark = STATUSES.get(LIKE.get(str(state), str(state)), ("", "g", ""))
    return {"word": label or word or str(state), "kind": kind, "mark": mark}


@register.inclusion_tag("parts/_money.html")
def money(fen: int | None, url: str = "", signed: bool = False, hero: bool = False) -> dict[str, Any]:
    """Show an amount; with `url` it links to its derivation; `hero` is the one large amount of a page."""
    return {"text": signed_yuan(fen) if signed else yuan(fen), "url": url, "hero": hero}


@register.inclusion_tag("parts/_bridge.html")
def bridge(
    rows: Iterable[Any], title: str = "", url: str = "", total: int | None = None, plain: bool = False
) -> dict[str, Any]:
    """Explain a difference: rows have label, delta (fen) and perhaps url; `total` adds a closing line."""
    items = list(rows)
    axis, bars = charts.bridge_bars([int(_get(row, "delta", 0)) for row in items])
    shown = [
        {"label": _get(row, "label"), "delta": _get(row, "delta", 0), "url": _get(row, "url"), **bar}
        for row, bar in zip(items, bars, strict=True)
    ]
    return {"rows": shown, "axis": axis, "title": title, "url": url, "total": total, "plain": plain}


@register.inclusion_tag("parts/_scheme_bar.html")
def scheme_bar(parts: Iterable[Any]) -> dict[str, Any]:
    """Show shares of one amount by scheme: parts have code, label, amount (fen) and perhaps url."""
    items = list(parts)
    places = charts.segments([int(_get(part, "amount", 0)) for part in items])
    shown = [
        {
            "code": _get(part, "code"),
            "label": _get(part, "label"),
            "amount": _get(part, "amount", 0),
            "url": _get(part, "url"),
            **place,
        }
        for part, place in zip(items, places, strict=True)
    ]
    return {"parts": shown, "width": charts.SEGMENTS_WIDTH}


@register.filter
def bars_unit(months: Iterable[Any]) -> str:
    """In what the bars of `bars_svg` are labelled: 元 while every month is below 1 万, 万元 otherwise."""
    return "元" if max((abs(int(_get(one, "amount", 0))) for one in months), default=0) < 1_000_000 else "万元"


@register.inclusion_tag("parts/_bars_svg.html")
def bars_svg(
    months: Iterable[Any], title: str = "近 12 个月应缴", id: str = "bars", wide: bool = False
) -> dict[str, Any]:
    """Draw amounts by month: items have month, amount (fen) and estimate (hatched when true).

    In 万元, or in 元 where no month reaches 1 万; `bars_unit` tells which. An empty month has no number. `wide` draws
    for the whole width of a page; a phone has a drawing of its own either way, with every month.
    """
    items = list(months)
    is_small, amounts = bars_unit(items) == "元", [int(_get(item, "amount", 0)) for item in items]
    shown = [
        {"month": month, "amount": fen, "estimate": estimate, "tick": month_short(month).replace(" ", "")}
        | {"number": f"{(fen + 50) // 100:,}" if is_small else wan(fen)}
        for month, fen, estimate in ((_get(i, "month"), int(_get(i, "amount", 0)), _get(i, "estimate")) for i in items)
    ]
    drawings = [charts.month_bars(amounts, frame) for frame in (charts.WIDE if wide else charts.HALF, charts.PHONE)]
    for drawn in drawings:
        drawn["bars"] = [one | bar for one, bar in zip(shown, drawn["bars"], strict=True)]
        drawn["grid_label"] = str(drawn["grid"] // 100) if is_small else wan(drawn["grid"]).removesuffix(".0")
    return {"drawings": drawings, "months": shown, "title": title, "id": id, "wide": wide}


@register.inclusion_tag("parts/_ribbon_svg.html")
def ribbon_svg(lanes: Iterable[Any], first_month: Any, title: str = "参保轨迹") -> dict[str, Any]:
    """Draw insured months: lanes have code, label and months (insured, gap, none) from first_month on."""
    items = list(lanes)
    drawn = charts.ribbon_cells([list(_get(lane, "months", [])) for lane in items])
    first_year, first_number = _year_month(first_month) or (0, 1)
    for lane, row in zip(items, drawn["rows"], strict=True):
        states = list(_get(lane, "months", []))
        row.update(code=_get(lane, "code"), label=_get(lane, "label"))
        row.update(insured=states.count("insured"), back=states.count("back"), gaps=states.count("gap"))
        for offset, cell in enumerate(row["cells"]):
            year, number = divmod(first_year * 12 + first_number - 1 + offset, 12)
            cell["month"] = f"{year}-{number + 1:02d}"
    heads = [c for c in (drawn["rows"][0]["cells"] if drawn["rows"] else []) if c["month"][5:] in ("01", "07")]
    return {**drawn, "heads": heads, "title": title}


FIELD_DEFAULTS: dict[str, Any] = {
    "kind": "text",
    "label": "",
    "required": False,
    "value": "",
    "options": (),
    "help": "",
    "error": "",
    "confirm": "",
    "confirmed": False,
    "hint": "",
    "readonly": False,
    "old_value": "",
    "mark": "",
    "attrs": {},
    "placeholder": "",
    "autocomplete": "",
    "maxlength": "",
    "accept": "",
    "multiple": False,
    "unit": "",
    "full": False,
    "url": "",
    "blank": True,
}


def _options(raw: Iterable[Any], value: Any) -> list[dict[str, Any]]:
    chosen = {str(v) for v in value} if isinstance(value, (list, tuple, set, frozenset)) else {str(value)}
    options = []
    for item in raw:
        if isinstance(item, Mapping) or not isinstance(item, (list, tuple)):
            code, words = _get(item, "value"), _get(item, "label")
            off, hint = _get(item, "disabled", False), _get(item, "hint")
        else:
            code, words, off, hint = item[0], item[1], False, ""
        options.append({"value": code, "label": words, "disabled": off, "hint": hint, "on": str(code) in chosen})
    return options


def _groups(raw: Iterable[Any], value: Any) -> list[dict[str, Any]]:
    """Options below their headings where the field gives pairs (heading, list of options); else all below none."""
    items = list(raw)
    is_grouped = bool(items) and isinstance(items[0], tuple) and isinstance(items[0][1], list)
    groups = items if is_grouped else [("", items)]
    return [{"heading": heading, "choices": _options(inner, value)} for heading, inner in groups]


_anonymous = count(1)


@register.inclusion_tag("parts/_field.html")
def field(source: Any, **changes: Any) -> dict[str, Any]:
    """Show one form field from an object or dict (docs/ui-kit.md); keyword arguments replace its values."""
    shown = {name: changes.get(name, _get(source, name, default)) for name, default in FIELD_DEFAULTS.items()}
    shown["name"] = changes.get("name", _get(source, "name"))
    shown["id"] = changes.get("id", _get(source, "id") or f"id_{shown['name'] or next(_anonymous)}")
    if shown["kind"] == "money" and isinstance(shown["value"], int):
        shown["value"] = yuan(shown["value"])
    if shown["kind"] == "month" and 1 <= (_year_month(shown["value"]) or (0, 0))[1] <= 12:  # else as it was typed
        shown["value"] = month_label(shown["value"])
    if shown["kind"] == "date" and shown["value"]:
        shown["value"] = str(shown["value"])
    shown["groups"] = _groups(shown["options"], shown["value"])
    shown["choices"] = [option for group in shown["groups"] for option in group["choices"]]
    shown["chosen"] = next((option["label"] for option in shown["choices"] if option["on"]), shown["value"])
    told = [n for n in ("help", "hint", "mark", "old_value", "confirm", "error") if shown[n] not in ("", None)]
    shown["describedby"] = " ".join(f"{shown['id']}-{name}" for name in told)
    return {"f": shown}


@register.inclusion_tag("parts/_countdown.html")
def countdown(
    days: int,
    hours: int,
    label: str,
    until: str,
    past: bool = False,
    action: Mapping[str, str] | None = None,
    done: bool = False,
) -> dict[str, Any]:
    """Show the time left: three days or fewer amber, one day or less red, `past` when it is over; none when `done`."""
    left = days * 24 + hours
    urgency = "done" if done else "past" if past else "last" if left <= 24 else "soon" if left <= 72 else ""
    return {
        "days": days,
        "hours": hours,
        "label": label,
        "until": until,
        "urgency": urgency,
        "action": action,
    }


@register.inclusion_tag("parts/_stepper.html")
def stepper(steps: Iterable[Any]) -> dict[str, Any]:
    """Show the month's steps: title, note, state (done, current, next, blocked) and perhaps url."""
    items = list(steps)
    current = next((n for n, s in enumerate(items, 1) if _get(s, "state") in ("current", "blocked")), len(items))
    # The bar says what the words beside it say: a step that is mended may have finished ones behind it.
    done = len(items) if all(_get(s, "state") == "done" for s in items) else current - 1
    title = _get(items[current - 1], "title") if items else ""
    return {"steps": items, "current": current, "done": done, "total": len(items), "title": title}


@register.inclusion_tag("parts/_wizard_steps.html")
def wizard_steps(titles: Iterable[str], current: int, urls: Iterable[str] = (), note: str = "") -> dict[str, Any]:
    """Show a wizard's steps; `current` counts from 1; `urls` link finished steps; `note` is at the right."""
    links = list(urls)
    steps = [
        {
            "title": title,
            "number": number,
            "state": "done" if number < current else "cur" if number == current else "",
            "url": links[number - 1] if number < current and number <= len(links) else "",
        }
        for number, title in enumerate(titles, 1)
    ]
    return {"steps": steps, "note": note}


@register.inclusion_tag("parts/_pager.html", takes_context=True)
def pager(context: dict[str, Any], page: Any, noun: str = "条", sizes: Iterable[int] = ()) -> dict[str, Any]:
    """Show the pages of a Django `Page`, keeping the rest of the query string; `sizes` offers ?size= of a page."""
    numbers = list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))
    offered = list(sizes) if page.paginator.count > min(sizes, default=0) else []
    return {"page": page, "numbers": numbers, "noun": noun, "sizes": offered, "request": context["request"]}
