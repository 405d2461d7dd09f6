"""Letting approved registrations take effect as a background job, once nobody can take the approval back any more."""

from datetime import datetime

from django_tasks import task


@task()
def register_signed(pks: list[int]) -> None:
    """Register what is due of these, and whatever a job that was lost left behind."""
    from ..desk.effects import overdue_effects, take_effect
    from .reviewing import REGISTRATIONS

    take_effect(sorted({*pks, *overdue_effects(REGISTRATIONS)}), REGISTRATIONS)


def register_in_background(pks: list[int], at: datetime) -> None:
    """Queue it for the moment."""
    register_signed.using(run_after=at).enqueue(pks)
