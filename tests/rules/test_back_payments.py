"""补缴 as pure rules: months in words, the first month that may be paid, and months that lack other schemes' values."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.back_payments import charge_back, first_working_month
from shebao.rules.contributions import People, charge
from shebao.rules.months import Month, months_between, months_in_short, months_in_words, spans
from shebao.rules.region import NoValue, load_region

MONTHS = st.integers(Month(1990, 1).index, Month(2030, 12).index).map(Month.from_index)


@given(st.lists(MONTHS, max_size=30))
def test_spans_hold_every_month_once_and_never_touch(months):
    found = spans(months)
    held = [month for first, last in found for month in months_between(first, last)]
    assert held == sorted(set(months))
    assert all(last.next() < first for (_, last), (first, _) in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(
    ("months", "words", "short"),
    [
        (["2026-09", "2026-10"], "2026-09 至 2026-10", "9–10 月"),
        (["2026-10"], "2026-10", "10 月"),
        (["2025-12", "2026-01"], "2025-12 至 2026-01", "2025 年 12 月–2026 年 1 月"),
        (["2026-03", "2026-05", "2026-04", "2026-08"], "2026-03 至 2026-05、2026-08", "3–5 月、8 月"),
    ],
)
def test_months_are_said_in_few_words(months, words, short):
    given_months = [Month.parse(text) for text in months]
    assert (months_in_words(given_months), months_in_short(given_months, 2026)) == (words, short)


def test_one_may_be_insured_from_the_month_of_the_sixteenth_birthday():
    assert first_working_month(date(2010, 7, 31), 16) == Month(2026, 7)
    assert first_working_month(date(2008, 2, 29), 16) == Month(2024, 2)


def test_a_month_in_which_only_some_schemes_have_values_can_be_paid_back_for_those():
    whole, known = load_region("shenzhen", regions_roots()), date(2026, 11, 10)
    lacking = replace(whole, parameters={k: v for k, v in whole.parameters.items() if not k.startswith("medical")})
    people = People(
        np.array([1_000_000], dtype=np.int64),
        {"medical_tier": np.array(["1"]), "industry_class": "1", "float_grade": "100"},
        {key: np.array([True]) for key in whole.schemes},
    )
    with pytest.raises(NoValue):
        charge(lacking, Month(2025, 7), people, known_on=known)
    found = charge_back(lacking, Month(2025, 7), people, frozenset({"pension"}), known_on=known)
    # 10,000 元 × 16%，× 8%
    assert [one.scheme for one in found.schemes] == ["pension"]
    assert (int(found.employer_total[0]), int(found.employee_total[0])) == (1600_00, 800_00)
    with pytest.raises(NoValue):
        charge_back(lacking, Month(2025, 6), people, frozenset({"pension"}), known_on=known)
