"""Which declared wage counted at a moment of the past: what replaced it since is told by the declaration that did."""

import sys
from collections.abc import Collection, Mapping
from datetime import datetime

from .models import DeclaredWage

REPLACED, AHEAD = "replaced_wage", "wages_ahead"
"""Under which words a declaration remembers in `before` the wages that it voided: of its own month, of later ones."""


def wages_at(rows: Collection[DeclaredWage], moment: datetime) -> set[int]:
    """The wages in fen that may have counted for a month when it was settled at `moment`; 0: none.

    `rows` are all wages of one employee up to that month. More than one only where wages were declared in the same
    instant: the settlement may have come before or after each of them. A wage that no declaration brought was there
    from the start; one that was undone was never charged, or it could not have been undone.
    """
    then = sorted(one.pk for one in rows if one.declared_at == moment)
    found = (_counting(rows, (moment, last)) for last in (0, *then))
    return {one.amount_fen if one else 0 for one in found}


def wage_at(rows: Collection[DeclaredWage], moment: datetime) -> DeclaredWage | None:
    """The wage in force right after that moment, of all wages of one employee up to some month."""
    return _counting(rows, (moment, sys.maxsize))


def _counting(rows: Collection[DeclaredWage], until: tuple[datetime, int]) -> DeclaredWage | None:
    """The wage that counted when the last of these had been declared: `until` is its instant and its key."""
    replaced: dict[int, tuple[datetime, int]] = {}
    for one in rows:
        before: Mapping = one.declared_in.before if one.declared_in else {}
        for pk in (before.get(REPLACED), *before.get(AHEAD, ())):
            replaced[pk] = max((one.declared_at, one.pk), replaced.get(pk, (one.declared_at, one.pk)))
    counting = [
        one
        for one in rows
        if (one.declared_in_id is None or (one.declared_at, one.pk) <= until)
        and (not one.is_voided or replaced.get(one.pk, until) > until)
    ]
    return max(counting, key=lambda one: (one.first_month.index, one.declared_at, one.pk), default=None)
