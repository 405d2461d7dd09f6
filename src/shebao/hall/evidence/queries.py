"""Which papers a declaration has and which it lacks; the employer's own collection."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.timezone import make_naive

from shebao.rules.months import Month, months_between
from shebao.rules.region import Service
from shebao.rules.region_pages import Paper

from .. import clock
from ..declarations.states import State
from ..services.scene import chunks
from .models import EmployerPaper, Evidence

MARK = "paper:"
"""How a reviewer's mark on a paper begins, so that it is told from a mark on a field of the form."""


@dataclass(frozen=True)
class PaperView:
    """One paper that a service asks for, with its files. `new` are the keys of those that came after a return."""

    paper: Paper
    files: list[Evidence] = field(default_factory=list)
    mark: str = ""
    new: frozenset[int] = frozenset()

    @property
    def key(self) -> str:
        """The name of a mark on this paper."""
        return f"{MARK}{self.paper.title}"

    @property
    def is_needed(self) -> bool:
        """Without it the declaration cannot be submitted."""
        return self.paper.keep == "upload" and self.paper.required

    @property
    def is_missing(self) -> bool:
        """Needed, and not there."""
        return self.is_needed and not self.files

    @property
    def may_be_uploaded(self) -> bool:
        """Whether the hall takes it at all: what is handed in at the counter is not uploaded."""
        return self.paper.keep != "counter"


def is_open_for_papers(declaration) -> bool:
    """Whether papers may still be added to a declaration and taken away: the agency has it not, or gave it back."""
    return declaration.state in (State.DRAFT, State.RETURNED)


def papers_of(declarations: Iterable) -> dict[int, list[PaperView]]:
    """The papers of each declaration, in the order of its service; two queries for any number of declarations."""
    asked = {d.pk: d for d in declarations if d.spec.papers}
    own, shared = defaultdict(list), defaultdict(list)
    for part in chunks(asked):
        for one in _live().filter(declaration__in=part):
            own[one.declaration_id, one.title].append(one)
    employers = {d.employer_id for d in asked.values()}
    services = {d.service for d in asked.values() if any(paper.covers == "month" for paper in d.spec.papers)}
    if services:
        for one in _live().filter(employer__in=employers, service__in=services, declaration=None):
            shared[one.employer_id, one.service, one.month, one.title].append(one)
    return {pk: [_view(d, paper, own, shared) for paper in d.spec.papers] for pk, d in asked.items()}


def _live() -> QuerySet[Evidence]:
    return Evidence.objects.filter(removed_at=None).select_related("stored__stored_by").order_by("added_at", "pk")


def _view(declaration, paper: Paper, own: dict, shared: dict) -> PaperView:
    mark = declaration.marks.get(f"{MARK}{paper.title}", "")
    if paper.covers == "each":
        return PaperView(paper, own[declaration.pk, paper.title], mark)
    first = Month.of(make_naive(declaration.declared_at).date())
    months = months_between(min(first, declaration.month), max(declaration.month, _still_open(declaration)))
    files = [one for m in months for one in shared[declaration.employer_id, declaration.service, m, paper.title]]
    return PaperView(paper, files, mark)


def _still_open(declaration) -> Month:
    """What is not submitted yet may use the papers of the present month."""
    return Month.of(clock.today()) if is_open_for_papers(declaration) else declaration.month


def missing_papers(declarations: Iterable) -> dict[int, str]:
    """A sentence for every declaration that lacks a paper it cannot do without."""
    sentences = {}
    for pk, papers in papers_of(declarations).items():
        if lost := [one.paper.title for one in papers if one.is_missing]:
            sentences[pk] = f"还没有上传{'、'.join(f'“{title}”' for title in lost)}，请上传后再提交。"
    return sentences


def monthly_papers(actor, service: Service, month: Month) -> list[PaperView]:
    """The papers that all declarations of a service share in a month; one query."""
    files = defaultdict(list)
    rows = _live().filter(employer=actor.employer_id, service=service.key, month=month)
    for one in rows:
        files[one.title].append(one)
    return [PaperView(paper, files[paper.title]) for paper in service.uploads if paper.covers == "month"]


def employer_papers(actor, q: str = "") -> QuerySet[EmployerPaper]:
    """The employer's own papers, by title."""
    rows = EmployerPaper.objects.visible_to(actor).filter(removed_at=None).select_related("stored", "changed_by")
    return (rows.filter(title__icontains=q) if q else rows).order_by("title", "pk")
