"""Printing several papers at once (批量打印): issued one by one by a job, fetched together as one archive."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from ..audit.operations import record
from ..clock import now
from ..errors import Refused
from .models import Document, PrintRun, PrintState
from .operations import issue_document, note_download
from .outgoing import merged, outgoing
from .signing import signed
from .statements import issue_statement
from .tasks import print_in_background

AT_ONCE = 3
"""So many papers are made while the page waits; more go to the background."""
MOST = 500
"""Papers of one archive: some 30 MB, and some seconds to put together."""
KEPT = timedelta(days=7)
SILENCE = timedelta(minutes=2)
"""Without a sign of life for so long a job may be tried again; it goes on where it stopped."""
TOLD = 3


def print_bills(bill_kinds: Sequence[tuple[int, str]], *, title: str, by) -> PrintRun:
    """Print papers of bills: (bill id, kind) each. Raises Refused for none and for too many."""
    return _start([{"bill": bill, "kind": kind} for bill, kind in bill_kinds], title=title, by=by)


def print_people(key: str, people: Sequence[int], *, title: str, by) -> PrintRun:
    """Print a statement for each of these employees. Raises Refused for none and for too many."""
    return _start([{"statement": key, "employee": pk} for pk in people], title=title, by=by)


def _start(requests: list[dict], *, title: str, by) -> PrintRun:
    if not by.may("print"):
        raise Refused("not_permitted", "您的账号没有“打印”权限，请联系单位管理员。", status=403)
    if not requests:
        raise Refused("nothing_chosen", "请先选择要打印的单据。")
    if len(requests) > MOST:
        raise Refused("too_many", f"选中 {len(requests)} 份，一次最多打印 {MOST} 份，请分几次打印。")
    with transaction.atomic():
        PrintRun.objects.visible_to(by).filter(expires_at__lt=now()).delete()
        run = PrintRun.objects.create(
            employer=by.employer,
            asked_by=by,
            asked_at=now(),
            title=title[:80],
            requests=requests,
            papers_total=len(requests),
            busy_at=now(),
            expires_at=now() + KEPT,
        )
        record("print_run.started", run, by=by, papers=len(requests))
        if len(requests) > AT_ONCE:
            transaction.on_commit(lambda: print_in_background(run.pk, by.pk))
    if len(requests) <= AT_ONCE:
        carry_out(run.pk, by=by)
    run.refresh_from_db()
    return run


def carry_out(run_id: int, *, by) -> None:
    """Issue the papers that are still to be issued; safe to run twice, and after being cut off."""
    run = PrintRun.objects.visible_to(by).get(pk=run_id)
    own, troubles = PrintRun.objects.filter(pk=run_id, state=PrintState.RUNNING), []
    for number, request in enumerate(run.requests[run.papers_done :], run.papers_done + 1):
        try:
            paper = _issue(run, request, by=by)
            signed(paper)
            run.documents.add(paper)
        except Refused as no:
            troubles.append(no.message)
        if not own.update(papers_done=number, busy_at=now()):
            return
    told = "；".join(dict.fromkeys(troubles))[:200]
    failure = f"{len(troubles)} 份没有生成：{told}" if troubles else ""
    state = PrintState.DONE if run.documents.exists() else PrintState.FAILED
    own.update(state=state, failure=failure, busy_at=now())


def _issue(run: PrintRun, request: dict[str, Any], *, by) -> Document:
    if "bill" in request:
        return issue_document(request["bill"], request["kind"], by=by)
    return issue_statement(run.employer_id, request["statement"], by=by, people=[request["employee"]])


def is_stuck(run: PrintRun) -> bool:
    """Whether a running job has been silent for too long."""
    return run.state == PrintState.RUNNING and now() - run.busy_at > SILENCE


def resume(run_id: int, *, by) -> None:
    """Go on with a run whose job was cut off (继续生成). Raises Refused while it is alive."""
    run = PrintRun.objects.visible_to(by).get(pk=run_id)
    if not is_stuck(run):
        raise Refused("not_stuck", "这一批正在生成或已经完成，不需要再试。", status=409)
    PrintRun.objects.filter(pk=run_id).update(busy_at=now())
    print_in_background(run_id, by.pk)


def _papers(run: PrintRun) -> list[Document]:
    if run.state != PrintState.DONE or run.expires_at < now():
        raise Refused("not_ready", "这一批还没有生成完，或已超过保留期限，请重新打印。", status=409)
    return ordered(run, run.documents.select_related("employer", "employee"))


def ordered(run: PrintRun, papers: Iterable[Document]) -> list[Document]:
    """The papers as they were asked for, month by month or person by person: some had been issued long before."""
    asked = [(one.get("statement") or one["kind"], one.get("bill"), one.get("employee")) for one in run.requests]
    place = {key: number for number, key in enumerate(asked)}
    return sorted(papers, key=lambda one: (place.get((one.kind, one.bill_id, one.employee_id), len(place)), one.pk))


def joined(run_id: int, *, by) -> tuple[PrintRun, bytes]:
    """A finished run with its papers in one PDF, for the printer; each is proved like a single one. Raises Refused."""
    run = PrintRun.objects.visible_to(by).get(pk=run_id)
    papers = _papers(run)
    made = merged(papers, run.title)
    note_download(papers, by=by)
    return run, made


def archive(run_id: int, *, by) -> tuple[PrintRun, bytes]:
    """A finished run with its papers as a zip, signed; each is proved like a single one. Raises Refused."""
    run = PrintRun.objects.visible_to(by).get(pk=run_id)
    papers = _papers(run)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        for number, paper in enumerate(papers, 1):
            files.writestr(f"{number:03d}-{_name(paper)}.pdf", outgoing(paper))
    note_download(papers, by=by)
    return run, out.getvalue()


def _name(paper: Document) -> str:
    who = paper.employee.name if paper.employee else str(paper.month)
    return "".join(sign for sign in f"{paper.title}-{who}-{paper.number}" if sign not in '\\/:*?"<>|')
