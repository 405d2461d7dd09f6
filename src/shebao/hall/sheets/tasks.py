"""The checking of a batch as a background job: the page may be left."""

from django_tasks import task


@task()
def check_batch(batch_id: int, operator_id: int) -> None:
    """Check every row of a batch; progress is on the batch itself."""
    from ..operators.models import Operator
    from .rows import check_whole_batch

    check_whole_batch(batch_id, by=Operator.objects.get(pk=operator_id))


def check_in_background(batch_id: int, operator_id: int) -> None:
    """Queue the check of a batch."""
    check_batch.enqueue(batch_id, operator_id)
