"""The bars of a bridge beside rows that show more than a line each."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from . import charts

register = template.Library()


@register.simple_tag
def bridge_bars(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows as given, each with its bar (by its `delta` in fen), and where the axis lies."""
    axis, bars = charts.bridge_bars([row["delta"] for row in rows])
    return {"axis": axis, "rows": [{"row": row, "bar": bar} for row, bar in zip(rows, bars, strict=True)]}
