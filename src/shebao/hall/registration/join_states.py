"""Where a request to join an employer can go (加入申请) and who may send it there: the only place that knows."""

from django.db.models import TextChoices

from .states import Move, make_move


class JoinState(TextChoices):
    DRAFT = "draft", "没有提交"
    SUBMITTED = "submitted", "待处理"
    APPROVED = "approved", "已同意"
    REJECTED = "rejected", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已过期"


DECIDED = (JoinState.APPROVED, JoinState.REJECTED, JoinState.WITHDRAWN, JoinState.EXPIRED)
"""States in which nobody does anything more about it."""
_OPEN = frozenset({JoinState.SUBMITTED})
JOIN_MOVES = {
    "submit": Move("提交", frozenset({JoinState.DRAFT}), JoinState.SUBMITTED, ""),
    "withdraw": Move("撤回", _OPEN, JoinState.WITHDRAWN, ""),
    "expire": Move("过期", _OPEN, JoinState.EXPIRED, ""),
    "approve": Move("同意", _OPEN, JoinState.APPROVED, "manage_operators"),
    "reject": Move("不同意", _OPEN, JoinState.REJECTED, "manage_operators"),
}


def advance_join(made, name: str, *, by) -> None:
    """Move a request. Raises Refused for who may not, Conflict when it stands elsewhere by now."""
    make_move(made, JOIN_MOVES[name], "加入申请", by=by)
