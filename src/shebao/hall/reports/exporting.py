"""A query as a workbook: every row, in constant memory; a long one in the background, with progress."""

from array import array
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from shebao.rules.identity import masked
from shebao.rules.region import Query

from ..audit.looks import watermark
from ..audit.operations import record
from ..clock import local_now, now
from ..crypto import seal, unseal
from ..errors import Refused
from ..regions import region
from ..sheets.writing import Column, write_table
from ..work_folders import work_folder
from .models import ExportPart, ExportRun, ExportState
from .registry import REPORTS
from .report import Asked, Link, Report, Shown, asked, totals
from .tasks import export_in_background

AT_ONCE = 5_000
"""So many rows are written while the page waits; more go to the background."""
STEP = 500
"""Rows read at a time: as many as both engines take as parameters of one question."""
PART = 1 << 20
KEPT = timedelta(days=7)
SILENCE = timedelta(minutes=2)
CELL_KINDS = {"yuan": "yuan", "whole": "whole", "date": "date", "moment": "moment", "rate": "rate", "growth": "rate"}
MOST_KEPT = 20


def count_of(rows: QuerySet | list) -> int:
    """How many rows a query has."""
    return len(rows) if isinstance(rows, list) else rows.count()


def columns_of(report: Report, query: Query) -> list[Column]:
    """The columns of the workbook, by their names in the region."""
    return [
        Column(query.labels.get(c.key, c.title), CELL_KINDS.get(c.kind, "text"), 22 if c.kind == "id" else 16)
        for c in report.columns
    ]


def cells_of(report: Report, given: Asked, rows: QuerySet | list) -> Iterator[tuple]:
    """Every row as plain values, however many there are; identity numbers stay masked."""
    for part in _parts(rows):
        for row in report.show(given, part):
            yield tuple(_bare(column, row[column.key]) for column in report.columns)


def total_of(report: Report, given: Asked, rows: QuerySet | list) -> list[tuple]:
    """The last row of the workbook, as below the table on the page; none where nothing is listed or summed."""
    sums = totals(report, rows, given) if count_of(rows) else {}
    if not sums:
        return []
    heads = report.head_count(rows)
    told = {"name": f"{heads} 人"} if heads is not None else {}
    first, *others = report.columns
    return [("合计", *(sums.get(column.key, told.get(column.key)) for column in others))]


def _parts(rows: QuerySet | list) -> Iterator[list]:
    """The rows in pieces, each row once and in order, whatever is entered meanwhile.

    The keys are read first, eight bytes each: an open cursor would keep SQLite's writers waiting, and an offset would
    read the beginning again for every piece.
    """
    if isinstance(rows, list) or rows.query.group_by is not None or rows.query.values_select:
        rows = list(rows)
        yield from (rows[start : start + STEP] for start in range(0, len(rows), STEP))
        return
    keys = array("q", rows.values_list("pk", flat=True))
    for start in range(0, len(keys), STEP):
        wanted = keys[start : start + STEP]
        found = {row.pk: row for row in rows.filter(pk__in=list(wanted))}
        yield [found[key] for key in wanted if key in found]


def _bare(column: Shown, value):
    value = value.value if isinstance(value, Link) else value
    if column.kind == "id":
        return masked(value)
    if column.kind == "moment" and isinstance(value, datetime):
        return timezone.make_naive(value)
    return str(value or "") if column.kind in ("month", "text") else value


@transaction.atomic
def start_export(query: Query, conditions: Mapping[str, str], asked_line: str, *, by) -> ExportRun:
    """Begin to write a long table in the background, and return the run. Raises Refused without the permission."""
    report, given = _asked(query, conditions, by)
    mine = ExportRun.objects.visible_to(by)
    mine.filter(expires_at__lt=now()).delete()
    running = mine.filter(query=query.key, state=ExportState.RUNNING)
    same = (one for one in running if one.conditions == dict(conditions) and not is_stuck(one))
    if found := next(same, None):
        return found  # a second press
    if mine.count() >= MOST_KEPT:
        mine.exclude(state=ExportState.RUNNING).order_by("pk").first().delete()
    run = ExportRun.objects.create(
        operator=by,
        employer=by.employer,
        query=query.key,
        title=query.title,
        asked_line=asked_line[:500],
        conditions=dict(conditions),
        asked_at=now(),
        rows_total=count_of(report.rows(given)),
        busy_at=now(),
        expires_at=now() + KEPT,
    )
    told = {"query": query.key, "rows": run.rows_total, "number": _serial(run)}
    record("export.started", run, by=by, employer=by.employer, **told)
    transaction.on_commit(partial(export_in_background, run.pk, run.attempt, by.pk))
    return run


def _serial(run: ExportRun) -> str:
    """What the workbook and its record both call it: no request is there when it is written."""
    return f"D{run.pk}"


def _asked(query: Query, conditions: Mapping[str, str], by) -> tuple[Report, Asked]:
    report = REPORTS[query.model].seen_by(by)
    if not by.may(report.permission):
        raise Refused("not_permitted", "您的账号没有查看这项内容的权限，请联系单位管理员。", status=403)
    given = asked(by, by.employer, region(by.employer.region), dict(conditions), report.conditions, query)
    if given.problems:
        raise Refused("bad_months", "年月有误，请改正后再导出。\n" + "\n".join(given.problems.values()))
    return report, given


def carry_out(run_id: int, attempt: int, *, by) -> None:
    """Write the workbook and keep it; of two jobs for one run only the last attempt finishes."""
    run = ExportRun.objects.visible_to(by).get(pk=run_id)
    own = ExportRun.objects.filter(pk=run_id, attempt=attempt, state=ExportState.RUNNING)
    query = region(run.employer.region).queries.get(run.query)
    try:
        if query is None:
            raise Refused("no_such_query", "本地已没有这个查询，请重新查询后导出。")
        report, given = _asked(query, run.conditions, by)
    except Refused as no:
        own.update(state=ExportState.FAILED, failure=no.message[:300])
        return
    with work_folder() as folder:
        path = folder / "table.xlsx"
        found, mark = report.rows(given), watermark(by, local_now(), _serial(run))
        rows = chain(_counted(cells_of(report, given, found), own), total_of(report, given, found))
        try:
            write_table(run.title, run.asked_line, columns_of(report, query), rows, mark=mark, path=path)
        except _Overtaken:
            return
        _keep(own, path)


class _Overtaken(Exception):
    """Another job writes this table now, or nobody wants it any more."""


def _counted(rows: Iterator[tuple], own: QuerySet) -> Iterator[tuple]:
    """The rows as they come; how far it is gets said now and then."""
    number = 0
    for number, row in enumerate(rows, 1):  # noqa: B007
        if number % (STEP * 4) == 0 and not own.update(rows_done=number, busy_at=now()):
            raise _Overtaken
        yield row
    own.update(rows_done=number, busy_at=now())


@transaction.atomic
def _keep(own: QuerySet, path: Path) -> None:
    run = own.select_for_update().first()
    if run is None:
        return
    with path.open("rb") as file:
        for number in range(1 + path.stat().st_size // PART):
            if piece := file.read(PART):
                ExportPart.objects.create(run=run, number=number, content=seal(piece))
    own.update(state=ExportState.DONE, rows_total=run.rows_done, size=path.stat().st_size, busy_at=now())


def is_stuck(run: ExportRun) -> bool:
    """Whether a running job has been silent for too long."""
    return run.state == ExportState.RUNNING and now() - run.busy_at > SILENCE


@transaction.atomic
def restart_export(run_id: int, *, by) -> None:
    """Write a table again whose job was cut off. Raises Refused while it is alive."""
    run = ExportRun.objects.visible_to(by).select_for_update().get(pk=run_id)
    if not is_stuck(run):
        raise Refused("not_stuck", "这一张表正在生成或已经完成，不需要再试。", status=409)
    run.attempt, run.rows_done, run.busy_at = run.attempt + 1, 0, now()
    run.save()
    transaction.on_commit(partial(export_in_background, run.pk, run.attempt, by.pk))


def pieces(run: ExportRun) -> Iterator[bytes]:
    """The file of a finished run, piece by piece."""
    for number in range(run.parts.count()):
        yield unseal(bytes(run.parts.get(number=number).content))
