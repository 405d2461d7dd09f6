"""Assessing chosen employers, or all, that did not declare a month: one after the other, each whole or not at all."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from shebao.rules.months import Month
from shebao.rules.settling_words import settling

from ..audit.operations import record
from ..clock import now
from ..employers.models import Employer
from ..errors import Refused, permit
from ..regions import region
from .models import UndeclaredRun
from .provisional import assess_undeclared
from .tasks import assess_in_background
from .undeclared import refuse_early, undeclared

AT_ONCE = 20
"""So many employers are assessed while the page waits; more go to the background."""


def start_run(employer_ids: Sequence[int] | None, month: Month, *, by) -> UndeclaredRun:
    """Assess these employers for a month that they did not declare, or all there are (None); each is one transaction.

    Raises Refused before the deadline, and where nobody of them is to be assessed.
    """
    permit(by, "review", "审核")
    refuse_early(region(by.region), month)
    rows = undeclared(by, month)
    chosen = list((rows if employer_ids is None else rows.filter(pk__in=employer_ids)).values_list("pk", flat=True))
    if not chosen:
        raise Refused(
            "nobody_chosen",
            settling(region(by.region).terms, "没有要暂核定的单位：请勾选还没有结算的单位；刚结算的已经不在名单里。"),
        )
    with transaction.atomic():
        run = UndeclaredRun.objects.create(region=by.region, month=month, asked_by=by, asked_at=now(), employers=chosen)
        record("undeclared.started", run, by=by, month=str(month), count=len(chosen))
    if len(chosen) > AT_ONCE:
        assess_in_background(run.pk, by.pk)
    else:
        carry_out(run.pk, by=by)
    return run


def carry_out(run_id: int, *, by) -> None:
    """Do what a run has not done yet, and keep how far it is; safe to do twice: no employer is assessed twice."""
    run = UndeclaredRun.objects.visible_to(by).get(pk=run_id)
    own = UndeclaredRun.objects.filter(pk=run.pk)
    names = {pk: (number, name) for pk, number, name in _names(run.employers)}
    skipped = list(run.skipped)
    for done, pk in enumerate(run.employers[run.employers_done :], run.employers_done + 1):
        try:
            bill = assess_undeclared(pk, run.month, by=by)
        except Refused as no:
            skipped.append([*names.get(pk, ("", "")), no.message])
            own.update(skipped=skipped, employers_done=done)
        else:
            own.update(employers_done=done, made=F("made") + 1, total_fen=F("total_fen") + bill.total_due)
    own.filter(finished_at=None).update(finished_at=now())


def _names(pks: Sequence[int]):
    return Employer.objects.filter(pk__in=pks).values_list("pk", "employer_number", "name")
