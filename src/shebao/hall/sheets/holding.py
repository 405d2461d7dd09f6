"""Taking hold of a batch: whether the actor may, whether it is at the step, who is at work on it."""

from ..clock import now
from ..errors import Conflict, Refused
from .models import Batch, BatchState


def may_declare(by) -> None:
    """Refuse an actor who may not declare."""
    if not by.may("declare"):
        raise Refused("not_permitted", "您的账号没有申报权限，请联系单位管理员。", status=403)


def expect(batch: Batch, *states: str) -> None:
    """Refuse a batch that is at another step, because somebody else was faster."""
    if batch.state not in states:
        raise Conflict(
            "batch_state", f"这个批次现在是“{batch.get_state_display()}”，刚才的操作没有执行，请刷新后再看。"
        )


def fixing(batch_id: int, by) -> Batch:
    """The batch, locked, at the step of repairing; the actor becomes its editor."""
    may_declare(by)
    batch = Batch.objects.visible_to(by).select_for_update().get(pk=batch_id)
    expect(batch, BatchState.FIXING)
    batch.editor, batch.edited_at = by, now()
    batch.save(update_fields=["editor", "edited_at"])
    return batch
