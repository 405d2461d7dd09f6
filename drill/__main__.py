"""Run the drills and write what came of them: `make drill`, or one by name: `python -m drill uploads 500 --seed 7`."""

import argparse
import importlib
import subprocess
import sys
import time
from datetime import UTC, datetime

from . import page
from .outcome import Outcome
from .scratch import ENGINES, scratch_hall

#: drill → (how many in a full run, the engines it runs on; "" = without a database)
DRILLS: dict[str, tuple[int, tuple[str, ...]]] = {
    "uploads": (10_000, ("sqlite",)),
    "cells": (5_000, ("sqlite",)),
    "kills": (67, ENGINES),  # of each of its four kinds of work
    "oracle": (1_000_000, ("",)),
    "faults": (3, ENGINES),
    "tampering": (1_000, ENGINES),
    "notices": (10_000, ENGINES),
    "doors": (50, ("sqlite",)),
    "lives": (500, ENGINES),
    "canaries": (200, ENGINES),
    "floods": (300, ENGINES),
    "walks": (500, ENGINES),
    "sheets": (2_000, ("sqlite",)),
    "records": (1_000_000, ENGINES),
    "timings": (500, ("sqlite",)),
    "parsers": (1_800, ("",)),  # seconds
}
SEED = 20261127


def main() -> int:
    """Exit 1 when anything went wrong. Each drill has a process of its own, so that none hides behind another."""
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("name", nargs="?", choices=DRILLS, help="only this drill")
    parser.add_argument("count", nargs="?", type=int, help="how often, instead of the full number")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--engine", choices=ENGINES, help="only this engine")
    parser.add_argument("--keep", action="store_true", help="write the result to drill/results and docs/drill.md")
    options = parser.parse_args()
    if options.name and (options.engine or DRILLS[options.name][1] == ("",)):
        return _one(options.name, options.engine or "", options.count or DRILLS[options.name][0], options)
    status = 0
    for name in [options.name] if options.name else DRILLS:
        for engine in [options.engine] if options.engine else DRILLS[name][1]:
            command = [sys.executable, "-m", "drill", name, str(options.count or DRILLS[name][0])]
            command += ["--seed", str(options.seed), *(["--engine", engine] if engine else [])]
            status |= subprocess.call(command + (["--keep"] if options.keep or not options.name else []))
    return status


def _one(name: str, engine: str, count: int, options) -> int:
    with scratch_hall(engine):
        run = importlib.import_module(f"drill.{name}").run  # only now: the models need their settings
        began = time.monotonic()
        found: Outcome = run(count, options.seed)
    found.seconds, found.engine = round(time.monotonic() - began, 1), engine
    found.run_on = datetime.now(UTC).date().isoformat()
    for sentence in found.failures[:50]:
        sys.stdout.write(f"  {sentence}\n")
    told = ", ".join(f"{number:,} {what}" for what, number in found.counts.items())
    measured = "".join(f", {what} {value}" for what, value in found.facts.items())
    sys.stdout.write(f"{found.title} [{engine or 'no database'}] in {found.seconds} s: {told}{measured}; ")
    sys.stdout.write(f"{len(found.failures)} failures (seed {found.seed})\n")
    if options.keep:
        found.keep(name)
        page.PAGE.write_text(page.rendered(DRILLS), "utf-8")
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
