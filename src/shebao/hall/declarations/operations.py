"""What an employer does with declarations: save, repair, submit, take back. Reviewing is in review.py."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from shebao.rules.settling_words import settling

from .. import clock
from ..audit.operations import record
from ..bulk import give_keys, insert_rows, maker, update_rows
from ..employers.locking import locked_employer
from ..employers.models import Employer
from ..errors import Conflict, Refused, permit, permit_declaring, permit_service
from ..evidence.queries import missing_papers
from ..prepared import prepared
from ..regions import region
from ..services.questions import assessments
from ..services.registry import OPERATIONS
from .declared_month import declared_month
from .models import Declaration, DeclarationEvent, FormDraft
from .pipe import (
    audit,
    by_service,
    carry_out,
    due_on,
    locked,
    move,
    number_cases,
    races_become_conflicts,
)
from .preview import Preview, previews, raw_answers, service_of
from .repairs import UNREPAIRED, unrepaired
from .review import approve_declarations, reject_declaration, return_declaration
from .seconding import ready_to_go
from .states import MOVES, State, too_late

__all__ = [
    "InvalidDeclaration",
    "SubmitResult",
    "approve_declarations",
    "delete_declarations",
    "discard_draft",
    "discard_repair_draft",
    "reject_declaration",
    "repair_declaration",
    "restore_declarations",
    "return_declaration",
    "save_declarations",
    "save_draft",
    "save_repair_draft",
    "submit_declarations",
    "undo_declarations",
    "withdraw_declaration",
]

KEPT = ["answers", "before", "problems", "confirmed", "effect_fen", "first_month", "employee"]
"""What a preview decides about a declaration; the identity is kept too when it is repaired."""

SAME_PRESS = timedelta(minutes=1)
"""The same answers by the same writer within this time are one press of the button, not two declarations."""


class InvalidDeclaration(Exception):
    """Answers that cannot be declared: an error, or a finding without its reason. Nothing was written.

    `previews` has one for every row, in order.
    """

    def __init__(self, found: list[Preview]):
        super().__init__(f"{sum(bool(p.blocking) for p in found)} of {len(found)} declarations cannot be saved")
        self.previews = found


@dataclass
class SubmitResult:
    """Which declarations went to review, which wait for a second person of the employer, which did not, and why."""

    submitted: list[Declaration] = field(default_factory=list)
    proposed: list[Declaration] = field(default_factory=list)
    refused: list[tuple[Declaration, str]] = field(default_factory=list)


@transaction.atomic
def save_declarations(employer_id: int, service_key: str, raws: list[dict], *, by, confirmed=None, batch=None) -> list:
    """Declare for many people at once, all or none (加入待提交). A direct service takes effect at once.

    Raises InvalidDeclaration, Refused (permission, unknown service), Conflict (somebody was faster; code
    `just_saved`: this very press was carried out already) and Employer.DoesNotExist.
    """
    permit_declaring(by, "申报")
    employer = locked_employer(employer_id, by=by)
    permit_service(by, service_of(region(employer.region), service_key))
    found = previews(employer, service_key, raws, by=by, confirmed=confirmed)
    if any(one.blocking for one in found):
        _not_pressed_twice(employer, service_key, found, by)
        raise InvalidDeclaration(found)
    new = {
        "employer": employer,
        "region": employer.region,
        "service": service_key,
        "batch": batch,
        "declared_by": by,
        "at_counter": by.is_agency,
    }
    make, event = maker(Declaration), maker(DeclarationEvent)
    new |= {"declared_at": clock.now(), "month": declared_month(region(employer.region))}
    declarations = [_keep(make(**new), one) for one in found]
    with races_become_conflicts():
        takes_effect = bool(declarations) and not declarations[0].waits
        if takes_effect:
            give_keys(declarations)
            number_cases(declarations)
        insert_rows(declarations)
        insert_rows(
            [
                event(declaration=d, move="save", to_state=State.DRAFT, by_id=by.pk, at=d.declared_at)
                for d in declarations
            ]
        )
        audit("declaration.saved", declarations, by=by)
        if takes_effect:
            _complete(declarations, by)
    if batch is None and _kept(by, employer_id, service_key):
        _drafts(employer_id, service_key, by).delete()
    return declarations


@prepared
def _kept(by, employer: int, service: str) -> QuerySet:
    """The draft that the actor kept, where there is one."""
    return _drafts(employer, service, by).values_list("pk", flat=True)


def _not_pressed_twice(employer: Employer, service_key: str, found: list[Preview], by) -> None:
    kept = dict(_just_saved(employer.pk, service_key, by.pk, clock.now() - SAME_PRESS))
    if kept and all(kept.get(one.digest) == one.values for one in found):
        raise Conflict("just_saved", f"刚才已经保存 {len(found)} 笔，没有重复录入。")


@prepared
def _just_saved(employer: int, service: str, by: int, since: datetime) -> QuerySet:
    """Whom somebody's own declarations since then are about, and their answers."""
    mine = Declaration.objects.filter(employer=employer, service=service, declared_by=by, declared_at__gte=since)
    standing = mine.exclude(state__in=(State.DELETED, State.UNDONE)).order_by("pk")
    return standing.values_list("subject_digest", "answers")


def _keep(declaration: Declaration, one: Preview) -> Declaration:
    declaration.answers, declaration.before, declaration.confirmed = one.values, one.old_side, one.confirmed
    declaration.subject_name, declaration.subject_digest = one.subject, one.digest
    declaration.first_month, declaration.effect_fen, declaration.employee = one.first_month, one.effect_fen, one.known
    declaration.problems = [problem.kept() for problem in one.problems]
    return declaration


def _complete(declarations: list[Declaration], by) -> None:
    """A direct service: what was declared takes effect now (生效)."""
    carry_out(declarations, by=by)
    month = declared_month(region(declarations[0].region))
    same = dict.fromkeys(("submitted_at", "decided_at"), clock.now()) | {"month": month}
    move(declarations, "complete", by=by, decided_by=by, revision=1, **same)


@transaction.atomic
def repair_declaration(pk: int, raw: dict, *, by, confirmed: dict, version: int, note: str = "") -> Declaration:
    """Change a draft or returned declaration in place (修改、补正); it keeps its state and its number.

    `version` is the one the writer saw; `note` what the writer tells the reviewer. Raises Conflict when somebody
    changed it since, InvalidDeclaration.
    """
    (declaration,) = locked([pk], by=by)
    permit_service(by, declaration.spec)
    if declaration.version != version:
        last = declaration.events.select_related("by").order_by("-at", "-pk").first()
        who = last.by.name if last and last.by else "别人"
        raise Conflict("declaration_changed", f"这笔申报刚被{who}改过，您的修改没有保存，请看过最新内容再改。")
    if declaration.state not in (State.DRAFT, State.RETURNED):
        raise Conflict("wrong_state", f"这笔申报现在是“{declaration.state_label}”，不能修改。要修改请先撤回。")
    found = previews(
        declaration.employer, declaration.service, [raw], by=by, confirmed=[confirmed], declarations=[declaration]
    )
    if found[0].blocking:
        raise InvalidDeclaration(found)
    _keep(declaration, found[0])
    declaration.proposed_by = declaration.proposed_at = None
    declaration.version += 1
    with races_become_conflicts():
        declaration.save()
        DeclarationEvent.objects.create(
            declaration=declaration,
            move="repair",
            from_state=declaration.state,
            to_state=declaration.state,
            by=by,
            at=clock.now(),
            note=note.strip()[:300],
        )
        audit("declaration.repaired", [declaration], by=by)
    FormDraft.objects.visible_to(by).filter(declaration=declaration).delete()
    return declaration


def submit_declarations(pks: list[int], *, by) -> SubmitResult:
    """Send declarations to review (提交), without a signature. Refused where the region asks for one."""
    if region(by.region).sign_in.signs == "required":
        raise Refused("unsigned", "本地要求提交时用数字证书签名，请在“核对并提交”页签名后提交。")
    return send_declarations(pks, by=by)


@transaction.atomic
def send_declarations(pks: list[int], *, by) -> SubmitResult:
    """What submitting does, signed or not. Every check runs again; what fails stays, with the reason.

    What was returned goes again only after a repair: a changed answer, or a word to the reviewer why none changed.
    """
    permit_declaring(by, "提交")
    result = SubmitResult()
    ready: list[Declaration] = []
    declarations = locked(pks, by=by)
    as_returned = unrepaired(declarations)
    for group in by_service(declarations):
        permit_service(by, group[0].spec, "提交")
        movable = []
        for declaration in group:
            if declaration.state not in (State.DRAFT, State.RETURNED) or not declaration.waits:
                result.refused.append((declaration, too_late(declaration, "submit", by=by)))
            elif declaration.pk in as_returned:
                result.refused.append((declaration, UNREPAIRED))
            else:
                movable.append(declaration)
        # At the counter the originals lie on the table.
        lost = missing_papers([d for d in movable if not d.at_counter])
        result.refused += [(d, lost[d.pk]) for d in movable if d.pk in lost]
        if movable := [d for d in movable if d.pk not in lost]:
            ready += _checked_again(movable, by, result)
    ready, result.proposed = ready_to_go(ready, by=by, refused=result.refused)
    if ready:
        with races_become_conflicts():
            update_rows(number_cases(ready), "case_number")
            _send(ready, by)
    result.submitted = ready
    return result


def _send(ready: list[Declaration], by) -> None:
    for group in by_service(ready):
        if group[0].is_direct:
            _complete(group, by)
            continue
        for declaration in group:
            declaration.revision += 1
        update_rows(group, "revision")
        days, month = {d.pk: due_on(d) for d in group}, declared_month(region(group[0].region))
        for due in sorted(set(days.values())):
            part = [d for d in group if days[d.pk] == due]
            move(part, "submit", by=by, submitted_at=clock.now(), due_on=due, month=month)


def _checked_again(group: list[Declaration], by, result: SubmitResult) -> list[Declaration]:
    here = region(group[0].region)
    form = here.forms[group[0].spec.form]
    found = previews(
        group[0].employer,
        group[0].service,
        [raw_answers(form, d.answers) for d in group],
        by=by,
        confirmed=[d.confirmed for d in group],
        declarations=group,
    )
    ready, kept = [], []
    for declaration, one in zip(group, found, strict=True):
        if one.blocking:
            result.refused.append(
                (declaration, "；".join(problem.message.rstrip("。") for problem in one.blocking) + "。")
            )
        else:
            seen = [getattr(declaration, column) for column in KEPT]
            _keep(declaration, one)
            ready.append(declaration)
            kept += [declaration] if seen != [getattr(declaration, column) for column in KEPT] else []
    update_rows(kept, *KEPT)
    return ready


@transaction.atomic
def withdraw_declaration(pk: int, *, by) -> Declaration:
    """Take a submitted declaration back before it is decided (撤回): it is a draft again."""
    (declaration,) = locked([pk], by=by)
    move([declaration], "withdraw", by=by, due_on=None, proposed_by=None, proposed_at=None)
    return declaration


@transaction.atomic
def delete_declarations(pks: list[int], *, by) -> list[Declaration]:
    """Remove drafts, returned ones and, where those are declared anew, rejected ones (删除); they can be restored."""
    declarations = locked(pks, by=by)
    if kept := [d.subject_name for d in declarations if d.state == State.REJECTED and not d.spec.is_copied]:
        raise Refused("rejected_stays", f"{'、'.join(kept[:5])}的申报已不予办理，留作记录，不能删除。")
    move(declarations, "delete", by=by)
    return declarations


@transaction.atomic
def restore_declarations(pks: list[int], *, by) -> list[Declaration]:
    """Bring deleted declarations back as what they were (恢复).

    Raises Conflict when the person was declared again since.
    """
    declarations = locked(pks, by=by)
    deletions = DeclarationEvent.objects.filter(declaration__in=pks, move="delete").order_by("at", "pk")
    came_from = dict(deletions.values_list("declaration_id", "from_state"))
    with races_become_conflicts():
        for name in ("restore", "restore_returned", "restore_rejected"):
            target = MOVES[name].target
            if some := [d for d in declarations if came_from.get(d.pk, State.DRAFT) == target]:
                move(some, name, by=by)
    return declarations


@transaction.atomic
def undo_declarations(pks: list[int], *, by) -> list[Declaration]:
    """Take back what a direct service did (撤销), as long as no month it touches is settled."""
    permit(by, "declare", "撤销")
    # The month that is being settled right now is settled when this goes on: both hold the employer.
    list(Employer.objects.visible_to(by).filter(pk=by.employer_id).select_for_update(no_key=True))
    declarations = locked(pks, by=by)
    for group in by_service(declarations):
        _may_be_undone(group)
        with races_become_conflicts():
            move(group, "undo", by=by)
            OPERATIONS[group[0].spec.operation].revert(group, by=by)
    return declarations


def _may_be_undone(group: list[Declaration]) -> None:
    if not group[0].is_direct:
        raise Refused("not_direct", "这笔申报经过审核，不能自行撤销，请联系经办机构。")
    if group[0].spec.is_aside:
        return  # no month is charged by it
    if group[0].spec.looks_back:
        return  # its months may be settled long since; its own undoing knows what a bill has taken
    settled = {month for month, series, _ in assessments(group[0].employer_id) if not series}
    late = [d for d in group if any(month >= d.first_month for month in settled)]
    if late:
        who = "、".join(d.subject_name for d in late[:5])
        raise Refused(
            "month_settled",
            settling(
                region(group[0].region).terms, f"{who}：{max(settled)} 已经结算，不能再撤销。请在本月另行申报更正。"
            ),
        )


def _drafts(employer_id: int, service_key: str, by):
    mine = FormDraft.objects.visible_to(by).filter(operator=by.pk, declaration=None)
    return mine.filter(employer=employer_id, service=service_key)


@transaction.atomic
def save_draft(employer_id: int, service_key: str, raw: dict, *, by) -> FormDraft:
    """Keep what was typed but not yet saved (草稿), one for an operator and service."""
    permit(by, "declare", "申报")
    employer = Employer.objects.visible_to(by).get(pk=employer_id)
    service_of(region(employer.region), service_key)
    return _keep_typed(raw, operator=by, employer=employer, service=service_key, declaration=None)


@transaction.atomic
def save_repair_draft(pk: int, raw: dict, *, by) -> FormDraft:
    """Keep what was typed into the repair of a declaration, one for an operator and declaration."""
    permit(by, "declare", "申报")
    one = Declaration.objects.visible_to(by).select_related("employer").get(pk=pk)
    return _keep_typed(raw, operator=by, employer=one.employer, service=one.service, declaration=one)


def _keep_typed(raw: dict, **place) -> FormDraft:
    answers = {str(k)[:60]: str(v)[:500] for k, v in raw.items()}
    draft, _ = FormDraft.objects.update_or_create(**place, defaults={"answers": answers, "saved_at": clock.now()})
    return draft


@transaction.atomic
def discard_draft(employer_id: int, service_key: str, *, by) -> None:
    """Forget what was typed (放弃草稿)."""
    _forget(_drafts(employer_id, service_key, by), by)


@transaction.atomic
def discard_repair_draft(pk: int, *, by) -> None:
    """Forget what was typed into a repair (放弃草稿)."""
    _forget(FormDraft.objects.visible_to(by).filter(operator=by, declaration=pk), by)


def _forget(drafts, by) -> None:
    if draft := drafts.select_related("employer").first():
        record("draft.discarded", draft, by=by, service=draft.service)
        drafts.delete()
