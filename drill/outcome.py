"""What a drill found: how much it did, what came of it, and every thing that went wrong, in words."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


@dataclass
class Outcome:
    """`counts` are results by name, `facts` are measurements with their unit, `failures` say seed and place."""

    title: str
    seed: int
    asked: int
    engine: str = ""
    counts: Counter = field(default_factory=Counter)
    facts: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    run_on: str = ""

    def fail(self, sentence: str) -> None:
        """Remember what went wrong; the drill goes on."""
        self.failures.append(sentence)

    def keep(self, name: str) -> None:
        """Write the result beside the drills, from where the page in docs/ is made."""
        RESULTS.mkdir(exist_ok=True)
        text = json.dumps(vars(self) | {"counts": dict(self.counts)}, ensure_ascii=False, indent=1, sort_keys=True)
        (RESULTS / f"{name}-{self.engine or 'any'}.json").write_text(text + "\n", "utf-8")


def kept(name: str, engine: str) -> Outcome | None:
    """The last kept result of a drill, if there is one."""
    file = RESULTS / f"{name}-{engine or 'any'}.json"
    if not file.exists():
        return None
    found = json.loads(file.read_text("utf-8"))
    return Outcome(**found | {"counts": Counter(found["counts"])})
