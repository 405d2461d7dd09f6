"""The late fee of a bill told step by step is the late fee that is charged, to the fen."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.arrears_told import LatePart, late_fee_steps
from shebao.rules.late_fees import LateFeeTerms, daily_rates, late_fee_together
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region_collection import RATE

DUE = date(2025, 11, 25)
PARTS = st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 400)), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def tianjin():
    from shebao.hall.regions import region

    return region("tianjin")


def with_rates(region, *, capped=False, day_count="through_payment_day", more=()):
    """The region with other rates from other months on, and another rule."""
    parameter = region.parameters[RATE]
    first = parameter.values[0]
    values = [*parameter.values, *(replace(first, since=month, value=Decimal(rate)) for month, rate in more)]
    rule = replace(region.collection.late_fee, capped_at_principal=capped, day_count=day_count)
    return replace(
        region,
        parameters={**region.parameters, RATE: replace(parameter, values=tuple(values))},
        collection=replace(region.collection, late_fee=rule),
    )


def told(region, parts) -> tuple[dict, list]:
    until = max(day for _, day in parts)
    steps = late_fee_steps(region, DUE, [LatePart(fen, day, day < until) for fen, day in parts], until)
    return {step.label: step for step in steps}, steps


@given(PARTS, st.booleans(), st.sampled_from(["through_payment_day", "before_payment_day"]))
def test_the_steps_end_with_what_is_charged(tianjin, drawn, capped, day_count):
    region = with_rates(tianjin, capped=capped, day_count=day_count, more=[(Month(2026, 3), "0.00123")])
    parts = [(fen, DUE + timedelta(days=days)) for fen, days in drawn]
    until = max(day for _, day in parts)
    rates = daily_rates(region, RATE, DUE, until, known_on=until)
    charged = late_fee_together(
        np.array([fen for fen, _ in parts], dtype=np.int64),
        DUE,
        np.array([day for _, day in parts], dtype="datetime64[D]"),
        LateFeeTerms(rates, day_count, region.collection.late_fee.rounding, capped),
    )
    steps, _ = told(region, parts)
    assert steps.get("封顶", steps["进位"]).value == f"{yuan(charged)} 元"


def test_every_part_says_its_days_its_rate_and_its_exact_amount(tianjin):
    region = with_rates(tianjin, more=[(Month(2025, 12), "0.001")])
    steps, all_of_them = told(region, [(100_001, date(2025, 11, 27)), (50_000, date(2025, 12, 5))])
    assert steps["本金"].value == "1,000.01 + 500.00 = 1,500.01 元"
    assert steps["已缴部分"].value == "1,000.01 × 0.05% × 2 天 = 1.00001 元"
    assert steps["已缴部分"].note == "2025-11-27 缴，2025-11-26 至 2025-11-27，逾期 2 天"
    assert steps["未缴部分"].value == "500.00 × （0.05% × 5 天 + 0.1% × 5 天） = 3.75 元"
    assert steps["相加"].value == "1.00001 + 3.75 = 4.75001 元"
    assert (steps["进位"].value, "只进位一次" in steps["进位"].note) == ("4.75 元", True)
    rates = [step for step in all_of_them if step.label == "每日加收"]
    assert [one.value for one in rates] == ["0.05%", "0.1%"] and all("社会保险法" in one.source for one in rates)


def test_a_rate_under_which_no_day_counts_is_not_told(tianjin):
    region = with_rates(tianjin, more=[(Month(2025, 12), "0.001")])
    _, steps = told(region, [(100_000, date(2025, 11, 30))])
    assert [step.value for step in steps if step.label == "每日加收"] == ["0.05%"]
