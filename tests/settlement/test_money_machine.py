"""A random life of an employer's money agrees with a model of a few integers after every step."""

import sys
import types
from unittest.mock import patch

import pytest

from .machine import MoneyMachine, run

pytestmark = pytest.mark.django_db

LIVES, STEPS, PARTS = 500, 50, 10
"""The same lives in every run, in parts for several workers; a life on PostgreSQL is twice the work of one on SQLite, a
third of it the server's. `python -m drill lives` lives others, and as many as are wanted.
"""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_sequence_of_legal_acts_loses_or_makes_a_fen(part):
    run(LIVES // PARTS, STEPS, seed=part)


def test_a_seed_gives_the_same_lives_in_every_run():
    """Whatever was imported and run before: what fails in one run is found again in the next."""

    def lived() -> list:
        told = []

        class Told(MoneyMachine):
            def teardown(self):
                told.append((self.at, self.credit, self.suspense, self.into_bank, len(self.people), self.serial))
                super().teardown()

        run(4, 20, seed=7, life=Told)
        return told

    before = lived()
    with patch.dict(sys.modules, {"something_new": types.ModuleType("something_new")}):
        assert lived() == before and len(set(before)) > 1
