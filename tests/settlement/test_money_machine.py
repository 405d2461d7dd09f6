"""A random life of an employer's money agrees with a model of a few integers after every step."""

import pytest
from django.db import connection

from .machine import run

pytestmark = pytest.mark.django_db

STEPS, PARTS = 50, 4
LIVES = {"sqlite": 500, "postgresql": 100}
"""A life of 50 steps takes a quarter of a second of one core on SQLite, longer on PostgreSQL, where the
server has its share of it: what differs between the engines differs in the first hundred lives. In parts, for several
workers; `python -m drill lives` lives more.
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_sequence_of_legal_acts_loses_or_makes_a_fen(part):
    run(LIVES[connection.vendor] // PARTS, STEPS, seed=part)
