"""What a reviewer decided (我办过的), of declarations and registrations alike, in one order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Value

from ..declarations import queries as declarations
from ..registration import queries as registrations

MOVES = declarations.DECISIONS
DECLARATION, REGISTRATION = 0, 1


@dataclass(frozen=True)
class Decided:
    """One decision: `event` says what was done and when, `about` is the declaration or the registration."""

    event: Any
    about: Any
    is_registration: bool

    @property
    def service_title(self) -> str:
        """What it was, in words."""
        return self.about.spec.title

    @property
    def employer_name(self) -> str:
        """Whose it was; an employer that registers is called what it called itself then."""
        return self.event.name if self.is_registration else self.about.employer.name


def decisions(actor, *, move: str = "", q: str = "") -> QuerySet:
    """Which decisions there are, newest first: keys for `rows`. `move`: one of MOVES; `q`: name, number, employer."""
    declared = declarations.decisions(actor, move=move, q=q)
    registered = registrations.decisions(actor, move=move, q=q)
    return _keys(declared, DECLARATION).union(_keys(registered, REGISTRATION), all=True).order_by("-at", "-id")


def _keys(rows: QuerySet, kind: int) -> QuerySet:
    return rows.order_by().values_list("at", "id", Value(kind, output_field=IntegerField()))


def counts(actor, *, q: str = "") -> dict[str, int]:
    """How many decisions of each move there are, and "all"."""
    found = (one.decisions(actor, q=q) for one in (declarations, registrations))
    each = [declarations.decision_counts(rows) for rows in found]
    return {move: sum(one[move] for one in each) for move in ("all", *MOVES)}


def rows(actor, keys: Sequence[tuple]) -> list[Decided]:
    """The decisions of some rows of `decisions`, in their order."""
    wanted: dict[int, list[int]] = {DECLARATION: [], REGISTRATION: []}
    for _, pk, kind in keys:
        wanted[kind].append(pk)
    declared = declarations.decisions(actor).in_bulk(wanted[DECLARATION])
    registered = registrations.decisions(actor).select_related("registration").in_bulk(wanted[REGISTRATION])
    return [
        Decided(registered[pk], registered[pk].registration, is_registration=True)
        if kind == REGISTRATION
        else Decided(declared[pk], declared[pk].declaration, is_registration=False)
        for _, pk, kind in keys
    ]
