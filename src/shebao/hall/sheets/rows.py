"""Checking the rows of a batch with the very checks that a page uses, and keeping what they found."""

from django.db import transaction

from shebao.rules.identity import check_id_number

from ..crypto import blind_index
from ..declarations.preview import previews
from .models import Batch, BatchRow, BatchState, RowState

COUNTED = (RowState.PASSED, RowState.ERROR, RowState.CONFIRM)


def check_whole_batch(batch_id: int, *, by) -> None:
    """Check all rows of a batch that waits for it; safe to run twice."""
    batch = Batch.objects.select_related("employer").get(pk=batch_id)
    if batch.state != BatchState.CHECKING:
        return
    rows = list(batch.rows.filter(state__in=COUNTED).order_by("number"))
    found = previews(
        batch.employer, batch.service, [row.cells for row in rows], by=by, confirmed=[row.confirmed for row in rows]
    )
    for start in range(0, len(rows), 1000):
        with transaction.atomic():
            store_findings(rows[start : start + 1000], found[start : start + 1000])
            Batch.objects.filter(pk=batch_id).update(rows_checked=min(start + 1000, len(rows)))
    Batch.objects.filter(pk=batch_id, state=BatchState.CHECKING).update(state=BatchState.FIXING, rows_checked=len(rows))


def check_again(batch: Batch, rows: list[BatchRow], *, by) -> list[BatchRow]:
    """Check these rows and every row about the same people once more; returns all of them."""
    digests = {row.subject_digest for row in rows} | {_digest(row) for row in rows}
    mates = batch.rows.filter(subject_digest__in=digests - {""}, state__in=COUNTED).exclude(
        pk__in=[row.pk for row in rows]
    )
    live = sorted([row for row in rows if row.state in COUNTED] + list(mates), key=lambda row: row.number)
    if live:
        found = previews(
            batch.employer, batch.service, [r.cells for r in live], by=by, confirmed=[r.confirmed for r in live]
        )
        store_findings(live, found)
    return sorted({row.pk: row for row in [*rows, *live]}.values(), key=lambda row: row.number)


def store_findings(rows: list[BatchRow], found: list) -> None:
    """Keep on each row what the checks said, and the state that follows from it."""
    for row, preview in zip(rows, found, strict=True):
        refused = row.original.get("refused", {})
        row.problems = [
            {"code": "cell_refused", "field": field, "level": "error", "message": message, "fix": None}
            for field, message in refused.items()
        ]
        row.problems += [
            {
                "code": p.code,
                "field": p.field,
                "level": p.level,
                "message": p.message,
                "fix": list(p.fix) if p.fix else None,
            }
            for p in preview.problems
            if p.field not in refused
        ]
        row.original["notes"] = dict(preview.notes)
        row.subject_digest = _digest(row)
        levels = {p["level"] for p in row.problems if p["level"] != "confirm" or p["code"] not in row.confirmed}
        row.state = (
            RowState.ERROR if "error" in levels else RowState.CONFIRM if "confirm" in levels else RowState.PASSED
        )
    BatchRow.objects.bulk_update(rows, ["problems", "original", "subject_digest", "state"], batch_size=500)


def _digest(row: BatchRow) -> str:
    text = row.cells.get("id_number", "")
    return blind_index("person", check_id_number(text).number) if text else ""
