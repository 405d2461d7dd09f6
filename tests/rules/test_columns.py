"""Columns: exact where they answer, a refusal where 64 bits do not suffice."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.columns import locked, ratio, scaled, whole
from shebao.rules.money import ROUNDINGS, rounded

WIDE = st.one_of(st.integers(0, 2**31), st.integers(0, 2**62))


@given(st.lists(WIDE, min_size=1, max_size=5), WIDE, st.integers(1, 10**9), st.sampled_from(sorted(ROUNDINGS)))
def test_a_product_is_exact_or_refused_and_never_wraps(amounts, weight, denominator, rounding):
    fits = 2 * max(amounts) * weight + 2 * denominator * ROUNDINGS[rounding].unit < 2**63
    if not fits:
        with pytest.raises(ValueError, match="64-bit"):
            scaled(np.array(amounts), weight, denominator, rounding)
        return
    wanted = [rounded(amount * weight, denominator, rounding) for amount in amounts]
    assert scaled(np.array(amounts), weight, denominator, rounding).tolist() == wanted
    assert scaled(np.array(amounts), np.full(len(amounts), weight), denominator, rounding).tolist() == wanted


def test_the_last_product_that_fits_is_computed_and_the_next_refused():
    last = 2**62 - 100 - 1  # 2·last + 2·1·100 is 2**63 − 2
    assert scaled(np.array([last]), 1, 1, "yuan_half_up").tolist() == [rounded(last, 1, "yuan_half_up")]
    with pytest.raises(ValueError, match="64-bit"):
        scaled(np.array([last + 1]), 1, 1, "yuan_half_up")


def test_nothing_times_anything_is_nothing():
    assert scaled(np.array([], dtype=np.int64), 2**62, 1, "fen_half_up").size == 0
    assert scaled(np.array([], dtype=np.int64), np.array([], dtype=np.int64), 1, "fen_half_up").size == 0


@pytest.mark.parametrize("values", [[1], np.array([1.5]), np.array([[1]]), np.array([1], dtype=np.int32), np.array(1)])
def test_a_column_is_one_dimension_of_int64(values):
    with pytest.raises(ValueError, match="fees must be a one-dimensional int64 array"):
        whole(values, "fees")


def test_a_column_has_no_negatives_wherever_they_stand():
    assert whole(np.array([0, 5]), "fees").tolist() == [0, 5]
    with pytest.raises(ValueError, match="fees must not be negative"):
        whole(np.array([5, -1]), "fees")


def test_a_ratio_is_exact_finite_and_not_negative():
    assert ratio(Decimal("0.0005")) == Fraction(1, 2000) and ratio(0) == 0 and ratio(Fraction(1, 3)) == Fraction(1, 3)
    for wrong in (0.5, "0.5", Decimal("NaN"), Decimal("Infinity"), Decimal("-0.1"), -1):
        with pytest.raises(ValueError, match="ratio"):
            ratio(wrong)


def test_a_locked_column_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        locked(np.array([1, 2]))[0] = 3
