"""Parsers under a coverage-guided fuzzer (atheris): what strangers send is read, or refused as its reader refuses.

Each target has a process of its own for its share of the time, as many at once as there are processors. Only Python is
watched for new code reached; parsers in other languages (calamine, expat, Pillow's decoders) are fuzzed through what
our code does with their answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from .outcome import Outcome
from .parser_targets import named

TITLE = "Parsers under a coverage-guided fuzzer"
TARGETS = [
    f"drill.parser_targets:{name}"
    for name in ("XLSX", "XLS", "CSV", "PAPERS", "PICTURES", "DEBITS", "NOTICES", "CERTIFICATES", "SIGNATURES",
                 "PASSKEYS", "VALUES")
]  # fmt: skip
KEPT = Path(__file__).parents[1] / "var/parsers"
"""Inputs that failed, to be read again by hand."""
TRIES = 60  # starts of one target; every end is told or was that of a child which is there to be ended
GRACE = 300  # seconds beyond its share, to start and to end
RUNS, REACHED = re.compile(r"^#(\d+)\s", re.MULTILINE), re.compile(r"cov: (\d+)")
ENDS = {"timeout": "takes too long", "oom": "takes too much memory", "crash": "ends the process"}


def run(count: int, seed: int, targets: Sequence[str] = TARGETS, kept: Path = KEPT) -> Outcome:
    """Fuzz for `count` seconds in all; every target for an equal share, which begins when it has started."""
    found = Outcome(TITLE, seed, count)
    found.counts.update({"targets": len(targets), "inputs": 0, "read": 0, "refused": 0, "places reached": 0})
    one = partial(_target, max(count // len(targets), 1), seed, kept)
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        for part in cores.map(one, targets):
            found.counts.update(part.counts)
            found.facts |= part.facts
            found.failures += part.failures
    return found


def _target(seconds: int, seed: int, kept: Path, path: str) -> Outcome:
    found = Outcome(path, seed, seconds)
    with tempfile.TemporaryDirectory(prefix="shebao-parsers-") as folder:
        _fuzz(path, seconds, seed, Path(folder), found)
        _judge(path, seed, Path(folder), kept, found)
    return found


def _fuzz(path: str, seconds: int, seed: int, folder: Path, found: Outcome) -> None:
    """One target for its share of the time; a process that an input ended is followed by another."""
    left, name, reached, runs = float(seconds), path.partition(":")[2], 0, 0
    for turn in range(TRIES):
        if left < 1:
            break
        command = [sys.executable, "-m", "drill.parser_fuzz", path, str(int(left)), str(seed + turn), str(folder)]
        said, status = _said(command, folder, left + GRACE)
        runs += max(map(int, RUNS.findall(said)), default=0)
        reached = max([reached, *map(int, REACHED.findall(said))])
        counts = folder / "counts.json"
        if not counts.exists():
            found.fail(f"{name}: not begun: {said[-500:]}")
            break
        told = json.loads(counts.read_text())
        counts.unlink()
        found.counts["read"] += told.get("read", 0)
        found.counts["refused"] += told.get("refused", 0)
        if status == 0:
            break
        left -= time.time() - (folder / "begun").stat().st_mtime
    found.counts["inputs"] += runs
    found.counts["places reached"] += reached
    found.facts[name.lower()] = f"{runs:,} inputs, {reached:,} places"


def _said(command: list[str], folder: Path, seconds: float) -> tuple[str, int]:
    """What the fuzzer said, and its status; killed where it does not end by itself."""
    here = Path(__file__).parents[1]
    env = os.environ | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join([str(here / "src"), str(here)])}
    with (folder / "said").open("w+b") as out:
        try:
            status = subprocess.run(command, stdout=out, stderr=out, env=env, timeout=seconds, check=False).returncode
        except subprocess.TimeoutExpired:
            status = -9
        out.seek(0)
        return out.read().decode("utf-8", "replace"), status


def _is_held(path: str, data: bytes) -> bool:
    """Whether the hall has this reader in a child with limits, and answers as it should all the same."""
    target = named(path)
    if target.held is None:
        return False
    try:
        target.held(data)
    except target.refuses:
        return True
    except Exception:
        return False
    return True


def _judge(path: str, seed: int, folder: Path, kept: Path, found: Outcome) -> None:
    """Every input that was kept is a failure, and stays; but not one that ends a child which is there to be ended."""
    name = path.partition(":")[2].lower()
    for file in sorted(folder.iterdir()):
        kind = file.name.partition("-")[0]
        if kind not in (*ENDS, "fault") or file.suffix == ".txt":
            continue
        if kind in ENDS and _is_held(path, file.read_bytes()):
            found.counts["ended the child that read them"] += 1
            continue
        kept.mkdir(parents=True, exist_ok=True)
        place = shutil.copy(file, kept / f"{name}-{seed}-{file.name}")
        words = file.with_name(file.name + ".txt")
        what = words.read_text("utf-8").partition("\n")[0] if words.exists() else ENDS.get(kind, kind)
        if words.exists():
            shutil.copy(words, f"{place}.txt")
        found.fail(f"{seed} {name}: {what} ({Path(place).name})")
