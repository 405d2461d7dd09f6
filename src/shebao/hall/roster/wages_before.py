"""Which declared wage counted at a moment of the past: what replaced it since is told by the declaration that did."""

import operator
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from itertools import product

from .models import DeclaredWage

REPLACED, AHEAD = "replaced_wage", "wages_ahead"
"""Under which words a declaration remembers in `before` the wages that it voided: of its own month, of later ones."""


def wages_at(rows: Collection[DeclaredWage], moment: datetime) -> set[int]:
    """What the wage in force may have been at that moment, fen, of all wages of one employee up to some month.

    More than one only where something happened in the same instant, before or after it. A wage that no declaration
    brought was there from the start; one that was undone was never charged, or it could not have been undone.
    """
    found = (_counting(rows, moment, *how) for how in product((operator.lt, operator.le), repeat=2))
    return {one.amount_fen if one else 0 for one in found}


def wage_at(rows: Collection[DeclaredWage], moment: datetime) -> DeclaredWage | None:
    """The wage in force right after that moment, of all wages of one employee up to some month."""
    return _counting(rows, moment, operator.le, operator.lt)


def _counting(
    rows: Collection[DeclaredWage], moment: datetime, begins: Callable, ends: Callable
) -> DeclaredWage | None:
    replaced_at: dict[int, datetime] = {}
    for one in rows:
        before: Mapping = one.declared_in.before if one.declared_in else {}
        for pk in (before.get(REPLACED), *before.get(AHEAD, ())):
            replaced_at[pk] = max(one.declared_at, replaced_at.get(pk, one.declared_at))
    counting = [
        one
        for one in rows
        if (one.declared_in_id is None or begins(one.declared_at, moment))
        and (not one.is_voided or (one.pk in replaced_at and ends(moment, replaced_at[one.pk])))
    ]
    return max(counting, key=lambda one: (one.first_month.index, one.declared_at, one.pk), default=None)
