"""Fractions of any length become whole numbers that a database can reckon with, and never a fen is lost by it."""

from fractions import Fraction
from math import prod

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shebao.rules.money import LARGEST_FEN, ROUNDINGS, rounded
from shebao.rules.terms import LARGEST_FACTOR, beside, terms_of_factor

yearly = st.builds(Fraction, st.integers(0, 999), st.just(12_000))
compounded = st.lists(yearly, max_size=40).map(
    lambda rates: Fraction(min(prod(1 + one for one in rates) - 1, LARGEST_FACTOR))
)
factors = st.one_of(
    st.fractions(0, LARGEST_FACTOR), compounded, st.builds(lambda n: Fraction(n, 10**30), st.integers(0, 10**31))
)


@given(factors, st.integers(0, LARGEST_FEN), st.sampled_from(sorted(ROUNDINGS)))
@example(Fraction(1, 2), 1, "fen_half_up")
@example(Fraction(LARGEST_FACTOR), LARGEST_FEN, "yuan_up")
def test_whole_numbers_charge_what_the_fraction_does_to_the_fen(factor, principal, rounding):
    exactly = rounded(principal * factor.numerator, factor.denominator, rounding)
    assert terms_of_factor(factor, rounding).amount(principal) == exactly


@given(st.integers(1, LARGEST_FEN), st.integers(1, 10**6), st.sampled_from(sorted(ROUNDINGS)))
def test_at_the_very_step_of_a_rounding_nothing_is_lost(principal, fen, rounding):
    """A factor that is exactly on a step, or so little beside it that no fraction with a short denominator tells."""
    rule = ROUNDINGS[rounding]
    step = (
        Fraction((2 * fen - 1) * rule.unit, 2 * principal)
        if rule.mode == "half_up"
        else Fraction(fen * rule.unit, principal)
    )
    for factor in (step, step - Fraction(1, 10**40), step + Fraction(1, 10**40)):
        if 0 <= factor <= LARGEST_FACTOR:
            exactly = rounded(principal * factor.numerator, factor.denominator, rounding)
            assert terms_of_factor(factor, rounding).amount(principal) == exactly


@given(factors, st.integers(0, LARGEST_FEN), st.sampled_from(sorted(ROUNDINGS)))
@example(Fraction(LARGEST_FACTOR) - Fraction(1, 10**30), LARGEST_FEN, "fen_half_up")
def test_every_step_of_a_database_fits_into_its_numbers(factor, principal, rounding):
    """As `settlement/migrations/0020` divides: a million at a time, so that no product leaves int64."""
    terms = terms_of_factor(factor, rounding)
    many, rest = divmod(principal, 10**6)
    first = many * terms.numerator
    last = first % terms.denominator * 10**6 + rest * terms.numerator + terms.carry
    assert max(first, last) < 2**63
    assert (first // terms.denominator * 10**6 + last // terms.denominator) * terms.unit_fen == terms.amount(principal)


@given(st.fractions(0, 5), st.integers(1, 40))
def test_nothing_as_short_lies_between_a_number_and_what_is_beside_it(number, longest):
    fractions = {Fraction(n, d) for d in range(1, longest + 1) for n in range(6 * d + 1)}
    below, above = beside(number, longest)
    assert below == max(one for one in fractions if one <= number)
    assert above == min(one for one in fractions if one >= number)


def test_nobody_bears_less_than_nothing_or_more_than_twenty_times_what_they_owe():
    for factor in (Fraction(-1, 10**9), LARGEST_FACTOR + Fraction(1, 10**9)):
        with pytest.raises(ValueError, match="between nothing and twenty times"):
            terms_of_factor(factor, "fen_half_up")
