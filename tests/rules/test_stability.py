"""Job-stabilisation refunds: each condition on its own, with its reason."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from shebao.rules.region_model import NoValue
from shebao.rules.stability import StabilityClaim, StabilityTerms, average_insured, stability_refund
from tests.rules.published import exact, fen, published, table


def terms(year: int, told: dict[str, str]) -> StabilityTerms:
    return StabilityTerms(
        year=year,
        fewest_months=int(told["fewest_months"]),
        layoff_ceiling=exact(told["layoffs"]),
        small_size=int(told["small"]),
        small_layoff_ceiling=exact(told["small_layoffs"]),
        rates={size: exact(told[size]) for size in ("large", "medium")},
        rounding="fen_half_up",
    )


TERMS = {key: terms(int(key[1:]), told) for key, told in table("stability", "terms").items()}
CLAIM = StabilityClaim("medium", 100, 12, 5, Fraction(100), 6_000_000)


@published("stability")
def test_a_published_refund_comes_out_with_the_conditions_that_fail(case):
    told, wanted = case["given"], case["expect"]
    claim = StabilityClaim(
        size=told["size"],
        head_count=int(told["head_count"]),
        months_in_full=int(told["months"]),
        laid_off=int(told["laid_off"]),
        insured=Fraction(told["insured"]),
        contributed=fen(told["contributed"]),
    )
    got = stability_refund(claim, TERMS[told["terms"]])
    assert got.amount == fen(wanted["amount"])
    assert [f.label for f in got.findings if not f.met] == wanted["unmet"].split()
    assert got.granted == (wanted["unmet"] == "")


def test_every_condition_says_its_numbers():
    told = [f.told for f in stability_refund(CLAIM, TERMS["y2025"]).findings]
    assert told == [
        "足额缴纳失业保险费 12 个月，要求满 12 个月",
        "裁员率 5.00%（5 ÷ 100），上限 5.50%（参保 100 人，超过 30 人）",
        "单位未注销",
        "单位和职工上年度实际缴纳失业保险费 60,000.00 元",
    ]
    small = replace(CLAIM, head_count=30, insured=average_insured({n: 90 + (n == 1) for n in range(1, 13)}))
    assert stability_refund(small, TERMS["y2025"]).findings[1].told == (
        "裁员率 5.55%（5 ÷ 90.08），上限 20.00%（参保 30 人，不超过 30 人）"
    )


@pytest.mark.parametrize(
    ("spoilt", "label"),
    [
        ({"months_in_full": 11}, "缴费月数"),
        ({"laid_off": 6}, "裁员率"),
        ({"cancelled": True}, "单位状态"),
        ({"contributed": 0}, "上年度缴费"),
    ],
)
def test_each_condition_alone_refuses_the_refund(spoilt, label):
    assert stability_refund(CLAIM, TERMS["y2025"]).amount == 3_600_000
    got = stability_refund(replace(CLAIM, **spoilt), TERMS["y2025"])
    assert [f.label for f in got.findings if not f.met] == [label]
    assert got.amount == 0 and not got.granted


def test_the_lay_off_rate_is_compared_exactly_not_as_it_is_printed():
    just, over = (
        replace(CLAIM, laid_off=55, insured=Fraction(1000)),
        replace(CLAIM, laid_off=55, insured=Fraction(9999, 10)),
    )
    assert stability_refund(just, TERMS["y2025"]).granted
    assert not stability_refund(over, TERMS["y2025"]).granted


def test_a_ceiling_of_the_policy_limits_the_amount():
    assert stability_refund(CLAIM, replace(TERMS["y2025"], most=1_000_000)).amount == 1_000_000
    assert stability_refund(CLAIM, replace(TERMS["y2025"], most=9_000_000)).amount == 3_600_000


def test_a_missing_rate_head_count_or_month_is_refused():
    with pytest.raises(NoValue, match="没有“micro”这一类单位的返还比例"):
        stability_refund(replace(CLAIM, size="micro"), TERMS["y2025"])
    with pytest.raises(NoValue, match="没有参保人数"):
        stability_refund(replace(CLAIM, insured=Fraction(0)), TERMS["y2025"])
    with pytest.raises(NoValue, match="缺少 1、3、12 月的参保人数"):
        average_insured({n: 10 for n in range(2, 12) if n != 3})


def test_an_employer_with_one_insured_person_is_an_employer():
    lone = replace(CLAIM, head_count=1, laid_off=0, insured=Fraction(1))
    assert stability_refund(lone, TERMS["y2025"]).granted


def test_every_rate_of_a_policy_is_exact():
    assert stability_refund(replace(CLAIM, contributed=1), TERMS["y2025"]).amount == 1
    assert (
        stability_refund(
            replace(CLAIM, contributed=1), replace(TERMS["y2025"], rates={"medium": Decimal("0.3")})
        ).amount
        == 0
    )
