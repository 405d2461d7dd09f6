"""Reading the desk: what waits for whom, and one case's life inside the agency."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from shebao.rules.region_reviews import ReviewStep

from ..clock import midnight
from ..operators.models import Operator
from ..prepared import counted, prepared
from ..scopes import Desk
from .holds import HELD
from .kinds import DECLARATIONS, Kind
from .models import InternalNote, NoteKind, Sample, Signature, Tables
from .signing import for_others_to_sign, is_held, is_pending, open_step, signatures, why_not

PLACES = {
    "all": "全部",
    "mine": "我的",
    "free": "待领",
    "held": "挂起",
    "second": "待复审",
    "pending": "待生效",
}
"""Whose hands a waiting case is in, or what it waits for."""
ORDERS = {"due": "时限近的在前", "age": "提交早的在前"}
Days = tuple[date | None, date | None]
"""From which day on and until which day something was submitted; None: from or until whenever."""
ANY_DAY: Days = (None, None)
A_LOOK = 100
"""Waiting cases that are read at once to find those that somebody may claim."""


def queue(
    actor, *, place="all", order="due", days: Days = ANY_DAY, kind: Kind = DECLARATIONS, **chosen
) -> QuerySet[Any]:
    """What waits at one place of the desk; `chosen` narrows it as for what waits of this kind at all."""
    rows = kind.waiting(actor, **chosen).filter(submitted_within(days)).select_related("employer", "desk__holder")
    rows = rows.annotate(is_signed=Exists(_signed(kind.of))).filter(_at(place, actor))
    return rows.order_by("submitted_at", "pk") if order == "age" else rows


def queue_size(actor, *, kind: Kind = DECLARATIONS) -> int:
    """How many cases of a kind wait at the desk at all: for the menu of every page."""
    if not actor.is_desk:
        return 0
    return sum(_queue_size(actor.region, actor.divisions, kind))


@prepared
def _queue_size(region: str, divisions: list[str], kind: Kind) -> QuerySet:
    return counted(kind.waiting(Desk(region, divisions)).filter(_at("all", None)))


def queue_counts(actor, *, days: Days = ANY_DAY, kind: Kind = DECLARATIONS, **chosen) -> dict[str, int]:
    """How many cases are at each place; one query."""
    rows = kind.waiting(actor, **chosen).filter(submitted_within(days)).order_by()
    rows = rows.annotate(is_signed=Exists(_signed(kind.of)))
    return rows.aggregate(**{place: Count("pk", filter=_at(place, actor)) for place in PLACES})


def submitted_within(days: Days) -> Q:
    """Submitted on one of these days."""
    first, last = days
    found = Q(submitted_at__gte=midnight(first)) if first else Q()
    return found & Q(submitted_at__lt=midnight(last + timedelta(days=1))) if last else found


def _signed(of: Tables) -> QuerySet:
    about = {of.about: OuterRef("pk"), "version": OuterRef("version")}
    return of.signature.objects.filter(**about, withdrawn_at=None)


def _at(place: str, actor) -> Q:
    pending = Q(desk__effective_at__isnull=False, desk__pending_version=F("version"))
    if place == "pending":
        return pending
    found = {
        "all": Q(),
        "mine": Q(desk__holder=actor) & ~HELD,
        "free": Q(desk__holder=None),
        "held": HELD,
        "second": Q(is_signed=True),
    }[place]
    return found & ~pending


def next_free(actor, count: int, *, kind: Kind = DECLARATIONS, **chosen) -> list[int]:
    """The most urgent cases in nobody's hands that the actor may decide next: not their own, nor signed by them."""
    rows = queue(actor, place="free", kind=kind, **chosen)
    rows, found = rows.exclude(**{kind.of.maker: actor}) if kind.of.maker else rows, []
    start = 0
    while len(found) < count and (part := list(rows[start : start + A_LOOK])):  # once, as a rule: few made many of them
        own, start = kind.own(part, actor) | for_others_to_sign(part, actor, kind.of), start + A_LOOK
        found += [one.pk for one in part if one.pk not in own]
    return found[:count]


@dataclass(frozen=True)
class DeskView:
    """One case as the agency has it. `step` is the one that lacks a signature; `colleagues` may get it handed on.

    `makers` are the keys of those who declared, submitted or repaired it: they do not decide it.
    """

    case: Any
    is_pending: bool
    is_held: bool
    step: ReviewStep | None
    steps: tuple[ReviewStep, ...]
    signed: list[Signature]
    notes: list[InternalNote]
    makers: frozenset[int] = frozenset()
    colleagues: list[Operator] = field(default_factory=list)

    @property
    def holder(self) -> Operator | None:
        """Who has it in hand."""
        return self.case.holder if self.case else None

    @property
    def why_held(self) -> str:
        """What it waits for, as was written when it was held; "" where it is not."""
        told = [one for one in self.notes if one.kind == NoteKind.HOLD]
        return max(told, key=lambda one: one.pk).text if told and self.is_held else ""

    def is_free_for(self, actor) -> bool:
        """Whether the actor may decide it as it lies there: in nobody else's hands, and not their own work."""
        return not self.is_pending and not self.is_held and self.holder in (None, actor) and not self.is_own_of(actor)

    def is_own_of(self, actor) -> bool:
        """Whether the actor made it, so that somebody else decides."""
        return actor.pk in self.makers

    def is_in_hand_of(self, actor) -> bool:
        """Whether the actor took it in hand to decide it."""
        return self.holder == actor and not self.is_own_of(actor)

    def has_signed(self, actor) -> bool:
        """Whether the actor signed already: what is still to be signed is for somebody else."""
        return any(one.by_id == actor.pk for one in self.signed)

    @property
    def _roles(self) -> list[str]:
        """The roles of whoever signed the step that it is at."""
        return [one.role for one in self.signed if self.step and one.step == self.step.key]

    def may_sign(self, actor) -> bool:
        """Whether the case lacks a signature that the actor may give: one each, of the roles that its step names."""
        return self.step is None or (not self.has_signed(actor) and self.step.may_sign(actor.role, self._roles))

    def is_last_for(self, actor) -> bool:
        """Whether nobody else would have to sign after the actor."""
        return self.step is None or (self.step is self.steps[-1] and self.step.is_met([*self._roles, actor.role]))


def desk_view(actor, thing, kind: Kind = DECLARATIONS) -> DeskView:
    """Where a case stands inside the agency."""
    of = kind.of
    case = of.case.objects.visible_to(actor).select_related("holder", "pending_by").filter(pk=thing.pk).first()
    signed = signatures([thing], of).get(thing.pk, [])
    notes = of.note.objects.visible_to(actor).filter(**{of.about: thing}).select_related("by", "to")
    makers = kind.makers([thing])[thing.pk]
    people = Operator.objects.visible_to(actor).filter(is_active=True).exclude(pk__in={actor.pk, *makers})
    people = people.order_by("name")
    return DeskView(
        case=case,
        is_pending=is_pending(case, thing),
        is_held=is_held(case, thing),
        step=open_step(thing.review_steps, signed),
        steps=thing.review_steps,
        signed=signed,
        notes=list(notes.order_by("-at", "-pk")),
        makers=frozenset(makers),
        colleagues=[one for one in people if _may_have(one, thing, signed, kind)],
    )


def _may_have(colleague, thing, signed: list[Signature], kind: Kind) -> bool:
    """Whether it may be handed on to them: they review, serve where it comes from, and may sign what is open."""
    serves = not colleague.divisions or kind.is_for(colleague, thing)
    return colleague.may("review") and serves and not why_not(thing, signed, colleague)


def sample_of(actor, pk: int) -> Sample:
    """A batch that was drawn for the actor. Raises DoesNotExist."""
    return Sample.objects.visible_to(actor).get(pk=pk)
