"""Upload fuzz: damaged workbooks through the real upload page. A sentence or a batch, never anything between."""

from __future__ import annotations

import re
import tempfile
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

from .damage import BOMBS, damaged_file
from .outcome import Outcome

TITLE = "Damaged workbooks, uploaded"
PER_CLERK = 25  # look-ups are counted by clerk and day; a fuzz is not what that limit is for
SLOWEST = 25.0
WARM, MOST_GROWTH, JUDGED_FROM = 300, 1.05, 3_000
"""Every kind of file came by then, and what is read once is read; from there on memory may grow by so much (B12)."""
TRACES = (b"Traceback (most recent", b'File "/', b"django.db", b"OperationalError")
CHINESE = re.compile(r"[\u4e00-\u9fff]{4,}")


class Uploader:
    """A clerk with a browser, and somebody who looks around the machine after every upload."""

    def __init__(self, found: Outcome):
        self.found = found
        self.folder = Path(tempfile.gettempdir())
        self.litter = {file.name for file in self.folder.iterdir()}
        self.sign_in()

    def sign_in(self) -> None:
        """Somebody new at an employer of their own."""
        from django.test import Client
        from tests.factories import OperatorFactory

        from shebao.hall.regions import region

        self.clerk = OperatorFactory(clerk=True)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.clerk)
        services = region(self.clerk.region).services.values()
        self.services = [one.key for one in services if one.is_about_person]

    def upload(self, label: str, kind: str, name: str, data: bytes, service: str) -> None:
        """Upload one file as a browser does, and hold the hall to what the page promises."""
        from django.core.files.uploadedfile import SimpleUploadedFile

        from shebao.hall.sheets.models import Batch

        last = Batch.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        file = SimpleUploadedFile("x", data)
        file._name = name  # the browser's name, before anybody cleans it
        began = time.monotonic()
        response = self.client.post("/e/import/", {"service": service, "file": file})
        took = time.monotonic() - began
        self.found.counts["files"] += 1
        if took > SLOWEST:
            self.found.fail(f"{label} {kind}: {took:.0f} s")
        made = list(Batch.objects.filter(pk__gt=last))
        if response.status_code == 302 and len(made) == 1:
            self.found.counts["became a batch"] += 1
            self.look_at(label, kind, made[0])
        elif 400 <= response.status_code < 500 and not made:
            self.found.counts["refused in words"] += 1
            if not CHINESE.search(response.content.decode()):
                self.found.fail(f"{label} {kind}: {response.status_code} without a sentence")
        else:
            self.found.fail(f"{label} {kind}: status {response.status_code}, {len(made)} batches")
        self.found.counts["5xx"] += response.status_code >= 500
        if any(word in response.content for word in TRACES):
            self.found.fail(f"{label} {kind}: shows the inside of the program")

    def look_at(self, label: str, kind: str, batch) -> None:
        """The batch is whole, its pages open, nothing was declared; then it is given up."""
        from shebao.hall.sheets import queries
        from shebao.hall.sheets.models import BatchState

        if batch.state == BatchState.MATCHING:
            self.match(batch)
        for page in ("", "review/", "marked/"):
            if batch.state == BatchState.MATCHING and page:
                continue
            response = self.client.get(f"/e/import/{batch.pk}/{page}")
            if response.status_code != 200:
                self.found.fail(f"{label} {kind}: page {page or 'of the batch'} answers {response.status_code}")
                self.found.counts["5xx"] += response.status_code >= 500
        self.found.counts["batches checked to the end"] += batch.state == BatchState.FIXING
        counts = queries.counts(batch)
        accounted = sum(counts[part] for part in ("all", "removed", "ignored", "imported"))
        if batch.state == BatchState.FIXING and accounted != batch.rows_read:
            self.found.fail(f"{label} {kind}: {batch.rows_read} rows read, {accounted} accounted for")
            self.found.counts["half-done batches"] += 1
        if batch.state not in (BatchState.FIXING, BatchState.MATCHING):
            self.found.fail(f"{label} {kind}: the batch rests in {batch.state}: {batch.message}")
            self.found.counts["half-done batches"] += 1
        elif self.client.post(f"/e/import/{batch.pk}/discard/").status_code != 302:
            self.found.fail(f"{label} {kind}: cannot be given up")

    def match(self, batch) -> None:
        """Take the columns for whatever comes first, as somebody in a hurry does; the checks must stand that."""
        from shebao.hall.regions import region

        here = region(self.clerk.region)
        fields = sorted(here.forms[here.services[batch.service].form].fields, key=lambda one: not one.required)
        known = {column["index"]: column["field"] for column in batch.columns if column["field"]}
        spare = [field.id for field in fields if field.id not in known.values()]
        for column in batch.columns:
            if column["index"] not in known and spare:
                known[column["index"]] = spare.pop(0)
        chosen = {f"column-{index}": name for index, name in known.items()}
        if self.client.post(f"/e/import/{batch.pk}/match/", chosen).status_code != 302:
            self.found.fail(f"batch {batch.pk}: the columns are not taken")
        batch.refresh_from_db()

    def look_around(self, label: str) -> None:
        """No child left, no file left."""
        children = Path("/proc/self/task").glob("*/children")
        mine = {pid for each in children for pid in each.read_text().split()}
        strays = [pid for pid in mine if b"reading_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        files = {file.name for file in self.folder.iterdir()} - self.litter
        files = {name for name in files if not name.startswith("shebao-reading-")}
        self.found.counts["children left"] += len(strays)
        self.found.counts["temporary files left"] += len(files)
        if strays or files:
            self.found.fail(f"{label}: left behind: children {strays}, files {sorted(files)[:5]}")
            self.litter |= files


def run(count: int, seed: int) -> Outcome:
    """Every named bomb once, then `count` damaged files; file n of a seed is always the same file."""
    from tests.factories import at

    from shebao.hall.declarations.models import Declaration

    found = Outcome(TITLE, seed, count)
    found.counts.update({"5xx": 0, "half-done batches": 0, "children left": 0, "temporary files left": 0})
    with at(), _strong_signals():
        uploader = Uploader(found)
        for name, make in BOMBS.items():
            uploader.upload("bomb", name, "十一月.xlsx", make(), uploader.services[0])
        warm = _resident()
        for number in range(count):
            if number % PER_CLERK == PER_CLERK - 1:
                uploader.sign_in()
            label = f"{seed}/{number}"
            service = uploader.services[number % 10 % 7 % len(uploader.services) if number % 3 == 0 else 0]
            uploader.upload(label, *damaged_file(label), service)
            if number % 100 == 99:
                uploader.look_around(label)
                warm = _resident() if number + 1 == WARM else warm
        uploader.look_around("end")
    found.counts["declarations made"] = Declaration.objects.count()
    if found.counts["declarations made"]:
        found.fail("something was declared without being confirmed")
    growth = _resident() / warm
    found.facts["memory after / before"] = f"{growth:.2f}"
    if count >= JUDGED_FROM and growth >= MOST_GROWTH:
        found.fail(f"memory grew to {growth:.2f} times what it was after {WARM} files")
    return found


class _Strong:
    """A signal whose receivers are simply held."""

    def __init__(self, signal):
        self.send, self.disconnect = signal.send, signal.disconnect
        self.connect = partial(signal.connect, weak=False)


def _strong_signals():
    """The drill's client connects a function to Django's signals at every request.

    Held weakly, as it does it, each time leaves a finalizer for good, which would count as the hall's memory.
    """
    from django.test import client

    names = ("request_started", "request_finished")
    return patch.multiple(client, **{name: _Strong(getattr(client, name)) for name in names})


def _resident() -> int:
    """Memory of this process in pages."""
    return int(Path("/proc/self/statm").read_text().split()[1])
