"""Trying values on a large region, as a background job."""

from django_tasks import task


@task()
def run_sandbox(run_id: int, operator_id: int) -> None:
    """Do the work of a sandbox run; progress and outcome are on the run itself."""
    from ..operators.models import Operator
    from .sandbox import carry_out

    carry_out(run_id, by=Operator.objects.get(pk=operator_id))


def run_in_background(run_id: int, operator_id: int) -> None:
    """Queue a run."""
    run_sandbox.enqueue(run_id, operator_id)
