"""Trying values on a large region, and assessing who did not declare, as background jobs."""

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


@task()
def assess_undeclared_employers(run_id: int, operator_id: int) -> None:
    """Do the work of a run of provisional assessments; again is only the rest of it."""
    from ..operators.models import Operator
    from .undeclared_runs import carry_out

    carry_out(run_id, by=Operator.objects.get(pk=operator_id))


def assess_in_background(run_id: int, operator_id: int) -> None:
    """Queue a run of provisional assessments."""
    assess_undeclared_employers.enqueue(run_id, operator_id)
