"""The process of one parser under the fuzzer: `python -m drill.parser_fuzz MODULE:TARGET SECONDS SEED FOLDER`.

FOLDER/corpus holds the seeds and what the fuzzer added, because it reached new code; FOLDER/counts.json what became of
the inputs. What a reader did not refuse by its own exception is FOLDER/fault-…, with the words in FOLDER/fault-….txt;
the fuzzer itself writes timeout-…, oom-… and crash-… and ends.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from .parser_targets import named
from .scratch import scratch_hall

LONGEST = 60_000
"""Bytes of an input: what a reader does with more of the same is the concern of other drills."""
TELLS_EVERY = 0.5  # seconds


class Judge:
    """Gives every input to the reader and keeps what it should not have done, each kind of fault once."""

    def __init__(self, target, folder: Path):
        self.target, self.folder = target, folder
        self.counts: Counter = Counter()
        self.known: set[str] = set()
        self.told = time.monotonic()

    def __call__(self, data: bytes) -> None:
        """One input."""
        try:
            self.target.read(data)
        except self.target.refuses:
            self.counts["refused"] += 1
        except BaseException as fault:  # a panic of a parser in another language is no Exception
            self.keep(data, fault)
        else:
            self.counts["read"] += 1
        if time.monotonic() - self.told > TELLS_EVERY:
            self.tell()

    def keep(self, data: bytes, fault: BaseException) -> None:
        """A fault is the same where it is of one type and rises at one place."""
        place = traceback.extract_tb(fault.__traceback__)[-1]
        kind = f"{type(fault).__name__} at {Path(place.filename).name}:{place.lineno}"
        self.counts["faults"] += 1
        if kind in self.known:
            return
        self.known.add(kind)
        name = sha256(kind.encode()).hexdigest()[:12]
        (self.folder / f"fault-{name}").write_bytes(data)
        words = f"{kind}: {str(fault)[:200]}\n{''.join(traceback.format_exception(fault))}"
        (self.folder / f"fault-{name}.txt").write_text(words, "utf-8", "backslashreplace")
        self.tell()

    def tell(self) -> None:
        """The fuzzer ends its process without a word to Python: what was counted is told as it goes."""
        self.told = time.monotonic()
        new = self.folder / "counts.new"
        new.write_text(json.dumps(self.counts))
        new.replace(self.folder / "counts.json")  # whoever is ended in the middle leaves the one before, whole


def functions_of(names: Iterable[str]) -> Iterator:
    """Every function of these modules and packages, once: only they are watched, watching all would cost minutes."""
    seen = set()
    inside = tuple(f"{name}." for name in names)
    for name, module in list(sys.modules.items()):
        if name in names or name.startswith(inside):
            for one in _functions(list(vars(module).values()), name):
                if one not in seen:
                    seen.add(one)
                    yield one


def _functions(things: Iterable, module: str) -> Iterator:
    for thing in things:
        if getattr(thing, "__module__", module) != module:
            continue
        if inspect.isclass(thing):
            yield from _functions(list(vars(thing).values()), module)
        elif isinstance(thing, property):
            yield from _functions([thing.fget], module)
        else:
            plain = inspect.unwrap(getattr(thing, "__func__", thing)) if callable(thing) else thing
            if inspect.isfunction(plain):
                yield plain


def main(path: str, seconds: int, seed: int, folder: Path) -> None:
    """Fuzz one target; never returns, the fuzzer ends the process."""
    import atheris

    target = named(path)
    corpus = folder / "corpus"
    with scratch_hall(""):
        for one in target.modules:
            importlib.import_module(one)
        for function in functions_of(target.modules):
            atheris.instrument_func(function)
        logging.disable(logging.CRITICAL)
        target.begin(folder)
        if not corpus.exists():
            corpus.mkdir()
            for number, data in enumerate(target.seeds()):
                (corpus / f"seed-{number}").write_bytes(data)
        judge = Judge(target, folder)
        options = {
            "max_total_time": seconds, "seed": seed, "timeout": target.seconds, "report_slow_units": target.seconds,
            "rss_limit_mb": target.memory_mb, "artifact_prefix": f"{folder}/", "max_len": LONGEST, "len_control": 0,
        }  # fmt: skip
        more = {"custom_mutator": target.mutated} if target.mutated else {}
        arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)]
        atheris.Setup(arguments, judge, **more)
        judge.tell()
        (folder / "begun").touch()  # what comes before is not of its share
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
