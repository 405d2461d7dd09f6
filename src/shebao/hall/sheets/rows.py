"""Checking the rows of a batch with the very checks that a page uses, and keeping what they found."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.db import transaction
from django.db.models import Count, Max

from shebao.rules.forms import clean
from shebao.rules.identity import tidy_number
from shebao.rules.money import plain_yuan

from ..bulk import insert_rows, update_rows
from ..clock import now
from ..crypto import blind_index
from ..declarations.preview import previews
from ..regions import region
from ..services.scene import chunks
from .cells import DataRow, sorted_rows
from .kept import header_match, unpacked_row
from .models import Batch, BatchRow, BatchState, RowState
from .reading import Cell

COUNTED = (RowState.PASSED, RowState.ERROR, RowState.CONFIRM)


PART = 4_000
"""Rows that are checked together: what a batch holds in memory at a time, and a step of its progress."""
Twins = dict[str, list[str]]
"""Names by whom rows are about, for those that several rows are about."""


def check_whole_batch(batch_id: int, *, by) -> None:
    """Cut out and check all rows of a batch, part by part; safe to run twice, and stops when the batch is given up.

    A run that was cut off goes on where it stopped; rows that were there already are checked once more.
    """
    batch = Batch.objects.visible_to(by).select_related("employer").get(pk=batch_id)
    there = batch.rows.aggregate(last=Max("number"), count=Count("pk"))
    checked, last = 0, there["last"] or 0
    if there["count"] < batch.rows_read:
        new, ignored, twins = _cut_rows(batch, last)
        known = batch.rows.count()
        if not still(batch_id, BatchState.CHECKING, rows_read=known + len(new) + len(ignored)):
            return
        for part in _parts(new):
            checked += len(part)
            if not _add_checked(batch, part, twins, checked, by):
                return
        with transaction.atomic():
            if not still(batch_id, BatchState.CHECKING):
                return
            insert_rows(ignored)
    else:
        twins = _twins_kept(batch)
    for rows in parts(batch.rows.filter(state__in=COUNTED, number__lte=last)):
        found = _found(batch, rows, twins, by)
        checked += len(rows)
        with transaction.atomic():
            if not still(batch_id, BatchState.CHECKING, rows_checked=checked):
                return
            store_findings(rows, found)
    still(batch_id, BatchState.CHECKING, state=BatchState.FIXING, rows_checked=checked, message="")


def _cut_rows(batch: Batch, last: int) -> tuple[list[DataRow], list[BatchRow], Twins]:
    """Rows of the kept sheet after row `last`: those to check, those that are no data, and the twins of the sheet."""
    here = region(batch.employer.region)
    form, match = here.forms[here.services[batch.service].form], header_match(batch)
    rows = batch.file_content.pop("rows")
    batch.file_content = {}  # read, and never saved from here
    found, ignored = [], []
    for row in sorted_rows(_one_by_one(rows), match, form, here):
        if isinstance(row, DataRow):
            found.append(row)
        elif row.number > last and not row.is_heading:
            ignored.append(BatchRow(batch=batch, number=row.number, cells={}, state=RowState.IGNORED, note=row.reason))
    return [row for row in found if row.number > last], ignored, _twins_of(found, form, here)


def _one_by_one(rows: list) -> Iterator[list[Cell]]:
    """The cells of each row; what was given is forgotten, because a large sheet is large."""
    for index, row in enumerate(rows):
        rows[index] = None
        yield unpacked_row(row)


def _twins_of(rows: list[DataRow], form, here) -> Twins:
    people = defaultdict(list)
    for row in rows:
        people[tidy_number(row.values.get("id_number", ""))].append(row)
    people.pop("", None)
    doubled = [some for some in people.values() if len(some) > 1]
    return {digest_of(some[0].values): [_name(row.values, form, here) for row in some] for some in doubled}


def _name(cells: Mapping[str, str], form, here) -> str:
    return str(clean(form, cells, here).values.get("name") or "")


def _twins_kept(batch: Batch) -> Twins:
    """The twins among rows that are in the database."""
    here = region(batch.employer.region)
    form, rows = here.forms[here.services[batch.service].form], batch.rows.filter(state__in=COUNTED)
    several = rows.exclude(subject_digest="").values("subject_digest").annotate(n=Count("pk")).filter(n__gt=1)
    people = defaultdict(list)
    for part in chunks(several.order_by().values_list("subject_digest", flat=True)):
        for row in rows.filter(subject_digest__in=part).order_by("number"):
            people[row.subject_digest].append(_name(row.cells, form, here))
    return dict(people)


def _parts(rows: list[DataRow]) -> Iterator[list[DataRow]]:
    """Slices of the rows, which are forgotten as they are given."""
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        rows[start : start + PART] = [None] * len(part)
        yield part


def _add_checked(batch: Batch, part: list[DataRow], twins: Twins, checked: int, by) -> bool:
    """Check new rows and write them with what was found; False when somebody gave the batch up meanwhile."""
    rows = [
        BatchRow(
            batch=batch,
            number=row.number,
            cells=row.values,
            original={"refused": {problem.field: problem.message for problem in row.problems}, "notes": {}},
        )
        for row in part
    ]
    for row, preview in zip(rows, _found(batch, rows, twins, by), strict=True):
        _take_findings(row, preview)
    with transaction.atomic():
        if not still(batch.pk, BatchState.CHECKING, rows_checked=checked):
            return False
        insert_rows(rows)
    return True


def parts(rows) -> Iterator[list[BatchRow]]:
    """Rows of a batch (a query) by their numbers, part by part."""
    after = 0
    while part := list(rows.filter(number__gt=after).order_by("number")[:PART]):
        after = part[-1].number
        yield part


def _found(batch: Batch, rows: list[BatchRow], twins: Twins | None, by) -> list:
    cells, reasons = [row.cells for row in rows], [row.confirmed for row in rows]
    return previews(batch.employer, batch.service, cells, by=by, confirmed=reasons, twins=twins)


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
        store_findings(live, _found(batch, live, None, by))
    return sorted({row.pk: row for row in [*rows, *live]}.values(), key=lambda row: row.number)


TAKEN = ("problems", "original", "subject_digest", "state", "tidied_fields")
"""Columns of a row that its findings decide."""


def store_findings(rows: list[BatchRow], found: list) -> None:
    """Keep on each row what the checks said, and the state that follows from it. Unchanged rows are not written."""
    before = [[getattr(row, name) for name in TAKEN] for row in rows]
    for row, preview in zip(rows, found, strict=True):
        _take_findings(row, preview)
    news = zip(rows, before, strict=True)
    update_rows([row for row, old in news if old != [getattr(row, name) for name in TAKEN]], *TAKEN)


def _take_findings(row: BatchRow, preview) -> None:
    refused = row.original.get("refused", {})
    row.problems = [_refusal(name, message) for name, message in refused.items()]
    row.problems += [problem.kept() for problem in preview.problems if problem.field not in refused]
    tidied = {name: _spelled(preview.values[name]) for name in preview.notes if name in preview.values}
    row.original = row.original | {"notes": dict(preview.notes), "tidied": tidied, "told": _consequence(preview)}
    row.tidied_fields = ",".join(preview.notes)
    row.subject_digest = preview.digest
    levels = {p["level"] for p in row.problems if p["level"] != "confirm" or p["code"] not in row.confirmed}
    row.state = RowState.ERROR if "error" in levels else RowState.CONFIRM if "confirm" in levels else RowState.PASSED


def _consequence(preview) -> dict:
    """What a row would do: fen more (or less) each month, whether a limit decides its base, how many months back."""
    limits = {cost.limit for cost in preview.cost}
    return {"effect": preview.effect_fen, "low": -1 in limits, "high": 1 in limits, "back": len(preview.months)}


def _spelled(value) -> str:
    """An answer as the cell shows it; amounts are the only numbers among answers."""
    return plain_yuan(value) if isinstance(value, int) else str(value)


def _refusal(name: str, message: str) -> dict:
    return {"code": "cell_refused", "field": name, "level": "error", "message": message, "fix": None}


def digest_of(cells: dict) -> str:
    """Whom a row is about, to find rows about the same person; "" while there is no number."""
    text = cells.get("id_number", "")
    return blind_index("person", tidy_number(text)) if text else ""
