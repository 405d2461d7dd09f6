"""A million audit records, appended by two at once and verified: none is called broken, and it does not take long."""

from __future__ import annotations

import random
import resource
import threading
import time
from pathlib import Path

from .outcome import Outcome

TITLE = "A long chain of audit records"
MOST_AT_ONCE = 1_000  # of one deed, such as the lines of a sheet
WRITERS = 2
BAR = 120.0
"""Seconds in which a million records are to be verified (reliability B14)."""
JUDGED_FROM = 100_000  # less says nothing about time
MEGABYTE = 1 << 20


def run(count: int, seed: int) -> Outcome:
    """Append `count` records in deeds of one to a thousand, verify at a hundredth, a tenth and the end."""
    from django.conf import settings
    from django.test import override_settings

    found = Outcome(TITLE, seed, count)
    found.counts.update({"records": 0, "false alarms": 0})
    file = Path(settings.DATA_DIR) / "drill.anchors"
    file.unlink(missing_ok=True)
    with override_settings(SHEBAO_AUDIT_ANCHORS=str(file)):
        began, seconds = time.monotonic(), 0.0
        for part, until in enumerate((count // 100, count // 10, count)):
            _append(until - found.counts["records"], seed + part, found)
            resting = time.monotonic()
            seconds = _verify(found)
            began += time.monotonic() - resting
        appending = time.monotonic() - began
    found.facts["appended"] = f"{count / appending:,.0f} a second"
    found.facts["verified in"] = f"{seconds:.0f} s"
    if count >= JUDGED_FROM and seconds > BAR * count / 1_000_000:
        found.fail(f"{count:,} records take {seconds:.0f} s to verify")
    return found


def _append(count: int, seed: int, found: Outcome) -> None:
    """Two writers append together; each deed is a transaction, and now and then the chain's end is anchored."""
    before = found.counts["records"]
    clerks = _clerks()
    shares = [count // WRITERS + (number < count % WRITERS) for number in range(WRITERS)]
    wrong: list[str] = []
    threads = [
        threading.Thread(target=_write, args=(share, f"{seed}/{number}", clerks, wrong))
        for number, share in enumerate(shares)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.failures += wrong
    found.counts["records"] = before + count
    _expect(found)


def _expect(found: Outcome) -> None:
    from shebao.hall.audit.models import AuditEntry

    if (there := AuditEntry.objects.count()) != found.counts["records"]:
        found.fail(f"{found.counts['records']} records were written, {there} are there")


def _clerks() -> list:
    from tests.factories import OperatorFactory

    return [OperatorFactory(clerk=True) for _ in range(3)]


def _write(count: int, label: str, clerks: list, wrong: list[str]) -> None:
    from django.db import connection, transaction

    from shebao.hall.audit.anchors import write_anchor
    from shebao.hall.audit.operations import record_many

    chance = random.Random(label)  # noqa: S311
    try:
        while count:
            clerk = chance.choice(clerks)
            # Most deeds are small; a few are those of a sheet or a settlement.
            many = min(count, chance.choice((1, 5, 50, MOST_AT_ONCE)))
            details = [(clerk.employer, {"month": "2026-11", "fen": chance.randrange(10**7)}) for _ in range(many)]
            with transaction.atomic():
                record_many("employer.changed", details, by=clerk, employer=clerk.employer)
            count -= many
            if chance.random() < 0.01:
                write_anchor()
    except Exception as why:  # a thread that dies silently would look like success
        wrong.append(f"{label}: {type(why).__name__}: {why}")
    finally:
        connection.close()


def _verify(found: Outcome) -> float:
    """Prove the chain; seconds of it."""
    from shebao.hall.audit.operations import broken_links

    before, began = _most_memory(), time.monotonic()
    sentences = list(broken_links())
    seconds = time.monotonic() - began
    found.facts["memory for it"] = f"{max(_most_memory() - before, 0) / MEGABYTE:.0f} MB"
    found.counts["false alarms"] += len(sentences)
    if sentences:
        found.fail(f"after {found.counts['records']:,} records an honest chain is called broken: {sentences[:2]}")
    return seconds


def _most_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
