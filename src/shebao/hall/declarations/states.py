"""Where a declaration can go and who may send it there: the only place that knows."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.timezone import make_naive

from ..errors import Conflict, permit


class State(TextChoices):
    DRAFT = "draft", "待提交"
    SUBMITTED = "submitted", "审核中"
    RETURNED = "returned", "审核不通过"
    APPROVED = "approved", "审核通过"
    REJECTED = "rejected", "不予办理"
    DELETED = "deleted", "已删除"
    UNDONE = "undone", "已撤销"


ANSWERED = {
    State.SUBMITTED: "核实中",
    State.RETURNED: "待补充",
    State.APPROVED: "核实属实",
    State.REJECTED: "核实无误",
}
"""The words where a case is a question that the agency answers."""
IN_FORCE = "已生效"
"""The word for an approved declaration that nobody reviewed: it took effect at once."""


def label_of(state: str, service) -> str:
    """The one word for a state of a declaration, or of a service's, on every page and in every message.

    Where a refused case is declared anew, being rejected is the only way to fail and is called that.
    """
    if not service.is_listed:
        return ANSWERED.get(State(state), State(state).label)
    if service.is_direct and state == State.APPROVED:
        return IN_FORCE
    return (State.RETURNED if service.is_copied and state == State.REJECTED else State(state)).label


OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)
"""States in which the matter is not decided: one such declaration for a person and service."""


COPIED = (State.APPROVED, State.REJECTED, State.UNDONE)
"""States in which the matter is decided: such a case is never changed, but may be declared anew as a copy."""


@dataclass(frozen=True)
class Move:
    """One step: from which states, to which, and the permission it needs."""

    title: str
    sources: frozenset[State]
    target: State
    permission: str


MOVES = {
    "submit": Move("提交", frozenset({State.DRAFT, State.RETURNED}), State.SUBMITTED, "declare"),
    "complete": Move("生效", frozenset({State.DRAFT}), State.APPROVED, "declare"),
    "withdraw": Move("撤回", frozenset({State.SUBMITTED}), State.DRAFT, "declare"),
    "delete": Move("删除", frozenset({State.DRAFT, State.RETURNED, State.REJECTED}), State.DELETED, "declare"),
    "restore": Move("恢复", frozenset({State.DELETED}), State.DRAFT, "declare"),
    "restore_returned": Move("恢复", frozenset({State.DELETED}), State.RETURNED, "declare"),
    "restore_rejected": Move("恢复", frozenset({State.DELETED}), State.REJECTED, "declare"),
    "undo": Move("撤销", frozenset({State.APPROVED}), State.UNDONE, "declare"),
    "approve": Move("通过", frozenset({State.SUBMITTED}), State.APPROVED, "review"),
    "return": Move("退回补正", frozenset({State.SUBMITTED}), State.RETURNED, "review"),
    "reject": Move("不予办理", frozenset({State.SUBMITTED}), State.REJECTED, "review"),
}

TITLES = {name: move.title for name, move in MOVES.items()} | {
    "save": "录入",
    "repair": "修改",
    "copy": "复制重报",
    "sign": "审核签署",
    "propose": "送复核",
    "send_back": "复核退回",
    "hand_over": "交接",
    "hold": "挂起",
    "resume": "恢复办理",
}
"""Every kind of event in words; saving, repairing, holding and resuming leave the state as it is."""


def open_moves(declaration, actor) -> list[str]:
    """The moves this actor may make now: buttons, API actions and checks read the same rows."""
    service = declaration.spec
    # Which of the restorings applies, the operation knows: for a person there is one.
    hidden = {"restore_returned", "restore_rejected", "complete"}
    hidden |= {"withdraw"} if declaration.is_direct else {"undo"}
    hidden |= set() if declaration.waits else {"submit"}
    hidden |= {"return"} if service.is_copied else set()
    if declaration.state == State.REJECTED and not service.is_copied:
        hidden |= {"delete"}
    return [
        name
        for name, move in MOVES.items()
        if name not in hidden and declaration.state in move.sources and may_move(declaration, move, actor)
    ]


def offered_moves(declaration, actor) -> list[str]:
    """The open moves that a page shows: what a bill has taken is undone with the bill only."""
    from ..services.back_payments import is_taken  # it reads declarations too

    moves = open_moves(declaration, actor)
    return [name for name in moves if name != "undo"] if "undo" in moves and is_taken(declaration) else moves


def may_move(declaration, move: Move, actor) -> bool:
    """Whether the actor's role lets them; the agency acts for the employer only on what its counter entered."""
    if actor.is_agency and move.permission == "declare":
        return declaration.at_counter and actor.may("enter_at_counter")
    return actor.may(move.permission)


def advance(declaration, name: str, *, by) -> State:
    """Move the declaration and return the state it came from. Raises Refused / Conflict in words."""
    move = MOVES[name]
    if not may_move(declaration, move, by):
        permit(by, move.permission, move.title)
    if declaration.state not in move.sources:
        raise Conflict("wrong_state", too_late(declaration, name, by=by))
    before, declaration.state = State(declaration.state), move.target
    return before


def too_late(declaration, name: str, *, by) -> str:
    """Why a move cannot be made any more, naming who was faster; repeating one's own step is no mistake."""
    title, label, subject = MOVES[name].title, declaration.state_label, declaration.subject_name
    last = declaration.events.select_related("by").order_by("-at", "-pk").first()
    if last is None or last.by is None:
        return f"{subject}的申报现在是“{label}”，不能再“{title}”。可能刚被别人处理过，请刷新后再看。"
    if last.by == by and last.move == name:
        return f"您已经办理过“{title}”（{subject}），没有重复办理。"
    did = f"{last.by.name}已于 {make_naive(last.at):%m-%d %H:%M} 办理“{TITLES.get(last.move, last.move)}”"
    return f"{subject}的申报现在是“{label}”，不能再“{title}”：{did}。请刷新后再看。"
