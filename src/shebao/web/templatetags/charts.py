"""Geometry of the server-drawn charts: plain numbers in, positions for SVG attributes out.

Positions are pixels of the drawing's own view box; amounts arrive in fen and are only compared and
scaled here, never shown.
"""

from typing import Any

BRIDGE_WIDTH = 128
BARS_WIDTH, BARS_BASE, BARS_LEFT, BARS_RIGHT = 676, 69, 28, 672
BARS_HIGHEST = 49.9
SEGMENTS_WIDTH = 400
RIBBON_LEFT, RIBBON_CELL, RIBBON_LANE = 76, 16, 26


def _px(value: float) -> str:
    return f"{value:.1f}"


def bridge_bars(deltas: list[int]) -> tuple[str, list[dict[str, str]]]:
    """Return the axis position and one bar per delta; gains go right of the axis, losses left."""
    most = max([d for d in deltas if d > 0], default=0)
    least = min([d for d in deltas if d < 0], default=0)
    span = (most - least) or 1
    scale = (BRIDGE_WIDTH - 4.6) / span
    axis = 2.6 - least * scale
    bars = []
    for delta in deltas:
        width = abs(delta) * scale
        bars.append(
            {
                "x": _px(axis if delta >= 0 else axis - width),
                "width": _px(max(width, 1.5) if delta else 0),
                "kind": "up" if delta >= 0 else "down",
            }
        )
    return _px(axis), bars


def nice_step(highest: int) -> int:
    """Return the largest of 1, 2, 5 × 10ⁿ not above `highest`: where the one grid line goes."""
    step = 1
    while step * 10 <= highest:
        step *= 10
    return step * (5 if step * 5 <= highest else 2 if step * 2 <= highest else 1)


def month_bars(amounts: list[int]) -> dict[str, Any]:
    """Return bars, the grid line's height and its value for up to 24 amounts."""
    highest = max([*amounts, 1])
    scale = BARS_HIGHEST / highest
    pitch = (BARS_RIGHT - BARS_LEFT) / (len(amounts) or 1)
    width = min(pitch * 0.52, 44)
    bars = []
    for index, amount in enumerate(amounts):
        height = max(amount, 0) * scale
        bars.append(
            {
                "x": _px(BARS_LEFT + pitch * index + (pitch - width) / 2),
                "y": _px(BARS_BASE - height),
                "height": _px(height),
                "middle": _px(BARS_LEFT + pitch * (index + 0.5)),
                "label_y": _px(BARS_BASE - height - 4),
                "labelled": index % 6 == 0 or index >= len(amounts) - 2,
            }
        )
    step = nice_step(highest)
    grid_y = BARS_BASE - step * scale
    return {
        "bars": bars,
        "width": _px(width),
        "grid": step,
        "grid_y": _px(grid_y),
        "grid_text_y": _px(grid_y + 4),
    }


COUNTS_BASE, COUNTS_HIGHEST = 84, 62.0


def count_bars(counts: list[int]) -> dict[str, Any]:
    """Return bars, the grid line's height and its value for a few numbers of things."""
    highest = max([*counts, 0])
    scale = COUNTS_HIGHEST / (highest or 1)
    pitch = (BARS_RIGHT - BARS_LEFT) / (len(counts) or 1)
    width = min(pitch * 0.52, 44)
    bars = [
        {
            "x": _px(BARS_LEFT + pitch * index + (pitch - width) / 2),
            "y": _px(COUNTS_BASE - count * scale),
            "height": _px(count * scale),
            "middle": _px(BARS_LEFT + pitch * (index + 0.5)),
            "label_y": _px(COUNTS_BASE - count * scale - 4),
        }
        for index, count in enumerate(counts)
    ]
    step = nice_step(highest) if highest else 0
    grid_y = COUNTS_BASE - step * scale
    return {
        "bars": bars,
        "width": _px(width),
        "highest": highest,
        "grid": step,
        "grid_y": _px(grid_y),
        "grid_text_y": _px(grid_y + 4),
    }


def segments(amounts: list[int]) -> list[dict[str, str]]:
    """Return x and width of each share of one stacked bar: a gap of 2 between, at least 2 each."""
    total = sum(a for a in amounts if a > 0) or 1
    shown = [a for a in amounts if a > 0]
    room = SEGMENTS_WIDTH - 2 * max(len(shown) - 1, 0)
    x = 0.0
    out = []
    for amount in amounts:
        width = max(room * amount / total, 2) if amount > 0 else 0
        out.append({"x": _px(x), "width": _px(width)})
        x += width + 2 if amount > 0 else 0
    return out


def ribbon_cells(lanes: list[list[str]]) -> dict[str, Any]:
    """Return the drawing's size and, per lane, the position of every month (states: insured, back, gap, none)."""
    longest = max((len(lane) for lane in lanes), default=0)
    rows = []
    for number, lane in enumerate(lanes):
        y = 20 + number * RIBBON_LANE
        cells = [
            {
                "x": RIBBON_LEFT + index * RIBBON_CELL,
                "y": y,
                "end": RIBBON_LEFT + index * RIBBON_CELL + 14,
                "state": s,
            }
            for index, s in enumerate(lane)
        ]
        rows.append({"y": y, "text_y": y + 13, "bottom": y + 18, "cells": cells})
    return {
        "rows": rows,
        "width": RIBBON_LEFT + longest * RIBBON_CELL + 4,
        "height": 24 + len(lanes) * RIBBON_LANE,
    }
