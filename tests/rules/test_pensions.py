"""Pensions: the national formula, its table, and the conventions between two rows."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.months import Month
from shebao.rules.pensions import PAYOUT_MONTHS, average_index, monthly_pension, payout_months
from shebao.rules.region_model import NoValue
from tests.rules.published import exact, fen, published


@published("pensions", "payout")
def test_a_published_row_of_payout_months_comes_out(case):
    years, months = map(int, case["age"].split("."))
    assert payout_months(years * 12 + months, convention=case["convention"]) == Fraction(exact(case["months"]))


@published("pensions", "pensions")
def test_a_published_pension_comes_out_to_the_fen(case):
    told, wanted = case["given"], case["expect"]
    got = monthly_pension(
        reference_wage=fen(told["wage"]),
        index=exact(told["index"]),
        contribution_months=int(told["months"]),
        account_balance=fen(told["balance"]),
        payout=Fraction(exact(told["payout"])),
        rounding="fen_half_up",
    )
    assert (got.base, got.account) == (fen(wanted["base"]), fen(wanted["account"]))
    assert got.total == got.base + got.account


def test_the_table_goes_from_40_to_70_and_falls_with_every_year():
    assert list(PAYOUT_MONTHS) == list(range(40, 71))
    rows = list(PAYOUT_MONTHS.values())
    assert all(later < earlier for earlier, later in zip(rows, rows[1:], strict=False))
    for age in (40 * 12 - 1, 70 * 12 + 1):
        with pytest.raises(NoValue, match="计发月数表没有"):
            payout_months(age, convention="interpolated")
    with pytest.raises(KeyError):
        payout_months(60 * 12, convention="nearest")


@given(st.integers(40 * 12, 70 * 12 - 1))
def test_interpolation_lies_between_the_rows_and_keeps_one_decimal(age):
    got = payout_months(age, convention="interpolated")
    assert PAYOUT_MONTHS[age // 12 + 1] < got <= PAYOUT_MONTHS[age // 12]
    assert (got * 10).denominator == 1 and payout_months(age + 1, convention="interpolated") < got


def test_the_average_index_compares_each_month_with_the_year_before():
    bases = {Month(2024, 12): 600000, Month(2025, 1): 600000, Month(2025, 2): 1200000}
    assert average_index(bases, {2023: 1000000, 2024: 1200000}) == (Fraction(6, 10) + Fraction(1, 2) + 1) / 3
    with pytest.raises(NoValue, match="缺少 2024 年的月平均工资"):
        average_index(bases, {2023: 1000000})
    with pytest.raises(NoValue, match="没有缴费月份"):
        average_index({}, {})


WAGES, COUNTS = st.integers(0, 10**8), st.integers(0, 600)


@given(WAGES, st.decimals("0.6", "3", places=4), COUNTS, st.integers(0, 10**9))
def test_a_pension_agrees_with_the_formula_in_whole_numbers(wage, index, months, balance):
    got = monthly_pension(
        reference_wage=wage,
        index=index,
        contribution_months=months,
        account_balance=balance,
        payout=Fraction(1387, 10),
        rounding="fen_half_up",
    )
    above, below = wage * (10_000 + int(index * 10_000)) * months, 10_000 * 2 * 12 * 100
    assert got.base == (2 * above + below) // (2 * below)
    assert got.account == (2 * balance * 10 + 1387) // (2 * 1387)


def test_negative_amounts_are_refused():
    for lost in ("reference_wage", "contribution_months", "account_balance"):
        numbers = {"reference_wage": 1, "contribution_months": 1, "account_balance": 1} | {lost: -1}
        with pytest.raises(ValueError, match="negative"):
            monthly_pension(**numbers, index=Decimal(1), payout=Fraction(139), rounding="fen_half_up")
