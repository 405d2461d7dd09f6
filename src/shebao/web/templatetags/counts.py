"""Charts of numbers of things, drawn by the server, with the same numbers as a table."""

from collections.abc import Iterable
from typing import Any

from django import template

from . import charts

register = template.Library()


@register.inclusion_tag("parts/_count_bars.html")
def count_bars_svg(rows: Iterable[Any], title: str, head: str = "", unit: str = "") -> dict[str, Any]:
    """Draw numbers of things: rows have label and count; `head` and `unit` head the table beside the drawing."""
    items = list(rows)
    drawn = charts.count_bars([item.count for item in items])
    for item, bar in zip(items, drawn["bars"], strict=True):
        bar.update(label=item.label, count=item.count)
    return {**drawn, "title": title, "head": head, "unit": unit}
