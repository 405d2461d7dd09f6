"""The assessment of an employer that declared nothing."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.assessed import assessed_amounts
from shebao.rules.region_model import NoValue
from tests.rules.published import exact, fen, published


def column(*amounts):
    return np.array(amounts, dtype=np.int64)


@published("assessed")
def test_a_published_assessment_comes_out_to_the_fen(case):
    told = dict(case["given"])
    factor = exact(told.pop("factor"))
    last = {scheme: column(fen(amount)) for scheme, amount in told.items()}
    got = assessed_amounts(last, factor=factor, rounding="fen_half_up")
    assert {scheme: int(amounts[0]) for scheme, amounts in got.items()} == {
        k: fen(v) for k, v in case["expect"].items()
    }


@given(st.lists(st.tuples(st.integers(1, 10**13), st.integers(0, 10**13)), min_size=1, max_size=20))
def test_every_employer_and_scheme_is_ten_per_cent_more_than_last_month(rows):
    last = {"pension": column(*(a for a, _ in rows)), "medical": column(*(b for _, b in rows))}
    got = assessed_amounts(last, factor=Decimal("1.1"), rounding="fen_half_up")
    for scheme, before in last.items():
        assert got[scheme].tolist() == [(fen * 11 + 5) // 10 for fen in before.tolist()]


def test_an_employer_without_a_last_month_is_for_the_agency_to_decide():
    for last in ({}, {"pension": column(0), "medical": column(0)}, {"pension": column(5, 0)}):
        with pytest.raises(NoValue, match="由经办机构"):
            assessed_amounts(last, factor=Decimal("1.1"), rounding="fen_half_up")


def test_schemes_must_speak_of_the_same_employers():
    with pytest.raises(ValueError, match="one row for each employer"):
        assessed_amounts({"a": column(1), "b": column(1, 2)}, factor=Decimal("1.1"), rounding="fen_half_up")
