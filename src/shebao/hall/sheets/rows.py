"""Checking the rows of a batch with the very checks that a page uses, and keeping what they found."""

from django.db import transaction

from shebao.rules.identity import check_id_number
from shebao.rules.money import plain_yuan

from ..bulk import insert_rows, update_rows
from ..clock import now
from ..crypto import blind_index
from ..declarations.preview import previews
from ..regions import region
from .cells import read_rows
from .kept import header_match, kept_sheet
from .models import Batch, BatchRow, BatchState, RowState

COUNTED = (RowState.PASSED, RowState.ERROR, RowState.CONFIRM)


def check_whole_batch(batch_id: int, *, by) -> None:
    """Check all rows of a batch that waits for it; safe to run twice, and stops when the batch is given up."""
    batch = Batch.objects.visible_to(by).select_related("employer").get(pk=batch_id)
    if not batch.rows.exists() and not _cut_rows(batch):
        return
    rows = list(batch.rows.filter(state__in=COUNTED).order_by("number"))
    if not still(batch_id, BatchState.CHECKING):
        return
    found = previews(
        batch.employer, batch.service, [row.cells for row in rows], by=by, confirmed=[row.confirmed for row in rows]
    )
    for start in range(0, len(rows), 1000):
        with transaction.atomic():
            if not still(batch_id, BatchState.CHECKING, rows_checked=min(start + 1000, len(rows))):
                return
            store_findings(rows[start : start + 1000], found[start : start + 1000])
    still(batch_id, BatchState.CHECKING, state=BatchState.FIXING, rows_checked=len(rows), message="")


def _cut_rows(batch: Batch) -> bool:
    """Turn the kept sheet into rows; False when somebody gave the batch up meanwhile."""
    here = region(batch.employer.region)
    found = read_rows(kept_sheet(batch), header_match(batch), here.forms[here.services[batch.service].form], here)
    rows = [
        BatchRow(
            batch=batch,
            number=row.number,
            cells=dict(row.values),
            original={"refused": {problem.field: problem.message for problem in row.problems}, "notes": {}},
            subject_digest=digest_of(row.values),
        )
        for row in found.data
    ]
    rows += [
        BatchRow(batch=batch, number=row.number, cells={}, state=RowState.IGNORED, note=row.reason)
        for row in found.ignored
        if not row.is_heading
    ]
    with transaction.atomic():
        if not still(batch.pk, BatchState.CHECKING, rows_read=len(rows)):
            return False
        insert_rows(rows)
    return True


def still(batch_id: int, state: str, /, **news) -> bool:
    """Give a sign of life, with `news`, for a batch that is still in `state`; inside a transaction it is locked."""
    return bool(Batch.objects.filter(pk=batch_id, state=state).update(busy_at=now(), **news))


def check_again(batch: Batch, rows: list[BatchRow], *, by) -> list[BatchRow]:
    """Check these rows and every row about the same people once more; returns all of them."""
    digests = {row.subject_digest for row in rows} | {digest_of(row.cells) for row in rows}
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
    """Keep on each row what the checks said, and the state that follows from it. Unchanged rows are not written."""
    changed = []
    for row, preview in zip(rows, found, strict=True):
        before = (row.problems, row.original, row.subject_digest, row.state, row.tidied_fields)
        refused = row.original.get("refused", {})
        row.problems = [_refusal(name, message) for name, message in refused.items()]
        row.problems += [_finding(problem) for problem in preview.problems if problem.field not in refused]
        tidied = {name: _spelled(preview.values[name]) for name in preview.notes if name in preview.values}
        row.original = row.original | {"notes": dict(preview.notes), "tidied": tidied, "told": _consequence(preview)}
        row.tidied_fields = ",".join(preview.notes)
        row.subject_digest = digest_of(row.cells)
        levels = {p["level"] for p in row.problems if p["level"] != "confirm" or p["code"] not in row.confirmed}
        row.state = (
            RowState.ERROR if "error" in levels else RowState.CONFIRM if "confirm" in levels else RowState.PASSED
        )
        if before != (row.problems, row.original, row.subject_digest, row.state, row.tidied_fields):
            changed.append(row)
    update_rows(changed, "problems", "original", "subject_digest", "state", "tidied_fields")


def _consequence(preview) -> dict:
    """What a row would do: fen more (or less) each month, whether a limit decides its base, how many months back."""
    limits = {cost.limit for cost in preview.cost}
    return {"effect": preview.effect_fen, "low": -1 in limits, "high": 1 in limits, "back": len(preview.months)}


def _spelled(value) -> str:
    """An answer as the cell shows it; amounts are the only numbers among answers."""
    return plain_yuan(value) if isinstance(value, int) else str(value)


def _finding(problem) -> dict:
    fix = list(problem.fix) if problem.fix else None
    return {
        "code": problem.code, "field": problem.field, "level": problem.level, "message": problem.message, "fix": fix,
    }  # fmt: skip


def _refusal(name: str, message: str) -> dict:
    return {"code": "cell_refused", "field": name, "level": "error", "message": message, "fix": None}


def digest_of(cells: dict) -> str:
    """Whom a row is about, to find rows about the same person; "" while there is no number."""
    text = cells.get("id_number", "")
    return blind_index("person", check_id_number(text).number) if text else ""
