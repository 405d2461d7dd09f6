"""更正: what was said since about months that are charged, and which of their charges it moves."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from shebao.rules.months import Month

from ..roster.models import DeclaredWage
from .models import BackPayment, BillLine

Moment = tuple[datetime, int]
"""When something was declared: the instant of the decision, and the declaration where two were decided at once."""


class Said(NamedTuple):
    """What a correction says of somebody's month: the wage, fen, and when it was said (None: only now)."""

    fen: int
    at: Moment | None = None


Corrections = Mapping[tuple[int, Month], Said]
"""What corrects whose month: by employee and month."""


class Moved(NamedTuple):
    """The last line of a charge, and what corrects it."""

    pk: int
    employee: int
    month: Month
    said: Said


def corrections_before(employer, month: Month) -> dict[tuple[int, Month], Said]:
    """The corrections in force (工资更正) of an employer's months before this one."""
    rows = DeclaredWage.objects.filter(
        employee__employer=employer, first_month__lt=month, is_correction=True, is_voided=False
    )
    names = "employee", "first_month", "amount_fen", "declared_in__decided_at", "declared_in"
    return {(pk, of): Said(fen, (at, by)) for pk, of, fen, at, by in rows.values_list(*names)}


def moved_by(corrections: Corrections, charges: QuerySet[BillLine]) -> list[Moved]:
    """Of these charges, each by its last line, those that a correction of their month moves; two queries.

    The last word counts: what was declared to be paid back (补缴) after the correction has its own wage.
    """
    if not corrections:
        return []
    same = {"employee__in": {pk for pk, _ in corrections}, "month__in": {month for _, month in corrections}}
    later = _paid_back_at(**same)
    found = []
    for pk, employee, month, scheme, fen in charges.filter(**same).values_list(
        "pk", "employee", "month", "scheme", "declared_wage"
    ):
        said = corrections.get((employee, month))
        if said is None or said.fen == fen:
            continue
        if said.at is None or later.get((employee, month, scheme), said.at) <= said.at:
            found.append(Moved(pk, employee, month, said))
    return found


def _paid_back_at(**which) -> dict[tuple[int, Month, str], Moment]:
    """When the months that are paid back were declared to be, by employee, month and scheme."""
    rows = BackPayment.objects.filter(is_voided=False, declared_in__decided_at__isnull=False, **which)
    names = "employee", "month", "scheme", "declared_in__decided_at", "declared_in"
    return {(pk, month, scheme): (at, declared) for pk, month, scheme, at, declared in rows.values_list(*names)}
