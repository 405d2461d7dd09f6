"""Reading declarations: the basket, the cases, the desk of the agency, and one case whole."""

from dataclasses import dataclass, field

from django.db.models import Count, F, Min, Q, QuerySet

from shebao.rules.identity import tidy_number
from shebao.rules.money import yuan
from shebao.rules.months import Month

from .. import clock
from ..crypto import blind_index
from ..regions import region
from .models import Declaration, DeclarationEvent, FormDraft
from .states import MOVES, State, open_moves

COUNTED = (State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED)
MOVE_TITLES = {name: move.title for name, move in MOVES.items()} | {"save": "录入", "repair": "修改"}


def current_month(here) -> Month:
    """The business month (业务年月) of a region: the calendar month of today."""
    return Month.of(clock.today())


def counts(actor, month: Month) -> dict:
    """How many declarations are in each state, with the dates that make them urgent; one query.

    Open ones count whatever their month; approved ones only of `month`.
    """
    rows = Declaration.objects.visible_to(actor)
    approved = Q(state=State.APPROVED, month=month)
    named = {state.value: Count("pk", filter=Q(state=state)) for state in COUNTED if state != State.APPROVED}
    return rows.aggregate(
        **named,
        approved=Count("pk", filter=approved),
        oldest_draft_at=Min("declared_at", filter=Q(state=State.DRAFT)),
        due_on=Min("due_on", filter=Q(state=State.SUBMITTED)),
    )


@dataclass(frozen=True)
class BasketRow:
    """One declaration waiting to be submitted: what it changes, in words."""

    declaration: Declaration
    service_title: str
    before_after: str
    problems: list[dict]


def basket(actor) -> list[BasketRow]:
    """Drafts and returned declarations, oldest first (待提交)."""
    rows = Declaration.objects.visible_to(actor).filter(state__in=(State.DRAFT, State.RETURNED))
    rows = rows.select_related("declared_by", "employer").order_by("service", "declared_at", "pk")
    return [BasketRow(d, d.spec.title, before_after(d), d.problems) for d in rows]


def before_after(declaration: Declaration) -> str:
    """The change in one line: "申报工资 8,000.00 → 8,500.00，2026-11 起"."""
    form = region(declaration.region).forms[declaration.spec.form]
    wage = next((f for f in form.fields if f.feeds == "declared_wage"), None)
    month = next((f for f in form.fields if f.kind == "month"), None)
    parts = []
    if wage and declaration.answers.get(wage.id) is not None:
        old = declaration.before.get(wage.id)
        new = yuan(declaration.answers[wage.id])
        parts.append(f"{wage.label} {yuan(old)} → {new}" if old is not None else f"{wage.label} {new}")
    for one in form.fields:
        if one.kind == "choice" and not one.feeds and declaration.answers.get(one.id):
            parts.append(shown(one, declaration.answers[one.id], region(declaration.region)))
    if month:
        parts.append(f"{month.label} {declaration.first_month}")
    return "，".join(parts)


@dataclass(frozen=True)
class FieldView:
    """One answer, in words: what the roster said, what is declared, what the reviewer marked."""

    id: str
    label: str
    old: str
    new: str
    changed: bool
    mark: str = ""
    previous: str = ""


@dataclass(frozen=True)
class CaseView:
    """One declaration whole (办件). `moves` are the names of the moves the actor may make now."""

    declaration: Declaration
    service: object
    fields: list[FieldView]
    problems: list[dict]
    events: list[dict]
    moves: list[str]
    is_overdue: bool = False
    confirmed: list[tuple[str, str]] = field(default_factory=list)


def case_view(actor, pk: int) -> CaseView:
    """One of the actor's declarations. Raises Declaration.DoesNotExist for anybody else's."""
    rows = Declaration.objects.visible_to(actor).select_related("employer", "employee", "declared_by", "decided_by")
    declaration = rows.get(pk=pk)
    events = list(declaration.events.select_related("by").order_by("at", "pk"))
    problems = [
        {**problem, "reason": declaration.confirmed.get(problem["code"], "")} for problem in declaration.problems
    ]
    return CaseView(
        declaration=declaration,
        service=declaration.spec,
        fields=_fields(declaration, events),
        problems=problems,
        events=[_event(event) for event in events],
        moves=open_moves(declaration, actor),
        is_overdue=is_overdue(declaration),
        confirmed=list(declaration.confirmed.items()),
    )


def is_overdue(declaration: Declaration) -> bool:
    """Submitted, and its last day for a decision has passed."""
    due = declaration.due_on
    return declaration.state == State.SUBMITTED and due is not None and due < clock.today()


def _fields(declaration: Declaration, events: list[DeclarationEvent]) -> list[FieldView]:
    here = region(declaration.region)
    submitted = [event.answers for event in events if event.move == "submit"]
    if declaration.state in (State.DRAFT, State.RETURNED):
        earlier = submitted[-1] if submitted else {}
    else:
        earlier = submitted[-2] if len(submitted) > 1 else {}
    views = []
    for one in here.forms[declaration.spec.form].fields:
        old, new = declaration.before.get(one.id), declaration.answers.get(one.id)
        previous = earlier.get(one.id)
        views.append(
            FieldView(
                one.id,
                one.label,
                shown(one, old, here),
                shown(one, new, here),
                changed=one.id in declaration.before and old != new,
                mark=declaration.marks.get(one.id, ""),
                previous=shown(one, previous, here) if earlier and previous != new else "",
            )
        )
    return views


def shown(one, value, here) -> str:
    """An answer in words: code titles, yuan, everything else as it is."""
    if value in (None, ""):
        return ""
    if one.kind == "choice":
        return here.codes[one.options].title_of(str(value))
    return yuan(value) if one.kind == "money" else str(value)


def _event(event: DeclarationEvent) -> dict:
    kinds = {State.APPROVED: "ok", State.RETURNED: "d", State.REJECTED: "d", State.SUBMITTED: "b"}
    return {
        "title": MOVE_TITLES.get(event.move, event.move),
        "move": event.move,
        "at": event.at,
        "actor": f"{event.by.name}（{event.by.get_role_display()}）" if event.by else "系统",
        "note": event.note,
        "kind": kinds.get(event.to_state, "g"),
        "marks": event.marks,
    }


RISKS = {"flagged": "有需确认的内容", "overdue": "已超时限", "routine": "无异常"}


def desk(actor, *, service=None, employer=None, risk=None) -> QuerySet[Declaration]:
    """Submitted declarations of the actor's region, the most urgent first (审核台). `risk` is one of RISKS."""
    rows = Declaration.objects.visible_to(actor).filter(state=State.SUBMITTED)
    rows = rows.select_related("employer", "declared_by")
    if service:
        rows = rows.filter(service=service)
    if employer:
        rows = rows.filter(employer=employer)
    if risk == "overdue":
        rows = rows.filter(due_on__lt=clock.today())
    elif risk == "flagged":
        rows = rows.exclude(confirmed={})
    elif risk == "routine":
        rows = rows.filter(confirmed={}, due_on__gte=clock.today())
    return rows.order_by(F("due_on").asc(nulls_last=True), "submitted_at", "pk")


def cases(actor, *, state=None, service=None, month=None, q="") -> QuerySet[Declaration]:
    """The actor's declarations, newest first (办件进度). `q`: name, case number or whole identity number."""
    rows = Declaration.objects.visible_to(actor).select_related("employer", "declared_by", "decided_by")
    rows = rows.filter(state=state) if state in State.values else rows.exclude(state=State.DELETED)
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


def draft_of(actor, service_key: str) -> FormDraft | None:
    """What the actor typed into this service's form and has not saved."""
    return FormDraft.objects.visible_to(actor).filter(operator=actor, service=service_key).first()
