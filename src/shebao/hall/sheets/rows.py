"""Checking the rows of a batch with the very checks that a page uses, and keeping what they found."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

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
from ..services.scene import NEW_NUMBER, Whole, chunks, rivals_among
from .cells import CellProblem, DataRow, sorted_rows
from .kept import header_match, kept_rows
from .models import Batch, BatchRow, BatchState, RowState

COUNTED = (RowState.PASSED, RowState.ERROR, RowState.CONFIRM)


PART = 4_000
"""Rows that are checked together: what a batch holds in memory at a time, and a step of its progress."""


def check_whole_batch(batch_id: int, *, by) -> None:
    """Cut out and check all rows of a batch, part by part; safe to run twice, and stops when the batch is given up.

    A run that was cut off goes on where it stopped; rows that were there already are checked once more.
    """
    batch = Batch.objects.visible_to(by).select_related("employer").get(pk=batch_id)
    there = batch.rows.aggregate(last=Max("number"), count=Count("pk"))
    checked, last = 0, there["last"] or 0
    if there["count"] < batch.rows_read:
        sheet = _cut_rows(batch, last)
        whole, rows_read = sheet.whole, there["count"] + len(sheet.rows) + len(sheet.ignored)
        if not still(batch_id, BatchState.CHECKING, rows_read=rows_read):
            return
        for part in sheet.parts():
            checked += len(part)
            if not _add_checked(batch, sheet, part, checked, by):
                return
        with transaction.atomic():
            if not still(batch_id, BatchState.CHECKING):
                return
            insert_rows(sheet.ignored)
    else:
        whole = _whole_kept(batch)
    for rows in parts(batch.rows.filter(state__in=COUNTED, number__lte=last)):
        found = _found(batch, rows, whole, by)
        checked += len(rows)
        with transaction.atomic():
            if not still(batch_id, BatchState.CHECKING, rows_checked=checked):
                return
            store_findings(rows, found)
    still(batch_id, BatchState.CHECKING, state=BatchState.FIXING, rows_checked=checked, message="")


class _Cut(NamedTuple):
    """A row to check, in as little room as there is: its texts in the order of the columns."""

    number: int
    texts: tuple[str, ...]
    problems: tuple[CellProblem, ...]


@dataclass
class _Sheet:
    """What is cut out of a kept sheet: rows to check, rows that are no data; and what all of it says."""

    names: tuple[str, ...]
    rows: list[_Cut] = field(default_factory=list)
    ignored: list[BatchRow] = field(default_factory=list)
    whole: Whole = field(default_factory=Whole)

    def cells(self, row: _Cut) -> dict[str, str]:
        """The texts of a row by the fields that they answer."""
        return dict(zip(self.names, row.texts, strict=True))

    def parts(self) -> Iterator[list[_Cut]]:
        """Slices of the rows, which are forgotten as they are given."""
        while self.rows:
            part = self.rows[-PART:][::-1]
            del self.rows[-PART:]
            yield part


def _cut_rows(batch: Batch, last: int) -> _Sheet:
    """The rows of the kept sheet; to be worked on only those after row `last`."""
    here = region(batch.employer.region)
    form, match = here.forms[here.services[batch.service].form], header_match(batch)
    kept, batch.file_content = kept_rows(batch), {}  # read, and never saved from here
    sheet = _Sheet(tuple(c.field for c in match.columns if c.field and form.field(c.field)))
    for row in sorted_rows(kept.used_up(), match, form, here):
        if isinstance(row, DataRow):
            sheet.rows.append(_Cut(row.number, tuple(row.values.values()), row.problems))
        elif row.number > last and not row.is_heading:
            no_data = BatchRow(batch=batch, number=row.number, cells={}, state=RowState.IGNORED, note=row.reason)
            sheet.ignored.append(no_data)
    sheet.whole = _whole_of(sheet, form, here)
    sheet.rows = [row for row in reversed(sheet.rows) if row.number > last]
    return sheet


def _whole_of(sheet: _Sheet, form, here) -> Whole:
    twins: dict[str, list[str]] = {}
    if "id_number" in sheet.names:
        place = sheet.names.index("id_number")
        first: dict[str, _Cut] = {}
        doubled: dict[str, list[_Cut]] = {}
        for row in sheet.rows:
            number = tidy_number(row.texts[place])
            if number and (one := first.setdefault(number, row)) is not row:
                doubled.setdefault(number, [one]).append(row)
        for some in doubled.values():
            twins[digest_of(sheet.cells(some[0]))] = [_name(sheet.cells(row), form, here) for row in some]
    if NEW_NUMBER not in sheet.names:
        return Whole(twins)
    cells = ((row.number, sheet.cells(row)) for row in sheet.rows)
    return Whole(twins, rivals_among((asked_of(said), digest_of(said), place_of(number)) for number, said in cells))


def _name(cells: Mapping[str, str], form, here) -> str:
    return str(clean(form, cells, here).values.get("name") or "")


def _whole_kept(batch: Batch) -> Whole:
    """What the rows say together that are in the database."""
    here = region(batch.employer.region)
    form, rows = here.forms[here.services[batch.service].form], batch.rows.filter(state__in=COUNTED)
    several = rows.exclude(subject_digest="").values("subject_digest").annotate(n=Count("pk")).filter(n__gt=1)
    people = defaultdict(list)
    for part in chunks(several.order_by().values_list("subject_digest", flat=True)):
        for row in rows.filter(subject_digest__in=part).order_by("number"):
            people[row.subject_digest].append(_name(row.cells, form, here))
    asking = rows.filter(asked_digest__gt="").order_by("number")
    asked = asking.values_list("asked_digest", "subject_digest", "number")
    return Whole(dict(people), rivals_among((new, whom, place_of(number)) for new, whom, number in asked))


def _add_checked(batch: Batch, sheet: _Sheet, part: list[_Cut], checked: int, by) -> bool:
    """Check new rows and write them with what was found; False when somebody gave the batch up meanwhile."""
    rows = [
        BatchRow(
            batch=batch,
            number=row.number,
            cells=sheet.cells(row),
            original={"refused": {problem.field: problem.message for problem in row.problems}, "notes": {}},
        )
        for row in part
    ]
    for row, preview in zip(rows, _found(batch, rows, sheet.whole, by), strict=True):
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


def _found(batch: Batch, rows: list[BatchRow], whole: Whole | None, by) -> list:
    cells, reasons = [row.cells for row in rows], [row.confirmed for row in rows]
    places = [place_of(row.number) for row in rows]
    return previews(batch.employer, batch.service, cells, by=by, confirmed=reasons, whole=whole, places=places)


def still(batch_id: int, state: str, /, **news) -> bool:
    """Give a sign of life, with `news`, for a batch that is still in `state`; inside a transaction it is locked."""
    return bool(Batch.objects.filter(pk=batch_id, state=state).update(busy_at=now(), **news))


def check_again(batch: Batch, rows: list[BatchRow], *, by) -> list[BatchRow]:
    """Check these rows once more, and every row about the same people or for the same new number; returns all."""
    known = {row.pk: row for row in rows}
    more = rows
    while more := _mates(batch, more, known):
        known |= {row.pk: row for row in more}
    live = sorted((row for row in known.values() if row.state in COUNTED), key=lambda row: row.number)
    if live:
        store_findings(live, _found(batch, live, None, by))
    return sorted(known.values(), key=lambda row: row.number)


def _mates(batch: Batch, rows: list[BatchRow], known: Collection[int]) -> list[BatchRow]:
    """Rows about the people of these, or for the new numbers of these, by what they said before and say now."""
    people = {row.subject_digest for row in rows} | {digest_of(row.cells) for row in rows}
    asked = {row.asked_digest for row in rows} | {asked_of(row.cells) for row in rows}
    others = batch.rows.filter(state__in=COUNTED).exclude(pk__in=known)
    found = list(others.filter(subject_digest__in=people - {""}))
    if asked := asked - {""}:
        found += others.filter(asked_digest__gt="", asked_digest__in=asked).exclude(pk__in=[row.pk for row in found])
    return found


TAKEN = ("problems", "original", "subject_digest", "asked_digest", "state", "tidied_fields")
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
    row.subject_digest, row.asked_digest = preview.digest, preview.asked
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


def asked_of(cells: Mapping[str, str]) -> str:
    """The new identity number that a row asks for, to find others that ask for it; "" where it asks for none."""
    text = cells.get(NEW_NUMBER, "")
    return blind_index("person", tidy_number(text)) if text else ""


def place_of(number: int) -> str:
    """A row of the sheet in words."""
    return f"第 {number} 行"
