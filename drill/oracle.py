"""The contribution engine against an oracle in fractions: a million random lines, not a fen apart."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .outcome import Outcome

TITLE = "Contribution lines against an oracle in fractions"
AT_ONCE = 1_000


def run(count: int, seed: int) -> Outcome:
    """At least `count` lines of every rounding, limit, table and fixed sum; one in three wages is absurdly large."""
    import numpy as np
    from tests.rules import test_oracle as oracle
    from tests.rules.conftest import write

    from shebao.regions_home import regions_roots
    from shebao.rules.contributions import charge
    from shebao.rules.money import LARGEST_FEN
    from shebao.rules.region import load_region

    found = Outcome(TITLE, seed, count)
    found.counts.update({"lines": 0, "lines that differ": 0})
    dice = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "oracle", oracle.written())
        region = load_region("oracle", [Path(folder), *regions_roots()])
    turn = 0
    while found.counts["lines"] < count:
        largest = LARGEST_FEN if turn % 3 == 2 else 3_000_000
        people = oracle.people(dice.integers(0, largest + 1, AT_ONCE), dice)
        charges = charge(region, oracle.MONTH, people, known_on=oracle.KNOWN_ON)
        try:
            found.counts["lines"] += oracle.compared(charges, people)
        except AssertionError as differs:
            found.counts["lines that differ"] += 1
            found.fail(f"{seed}/{turn}: {differs}")
            break
        turn += 1
    return found
