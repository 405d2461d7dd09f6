"""A random life of an employer's money agrees with a model of a few integers after every step."""

import pytest

from .machine import run

pytestmark = pytest.mark.django_db


def test_no_sequence_of_legal_acts_loses_or_makes_a_fen():
    run(examples=8, steps=16)
