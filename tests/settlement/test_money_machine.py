"""A random life of an employer's money agrees with a model of a few integers after every step."""

import pytest

from .machine import run

pytestmark = pytest.mark.django_db

LIVES, STEPS = 60, 50
"""500 lives of 50 steps take some five minutes: `make drill` lives them, on both databases."""


def test_no_sequence_of_legal_acts_loses_or_makes_a_fen():
    run(LIVES, STEPS)
