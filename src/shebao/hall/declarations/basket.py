"""What waits to be submitted (待提交), and what stands against it."""

from collections import defaultdict
from dataclasses import dataclass, field

from .. import clock
from ..evidence.queries import PaperView, papers_of
from ..regions import region
from .declared_month import WINDOWED, why_closed
from .models import Declaration
from .queries import before_after
from .repairs import unrepaired
from .seconding import for_another
from .states import OPEN, State


@dataclass(frozen=True)
class BasketRow:
    """One declaration waiting to be submitted. `mates`: the person's other undecided ones; `is_unrepaired`: returned,
    not yet repaired; `waits_for_another`: somebody else of the employer must confirm it; `shut`: why the month's window
    refuses it today, "" where it does not.
    """

    declaration: Declaration
    service_title: str
    before_after: str
    problems: list[dict]
    mates: list[Declaration]
    is_unrepaired: bool
    waits_for_another: bool = False
    papers: list[PaperView] = field(default_factory=list)
    shut: str = ""

    @property
    def missing(self) -> list[str]:
        """The papers without which it cannot be submitted."""
        return [one.paper.title for one in self.papers if one.is_missing]

    @property
    def is_ready(self) -> bool:
        """Nothing that the clerk knows of stands against submitting it."""
        return not (self.is_unrepaired or self.missing or self.waits_for_another or self.shut)


def basket_rows(actor) -> list[BasketRow]:
    """Drafts and returned declarations, oldest first (待提交)."""
    rows = Declaration.objects.visible_to(actor).filter(state__in=(State.DRAFT, State.RETURNED))
    rows = list(rows.select_related("declared_by", "employer", "proposed_by").order_by("service", "declared_at", "pk"))
    about = defaultdict(list)
    everything = Declaration.objects.visible_to(actor).filter(state__in=OPEN).order_by("pk")
    for one in everything.defer("answers", "before"):
        about[one.employer_id, one.subject_digest].append(one)
    as_returned, papers, others = unrepaired(rows), papers_of(rows), for_another(rows, by=actor)
    why = why_closed(region(actor.region), clock.local_now())
    return [
        BasketRow(
            d, d.spec.title, before_after(d), d.findings,
            mates=[m for m in about[d.employer_id, d.subject_digest] if m.pk != d.pk],
            is_unrepaired=d.pk in as_returned, waits_for_another=d.pk in others, papers=papers.get(d.pk, []),
            shut=why if WINDOWED.intersection(d.spec.checks) else "",
        )
        for d in rows
    ]  # fmt: skip
