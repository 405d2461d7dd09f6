"""Long work on a batch: check, confirm, undo. One transaction each; whatever stops it, the batch can be used again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from ..audit.operations import record
from ..bulk import paused_collector
from ..clock import now
from ..declarations import operations as pipe
from ..declarations.seconding import waits
from ..errors import Conflict, Refused
from ..regions import region
from .models import BUSY, Batch, BatchState, RowState
from .rows import COUNTED, check_whole_batch, parts, still, store_findings
from .tasks import work_in_background

AT_ONCE = 500
"""Rows that are written while the page waits; more go to the background."""
SILENCE = timedelta(minutes=2)
"""Without a sign of life for so long, a job may be tried again. A second run finds the work done and does nothing."""
BROKEN_OFF = "处理中断了，什么都没有写入，请再试一次。若仍然不行，请联系经办机构。"


def is_stuck(batch: Batch) -> bool:
    """Whether the job of a busy batch has been silent for too long: stopped with its process, or behind others."""
    return batch.state in BUSY and (batch.busy_at is None or now() - batch.busy_at > SILENCE)


def begin(batch: Batch, rows: int, *, by) -> None:
    """Do the work now when it is small, else in the background. Raises what the work raises."""
    if rows > AT_ONCE:
        transaction.on_commit(lambda: work_in_background(batch.pk, by.pk))
        return
    try:
        carry_on(batch.pk, by=by)
    except Refused:
        Batch.objects.filter(pk=batch.pk).update(message="")  # the page that waits says it
        raise


def occupy(batch: Batch, state: str) -> None:
    """Mark a locked batch as being worked on."""
    batch.state, batch.busy_at, batch.message, batch.rows_checked = state, now(), "", 0
    batch.save(update_fields=["state", "busy_at", "message", "rows_checked"])


def carry_on(batch_id: int, *, by) -> None:
    """Do what the batch waits for; safe to run twice. Raises Refused and Conflict as the work does."""
    state = Batch.objects.visible_to(by).values_list("state", flat=True).get(pk=batch_id)
    work = {
        BatchState.CHECKING: check_whole_batch,
        BatchState.CONFIRMING: _confirm,
        BatchState.UNDOING: _undo,
    }.get(state)
    if work:
        with _given_back(batch_id, state), paused_collector():
            work(batch_id, by=by)


@contextmanager
def _given_back(batch_id: int, state: str) -> Iterator[None]:
    """Work that fails leaves the batch as it was before, with the reason on it."""
    try:
        yield
    except BaseException as error:  # also the end of the process: a signal arrives as SystemExit
        message = error.message if isinstance(error, Refused) else BROKEN_OFF
        batch = Batch.objects.filter(pk=batch_id, state=state)
        if state == BatchState.CHECKING:
            batch.update(busy_at=None, message=message)  # nobody edits unchecked rows: the page offers another try
        else:
            batch.update(state=_resting(batch_id), message=message)
        raise


def _resting(batch_id: int) -> str:
    open_rows = Batch.objects.get(pk=batch_id).rows.filter(state__in=COUNTED).exists()
    return BatchState.FIXING if open_rows else BatchState.DONE


def _taken(batch_id: int, state: str, by) -> Batch | None:
    """The batch, locked, if the work is still to be done."""
    batch = Batch.objects.visible_to(by).select_for_update(of=("self",)).select_related("employer").get(pk=batch_id)
    return batch if batch.state == state else None


def _confirm(batch_id: int, *, by) -> None:
    """All rows that passed become declarations, or none. Rows that no longer pass are marked anew, and that is kept."""
    still(batch_id, BatchState.CONFIRMING)
    with transaction.atomic():
        batch = _taken(batch_id, BatchState.CONFIRMING, by)
        if batch is None:
            return
        ready = batch.rows.filter(state=RowState.PASSED)
        try:
            made = _declare(batch, ready, by)
        except _NoLonger as no:
            store_findings(no.rows, no.previews)
            refusal = Refused("rules_changed", "有的行在核对之后情况变了，已重新标出，什么都没有写入。请再看一遍。")
            batch.state, batch.message = BatchState.FIXING, refusal.message
            batch.save(update_fields=["state", "message"])
        else:
            refusal = None
            ready.update(state=RowState.IMPORTED, version=F("version") + 1)
            left = batch.rows.filter(state__in=COUNTED).count()
            batch.state, batch.confirmed_at = BatchState.FIXING if left else BatchState.DONE, now()
            batch.save(update_fields=["state", "confirmed_at"])
            record("batch.confirmed", batch, by=by, rows=made, left=left)
    if refusal:
        raise refusal


class _NoLonger(Exception):
    """Rows that passed do not pass any more; none was declared."""

    def __init__(self, rows: list, previews: list):
        super().__init__(f"{len(rows)} rows do not pass")
        self.rows, self.previews = rows, previews


@transaction.atomic
def _declare(batch: Batch, ready, by) -> int:
    """Declare for all the rows, part by part, or for none; how many there were."""
    made = 0
    for rows in parts(ready):
        cells, reasons = [row.cells for row in rows], [row.confirmed for row in rows]
        try:
            pipe.save_declarations(batch.employer_id, batch.service, cells, by=by, confirmed=reasons, batch=batch)
        except pipe.InvalidDeclaration as no:
            raise _NoLonger(rows, no.previews) from no
        made += len(rows)
    return made


def _undo(batch_id: int, *, by) -> None:
    """All declarations of the batch are taken back, or none."""
    still(batch_id, BatchState.UNDOING)
    with transaction.atomic():
        batch = _taken(batch_id, BatchState.UNDOING, by)
        if batch is None:
            return
        pks = list(made_by(batch).values_list("pk", flat=True))
        is_kept = waits(region(batch.employer.region).services[batch.service], batch.employer)
        (pipe.delete_declarations if is_kept else pipe.undo_declarations)(pks, by=by)
        batch.rows.filter(state=RowState.IMPORTED).update(state=RowState.PASSED, version=F("version") + 1)
        batch.state = BatchState.FIXING
        batch.save(update_fields=["state"])
        record("batch.undone", batch, by=by, rows=len(pks))


def made_by(batch: Batch):
    """The declarations of the batch that could be taken back."""
    return batch.declarations.exclude(state__in=["deleted", "undone"]).order_by("pk")


@transaction.atomic
def resume_batch(batch_id: int, *, by) -> Batch:
    """Try again the work of a batch whose job was cut off (再试一次). Raises Conflict while the job is alive."""
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    if not is_stuck(batch):
        raise Conflict("not_stuck", f"这个批次现在是“{batch.get_state_display()}”，不需要再试，请刷新后再看。")
    batch.busy_at, batch.message = now(), ""
    batch.save(update_fields=["busy_at", "message"])
    record("batch.resumed", batch, by=by, state=batch.state)
    transaction.on_commit(lambda: work_in_background(batch.pk, by.pk))
    return batch
