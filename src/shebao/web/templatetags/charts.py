"""Geometry of the server-drawn charts: plain numbers in, positions for SVG attributes out.

Positions are pixels of the drawing's own view box; amounts arrive in fen and are only compared and
scaled here, never shown.
"""

from dataclasses import dataclass
from typing import Any

BRIDGE_WIDTH = 128
BARS_LEFT, BARS_RIGHT = 28, 672
BAR_SHARE = 0.52
"""How much of the room of a month its bar takes."""
SEGMENTS_WIDTH = 400
RIBBON_LEFT, RIBBON_CELL, RIBBON_LANE = 76, 16, 26


@dataclass(frozen=True)
class Frame:
    """Where the bars of months lie: the view box, from where to where, the height of the highest bar and the widest
    bar; every so many bars have their number, and so many of the last ones (all in pixels of the drawing).
    """

    box: str
    left: int
    right: int
    base: int
    highest: float
    widest: int
    labels: int
    last_labels: int

    @property
    def text_x(self) -> int:
        """Where the numbers of the axis end."""
        return self.left - 6

    @property
    def text_y(self) -> int:
        """Where 0 stands beside the base line."""
        return self.base + 4

    @property
    def tick_y(self) -> int:
        """Where the months stand below the base line."""
        return self.base + 14


HALF = Frame("-8 0 684 88", BARS_LEFT, BARS_RIGHT, 69, 49.9, 44, 6, 2)
"""A card beside another."""
WIDE = Frame("0 0 1136 184", 44, 1130, 162, 132, 52, 1, 1)
"""The whole width of a page."""
PHONE = Frame("0 0 336 148", 30, 334, 128, 100, 18, 6, 1)
"""A phone, which shows it as large as it is drawn."""


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


def month_bars(amounts: list[int], frame: Frame) -> dict[str, Any]:
    """Return bars, the grid line's height and its value for up to 24 amounts, as they lie in a frame."""
    highest = max([*amounts, 1])
    scale = frame.highest / highest
    pitch = (frame.right - frame.left) / (len(amounts) or 1)
    width = min(pitch * BAR_SHARE, frame.widest)
    bars = []
    for index, amount in enumerate(amounts):
        height = max(amount, 0) * scale
        bars.append(
            {
                "x": _px(frame.left + pitch * index + (pitch - width) / 2),
                "y": _px(frame.base - height),
                "height": _px(height),
                "middle": _px(frame.left + pitch * (index + 0.5)),
                "label_y": _px(frame.base - height - 4),
                "labelled": amount and (index % frame.labels == 0 or index >= len(amounts) - frame.last_labels),
            }
        )
    step = nice_step(highest)
    grid_y = frame.base - step * scale
    return {
        "frame": frame,
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
