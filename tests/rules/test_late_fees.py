"""Late fees: published numbers, and what must hold of every late fee."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.late_fees import (
    DAY_COUNTS,
    DailyRate,
    LateFeeTerms,
    daily_rates,
    late_fee_together,
    late_fees,
    overdue_days,
)
from shebao.rules.money import LARGEST_FEN, ROUNDINGS
from shebao.rules.region_model import NoValue
from tests.rules.published import day, exact, fen, published, table

RATES = [DailyRate(day(since), exact(rate)) for since, rate in table("late_fees", "rates").items()]
TEMPLATE = (regions_roots()[-1] / "_template/parameters.yaml").read_text("utf-8")
NOW = [DailyRate(date(2011, 7, 1), Decimal("0.0005"))]


def fees(
    principal, due_on, paid_on, *, rates=NOW, day_count="through_payment_day", rounding="fen_half_up", capped=False
):
    return late_fees(
        np.atleast_1d(np.array(principal, dtype=np.int64)),
        due_on,
        paid_on,
        LateFeeTerms(rates, day_count, rounding, capped),
    )


@published("late_fees")
def test_a_published_late_fee_comes_out_to_the_fen(case):
    told, wanted = case["given"], case["expect"]
    due, paid, capped = day(told["due_on"]), day(told["paid_on"]), told["capped"] == "yes"
    got = fees(fen(told["principal"]), due, paid, rates=RATES, day_count=told["day_count"], capped=capped)
    assert (int(got.days[0]), int(got.amount[0])) == (int(wanted["days"]), fen(wanted["amount"]))
    assert got.capped[0] == capped


DUES = st.dates(date(2011, 7, 1), date(2040, 12, 31))


@given(st.integers(0, LARGEST_FEN), DUES, st.integers(-400, 5000), st.sampled_from(sorted(DAY_COUNTS)), st.booleans())
def test_nothing_in_time_never_less_for_longer_and_never_above_a_ceiling(principal, due, late, day_count, capped):
    def paid(days):
        paid_on = due + timedelta(days=days)
        return int(fees(principal, due, paid_on, day_count=day_count, capped=capped).amount[0])

    first, second = paid(late), paid(late + 1)
    assert first <= second
    assert late > 0 or first == 0
    assert not capped or second <= principal


@given(st.lists(st.tuples(st.integers(0, 10**10), st.integers(-900, 5000), st.integers(0, 6000)), max_size=30))
def test_a_column_agrees_with_days_counted_one_by_one(rows):
    start = date(2009, 1, 1)
    due = [start + timedelta(days=2000 + shift // 3) for _, shift, _ in rows]
    paid = [d + timedelta(days=late - 500) for d, (_, _, late) in zip(due, rows, strict=True)]
    rates = [DailyRate(date(2014, 6, 1), Decimal("0.00025")), *RATES]
    got = fees(
        [principal for principal, _, _ in rows],
        np.array(due, dtype="datetime64[D]"),
        np.array(paid, dtype="datetime64[D]"),
        rates=rates,
    )
    dated = sorted(((r.since, Fraction(r.rate)) for r in rates), reverse=True)
    for row, (principal, _, _) in enumerate(rows):
        share, one = Fraction(0), due[row] + timedelta(days=1)
        while one <= paid[row]:
            share += next(rate for since, rate in dated if since <= one)
            one += timedelta(days=1)
        assert int(got.amount[row]) == (principal * share + Fraction(1, 2)) // 1


def test_the_day_of_payment_counts_only_where_the_convention_says_so():
    due, paid = date(2026, 11, 15), date(2026, 11, 16)
    assert overdue_days(due, paid, day_count="through_payment_day").tolist() == [1]
    assert overdue_days(due, paid, day_count="before_payment_day").tolist() == [0]


def test_a_fee_equal_to_the_principal_is_not_cut():
    got = fees([10000, 10000], date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=2000), capped=True)
    assert got.amount.tolist() == [10000, 10000] and not got.capped.any()


def test_a_day_without_a_rate_is_refused_rather_than_free():
    with pytest.raises(NoValue, match="没有覆盖全部逾期日期"):
        fees(100000, date(2011, 6, 20), date(2011, 7, 10))
    with pytest.raises(NoValue, match="没有覆盖全部逾期日期"):
        fees(100000, date(2011, 6, 29), date(2011, 7, 10))
    with pytest.raises(NoValue, match="没有覆盖全部逾期日期"):
        dues = np.array(["2011-06-29", "2026-01-01"], dtype="datetime64[D]")
        fees([100000, 100000], dues, date(2026, 1, 2))
    with pytest.raises(NoValue, match="没有覆盖全部逾期日期"):
        fees(100000, date(2026, 1, 1), date(2026, 1, 2), rates=[])
    assert fees(100000, date(2011, 6, 30), date(2011, 7, 10)).amount.tolist() == [500]
    assert fees(100000, date(2011, 6, 20), date(2011, 6, 20)).amount.tolist() == [0]


def test_what_cannot_be_computed_exactly_is_refused():
    with pytest.raises(ValueError, match="negative"):
        fees(-1, date(2026, 1, 1), date(2026, 1, 2))
    with pytest.raises(ValueError, match="missing"):
        fees(1, date(2026, 1, 1), np.array(["NaT"], dtype="datetime64[D]"))
    with pytest.raises(ValueError, match="64-bit"):
        fees(10**17, date(2026, 1, 1), date(2046, 1, 2), rates=[DailyRate(date(2011, 7, 1), Decimal("0.000123457"))])
    with pytest.raises(ValueError, match="exact"):
        fees(1, date(2026, 1, 1), date(2026, 1, 2), rates=[DailyRate(date(2011, 7, 1), 0.0005)])
    with pytest.raises(KeyError):
        fees(1, date(2026, 1, 1), date(2026, 1, 2), day_count="calendar")


def test_nobody_owes_nothing():
    assert fees([], date(2026, 1, 1), date(2026, 1, 2)).amount.size == 0


RATE = """
late_fee.daily_rate:
  title: 滞纳金每日费率
  unit: rate
  values:
    - {from: "2011-07", known: 2010-10-28, value: 0.0005, source: 社会保险法第八十六条, status: verified}
    - {from: "2026-03", known: 2026-02-10, value: 0.0004, source: 试验, status: illustrative}
    - {from: "2026-03", known: 2026-05-10, value: 0.0003, source: 试验，更正, status: illustrative}
"""


def test_the_rates_of_a_region_are_those_known_on_the_day(new_region):
    region = new_region({"parameters.yaml": TEMPLATE + RATE})

    def rates(known_on):
        found = daily_rates(region, "late_fee.daily_rate", date(2026, 1, 16), date(2026, 4, 2), known_on=known_on)
        return [(one.since.isoformat(), str(one.rate)) for one in found]

    assert rates(date(2026, 1, 31)) == [("2026-01-01", "0.0005")]
    assert rates(date(2026, 3, 1)) == [("2026-01-01", "0.0005"), ("2026-03-01", "0.0004")]
    assert rates(date(2026, 6, 1)) == [("2026-01-01", "0.0005"), ("2026-03-01", "0.0003")]
    with pytest.raises(NoValue, match="2011 年 6 月没有"):
        daily_rates(region, "late_fee.daily_rate", date(2011, 6, 1), date(2011, 8, 1), known_on=date(2026, 1, 1))


PARTS = st.lists(st.tuples(st.integers(0, 10**9), st.integers(-20, 3000)), min_size=1, max_size=8)


def together(rows, rounding="fen_half_up", capped=False, rates=RATES):
    due = date(2012, 5, 15)
    return late_fee_together(
        np.array([principal for principal, _ in rows], dtype=np.int64),
        due,
        np.array([due + timedelta(days=days) for _, days in rows], dtype="datetime64[D]"),
        LateFeeTerms(rates, "through_payment_day", rounding, capped),
    )


@given(PARTS, st.booleans())
def test_a_debt_paid_in_parts_bears_the_exact_sum_rounded_once(rows, capped):
    exact = sum(principal * Fraction(5, 10_000) * max(days, 0) for principal, days in rows)
    half_up = (exact + Fraction(1, 2)) // 1
    ceiling = sum(principal for principal, _ in rows)
    assert together(rows, capped=capped, rates=NOW) == (min(half_up, ceiling) if capped else half_up)


@given(PARTS, st.integers(0, 10**9), st.integers(1, 100), st.sampled_from(sorted(ROUNDINGS)), st.booleans())
def test_a_debt_bears_the_same_however_a_day_is_cut_and_never_less_for_more_days(rows, cut, more, rounding, capped):
    (principal, days), *rest = rows
    one = min(cut, principal)
    whole = together(rows, rounding, capped)
    assert together([(one, days), *rest, (principal - one, days)], rounding, capped) == whole
    assert together([(one, days), *rest, (principal - one, days + more)], rounding, capped) >= whole


@given(st.integers(0, 10**9), st.integers(-20, 3000), st.sampled_from(sorted(ROUNDINGS)), st.booleans())
def test_a_debt_paid_at_once_bears_what_its_principal_bears(principal, days, rounding, capped):
    due = date(2012, 5, 15)
    alone = fees(principal, due, due + timedelta(days=days), rates=RATES, rounding=rounding, capped=capped)
    assert together([(principal, days)], rounding, capped) == int(alone.amount[0])


def test_parts_without_a_rate_are_refused_as_one_is():
    with pytest.raises(NoValue, match="没有覆盖全部逾期日期"):
        together([(100, 3), (100, 4)], rates=[])
    assert together([(100, 0), (0, -3)], rates=[]) == 0
