"""Reading registrations: the applicant's own by number and telephone, the agency's by region."""

import re
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, QuerySet

from shebao.rules.forms import Problem
from shebao.rules.identity import written_phone
from shebao.rules.region import Region
from shebao.rules.region_registration import RegistrationStep

from .. import clock
from ..declarations.queries import DECISIONS
from ..employers.models import Employer
from ..personal_data import masked_answer
from ..regions import region
from ..roster.unmasking import note_whole
from . import checks
from .models import Agreement, Registration, RegistrationEvent, RegistrationPaper
from .operations import KEEPS
from .states import State


def own_registration(pk: int | None) -> Registration | None:
    """The registration that a browser holds; None when it is gone, or a draft that was left alone for too long."""
    found = Registration.objects.select_related("employer", "operator").filter(pk=pk).first() if pk else None
    return found if found and not _is_old(found) else None


def find_registration(number: str, phone: str) -> Registration | None:
    """The registration with this number whose clerk has this telephone: both, or nothing is said."""
    rows = Registration.objects.filter(by_number(number, phone))
    found = rows.select_related("employer", "operator").first()
    return found if found and not _is_old(found) else None


def by_number(number: str, phone: str) -> Q:
    """Whether it has this number and telephone, however somebody writes them; nothing has none."""
    drawn = re.sub(r"[^0-9A-Z]", "", number.upper())
    digits = re.sub(r"[\s\-]", "", phone).removeprefix("+86")
    asked = Q(number=f"{drawn[:5]}-{drawn[5:]}", phone_digest=checks.phone_digest(digits))
    return asked if digits else Q(pk__in=())


def _is_old(registration: Registration) -> bool:
    return registration.state == State.DRAFT and registration.touched_at < clock.now() - KEEPS


@dataclass
class AnswerView:
    """One answer: what is on file, what it said before it was returned, what it says, what was marked.

    `is_repaired`: it was changed since it was returned; `changed`: it differs from what is on file. Both were asked of
    the whole answers: two numbers may look alike behind their masks.
    """

    id: str
    kind: str
    label: str
    old: str
    new: str
    previous: str
    mark: str
    problems: list[Problem] = field(default_factory=list)
    step: int = 0
    is_repaired: bool = False
    changed: bool = False
    is_masked: bool = False


def answers_of(
    registration: Registration, here: Region, employer: Employer | None = None, *, in_full: bool
) -> list[AnswerView]:
    """Every question of the wizard in its order, in words; unless `in_full`, what is personal behind its mask."""
    found = []
    for step, one in here.registration.fields(here.forms):
        plain = written_phone if one.kind == "telephone" else str
        words = here.codes[one.options].title_of if one.options else plain

        def said(value, words=words) -> str:
            return words(value) if value else ""

        new = said(registration.answers.get(one.id, ""))
        before = said(registration.before.get(one.id, "")) if registration.before else new
        old = said(str(getattr(employer, one.id, "") or "")) if employer else ""
        whole = (old, new, before)
        said_of = whole if in_full else tuple(masked_answer(one.kind, text) for text in whole)
        found.append(
            AnswerView(
                one.id, one.kind, one.label, *said_of, registration.marks.get(one.id, ""), step=step,
                is_repaired=new != before, changed=bool(old) and old != new, is_masked=said_of != whole,
            )
        )  # fmt: skip
    return found


@dataclass
class PaperView:
    """A paper and its files. Since it was returned: `new` came (keys), `is_repaired`: others are there."""

    id: str
    title: str
    files: list[RegistrationPaper]
    is_missing: bool
    mark: str
    has_template: bool
    number: int
    is_seen: bool = False
    new: frozenset[int] = frozenset()
    is_repaired: bool = False


def papers_of(registration: Registration) -> list[PaperView]:
    """Every paper that the region asks for."""
    files = list(registration.papers.select_related("stored"))
    spec, before = registration.spec, registration.before
    found = [
        PaperView(
            f"paper_{number}",
            paper.title,
            there := [one for one in files if one.title == paper.title],
            paper.required and paper.keep == "upload" and not there and paper.title not in registration.seen_papers,
            registration.marks.get(f"paper_{number}", ""),
            spec.template(paper.title) is not None,
            number,
            paper.title in registration.seen_papers,
        )
        for number, paper in enumerate(spec.papers)
    ]
    for one in found:
        if one.id in before:
            then = _files_then(registration, one.id)
            one.new = frozenset(file.pk for file in one.files if file.stored_id not in then)
            one.is_repaired = {file.stored_id for file in one.files} != then
    return found


def _files_then(registration: Registration, paper: str) -> set[int]:
    """Which files a paper had as it was returned."""
    return {int(pk) for pk in registration.before.get(paper, "").split()}


def _as_returned(made: Registration, papers: list[PaperView]) -> None:
    """Put back, for this look, what was submitted: what the applicant repairs is nobody else's until it is sent in."""
    made.answers = {key: value for key, value in made.before.items() if not key.startswith("paper_")}
    for one in papers:
        then = _files_then(made, one.id)
        one.files = [file for file in one.files if file.stored_id in then]
        one.new, one.is_repaired = frozenset(), False


def stored_paper(actor, pk: int) -> RegistrationPaper:
    """A file of a registration that the agency may see. Raises DoesNotExist."""
    visible = Registration.objects.visible_to(actor)
    rows = RegistrationPaper.objects.select_related("stored", "registration__employer")
    return rows.get(pk=pk, registration__in=visible)


@dataclass(frozen=True)
class DeskView:
    """One registration for its reviewer."""

    registration: Registration
    region: Region
    answers: list[AnswerView]
    papers: list[PaperView]
    areas: list[tuple[str, bool]]
    agreements: list[Agreement]
    findings: list[checks.Finding]
    proposed: dict[str, str]


def desk_view(actor, pk: int, *, in_full: bool = False) -> DeskView:
    """One registration as its reviewer reads it. Raises DoesNotExist.

    The caller puts the look on record; `in_full` is for whoever was shown in by `whole_registration`.
    """
    made = (
        Registration.objects.visible_to(actor)
        .select_related("employer", "operator", "decided_by", "entered_by")
        .get(pk=pk)
    )
    here = region(made.region)
    papers = papers_of(made)
    if made.state == State.RETURNED and made.entered_by_id is None:
        _as_returned(made, papers)
    employer = checks.on_file(here.code, made.answers.get("credit_code", "")) if made.employer_id is None else None
    return DeskView(
        made,
        here,
        answers_of(made, here, employer, in_full=in_full),
        papers,
        [(area.title, area.key in made.areas) for area in here.registration.areas],
        list(made.agreements.order_by("agreed_at")),
        checks.findings(made, here) if made.state == State.SUBMITTED else [],
        checks.proposed(made, here) if made.state == State.SUBMITTED else {},
    )


@transaction.atomic
def whole_registration(actor, pk: int, reason: str) -> DeskView:
    """One registration with its numbers whole (查看完整号码): a right, with a reason, not too often, on record."""
    made = Registration.objects.visible_to(actor).select_related("employer").get(pk=pk)
    note_whole(made, reason, by=actor, employer=made.employer)
    return desk_view(actor, pk, in_full=True)


def steps_shown(registration: Registration | None, here: Region) -> list[tuple[int, RegistrationStep]]:
    """The steps of the wizard that this registration goes through, each with its index."""
    steps = list(enumerate(here.registration.steps))
    if registration is None or not registration.areas or checks.asks_agreement(registration, here):
        return steps
    return [(number, step) for number, step in steps if step.kind != "agreement"]


def decisions(actor, *, move="", q="") -> QuerySet[RegistrationEvent]:
    """What the actor decided about registrations, newest first. `q`: name of the employer, then or now, or number."""
    rows = RegistrationEvent.objects.visible_to(actor).filter(by=actor, move__in=DECISIONS)
    if move in DECISIONS:
        rows = rows.filter(move=move)
    if q:
        named = Q(name__icontains=q) | Q(registration__employer__name__icontains=q)
        rows = rows.filter(named | Q(registration__number=q.upper()))
    return rows.order_by("-at", "-pk")
