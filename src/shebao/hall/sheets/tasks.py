"""The long work on a batch as a background job: the page may be left."""

from django_tasks import task


@task()
def work_on_batch(batch_id: int, operator_id: int) -> None:
    """Check, confirm or undo, whichever the batch waits for; progress and the outcome are on the batch itself."""
    from ..errors import Refused
    from ..operators.models import Operator
    from .jobs import carry_on

    operator = Operator.objects.get(pk=operator_id)
    try:
        carry_on(batch_id, by=operator)
    except Refused:
        return  # said on the batch, where the clerk looks


def work_in_background(batch_id: int, operator_id: int) -> None:
    """Queue what the batch waits for."""
    work_on_batch.enqueue(batch_id, operator_id)
