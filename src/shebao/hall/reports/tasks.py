"""Writing a long table as a background job: the page may be left."""

from django_tasks import task


@task()
def write_export(run_id: int, attempt: int, operator_id: int) -> None:
    """Write the workbook of a run; progress and outcome are on the run itself."""
    from ..operators.models import Operator
    from .exporting import carry_out

    carry_out(run_id, attempt, by=Operator.objects.get(pk=operator_id))


def export_in_background(run_id: int, attempt: int, operator_id: int) -> None:
    """Queue a run."""
    write_export.enqueue(run_id, attempt, operator_id)
