"""Printing many papers as a background job: the page may be left."""

from django_tasks import task


@task()
def print_papers(run_id: int, operator_id: int) -> None:
    """Issue the papers of a run; progress and outcome are on the run itself."""
    from ..operators.models import Operator
    from .printing import carry_out

    carry_out(run_id, by=Operator.objects.get(pk=operator_id))


def print_in_background(run_id: int, operator_id: int) -> None:
    """Queue a run."""
    print_papers.enqueue(run_id, operator_id)
