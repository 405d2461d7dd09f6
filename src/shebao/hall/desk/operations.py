"""What the agency's people do among themselves: claim, give back, take over, hand on, hold, and write remarks.

Each takes the kind of thing it is done to; the names of the operations are those of declarations.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..declarations.states import State
from ..errors import Conflict, Refused, permit
from ..operators.models import Operator
from ..reasons import words_of
from ..regions import region
from .holds import HOLD, RESUME
from .kinds import DECLARATIONS, Kind
from .models import DECLARED, InHand, InternalNote, NoteKind, Tables
from .signing import for_others_to_sign, is_held, is_pending

LONGEST = 300
NEXT = 10
"""How many cases one press claims."""


def touch(things: Iterable, of: Tables = DECLARED) -> None:
    """Let the desk know these; what it knows already stays as it is."""
    of.case.objects.bulk_create([of.case(**{of.about: one}) for one in things], ignore_conflicts=True)


@transaction.atomic
def claim_cases(pks: list[int], *, by, kind: Kind = DECLARATIONS) -> tuple[list, list]:
    """Take cases in hand (领取). Returns those taken and those that somebody had before; one's own count as taken.

    What the actor declared or submitted is not theirs to review and is refused; so is what only somebody else may sign
    next, for in their hands it would wait for nobody.
    """
    permit(by, "review", "领取")
    things = [one for one in kind.locked(pks, by=by) if one.state == State.SUBMITTED]
    own, cases = kind.own(things, by) | for_others_to_sign(things, by, kind.of), kind.of.case.objects
    touch(things, kind.of)
    taken, lost = [], []
    for one in things:
        if one.pk in own:
            lost.append(one)
            continue
        # The condition carries correctness where the database has no row locks: of two, one finds a free case.
        if cases.filter(pk=one.pk, holder=None).update(holder=by, claimed_at=clock.now()):
            _say(one, NoteKind.CLAIM, by, kind)
            taken.append(one)
        elif cases.filter(pk=one.pk, holder=by).exists():
            taken.append(one)
        else:
            lost.append(one)
    return taken, lost


@transaction.atomic
def give_back(pk: int, *, by, note: str = "", kind: Kind = DECLARATIONS) -> Any:
    """Lay a case back for everybody (放回待领). A held one has to be resumed first."""
    thing, case = _mine(pk, by, kind)
    if is_held(case, thing):
        raise Conflict("held", f"{kind.of.this}已挂起，时限停着。请先恢复，再放回待领。")
    _pass(thing, case, by, None, note, NoteKind.GIVE_BACK, kind)
    return thing


@transaction.atomic
def take_over(pk: int, *, by, reason: str, kind: Kind = DECLARATIONS) -> Any:
    """Take a case out of a colleague's hands (接手), with the reason, which the colleague reads."""
    permit(by, "review", "接手")
    thing, case = _waiting(pk, by, kind)
    if not reason.strip():
        raise Refused("reason_missing", "请写明为什么接手，原来的承办人会看到。", field="reason")
    _not_own(thing, by, kind)
    if case.holder_id == by.pk:
        raise Conflict("already_yours", f"{kind.of.this}已经在您手里。")
    _pass(thing, case, by, by, reason, NoteKind.TAKE_OVER, kind)
    return thing


@transaction.atomic
def transfer_case(pk: int, to_id: int | None, *, by, note: str = "", kind: Kind = DECLARATIONS) -> Any:
    """Hand a case on to a colleague (转办). Raises Refused where nobody is chosen, Operator.DoesNotExist for somebody
    who is none. Who made it does not choose who decides it.
    """
    permit(by, "review", "转办")
    thing, case = _waiting(pk, by, kind)
    if case.holder_id not in (None, by.pk):
        raise Conflict("in_other_hands", f"{kind.of.this}在{case.holder.name}手里，请先接手再转办。")
    _not_own(thing, by, kind)
    if to_id is None:
        raise Refused("no_colleague", "请选择转给哪位同事。", field="to")
    colleague = Operator.objects.visible_to(by).get(pk=to_id, is_active=True)
    if colleague.pk == by.pk or not colleague.may("review"):
        raise Refused("no_colleague", "请选择另一位有审核权限的同事。", field="to")
    if kind.own([thing], colleague):
        raise Refused("no_colleague", f"{colleague.name}录入或提交了这笔申报，不能由其审核。", field="to")
    if for_others_to_sign([thing], colleague, kind.of):
        text = f"{colleague.name}已签过{kind.of.this}，或不能签现在这一步，请选择另一位同事。"
        raise Refused("no_colleague", text, field="to")
    if not kind.is_for(colleague, thing):
        raise Refused("no_colleague", f"{colleague.name}不办理这个单位所在的经办区划，请选择另一位同事。", field="to")
    _pass(thing, case, by, colleague, note, NoteKind.TRANSFER, kind)
    return thing


def _pass(thing, case: InHand, by, to, note: str, deed: NoteKind, kind: Kind) -> None:
    """Change hands, if they are still the hands that were seen."""
    moved = kind.of.case.objects.filter(pk=case.pk, holder=case.holder_id)
    if not moved.update(holder=to, claimed_at=clock.now() if to else None):
        text = f"{kind.of.this}刚换了承办人，刚才的操作没有执行，请刷新后再看。"
        raise Conflict("changed_meanwhile", text)
    _say(thing, deed, by, kind, note, to=to)


@transaction.atomic
def hold_case(pk: int, *, by, code: str, text: str = "", kind: Kind = DECLARATIONS) -> Any:
    """Stop a case's clock (挂起) for a reason of the region's list; `text` says more.

    Whoever gave it in reads that it is held, and both where the region says that the reason waits for them.
    """
    permit(by, "review", "挂起")
    thing, case = _waiting(pk, by, kind)
    reasons, this = region(thing.region).codes["hold_reasons"], kind.of.this
    said = words_of(reasons, code, text, field="code")[:LONGEST]
    if reasons.get(code).waits_for and not text.strip():
        raise Refused("nothing_asked", "请写明要单位说明或补充什么，单位看得到。", field="code")
    if case.holder_id not in (None, by.pk):
        raise Conflict("in_other_hands", f"{this}在{case.holder.name}手里，请先接手再挂起。")
    _not_own(thing, by, kind)
    if is_held(case, thing):
        raise Conflict("held", f"{this}已经挂起。")
    rows = kind.of.case.objects.filter(pk=pk, holder=case.holder_id, effective_at=None)
    stopped = {"held_on": clock.today(), "held_version": thing.version, "holder": by}
    if not rows.update(**stopped, claimed_at=case.claimed_at or clock.now()):
        raise Conflict("changed_meanwhile", f"{this}刚被别人处理过，没有挂起，请刷新后再看。")
    _say(thing, NoteKind.HOLD, by, kind, said)
    kind.tell(thing, HOLD, by=by, note=said if reasons.get(code).waits_for else "")
    return thing


@transaction.atomic
def resume_case(pk: int, *, by, kind: Kind = DECLARATIONS) -> Any:
    """Let the clock go on (恢复): the last day moves by the working days it stood still."""
    thing, case = _mine(pk, by, kind)
    if not is_held(case, thing):
        raise Conflict("not_held", f"{kind.of.this}没有挂起。")
    calendar = region(thing.region).calendar
    stood = calendar.workdays.between(case.held_on, clock.today())
    if thing.due_on and stood > 0:
        thing.due_on = calendar.add_working_days(thing.due_on, stood)
        thing.save(update_fields=["due_on"])
    kind.of.case.objects.filter(pk=pk).update(held_on=None, held_version=None)
    moved = f"时限顺延 {stood} 个工作日" if stood > 0 else ""
    _say(thing, NoteKind.RESUME, by, kind, moved)
    kind.tell(thing, RESUME, by=by, note=moved)
    return thing


@transaction.atomic
def add_note(pk: int, text: str, *, by, kind: Kind = DECLARATIONS) -> InternalNote:
    """Write a remark for colleagues (备注); nobody outside the agency sees it."""
    permit(by, "review", "备注")
    (thing,) = kind.locked([pk], by=by)
    if not text.strip():
        raise Refused("text_missing", "请写下备注。", field="text")
    return _say(thing, NoteKind.NOTE, by, kind, text)


def _waiting(pk: int, by, kind: Kind) -> tuple[Any, Any]:
    """A case that waits for the desk, locked with what the desk knows of it."""
    (thing,) = kind.locked([pk], by=by)
    this, noun = kind.of.this, kind.of.noun
    if thing.state != State.SUBMITTED:
        raise Conflict("wrong_state", f"{this}{noun}现在是“{thing.state_label}”，不用再分派。")
    touch([thing], kind.of)
    case = kind.of.case.objects.select_related("holder").get(pk=pk)
    if is_pending(case, thing):
        raise Conflict("already_approved", f"{this}已经通过，几秒后生效。要改请先撤回通过。")
    return thing, case


def _mine(pk: int, by, kind: Kind) -> tuple[Any, Any]:
    permit(by, "review", "办理")
    thing, case = _waiting(pk, by, kind)
    if case.holder_id != by.pk:
        who = f"在{case.holder.name}手里" if case.holder else "还没有人领取"
        raise Conflict("not_yours", f"{kind.of.this}{who}，请先领取或接手。")
    return thing, case


def _not_own(thing, by, kind: Kind) -> None:
    if kind.own([thing], by):
        text = f"录入或提交{kind.of.this}{kind.of.noun}的人不能自己审核，请交给其他审核人员。"
        raise Refused("own_declaration", text, status=403)


def _say(thing, deed: NoteKind, by, kind: Kind, text: str = "", to=None) -> InternalNote:
    """Keep what happened for the desk, and record it; the words stay inside the agency."""
    note = kind.of.note(**{kind.of.about: thing}, kind=deed, by=by, to=to, text=text.strip()[:LONGEST], at=clock.now())
    note.save()
    detail = {"case": thing.case_number} | ({"account": to.username} if to else {})
    record(f"desk.{deed}", thing, by=by, employer=thing.employer, **detail)
    return note
