"""What an evidence charges, in whole numbers: so that a database, which has no fractions, can reckon it too."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from shebao.rules.money import LARGEST_FEN, ROUNDINGS

LARGEST_FACTOR = 20
"""A debt does not bear more than twenty times itself; up to that every step of the database fits into int64."""


class Terms(NamedTuple):
    """What an evidence charges, in whole numbers, so that a database can reckon too: of a base between `lowest_fen` and
    `highest_fen` (base × numerator + carry) ÷ denominator, the rest of the division left out, × unit_fen, + plus_fen.

    The carry is what makes the division round as the evidence says. All fit into int64, with every base.
    """

    lowest_fen: int
    highest_fen: int
    numerator: int
    carry: int
    denominator: int
    unit_fen: int
    plus_fen: int

    def held(self, wage_fen: int) -> tuple[int, int]:
        """The base of a wage, and whether a limit moved it: −1 raised, +1 cut."""
        base = min(max(wage_fen, self.lowest_fen), self.highest_fen)
        return base, (base < wage_fen) - (base > wage_fen)

    def amount(self, base_fen: int, months: int = 1, *, together: bool = False) -> int:
        """Fen for so many equal months, rounded each or together."""
        each, times = (months, 1) if together else (1, months)
        rated = (base_fen * each * self.numerator + self.carry) // self.denominator * self.unit_fen
        return rated * times + self.plus_fen * months


def terms_of_factor(factor: Fraction, rounding: str) -> Terms:
    """The terms of what a principal bears that is multiplied by `factor` and rounded by the named rule; it is no base.

    A factor may have a denominator of any length (interest of many years, compounded). A fraction beside it with a
    short one gives the same fen for every principal up to LARGEST_FEN: rounded half up, x · factor is k or more where
    (2k − 1) ÷ 2x ≤ factor, and whether a fraction with so short a denominator is at most the factor, the largest such
    fraction answers alike. Raises ValueError for a factor beyond LARGEST_FACTOR, KeyError for an unknown rounding.
    """
    if not 0 <= factor <= LARGEST_FACTOR:
        raise ValueError("a principal bears between nothing and twenty times itself")
    rule = ROUNDINGS[rounding]
    below, above = beside(factor / rule.unit, 2 * LARGEST_FEN if rule.mode == "half_up" else LARGEST_FEN)
    near = above if rule.mode == "up" else below
    times, carry, divisor = replace(rule, unit=1).division(near.denominator)
    return Terms(0, 0, near.numerator * times, carry, divisor, rule.unit, 0)


def beside(number: Fraction, longest: int) -> tuple[Fraction, Fraction]:
    """The largest fraction up to a number and the smallest from it on whose denominators are `longest` at most.

    Both are the number itself where its own is. The number is not negative.
    """
    if number.denominator <= longest:
        return number, number
    # The convergents of its continued fraction come from both sides in turn; the last two that are short enough, the
    # one before drawn on as far as it may, have no such fraction between them.
    p0, q0, p1, q1 = 0, 1, 1, 0
    n, d = number.numerator, number.denominator
    while q0 + (whole := n // d) * q1 <= longest:
        p0, q0, p1, q1 = p1, q1, p0 + whole * p1, q0 + whole * q1
        n, d = d, n - whole * d
    more = (longest - q0) // q1
    one, other = Fraction(p0 + more * p1, q0 + more * q1), Fraction(p1, q1)
    return min(one, other), max(one, other)
