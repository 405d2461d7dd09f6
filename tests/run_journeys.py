"""Run the journeys, three at a time; what failed beside others must pass alone, or the run fails.

Much of a journey is waiting: for the browser, for the bank, for what a page does by itself in a moment.
"""

import subprocess
import sys

JOURNEYS = "tests/journeys"
"""Where they all are: to look for them among thousands of other tests takes as long as some of them."""

FAILED = 1
"""What pytest says of a run with failures."""


def run_journeys(*chosen: str, env: dict[str, str] | None = None) -> int:
    """The exit code of pytest, with these options, for the journeys in these paths; for all where none is named."""
    everywhere = () if any(word.startswith("tests") for word in chosen) else (JOURNEYS,)
    journeys = [sys.executable, "-m", "pytest", "-q", "-m", "journey", *chosen, *everywhere]
    found = subprocess.call([*journeys, "-n", "3", "--dist", "worksteal"], env=env)
    if found == FAILED:
        sys.stdout.write("These journeys failed beside others. They must pass alone, or the run fails:\n")
        sys.stdout.flush()
        alone = ["--create-db", "--last-failed", "--last-failed-no-failures", "none"]
        found = subprocess.call([*journeys, *alone], env=env)
    return found


if __name__ == "__main__":
    sys.exit(run_journeys(*sys.argv[1:]))
