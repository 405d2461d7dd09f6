"""Reading declarations: the cases, the desk of the agency, and one case whole."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet

from shebao.rules.identity import tidy_number
from shebao.rules.months import Month

from .. import clock
from ..crypto import blind_index
from ..desk.holds import HELD, Hold, holds_of
from ..evidence.queries import PaperView, papers_of
from ..personal_data import masked_answer
from ..regions import region
from ..roster.unmasking import note_whole
from ..settlement.models import Assessment
from .change_log import in_words, old_and_new, roster_changes, shown
from .declared_month import declared_month
from .models import Declaration, DeclarationEvent, FormDraft
from .repairs import blank, changed_fields, explanation, submissions
from .review import mark_labels
from .states import OPEN, State, offered_moves

COUNTED = (State.DRAFT, State.SUBMITTED, State.RETURNED)


def current_month(here) -> Month:
    """The business month (业务年月) of a region: the calendar month of today."""
    return Month.of(clock.today())


def first_open_month(actor) -> Month:
    """The month that the actor's new declarations concern: the month declared for, or the next once it is settled."""
    month = declared_month(region(actor.region))
    settled = Assessment.objects.visible_to(actor).live().filter(employer=actor.employer_id, series=0)
    last = settled.aggregate(last=Max("month"))["last"]
    return max(month, last.next()) if last else month


def counts(actor, month: Month) -> dict:
    """How many declarations are in each state and how many `held`, with the dates that make them urgent; one query.

    Open ones count whatever their month; approved and rejected ones only of `month`.
    """
    rows = Declaration.objects.visible_to(actor)
    approved, rejected = (Q(state=state, month=month) for state in (State.APPROVED, State.REJECTED))
    named = {state.value: Count("pk", filter=Q(state=state)) for state in COUNTED}
    return rows.aggregate(
        **named,
        approved=Count("pk", filter=approved),
        rejected=Count("pk", filter=rejected),
        oldest_draft_at=Min("declared_at", filter=Q(state=State.DRAFT)),
        due_on=Min("due_on", filter=Q(state=State.SUBMITTED) & ~HELD),
        held=Count("pk", filter=Q(state=State.SUBMITTED) & HELD),
    )


def before_after(declaration: Declaration) -> str:
    """The change in one line: "申报工资 8,000.00 → 8,500.00，2026-11 起"."""
    here = region(declaration.region)
    form = here.forms[declaration.spec.form]
    if declaration.spec.is_about_employer:
        return _replaced(form, declaration)
    wage = next((f for f in form.fields if f.feeds == "declared_wage"), None)
    month = next((f for f in form.fields if f.kind == "month"), None)
    replaced = roster_changes(declaration)
    parts = [in_words(change) for change in replaced]
    if wage and (said := old_and_new(wage, declaration, here)):
        parts.append(f"{wage.label} {said}")
    for one in form.fields:
        if one.kind == "choice" and (declaration.spec.corrects or not (one.feeds or replaced)):
            new = shown(one, declaration.answers.get(one.id), here)
            parts += filter(None, [old_and_new(one, declaration, here) if declaration.spec.corrects else new])
    if declaration.spec.subject != "person":
        asked = [one for one in form.fields if one.kind in ("year", "money") and declaration.answers.get(one.id)]
        parts += [f"{one.label} {shown(one, declaration.answers[one.id], here)}" for one in asked]
    if month:
        last = declaration.answers.get("last_month") if declaration.spec.looks_back else None
        parts.append(f"{month.label} {declaration.first_month}" + (f" 至 {last}" if last else ""))
    return "，".join(parts)


def _replaced(form, declaration: Declaration) -> str:
    here, parts = region(declaration.region), []
    for one in form.fields:
        old, new = (kept.get(one.id) for kept in (declaration.before, declaration.answers))
        if blank(old) != blank(new):
            words = [_in_short(one, value, here) for value in (old, new)]
            parts.append(f"{one.label} {' → '.join(words)}")
    return "，".join(parts)


def _in_short(one, value, here) -> str:
    """As on a list, which is seen by whoever passes: of a telephone number the end."""
    if one.kind == "telephone" and value:
        return f"尾号 {value[-4:]}"
    return shown(one, value, here) or "空"


@dataclass(frozen=True)
class FieldView:
    """One answer, in words: what the roster said, what is declared, what the reviewer marked.

    `is_repaired`: it differs from the submission before this one, which said `previous`; `asked` is the mark that
    this submission answers. `is_masked`: some of it is hidden; what differs was asked of the whole, for two numbers
    may look alike behind their masks.
    """

    id: str
    kind: str
    label: str
    old: str
    new: str
    changed: bool
    mark: str = ""
    previous: str = ""
    is_repaired: bool = False
    asked: str = ""
    problems: list[dict] = field(default_factory=list)
    is_masked: bool = False


@dataclass(frozen=True)
class CaseView:
    """One declaration whole (办件). `moves` are the names of the moves the actor may make now.

    `repaired` names the answers that differ from the submission before; `explanation` is what the employer wrote to
    the reviewer with the repair.
    """

    declaration: Declaration
    service: object
    fields: list[FieldView]
    problems: list[dict]
    events: list[dict]
    moves: list[str]
    is_overdue: bool = False
    hold: Hold | None = None
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    explanation: str = ""
    papers: list[PaperView] = field(default_factory=list)


def case_view(actor, pk: int, *, in_full: bool = False) -> CaseView:
    """One of the actor's declarations. Raises Declaration.DoesNotExist for anybody else's.

    The desk sees what was submitted last, not what the employer is writing since. Numbers are behind their masks;
    `in_full` is for whoever was shown in by `whole_case`.
    """
    rows = Declaration.objects.visible_to(actor).select_related(
        "employer", "employee", "declared_by", "decided_by", "copied_from"
    )
    declaration = rows.get(pk=pk)
    events = list(declaration.events.select_related("by").order_by("at", "pk"))
    if actor.is_desk and not declaration.at_counter:
        _as_submitted(declaration, events)
    problems, hold = declaration.findings, holds_of([declaration]).get(pk)
    fields = _fields(declaration, events, problems, in_full=in_full)
    return CaseView(
        declaration=declaration,
        service=declaration.spec,
        fields=fields,
        problems=problems,
        events=_timeline(declaration, events),
        moves=offered_moves(declaration, actor),
        is_overdue=hold is None and is_overdue(declaration),
        hold=hold,
        confirmed=list(declaration.confirmed.items()),
        repaired=[one.label for one in fields if one.is_repaired],
        explanation=explanation(events),
        papers=_papers(declaration, events),
    )


def _as_submitted(declaration: Declaration, events: list[DeclarationEvent]) -> None:
    """Put back, for this look, what a case said that is with its employer again, and leave out what was found since."""
    sent = submissions(events)
    if declaration.state in (State.DRAFT, State.RETURNED, State.DELETED) and sent and sent[-1] != declaration.answers:
        declaration.answers, declaration.problems = sent[-1], []


@transaction.atomic
def whole_case(actor, pk: int, reason: str) -> CaseView:
    """One declaration with its numbers whole (查看完整号码): a right, with a reason, not too often, on record."""
    declaration = Declaration.objects.visible_to(actor).select_related("employer").get(pk=pk)
    note_whole(declaration, reason, by=actor, employer=declaration.employer)
    return case_view(actor, pk, in_full=True)


def _papers(declaration: Declaration, events: list[DeclarationEvent]) -> list[PaperView]:
    """The papers, with those told apart that came after the last return."""
    returned = [event.at for event in events if event.move == "return"]
    views = papers_of([declaration]).get(declaration.pk, [])
    if not returned:
        return views
    return [replace(view, new=frozenset(one.pk for one in view.files if one.added_at > returned[-1])) for view in views]


def is_overdue(declaration: Declaration) -> bool:
    """Submitted, and its last day for a decision has passed."""
    due = declaration.due_on
    return declaration.state == State.SUBMITTED and due is not None and due < clock.today()


def _fields(
    declaration: Declaration, events: list[DeclarationEvent], problems: list[dict], *, in_full: bool
) -> list[FieldView]:
    here = region(declaration.region)
    form = here.forms[declaration.spec.form]
    sent = submissions(events)
    source = declaration.copied_from
    if declaration.state not in (State.DRAFT, State.RETURNED):
        sent = sent[:-1]
    sent = [source.answers, *sent] if source else sent
    earlier = sent[-1] if sent else {}
    repaired = changed_fields(form, earlier, declaration.answers) if earlier else []
    replaced = {change.id for change in roster_changes(declaration)}
    returns = [source.marks] if source else []
    returns += [event.marks for event in events if event.move == "return"]
    views = []
    for one in form.fields:
        if one.kind == "amount":  # shown with all that it came from
            continue
        old, new = declaration.before.get(one.id), declaration.answers.get(one.id)
        is_repaired = one.label in repaired
        kept = (old, new, earlier.get(one.id) if is_repaired else None)
        whole = tuple(shown(one, value, here, in_full=True) for value in kept)
        said = whole if in_full else tuple(masked_answer(one.kind, text) for text in whole)
        views.append(
            FieldView(
                one.id,
                one.kind,
                one.label,
                *said[:2],
                changed=(one.id in declaration.before or one.id in replaced)
                and blank(old) != blank(new)
                and (new not in (None, "") or declaration.spec.is_about_employer),
                mark=declaration.marks.get(one.id, ""),
                previous=said[2],
                is_repaired=is_repaired,
                asked=returns[-1].get(one.id, "") if returns and not declaration.marks else "",
                problems=[problem for problem in problems if problem["field"] == one.id],
                is_masked=said != whole,
            )
        )
    return views


def _timeline(declaration: Declaration, events: list[DeclarationEvent]) -> list[dict]:
    """The steps with what was marked and what a later submission changed, in words."""
    form, labels = region(declaration.region).forms[declaration.spec.form], mark_labels(declaration)
    steps, earlier = [], None
    for event in events:
        step = _event(event)
        parts = [step["note"], *(f"{labels.get(key, key)}——{text}" for key, text in event.marks.items())]
        if event.move == "submit":
            changed = changed_fields(form, earlier, event.answers) if earlier is not None else []
            parts += [f"改了{'、'.join(changed)}"] if changed else []
            earlier = event.answers
        if event.move == "approve" and declaration.problems:
            parts.append(f"通过时有 {len(declaration.problems)} 项核验提示")
        steps.append(step | {"note": "；".join(part.rstrip("。；") for part in parts if part)})
    return steps


def _event(event: DeclarationEvent) -> dict:
    kinds = {State.APPROVED: "ok", State.RETURNED: "d", State.REJECTED: "d", State.SUBMITTED: "b"}
    return {
        "title": event.title,
        "move": event.move,
        "at": event.at,
        "actor": f"{event.by.name}（{event.by.get_role_display()}）" if event.by else "系统",
        "note": event.note,
        "kind": {"repair": "g", "hold": "w"}.get(event.move) or kinds.get(event.to_state, "g"),
        "marks": event.marks,
    }


RISKS = {"urgent": "临期", "overdue": "已超时限", "flagged": "有核验提示", "routine": "核验全部通过"}
URGENT = timedelta(days=1)
"""A case that is due today or tomorrow is urgent (临期)."""


def _at_risk(risk: str) -> Q:
    today = clock.today()
    return {
        "urgent": Q(due_on__gte=today, due_on__lte=today + URGENT) & ~HELD,
        "overdue": Q(due_on__lt=today) & ~HELD,
        "flagged": ~Q(problems=[]),
        "routine": Q(problems=[]),
    }[risk]


def desk(actor, *, service=None, employer=None, risk=None, named="") -> QuerySet[Declaration]:
    """Submitted declarations of the actor's region, the most urgent first (审核台). `risk` is one of RISKS.

    `named`: part of the employer's name, or how its number begins.
    """
    rows = Declaration.objects.visible_to(actor).filter(state=State.SUBMITTED)
    rows = rows.select_related("employer", "declared_by")
    if service:
        rows = rows.filter(service=service)
    if employer:
        rows = rows.filter(employer=employer)
    if named:
        rows = rows.filter(Q(employer__name__icontains=named) | Q(employer__employer_number__startswith=named))
    if risk in RISKS:
        rows = rows.filter(_at_risk(risk))
    return rows.order_by(F("due_on").asc(nulls_last=True), "submitted_at", "pk")


def desk_counts(rows: QuerySet[Declaration]) -> dict[str, int]:
    """How many of the waiting cases there are of each of RISKS, and "all"; one query."""
    kinds = {risk: Count("pk", filter=_at_risk(risk)) for risk in RISKS}
    return rows.order_by().aggregate(all=Count("pk"), **kinds)


DECISIONS = ("approve", "return", "reject")
"""The moves by which a reviewer decides."""


def decisions(actor, *, move="", q="") -> QuerySet[DeclarationEvent]:
    """What the actor decided, newest first (我办过的). `move`: one of DECISIONS; `q`: name, case number, employer."""
    rows = DeclarationEvent.objects.visible_to(actor).filter(by=actor, move__in=DECISIONS)
    rows = rows.select_related("declaration__employer").defer("answers", "declaration__answers", "declaration__before")
    if move in DECISIONS:
        rows = rows.filter(move=move)
    if q:
        about = Q(declaration__subject_name__icontains=q) | Q(declaration__case_number=q)
        rows = rows.filter(about | Q(declaration__employer__name__icontains=q))
    return rows.order_by("-at", "-pk")


def decision_counts(rows: QuerySet[DeclarationEvent]) -> dict[str, int]:
    """How many decisions there are of each kind, and "all"; one query."""
    kinds = {move: Count("pk", filter=Q(move=move)) for move in DECISIONS}
    return rows.order_by().aggregate(all=Count("pk"), **kinds)


def cases(actor, *, state=None, service=None, month=None, q="", states=None, services=None) -> QuerySet[Declaration]:
    """The actor's declarations, newest first (办件进度). `q`: name, case number or whole identity number.

    `states` and `services` are all that may be found; none: any.
    """
    rows = Declaration.objects.visible_to(actor).select_related("employer", "declared_by", "decided_by")
    rows = rows.filter(state=state) if state in State.values else rows.exclude(state=State.DELETED)
    if states:
        rows = rows.filter(state__in=states)
    if services is not None:
        rows = rows.filter(service__in=services)
    if service:
        rows = rows.filter(service=service)
    if month:
        rows = rows.filter(month=month)
    if q := str(q or "").strip():
        found = Q(subject_name__icontains=q) | Q(case_number=q)
        if len(number := tidy_number(q)) >= 8:
            found |= Q(subject_digest=blind_index("person", number))
        rows = rows.filter(found)
    return rows.order_by("-declared_at", "-pk")


def recent_events(actor, limit: int = 8) -> list[dict]:
    """The last things that happened to the actor's declarations."""
    rows = DeclarationEvent.objects.visible_to(actor).select_related("declaration", "by").order_by("-at", "-pk")
    return [
        {**_event(event), "declaration": event.declaration, "service_title": event.declaration.spec.title}
        for event in rows.defer("answers", "declaration__answers", "declaration__before")[:limit]
    ]


def undecided(actor, service_key: str, digest: str) -> Declaration | None:
    """The declaration of this service about this person that is still to be decided; there is at most one."""
    mine = Declaration.objects.visible_to(actor).filter(state__in=OPEN, service=service_key, subject_digest=digest)
    return mine.first()


def draft_of(actor, service_key: str) -> FormDraft | None:
    """What the actor typed into this service's form and has not saved."""
    mine = FormDraft.objects.visible_to(actor).filter(operator=actor, declaration=None)
    return mine.filter(service=service_key).first()


def repair_draft_of(actor, declaration: Declaration) -> FormDraft | None:
    """What the actor typed into the repair of a declaration and has not saved."""
    return FormDraft.objects.visible_to(actor).filter(operator=actor, declaration=declaration).first()
