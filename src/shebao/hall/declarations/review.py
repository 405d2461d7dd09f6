"""What the agency does with a submitted declaration: approve, return for repair, reject."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from .. import clock
from ..bulk import insert_rows
from ..desk.signing import free_to_decide, sign
from ..errors import Conflict, Refused, permit
from ..evidence.queries import MARK
from ..prepared import prepared
from ..regions import region
from ..services.scene import chunks
from .models import Declaration, DeclarationEvent
from .pipe import audit, carry_out, locked, move, races_become_conflicts
from .states import label_of, open_moves, too_late

SEE_NOTE = "请按总的意见核对这一项"
"""What stands beside a field that was marked without words of its own."""

Seen = Mapping[int, int]
"""Which version of each declaration the reviewer had in view."""


@transaction.atomic
def approve_declarations(pks: list[int], *, by, note: str = "", seen: Seen | None = None) -> list[Declaration]:
    """Sign, and carry out what needs no further signature; all or none (审核通过).

    The record names the findings that a case was approved with. A batch holds no case with findings: those are looked
    at one by one. Raises Refused then, and Conflict when one was decided or changed meanwhile or its effect is not
    possible any more; nothing happened in either case.
    """
    declarations, done = sign_declarations(pks, by=by, note=note, seen=seen)
    finish_declarations(done, by=by, note=note)
    return declarations


def sign_declarations(pks: list[int], *, by, note: str, seen: Seen | None) -> tuple[list, list]:
    """Put one's name under the open step of each: all of them, and those that are complete with it.

    The caller's transaction holds them. Raises as `approve_declarations`.
    """
    permit(by, "review", "通过")
    declarations = locked(pks, by=by)
    _decided_by_somebody_else(declarations, by)
    _as_seen(declarations, "approve", seen, by)
    _without_findings(declarations)
    _fit_for_a_batch(declarations)
    _answered(declarations, note)
    for declaration in declarations:
        if "approve" not in open_moves(declaration, by):
            raise Conflict("wrong_state", too_late(declaration, "approve", by=by))
    free_to_decide(declarations, by)
    with races_become_conflicts():
        done = sign(declarations, by=by, note=note)
    waiting = [one for one in declarations if one not in done]
    insert_rows([_signed(one, by, note) for one in waiting])
    audit("declaration.signed", waiting, by=by)
    return declarations, done


def _signed(declaration: Declaration, by, note: str) -> DeclarationEvent:
    same = {"from_state": declaration.state, "to_state": declaration.state}
    return DeclarationEvent(
        declaration=declaration, move="sign", by=by, at=clock.now(), note=note.strip()[:300], **same
    )


def finish_declarations(declarations: list[Declaration], *, by, note: str) -> None:
    """Let signed declarations take effect (生效); the caller's transaction holds them. Raises Conflict."""
    if not declarations:
        return
    _as_submitted(declarations)
    with races_become_conflicts():
        _decide(declarations, "approve", by, note)
        carry_out(declarations, by=by)


@transaction.atomic
def return_declaration(pk: int, *, by, marks: dict[str, str], note: str = "", seen: Seen | None = None) -> Declaration:
    """Send back for repair in place (退回补正): `marks` says for each field what is wrong.

    A mark without a word needs the remark as a whole in `note`; neither is refused.
    """
    permit(by, "review", "退回补正")
    (declaration,) = locked([pk], by=by)
    _decided_by_somebody_else([declaration], by)
    if declaration.spec.is_copied:
        text = "这里审核不通过的申报不在原件上补正，由单位复制后重报。请用“审核不通过”，标注会带到新件上。"
        raise Refused("not_returned_here", text)
    _as_seen([declaration], "return", seen, by)
    free_to_decide([declaration], by)
    marks = _worded(declaration, marks, note)
    _decide([declaration], "return", by, note, marks)
    return declaration


def mark_labels(declaration: Declaration) -> dict[str, str]:
    """What may be marked, by its key: the questions of the form and the papers, in words."""
    form = region(declaration.region).forms[declaration.spec.form]
    papers = {f"{MARK}{one.title}": one.title for one in declaration.spec.uploads}
    return {one.id: one.label for one in form.fields} | papers


def _worded(declaration: Declaration, marks: Mapping[str, str], note: str) -> dict[str, str]:
    """The marks tidied, each with its words; without a remark as a whole every mark needs its own."""
    tidy = {key: reason.strip()[:200] for key, reason in marks.items()}
    if not note.strip():
        _with_reasons(declaration, tidy)
    return {key: reason or SEE_NOTE for key, reason in tidy.items()}


def _with_reasons(declaration: Declaration, marks: dict[str, str]) -> None:
    """Refuse marks that do not tell the employer what to change."""
    if not marks:
        raise Refused("reason_missing", "请标出要补正的内容，或写明退回的原因，单位才知道怎么改。", field="note")
    if silent := [key for key, reason in marks.items() if not reason]:
        labels = mark_labels(declaration)
        names = "、".join(f"“{labels.get(key, key)}”" for key in silent)
        text = f"{names}标了要改，没有写原因。请选择或写明原因，或写总的意见。"
        raise Refused("reason_missing", text, field=f"reason_{silent[0]}")


@transaction.atomic
def reject_declaration(
    pk: int, *, by, note: str, marks: Mapping[str, str] | None = None, seen: Seen | None = None
) -> Declaration:
    """Refuse for good (不予办理), with a reason in `note` or beside the fields; the employer may declare anew."""
    permit(by, "review", "不予办理")
    (declaration,) = locked([pk], by=by)
    _decided_by_somebody_else([declaration], by)
    _as_seen([declaration], "reject", seen, by)
    free_to_decide([declaration], by)
    if not note.strip() and not marks:
        raise Refused("reason_missing", f"请写明{label_of('rejected', declaration.spec)}的原因。", field="note")
    _decide([declaration], "reject", by, note, _worded(declaration, marks, note) if marks else None)
    return declaration


def _decide(declarations: list[Declaration], name: str, by, note: str, marks: dict | None = None) -> None:
    note = note.strip()[:300]
    move(declarations, name, by=by, note=note, marks=marks, decided_by=by, decided_at=clock.now())


def _as_submitted(declarations: list[Declaration]) -> None:
    """What takes effect is what was submitted (I-16): its step keeps the answers, sealed.

    Only somebody who wrote to the database past the hall can make them differ.
    """
    submitted: dict[int, dict] = {}
    for part in chunks(one.pk for one in declarations):
        submitted |= dict(_answers_submitted(part))
    if changed := [one for one in declarations if submitted.get(one.pk) != one.answers]:
        names = "、".join(str(one.case_number) for one in changed[:5])
        text = f"办件 {names} 现在的内容与提交时的不一致，不能通过。请退回补正，并告诉安全管理员。"
        raise Conflict("not_as_submitted", text)


@prepared
def _answers_submitted(pks: list[int]) -> QuerySet:
    """Those of the last time come last."""
    steps = DeclarationEvent.objects.filter(declaration__in=pks, move="submit").order_by("at", "pk")
    return steps.values_list("declaration", "answers")


def _decided_by_somebody_else(declarations: list[Declaration], by) -> None:
    """Who declared or submitted a case never decides it, whatever their role has become."""
    if declared_by_actor(declarations, by):
        raise Refused("own_declaration", "录入或提交这笔申报的人不能自己审核，请交给其他审核人员。", status=403)


def declared_by_actor(declarations: list[Declaration], actor) -> set[int]:
    """Which of these the actor declared, submitted or repaired: those are for somebody else to decide."""
    return {pk for pk, made_by in makers_of(declarations).items() if actor.pk in made_by}


def makers_of(declarations: list[Declaration]) -> dict[int, set[int]]:
    """Who declared, submitted or repaired each of these, by the keys of the operators; one query."""
    made_by = {one.pk: {one.declared_by_id} for one in declarations}
    for pk, by in _senders(list(made_by)):
        made_by[pk].add(by)
    return made_by


@prepared
def _senders(pks: list[int]) -> QuerySet:
    events = DeclarationEvent.objects.filter(declaration__in=pks, move__in=["submit", "repair"])
    return events.values_list("declaration_id", "by_id")


def _as_seen(declarations: list[Declaration], name: str, seen: Seen | None, by) -> None:
    """What the employer took back and submitted anew since the reviewer opened it has to be read again."""
    for declaration in declarations:
        version = (seen or {}).get(declaration.pk, declaration.version)
        if version != declaration.version and name in open_moves(declaration, by):
            who = f"{declaration.employer.name}在您打开之后改过{declaration.subject_name}的申报"
            raise Conflict("changed_meanwhile", f"{who}，没有办理。请看过最新内容再审核。")


def _fit_for_a_batch(declarations: list[Declaration]) -> None:
    alone = [d for d in declarations if not d.spec.is_batched]
    if len(declarations) > 1 and alone:
        titles = "、".join(sorted({f"“{d.spec.title}”" for d in alone}))
        text = f"{titles}要逐笔打开审核，不能批量通过（{len(alone)} 笔）。其余的再批量通过。"
        raise Refused("one_by_one", text)


def _answered(declarations: list[Declaration], note: str) -> None:
    """Where an approval is an answer, it is given in words."""
    if not note.strip() and any(one.spec.answers for one in declarations):
        raise Refused("answer_missing", "请选择或写明答复，单位才知道怎样更正。", field="answer")


def _without_findings(declarations: list[Declaration]) -> None:
    flagged = [d.subject_name for d in declarations if d.problems]
    if len(declarations) > 1 and flagged:
        who = "、".join(flagged[:5]) + (f"等 {len(flagged)} 笔" if len(flagged) > 5 else "")
        raise Refused("findings_in_batch", f"{who}有核验提示，不能批量通过。请逐笔打开审核，其余的再批量通过。")
