"""Where a declaration can go and who may send it there: the only place that knows."""

from dataclasses import dataclass

from django.db.models import TextChoices

from ..errors import Conflict, Refused


class State(TextChoices):
    DRAFT = "draft", "待提交"
    SUBMITTED = "submitted", "审核中"
    RETURNED = "returned", "审核不通过"
    APPROVED = "approved", "审核通过"
    REJECTED = "rejected", "不予办理"
    DELETED = "deleted", "已删除"
    UNDONE = "undone", "已撤销"


OPEN = (State.DRAFT, State.SUBMITTED, State.RETURNED)
"""States in which the matter is not decided: one such declaration for a person and service."""


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
    "delete": Move("删除", frozenset({State.DRAFT, State.RETURNED}), State.DELETED, "declare"),
    "restore": Move("恢复", frozenset({State.DELETED}), State.DRAFT, "declare"),
    "undo": Move("撤销", frozenset({State.APPROVED}), State.UNDONE, "declare"),
    "approve": Move("通过", frozenset({State.SUBMITTED}), State.APPROVED, "review"),
    "return": Move("退回补正", frozenset({State.SUBMITTED}), State.RETURNED, "review"),
    "reject": Move("不予办理", frozenset({State.SUBMITTED}), State.REJECTED, "review"),
}


def open_moves(declaration, actor) -> list[str]:
    """The moves this actor may make now: buttons, API actions and checks read the same rows."""
    direct = declaration.is_direct
    hidden = {"submit", "withdraw"} if direct else {"complete", "undo"}
    return [
        name
        for name, move in MOVES.items()
        if name not in hidden and declaration.state in move.sources and actor.may(move.permission)
    ]


def advance(declaration, name: str, *, by) -> State:
    """Move the declaration and return the state it came from. Raises Refused / Conflict in words."""
    move = MOVES[name]
    if not by.may(move.permission):
        raise Refused("not_permitted", f"您的账号没有“{move.title}”的权限，请联系管理员。", status=403)
    if declaration.state not in move.sources:
        raise Conflict(
            "wrong_state",
            f"这笔申报现在是“{State(declaration.state).label}”，不能再“{move.title}”。可能刚被别人处理过，请刷新后再看。",
        )
    before, declaration.state = State(declaration.state), move.target
    return before
