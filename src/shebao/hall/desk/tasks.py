"""Letting approvals take effect as a background job, once nobody can take them back any more."""

from datetime import datetime

from django_tasks import task


@task()
def effect(pks: list[int]) -> None:
    """Carry out what is due of these, and whatever a job that was lost left behind."""
    from .effects import overdue_effects, take_effect

    take_effect(sorted({*pks, *overdue_effects()}))


def effect_in_background(pks: list[int], at: datetime) -> None:
    """Queue it for the moment."""
    effect.using(run_after=at).enqueue(pks)
