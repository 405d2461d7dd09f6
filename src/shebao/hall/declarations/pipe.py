"""Steps that every move of a declaration shares: lock, record, and words for what the database refuses."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet

from .. import clock
from ..audit.operations import record_many
from ..bulk import insert_rows, maker, update_if, update_rows
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..services.registry import OPERATIONS
from ..services.scene import chunks
from .models import Declaration, DeclarationEvent
from .states import MOVES, State, advance

DEEDS = {"withdraw": "withdrawn", "restore": "restored", "restore_returned": "restored", "restore_rejected": "restored"}
"""Moves whose record is not named after the state they lead to."""
CONSTRAINED = (
    "declarations.Declaration",
    "roster.Spell",
    "roster.DeclaredWage",
    "roster.Employee",
    "roster.Person",
    "employers.Employer",
    "supplements.YearlyCover",
    "supplements.MedicalAccount",
    "settlement.BackPayment",
    "settlement.BillLine",
    "desk.Approval",
    "desk.DeskCase",
    "registration.RegistrationSignature",
)


def locked(pks: list[int], *, by) -> list[Declaration]:
    """The declarations, locked, in the order asked. Raises DoesNotExist when any is not the actor's to see."""
    found: dict[int, Declaration] = {}
    for part in chunks(pks):
        found |= {d.pk: d for d in _locked(by, part)}
    if missing := set(pks) - set(found):
        raise Declaration.DoesNotExist(f"declarations not found: {sorted(missing)[:5]}")
    return [found[pk] for pk in dict.fromkeys(pks)]


@prepared
def _locked(by, pks: list[int]) -> QuerySet:
    rows = Declaration.objects.visible_to(by).filter(pk__in=pks).select_for_update(of=("self",))
    return rows.select_related("employer", "employee__person")


def by_service(declarations: list[Declaration]) -> Iterator[list[Declaration]]:
    """Groups of one employer and one service: what an operation takes."""
    groups = defaultdict(list)
    for declaration in declarations:
        groups[declaration.employer_id, declaration.service].append(declaration)
    yield from groups.values()


def move(declarations: list[Declaration], name: str, *, by, note: str = "", marks: dict | None = None, **same) -> None:
    """Advance every declaration, set the columns in `same`, keep an event and an audit record of each.

    Raises Conflict or Refused for the first that may not move: the caller's transaction undoes the others.
    """
    if name in ("submit", "approve", "return", "reject"):
        same |= {"note": note[:300], "marks": marks or {}}
    sources = {declaration.pk: advance(declaration, name, by=by) for declaration in declarations}
    target = MOVES[name].target
    # The condition on the state carries correctness where the database has no row locks.
    moved = 0
    for part in chunks(sources):
        moved += update_if(
            Declaration, part, ("state", list(MOVES[name].sources)), "version", {"state": target, **same}
        )
    if moved != len(sources):
        raise Conflict("changed_meanwhile", "有的申报刚被别人处理过，刚才的操作没有执行，请刷新后再看。")
    for declaration in declarations:
        declaration.version += 1
        for column, value in same.items():
            setattr(declaration, column, value)
    now, event = clock.now(), maker(DeclarationEvent)
    insert_rows(
        [
            event(
                declaration=declaration,  # not its key: the event is sealed for its employer
                move=name,
                from_state=sources[declaration.pk],
                to_state=target,
                by_id=by.pk,
                at=now,
                note=note[:300],
                marks=marks or {},
                answers=declaration.answers if name == "submit" else {},  # what is complete keeps its own
            )
            for declaration in declarations
        ]
    )
    audit(f"declaration.{DEEDS.get(name, target)}", declarations, by=by)


def audit(action: str, declarations: list[Declaration], *, by) -> None:
    """Record an action on declarations, employer by employer; codes and months only."""
    groups = defaultdict(list)
    for declaration in declarations:
        detail = {"service": declaration.service, "case": declaration.case_number, "month": str(declaration.month)}
        if declaration.problems:
            detail["findings"] = ",".join(sorted({problem["code"] for problem in declaration.problems}))
        groups[declaration.employer_id].append((declaration, detail))
    for subjects in groups.values():
        record_many(action, subjects, by=by, employer=subjects[0][0].employer)


def number_cases(declarations: list[Declaration]) -> list[Declaration]:
    """Give a case number to those that have none, and return them to be written.

    It tells the month that the declaration was first submitted in, and its own number.
    """
    month = clock.today()
    unnumbered = [declaration for declaration in declarations if not declaration.case_number]
    for declaration in unnumbered:
        declaration.case_number = f"{month:%Y%m}{declaration.pk:06d}"
    return unnumbered


def carry_out(declarations: list[Declaration], *, by) -> None:
    """Let the operations of the services take effect and store what they found out about each declaration."""
    known = {d.pk: d.employee_id for d in declarations}
    before = {d.pk: d.before for d in declarations}
    for group in by_service(declarations):
        OPERATIONS[group[0].spec.operation].apply(group, by=by)
    update_rows((d for d in declarations if d.employee_id != known[d.pk]), "employee")
    update_rows((d for d in declarations if d.before is not before[d.pk]), "before")


def due_on(declaration: Declaration):
    """The last working day for a decision (办结时限). What was returned goes on with the days it had left then.

    At least one: whoever repairs at the last moment still has to be read.
    """
    here = region(declaration.region)
    if declaration.state == State.RETURNED and declaration.due_on and declaration.decided_at:
        left = here.calendar.workdays.between(clock.day_of(declaration.decided_at), declaration.due_on)
        return here.calendar.add_working_days(clock.today(), max(left, 1))
    return here.calendar.add_working_days(clock.today(), declaration.spec.decide_within)


@contextmanager
def races_become_conflicts() -> Iterator[None]:
    """What two people did at the same time shows as a broken constraint: say its sentence, leave no trace."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Conflict("changed_meanwhile", f"{_sentence(error)}刚才的操作没有执行，请刷新后再看。") from error


def _sentence(error: IntegrityError) -> str:
    """The message of the constraint that a database error names: by its name, or on SQLite by its columns."""
    text = str(error)
    if "do not overlap" in text:  # a trigger, which has no sentence of its own
        return "该人员此险种的参保期间与另一段（可能在其他单位）重叠。"
    for constraint, model in _constraints():
        fields = getattr(constraint, "fields", ())
        columns = ", ".join(f"{model._meta.db_table}.{model._meta.get_field(f).column}" for f in fields)
        if constraint.name in text or (columns and text.endswith(f"failed: {columns}")):
            message = constraint.violation_error_message
            if message != constraint.default_violation_error_message:
                return str(message)
    return "数据刚被别人改过。"


def _constraints() -> Iterator[tuple[models.BaseConstraint, type[models.Model]]]:
    from django.apps import apps

    for label in CONSTRAINED:
        model = apps.get_model(label)
        yield from ((constraint, model) for constraint in model._meta.constraints)
