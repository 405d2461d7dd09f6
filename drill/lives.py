"""The money of one employer lived through at random beside a model of a few integers: tests/settlement/machine.py.

`count` lives of fifty steps; one that differs from the model is told with its steps. A seed gives the same lives again.
"""

from __future__ import annotations

from .outcome import Outcome

TITLE = "Random lives of an employer's money"
STEPS = 50


def run(count: int, seed: int) -> Outcome:
    """Live through them; hypothesis takes the seed."""
    from tests.settlement import machine

    found = Outcome(TITLE, seed, count)
    found.counts.update({"lives": count, "steps": count * STEPS, "fen that differ from the model": 0})
    try:
        machine.run(count, STEPS, seed=seed)
    except AssertionError as why:
        found.counts["fen that differ from the model"] += 1
        found.fail(f"{seed}: {why} {' '.join(getattr(why, '__notes__', []))}")
    return found
