"""What the agency's people do among themselves: claim, give back, take over, hand on, hold, and write remarks."""

from collections.abc import Iterable

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..declarations.models import Declaration
from ..declarations.pipe import locked
from ..declarations.review import declared_by_actor
from ..declarations.states import State
from ..errors import Conflict, Refused, permit
from ..operators.models import Operator
from ..regions import region
from ..scopes import serves
from .models import DeskCase, DeskNote, NoteKind
from .signing import is_held, is_pending

LONGEST = 300
NEXT = 10
"""How many cases one press claims."""


def touch(declarations: Iterable[Declaration]) -> None:
    """Let the desk know these declarations; what it knows already stays as it is."""
    DeskCase.objects.bulk_create([DeskCase(declaration=one) for one in declarations], ignore_conflicts=True)


@transaction.atomic
def claim_cases(pks: list[int], *, by) -> tuple[list[Declaration], list[Declaration]]:
    """Take cases in hand (领取). Returns those taken and those that somebody had before; one's own count as taken.

    What the actor declared or submitted is not theirs to review and is refused.
    """
    permit(by, "review", "领取")
    declarations = [one for one in locked(pks, by=by) if one.state == State.SUBMITTED]
    own = declared_by_actor(declarations, by)
    touch(declarations)
    taken, lost = [], []
    for one in declarations:
        if one.pk in own:
            lost.append(one)
            continue
        # The condition carries correctness where the database has no row locks: of two, one finds a free case.
        free = DeskCase.objects.filter(pk=one.pk, holder=None)
        if free.update(holder=by, claimed_at=clock.now()):
            _say([one], NoteKind.CLAIM, by)
            taken.append(one)
        elif DeskCase.objects.filter(pk=one.pk, holder=by).exists():
            taken.append(one)
        else:
            lost.append(one)
    return taken, lost


@transaction.atomic
def give_back(pk: int, *, by, note: str = "") -> Declaration:
    """Lay a case back for everybody (放回待领). A held one has to be resumed first."""
    declaration, case = _mine(pk, by)
    if is_held(case, declaration):
        raise Conflict("held", "这笔已挂起，时限停着。请先恢复，再放回待领。")
    _pass(case, by, None, note, NoteKind.GIVE_BACK)
    return declaration


@transaction.atomic
def take_over(pk: int, *, by, reason: str) -> Declaration:
    """Take a case out of a colleague's hands (接手), with the reason, which the colleague reads."""
    permit(by, "review", "接手")
    declaration, case = _waiting(pk, by)
    if not reason.strip():
        raise Refused("reason_missing", "请写明为什么接手，原来的承办人会看到。", field="reason")
    _not_own([declaration], by)
    if case.holder_id == by.pk:
        raise Conflict("already_yours", "这笔已经在您手里。")
    _pass(case, by, by, reason, NoteKind.TAKE_OVER)
    return declaration


@transaction.atomic
def transfer_case(pk: int, to_id: int | None, *, by, note: str = "") -> Declaration:
    """Hand a case on to a colleague (转办). Raises Refused where nobody is chosen, Operator.DoesNotExist for somebody
    who is none.
    """
    permit(by, "review", "转办")
    declaration, case = _waiting(pk, by)
    if case.holder_id not in (None, by.pk):
        raise Conflict("in_other_hands", f"这笔在{case.holder.name}手里，请先接手再转办。")
    if to_id is None:
        raise Refused("no_colleague", "请选择转给哪位同事。", field="to")
    colleague = Operator.objects.visible_to(by).get(pk=to_id, is_active=True)
    if colleague.pk == by.pk or not colleague.may("review"):
        raise Refused("no_colleague", "请选择另一位有审核权限的同事。", field="to")
    if declared_by_actor([declaration], colleague):
        raise Refused("no_colleague", f"{colleague.name}录入或提交了这笔申报，不能由其审核。", field="to")
    if not serves(colleague, declaration.employer):
        raise Refused("no_colleague", f"{colleague.name}不办理这个单位所在的经办区划，请选择另一位同事。", field="to")
    _pass(case, by, colleague, note, NoteKind.TRANSFER)
    return declaration


def _pass(case: DeskCase, by, to, note: str, kind: NoteKind) -> None:
    """Change hands, if they are still the hands that were seen."""
    moved = DeskCase.objects.filter(pk=case.pk, holder=case.holder_id)
    if not moved.update(holder=to, claimed_at=clock.now() if to else None):
        raise Conflict("changed_meanwhile", "这笔刚换了承办人，刚才的操作没有执行，请刷新后再看。")
    _say([case.declaration], kind, by, note, to=to)


@transaction.atomic
def hold_case(pk: int, *, by, code: str, text: str = "") -> Declaration:
    """Stop a case's clock (挂起) for a reason of the region's list; `text` says more."""
    permit(by, "review", "挂起")
    declaration, case = _waiting(pk, by)
    reasons = region(declaration.region).codes["hold_reasons"]
    if not reasons.get(code):
        raise Refused("reason_missing", "请选择挂起的原因。", field="code")
    if case.holder_id not in (None, by.pk):
        raise Conflict("in_other_hands", f"这笔在{case.holder.name}手里，请先接手再挂起。")
    _not_own([declaration], by)
    if is_held(case, declaration):
        raise Conflict("held", "这笔已经挂起。")
    rows = DeskCase.objects.filter(pk=pk, holder=case.holder_id, effective_at=None)
    stopped = {"held_on": clock.today(), "held_version": declaration.version, "holder": by}
    if not rows.update(**stopped, claimed_at=case.claimed_at or clock.now()):
        raise Conflict("changed_meanwhile", "这笔刚被别人处理过，没有挂起，请刷新后再看。")
    said = "：".join(part for part in (reasons.title_of(code), text.strip()) if part)
    _say([declaration], NoteKind.HOLD, by, said)
    return declaration


@transaction.atomic
def resume_case(pk: int, *, by) -> Declaration:
    """Let the clock go on (恢复): the last day moves by the working days it stood still."""
    declaration, case = _mine(pk, by)
    if not is_held(case, declaration):
        raise Conflict("not_held", "这笔没有挂起。")
    calendar = region(declaration.region).calendar
    stood = calendar.workdays.between(case.held_on, clock.today())
    if declaration.due_on and stood > 0:
        declaration.due_on = calendar.add_working_days(declaration.due_on, stood)
        declaration.save(update_fields=["due_on"])
    DeskCase.objects.filter(pk=pk).update(held_on=None, held_version=None)
    _say([declaration], NoteKind.RESUME, by, f"时限顺延 {stood} 个工作日" if stood > 0 else "")
    return declaration


@transaction.atomic
def add_note(pk: int, text: str, *, by) -> DeskNote:
    """Write a remark for colleagues (备注); the employer does not see it."""
    permit(by, "review", "备注")
    (declaration,) = locked([pk], by=by)
    if not text.strip():
        raise Refused("text_missing", "请写下备注。", field="text")
    return _say([declaration], NoteKind.NOTE, by, text)[0]


def _waiting(pk: int, by) -> tuple[Declaration, DeskCase]:
    """A case that waits for the desk, locked with what the desk knows of it."""
    (declaration,) = locked([pk], by=by)
    if declaration.state != State.SUBMITTED:
        raise Conflict("wrong_state", f"这笔申报现在是“{declaration.state_label}”，不用再分派。")
    touch([declaration])
    case = DeskCase.objects.select_related("holder", "pending_by").get(pk=pk)
    if is_pending(case, declaration):
        raise Conflict("already_approved", "这笔已经通过，几秒后生效。要改请先撤回通过。")
    case.declaration = declaration
    return declaration, case


def _mine(pk: int, by) -> tuple[Declaration, DeskCase]:
    permit(by, "review", "办理")
    declaration, case = _waiting(pk, by)
    if case.holder_id != by.pk:
        who = f"在{case.holder.name}手里" if case.holder else "还没有人领取"
        raise Conflict("not_yours", f"这笔{who}，请先领取或接手。")
    return declaration, case


def _not_own(declarations: list[Declaration], by) -> None:
    if declared_by_actor(declarations, by):
        raise Refused("own_declaration", "录入或提交这笔申报的人不能自己审核，请交给其他审核人员。", status=403)


def _say(declarations: list[Declaration], kind: NoteKind, by, text: str = "", to=None) -> list[DeskNote]:
    """Keep what happened for the desk, and record it; the words stay inside the agency."""
    text, now = text.strip()[:LONGEST], clock.now()
    rows = [DeskNote(declaration=one, kind=kind, by=by, to=to, text=text, at=now) for one in declarations]
    for note in rows:
        note.save()
        detail = {"case": note.declaration.case_number} | ({"account": to.username} if to else {})
        record(f"desk.{kind}", note.declaration, by=by, employer=note.declaration.employer, **detail)
    return rows
