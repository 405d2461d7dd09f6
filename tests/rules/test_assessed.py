"""The assessment of an employer that declared nothing."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.assessed import (
    assessed_amounts,
    assessed_shares,
    explain_assessed,
    shares_by,
    undeclared_evidence,
)
from shebao.rules.months import Month
from shebao.rules.region import load_region
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


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_both_parts_together_are_always_the_whole_and_nobody_gets_money_back(unit, own):
    if not unit + own:
        return
    (parts,) = assessed_shares(
        {"pension": column(unit)}, {"pension": column(own)}, factor=Decimal("1.1"), rounding="fen_half_up"
    ).values()
    employer, employee = (int(part[0]) for part in parts)
    assert employer + employee == ((unit + own) * 11 + 5) // 10
    assert employee == (own * 11 + 5) // 10 and employer >= unit


def test_a_scheme_that_only_one_side_pays_stays_with_that_side():
    found = assessed_shares(
        {"injury": column(1000)}, {"large_medical": column(500)}, factor=Decimal("1.1"), rounding="fen_half_up"
    )
    assert {key: tuple(int(part[0]) for part in parts) for key, parts in found.items()} == {
        "injury": (1100, 0), "large_medical": (0, 550),
    }  # fmt: skip


def test_the_evidence_computes_it_again_and_says_why():
    tianjin, month = load_region("tianjin", regions_roots()), Month(2026, 11)
    told = undeclared_evidence(tianjin, "pension", month, month.previous(), date(2026, 12, 2))
    assert shares_by(told.data, 128_000, 64_000) == (140_800, 70_400)
    text = "\n".join(
        f"{step.label} {step.value} {step.note} {step.source}"
        for step in explain_assessed(told.data, 128_000, 64_000, "employer")
    )
    for words in (
        "1,920.00 × 110% → 2,112.00",
        "社会保险法第六十二条",
        "2026 年 10 月",
        "2,112.00 − 704.00 = 1,408.00",
    ):
        assert words in text


def test_before_the_law_there_is_no_factor():
    tianjin = load_region("tianjin", regions_roots())
    with pytest.raises(NoValue):
        undeclared_evidence(tianjin, "pension", Month(2011, 6), Month(2011, 5), date(2011, 7, 1))
