"""Where a registration can go and who may send it there: the only place that knows."""

from dataclasses import dataclass

from django.db.models import TextChoices

from ..errors import Conflict, permit


class State(TextChoices):
    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "审核中"
    RETURNED = "returned", "退回补正"
    APPROVED = "approved", "审核通过"
    REJECTED = "rejected", "不予办理"


WITH_APPLICANT = (State.DRAFT, State.RETURNED)
"""States in which the applicant may still write."""
UNDECIDED = (State.SUBMITTED, State.RETURNED)
"""States in which the agency knows of it and has not decided: one such registration for a credit code."""


@dataclass(frozen=True)
class Move:
    """One step: from which states, to which; `permission` is what the agency's people need, "" the applicant's own."""

    title: str
    sources: frozenset[str]
    target: str
    permission: str


MOVES = {
    "submit": Move("提交", frozenset({State.DRAFT, State.RETURNED}), State.SUBMITTED, ""),
    "complete": Move("注册", frozenset({State.DRAFT, State.RETURNED}), State.APPROVED, ""),
    "approve": Move("通过", frozenset({State.SUBMITTED}), State.APPROVED, "review"),
    "return": Move("退回补正", frozenset({State.SUBMITTED}), State.RETURNED, "review"),
    "reject": Move("不予办理", frozenset({State.SUBMITTED}), State.REJECTED, "review"),
}

TITLES = {name: move.title for name, move in MOVES.items()} | {"hold": "挂起", "resume": "恢复办理"}
"""Every kind of event in words; holding and resuming leave the state as it is."""


def open_moves(registration, actor) -> list[str]:
    """The moves that somebody of the agency may make now."""
    return [
        name
        for name, move in MOVES.items()
        if move.permission and registration.state in move.sources and actor.may(move.permission)
    ]


def advance(registration, name: str, *, by) -> None:
    """Move the registration. Raises Refused for who may not, Conflict when it stands elsewhere by now."""
    make_move(registration, MOVES[name], "注册申请", by=by)


def make_move(made, move: Move, noun: str, *, by) -> None:
    """Move what an applicant gave in; `noun` is what it is called. Raises Refused and Conflict as `advance` says."""
    if move.permission:
        permit(by, move.permission, move.title)
    if made.state not in move.sources:
        text = f"这份{noun}现在是“{made.state_label}”，不能再“{move.title}”，没有重复办理。请刷新后再看。"
        raise Conflict("wrong_state", text)
    made.state = move.target
