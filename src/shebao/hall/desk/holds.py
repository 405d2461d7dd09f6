"""What is told outside of a case that the desk holds (挂起): that its clock stands still, and whom it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.states import State
from .models import DECLARED, Tables
from .signing import desk_cases, is_held

HOLD, RESUME = "hold", "resume"
"""The steps that whoever gave a case in reads in its life; what colleagues wrote to each other stays in the notes."""
HELD = Q(desk__held_on__isnull=False, desk__held_version=F("version"))
"""Of things at the desk: those whose clock stands still."""


@dataclass(frozen=True)
class Hold:
    """The clock stands still since that day. `words` say what it waits for; "" where that is not for who gave it in."""

    since: date
    words: str = ""


def holds_of(things: Iterable, of: Tables = DECLARED) -> dict[int, Hold]:
    """Those of these that are held, by key: one query, and one more where any is."""
    rows = list(things)
    cases = desk_cases(rows, of)
    held = [one for one in rows if is_held(cases.get(one.pk), one)]
    told: dict[int, str] = {}
    if held:
        steps = type(held[0]).events.rel.related_model.objects.filter(**{f"{of.about}__in": held}, move=HOLD)
        told = dict(steps.order_by("at", "pk").values_list(of.about, "note"))  # the last one counts
    return {one.pk: Hold(cases[one.pk].held_on, told.get(one.pk, "")) for one in held}


def waiting_for_employer(actor) -> QuerySet[Declaration]:
    """The declarations that the desk holds until the employer says or brings something, the longest held first."""
    steps = DeclarationEvent.objects.filter(declaration=OuterRef("pk"), move=HOLD).order_by("-at", "-pk")
    rows = Declaration.objects.visible_to(actor).filter(HELD, state=State.SUBMITTED)
    rows = rows.annotate(held_for=Subquery(steps.values("note")[:1])).exclude(held_for="").exclude(held_for=None)
    return rows.order_by("desk__held_on", "pk")
