"""What a back payment bears: the published late fee to the fen, and what must hold of every late fee and interest."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.back_fees import explain_borne, interest_evidence, late_fee_evidence
from shebao.rules.borne import borne_by, yearly
from shebao.rules.interest import interest
from shebao.rules.late_fees import DailyRate, LateFeeTerms, late_fees
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue
from tests.rules.published import fen, published

AUGUST = Month(2025, 8)


@pytest.fixture(scope="module")
def region():
    from shebao.hall.regions import region

    return region("wage_hall")


def due(region, month):
    return region.calendar.window(month).pay_until.date()


@published("late_fees")
def test_a_published_late_fee_comes_out_of_its_evidence_to_the_fen(case):
    told = case["given"]
    data = {
        "bears": "late_fee", "first_on": str(told["due_on"]), "until": str(told["paid_on"]), "month": "2020-01",
        "rates": [{"since": "1999-01-01", "value": "0.002"}, {"since": "2011-07-01", "value": "0.0005"}],
        "day_count": told["day_count"], "rounding": "fen_half_up", "capped": told["capped"] == "yes",
    }  # fmt: skip
    data["first_on"] = str(date.fromisoformat(data["first_on"]) + timedelta(days=1))
    assert borne_by(data, fen(told["principal"])) == fen(case["expect"]["amount"])


@given(st.integers(0, 10**9), st.integers(0, 900), st.integers(1, 300))
def test_a_late_fee_counts_the_days_since_the_last_day_of_payment_and_never_falls(region, principal, late, more):
    last = due(region, AUGUST)

    def fee(days):
        told = late_fee_evidence(region, AUGUST, last + timedelta(days=days))
        return borne_by(told.data, principal) if told else 0

    assert fee(late) == (principal * late * 5 * 2 + 10_000) // 20_000  # 0.05 % a day, half up
    assert fee(late) <= fee(late + more)
    assert fee(0) == fee(-more) == 0


def test_no_day_before_the_rule_began_counts(region):
    rule = replace(region.collection.back_late_fee, first=Month(2026, 3))
    narrowed = replace(region, collection=replace(region.collection, back_late_fee=rule))
    told = late_fee_evidence(narrowed, AUGUST, date(2026, 3, 10))
    assert borne_by(told.data, 1_000_000) == 1_000_000 * 10 * 5 // 10_000
    assert late_fee_evidence(narrowed, AUGUST, date(2026, 2, 28)) is None


def test_where_a_region_charges_neither_nothing_is_borne():
    from shebao.hall.regions import region

    assert late_fee_evidence(region("tianjin"), AUGUST, date(2026, 3, 10)) is None
    assert interest_evidence(region("tianjin"), "pension", AUGUST, date(2026, 3, 10)) is None


@given(st.integers(0, 10**9), st.integers(1, 12))
def test_interest_of_a_year_is_its_months_at_the_published_rate(region, principal, number):
    told = interest_evidence(region, "pension", Month(2025, number), date(2026, 11, 10))
    exactly = Fraction(principal) * Fraction("0.015") * (13 - number) / 12
    assert abs(borne_by(told.data, principal) - exactly) <= Fraction(1, 2)


def test_interest_is_of_the_schemes_named_ends_with_last_year_and_needs_its_rate(region):
    assert interest_evidence(region, "medical", AUGUST, date(2026, 11, 10)) is None
    assert interest_evidence(region, "pension", Month(2026, 1), date(2026, 11, 10)) is None
    with pytest.raises(NoValue):
        interest_evidence(region, "pension", AUGUST, date(2027, 11, 10))


@given(st.lists(st.integers(0, 10**9), max_size=20), st.integers(1, 4000))
def test_a_late_fee_is_that_of_the_columns_that_are_reckoned_by_the_day(region, principals, days):
    last = due(region, AUGUST)
    data = late_fee_evidence(region, AUGUST, last + timedelta(days=days)).data
    rates = [DailyRate(date.fromisoformat(one["since"]), Decimal(one["value"])) for one in data["rates"]]
    terms = LateFeeTerms(rates, data["day_count"], data["rounding"], data["capped"])
    column = late_fees(np.array(principals, dtype=np.int64), last, last + timedelta(days=days), terms)
    assert column.amount.tolist() == [borne_by(data, one) for one in principals]


@given(st.lists(st.integers(0, 10**11), max_size=20), st.integers(2016, 2025), st.integers(1, 12))
def test_interest_is_that_of_the_columns_whatever_the_years(region, principals, year, number):
    month = Month(year, number)
    data = interest_evidence(region, "pension", month, date(2026, 11, 10)).data
    more = {"rates": yearly(data), "compounding": data["compounding"], "rounding": data["rounding"]}
    column = interest(np.array(principals, dtype=np.int64), [month] * len(principals), Month(2026, 1), **more)
    assert column.tolist() == [borne_by(data, one) for one in principals]


def test_every_step_is_told_with_its_document(region):
    told = late_fee_evidence(region, AUGUST, due(region, AUGUST) + timedelta(days=10))
    text = "\n".join(f"{s.label} {s.value} {s.note} {s.source}" for s in explain_borne(told.data, 10_000_000))
    for words in ("100,000.00 元", "10 天", "0.05%", "社会保险法第八十六条", "进位 500.00 元"):
        assert words in text
    told = interest_evidence(region, "pension", AUGUST, date(2026, 11, 10))
    text = "\n".join(f"{s.label} {s.value} {s.note} {s.source}" for s in explain_borne(told.data, 120_000))
    for words in ("2025-08 至 2025-12", "2025 年记账利率 1.5%", "0.00625", "进位 7.50 元"):
        assert words in text
