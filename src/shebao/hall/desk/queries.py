"""Reading the desk: what waits for whom, and one case's life inside the agency."""

from dataclasses import dataclass, field

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from shebao.rules.region_reviews import ReviewStep

from ..declarations.models import Declaration
from ..declarations.queries import desk
from ..operators.models import Operator
from ..scopes import serves
from .models import Approval, DeskCase, DeskNote, Sample
from .signing import is_held, is_pending, open_step, signatures

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


def queue(actor, *, place="all", order="due", **chosen) -> QuerySet[Declaration]:
    """What waits at one place of the desk; `chosen` narrows it as for `declarations.queries.desk`."""
    rows = desk(actor, **chosen).select_related("employer", "declared_by", "desk__holder")
    signed = Approval.objects.filter(declaration=OuterRef("pk"), version=OuterRef("version"), withdrawn_at=None)
    rows = rows.annotate(is_signed=Exists(signed)).filter(_at(place, actor))
    return rows.order_by("submitted_at", "pk") if order == "age" else rows


def queue_counts(actor, **chosen) -> dict[str, int]:
    """How many cases are at each place; one query."""
    signed = Approval.objects.filter(declaration=OuterRef("pk"), version=OuterRef("version"), withdrawn_at=None)
    rows = desk(actor, **chosen).order_by().annotate(is_signed=Exists(signed))
    return rows.aggregate(**{place: Count("pk", filter=_at(place, actor)) for place in PLACES})


def _at(place: str, actor) -> Q:
    pending = Q(desk__effective_at__isnull=False, desk__pending_version=F("version"))
    held = Q(desk__held_on__isnull=False, desk__held_version=F("version"))
    return {
        "all": ~pending,
        "mine": Q(desk__holder=actor) & ~pending & ~held,
        "free": Q(desk__holder=None) & ~pending,
        "held": held & ~pending,
        "second": Q(is_signed=True) & ~pending,
        "pending": pending,
    }[place]


def next_free(actor, count: int, **chosen) -> list[int]:
    """The most urgent cases in nobody's hands that the actor may review: not their own."""
    rows = queue(actor, place="free", **chosen).exclude(declared_by=actor)
    return list(rows.values_list("pk", flat=True)[:count])


@dataclass(frozen=True)
class DeskView:
    """One case as the agency has it. `step` is the one that lacks a signature; `others` may take it over."""

    case: DeskCase | None
    is_pending: bool
    is_held: bool
    step: ReviewStep | None
    steps: tuple[ReviewStep, ...]
    signed: list[Approval]
    notes: list[DeskNote]
    colleagues: list[Operator] = field(default_factory=list)

    @property
    def holder(self) -> Operator | None:
        """Who has it in hand."""
        return self.case.holder if self.case else None

    def is_free_for(self, actor) -> bool:
        """Whether the actor may decide it as it lies there."""
        return not self.is_pending and not self.is_held and self.holder in (None, actor)


def desk_view(actor, declaration: Declaration) -> DeskView:
    """Where a case stands inside the agency."""
    case = DeskCase.objects.visible_to(actor).select_related("holder", "pending_by").filter(pk=declaration.pk).first()
    signed = signatures([declaration]).get(declaration.pk, [])
    notes = DeskNote.objects.visible_to(actor).filter(declaration=declaration).select_related("by", "to")
    people = Operator.objects.visible_to(actor).filter(is_active=True).exclude(pk=actor.pk).order_by("name")
    return DeskView(
        case=case,
        is_pending=is_pending(case, declaration),
        is_held=is_held(case, declaration),
        step=open_step(declaration.review_steps, signed),
        steps=declaration.review_steps,
        signed=signed,
        notes=list(notes.order_by("-at", "-pk")),
        colleagues=[
            one for one in people if one.may("review") and (not one.divisions or serves(one, declaration.employer))
        ],
    )


def sample_of(actor, pk: int) -> Sample:
    """A batch that was drawn for the actor. Raises DoesNotExist."""
    return Sample.objects.visible_to(actor).get(pk=pk)
