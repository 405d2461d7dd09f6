"""The squashed migrations (decision 0029) lead where the steps lead that they replace, from wherever a hall stands."""

import pytest
from django.db.migrations import loader as loading
from django.db.migrations.loader import MigrationLoader

from .migrations import StepByStep

STEPS = StepByStep(None)
PLAN = list(dict.fromkeys(step for leaf in STEPS.graph.leaf_nodes() for step in STEPS.graph.forwards_plan(leaf)))
#: Where a squashed history is cut, halls may have stopped before, at and after the cut.
STOPPED_AT = {
    "a new hall": (),
    "before a cut": (("settlement", "0004_values_are_tried_on_scratch_paper"),),
    "at a cut": (("settlement", "0005_back_payments_are_charged_with_a_bill"),),
    "after a cut": (("settlement", "0012_bills_are_sealed_and_voids_are_whole"),),
    "with one app ahead": (("employers", "0008_an_employer_belongs_to_a_division"),),
    "in the middle of an upgrade": PLAN[: len(PLAN) // 2],
    "without the last step": PLAN[:-1],
    "at the newest": PLAN,
}


@pytest.mark.parametrize("applied", STOPPED_AT.values(), ids=STOPPED_AT)
def test_a_hall_reaches_the_same_models_from_wherever_it_stopped(monkeypatch, applied):
    past = {step for target in applied for step in STEPS.graph.forwards_plan(target)}

    class Recorder:
        def __init__(self, connection):
            self.applied_migrations = lambda: dict.fromkeys(past)

    monkeypatch.setattr(loading, "MigrationRecorder", Recorder)
    loader = MigrationLoader(None, load=False)
    loader.connection = object()
    loader.build_graph()
    assert loader.project_state() == STEPS.project_state()


def test_every_squashed_step_says_after_which_step_it_stands():
    """So `makemigrations` counts on from there: decision 0029."""
    for one in MigrationLoader(None).disk_migrations.values():
        if "_squashed_" in one.name:
            assert one.name == f"{one.replaces[0][1][:4]}_squashed_{one.replaces[-1][1]}"
