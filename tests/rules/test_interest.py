"""Interest on back payments: published rates, worked by hand and by a slow count of months."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.interest import growth, interest, yearly_rates
from shebao.rules.months import Month, months_between
from shebao.rules.region_model import NoValue
from tests.rules.published import exact, fen, published, table

RATES = {int(year): exact(rate) for year, rate in table("interest", "rates").items()}


@published("interest")
def test_interest_comes_out_to_the_fen(case):
    told = case["given"]
    got = interest(
        np.array([fen(told["principal"])]),
        [Month.parse(told["month"])],
        Month.parse(told["paid_in"]),
        rates=RATES,
        compounding=told["compounding"],
        rounding="fen_half_up",
    )
    assert got.tolist() == [fen(case["expect"])]


MONTHS = st.integers(Month(2016, 1).index, Month(2026, 1).index).map(Month.from_index)


@given(MONTHS, MONTHS)
def test_growth_agrees_with_a_count_of_single_months(month, paid_in):
    borne = [m for m in months_between(month, paid_in) if m < paid_in]
    simple = 1 + sum((Fraction(RATES[m.year]) / 12 for m in borne), Fraction(0))
    yearly = Fraction(1)
    for year in sorted(RATES):
        yearly *= 1 + Fraction(RATES[year]) / 12 * sum(m.year == year for m in borne)
    assert growth(month, paid_in, rates=RATES, compounding="simple") == simple
    assert growth(month, paid_in, rates=RATES, compounding="yearly") == yearly >= simple


@given(st.lists(st.tuples(st.integers(0, 10**11), MONTHS), max_size=30))
def test_a_column_is_every_row_on_its_own(rows):
    paid_in, options = Month(2026, 1), {"rates": RATES, "compounding": "yearly", "rounding": "fen_half_up"}
    principal = np.array([amount for amount, _ in rows], dtype=np.int64)
    got = interest(principal, [month for _, month in rows], paid_in, **options)
    for (amount, month), fee in zip(rows, got.tolist(), strict=True):
        assert fee == interest(np.array([amount]), [month], paid_in, **options)[0]
        exactly = amount * (growth(month, paid_in, rates=RATES, compounding="yearly") - 1)
        assert abs(fee - exactly) <= Fraction(1, 2)


def test_a_year_nobody_has_published_is_refused():
    with pytest.raises(NoValue, match="2026 年的记账利率尚未公布"):
        growth(Month(2025, 12), Month(2026, 2), rates=RATES, compounding="yearly")
    assert growth(Month(2025, 12), Month(2026, 1), rates=RATES, compounding="yearly") > 1


def test_a_principal_without_its_month_and_an_unknown_compounding_are_refused():
    with pytest.raises(ValueError, match="its month"):
        interest(np.array([1]), [], Month(2026, 1), rates=RATES, compounding="yearly", rounding="fen_half_up")
    with pytest.raises(KeyError):
        growth(Month(2025, 1), Month(2025, 2), rates=RATES, compounding="daily")


RATE = """
pension.interest_rate:
  title: 记账利率
  unit: rate
  values:
    - {from: "2024-01", until: "2024-12", known: 2025-06-01, value: 0.0262, source: 人社部, status: verified}
    - {from: "2025-01", until: "2025-12", known: 2026-06-01, value: 0.015, source: 人社部, status: verified}
"""


def test_the_rates_of_a_region_are_those_known_on_the_day_and_never_last_years(new_region):
    template = (regions_roots()[-1] / "_template/parameters.yaml").read_text("utf-8")
    region = new_region({"parameters.yaml": template + RATE})

    def rates(paid_in, known_on):
        return yearly_rates(region, "pension.interest_rate", Month(2024, 5), paid_in, known_on=known_on)

    both = {2024: Decimal("0.0262"), 2025: Decimal("0.015")}
    assert rates(Month(2025, 3), date(2026, 7, 1)) == both == rates(Month(2026, 1), date(2026, 7, 1))
    assert rates(Month(2025, 1), date(2025, 7, 1)) == {2024: Decimal("0.0262")}
    for paid_in, known_on in ((Month(2025, 3), date(2025, 7, 1)), (Month(2026, 2), date(2026, 7, 1))):
        with pytest.raises(NoValue, match="没有“记账利率”"):
            rates(paid_in, known_on)
