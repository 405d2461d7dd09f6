"""What a scheme may be made of besides a plain rate: limits by a fact, a fixed part, tiers, rounded bases, months."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.contributions import People, charge, explain, recompute
from shebao.rules.money import LARGEST_FEN
from shebao.rules.months import Month
from shebao.rules.region import BadRegion, NoValue, load_region

from .conftest import write
from .test_contributions import CLOSED, case, row, scheme

MONTH, KNOWN_ON = Month(2026, 6), date(2026, 6, 30)
HOUSEHOLDS = ("11", "12", "21", "22", "51", "52", "31", "32", "33", "34", "40")


def since(value) -> tuple[str, str, str]:
    return "2026-01", "2025-12-31", str(value)


def by_household(local: int, other: int) -> str:
    return "{" + ", ".join(f'"{code}": {local if code in ("11", "21") else other}' for code in HOUSEHOLDS) + "}"


def one_scheme(new_region, shares: str, more: str, limits: str = ""):
    files = {"parameters.yaml": more, "schemes.yaml": CLOSED + scheme("a", shares, limits=limits)}
    return new_region(files | {"cases/a.yaml": case("a.employer")})


def charged(region, wages, facts=None, months=1):
    people = People(np.array(wages, dtype=np.int64), facts or {})
    return charge(region, MONTH, people, known_on=KNOWN_ON, months=months)


def proven(found, wages, months=1):
    """Every amount of the single scheme comes out again from its evidence alone; returns both columns."""
    one = found.schemes[0]
    for amounts, why in ((one.employer, one.employer_evidence), (one.employee, one.employee_evidence)):
        for wage, amount, index in zip(wages, amounts, why, strict=True):
            if index >= 0:
                again = recompute(found.evidence[index].data, wage, months)
                assert again.amount == amount
    return one.employer.tolist(), one.employee.tolist()


def test_equal_limits_for_a_household_make_its_base_fixed(new_region):
    values = row("low", "yuan", since(by_household(1800, 3676))) + row("high", "yuan", since(by_household(18379, 3676)))
    values += row("r", "rate", since("0.03"))
    region = one_scheme(new_region, "{employer: {rate: r}}", values, "floor: low, ceiling: high, limits_by: household,")
    wages, households = [500000, 500000, 100000], np.array(["11", "12", "21"])
    found = charged(region, wages, {"household": households})
    assert found.schemes[0].base.tolist() == [500000, 367600, 180000]
    assert proven(found, wages)[0] == [15000, 11028, 5400]
    assert charged(region, [500000], {"household": "22"}).schemes[0].base.tolist() == [367600]
    with pytest.raises(NoValue, match="户口性质"):
        charged(region, [500000], {"household": "99"})


def test_a_fixed_amount_is_added_after_the_rate_is_rounded(new_region):
    values = row("r", "rate", since("0.02")) + row("extra", "yuan", since(3))
    region = one_scheme(new_region, "{employee: {rate: r, plus: extra}}", values)
    found = charged(region, [1000025])
    assert proven(found, [1000025])[1] == [20001 + 300]
    told = {step.label: step.value for step in explain(found.evidence[0].data, 1000025)}
    assert told["进位"] == "200.01 元" and told["另加定额"] == "3.00 元" and told["合计"] == "203.01 元"


def test_a_tier_is_chosen_by_the_base_and_told_in_words(new_region):
    values = row("t", "yuan", since('{"0": 5, "5000": 8.5, "10000": 12}'))
    region = one_scheme(new_region, "{employer: {tiers: t}}", values)
    wages = [0, 499999, 500000, 999999, 1000000, LARGEST_FEN]
    found = charged(region, wages)
    assert proven(found, wages)[0] == [500, 500, 850, 850, 1200, 1200]
    steps = [step.note for step in explain(found.evidence[1].data, 600000)]
    assert "缴费基数从 5,000.00 元起、不到 10,000.00 元的一档" in steps


def test_tiers_that_leave_out_the_lowest_bases_are_refused_not_zero(new_region):
    region = one_scheme(new_region, "{employer: {tiers: t}}", row("t", "yuan", since('{"3000": 5}')))
    with pytest.raises(NoValue, match="分档"):
        charged(region, [299999])


def test_a_base_in_whole_yuan_is_rounded_before_the_limits(new_region):
    values = row("low", "yuan", since(4000)) + row("r", "rate", since("0.1"))
    limits = "floor: low, base_rounding: yuan_half_up,"
    region = one_scheme(new_region, "{employer: {rate: r}}", values, limits)
    wages = [500049, 500050, 399950]
    found = charged(region, wages)
    assert found.schemes[0].base.tolist() == [500000, 500100, 400000]
    assert found.schemes[0].limit.tolist() == [0, 0, 0]
    assert proven(found, wages)[0] == [50000, 50010, 40000]
    assert "基数取整" in [step.label for step in explain(found.evidence[0].data, 500050)]


@given(wage=st.integers(0, 10**9), months=st.integers(1, 180))
def test_several_months_are_rounded_each_or_together_as_the_scheme_says(regions_of_months, wage, months):
    rate = Fraction("0.0123457")
    each, together = (charged(region, [wage], months=months) for region in regions_of_months)
    exact = Fraction(wage) * rate
    assert proven(each, [wage], months)[0] == [int(exact + Fraction(1, 2)) * months]
    assert proven(together, [wage], months)[0] == [int(exact * months + Fraction(1, 2))]


@pytest.fixture(scope="module")
def regions_of_months(tmp_path_factory):
    from shebao.regions_home import regions_roots

    found = []
    for rule in ("each", "together"):
        files = {
            "region.yaml": "title: 试验区\nextends: _template\n",
            "parameters.yaml": row("r", "rate", since("0.0123457")),
            "schemes.yaml": CLOSED + scheme("a", "{employer: {rate: r}}", limits=f"months: {rule},"),
            "cases/a.yaml": case("a.employer"),
        }
        root = tmp_path_factory.mktemp(rule)
        write(root, "scratch", files)
        found.append(load_region("scratch", [root, *regions_roots()]))
    return found


def test_so_many_months_of_the_largest_wage_are_refused_before_they_overflow(regions_of_months):
    with pytest.raises(ValueError, match="too large"):
        charged(regions_of_months[1], [LARGEST_FEN], months=600)
    with pytest.raises(ValueError, match="months"):
        charged(regions_of_months[0], [1], months=0)


def test_mistakes_in_a_scheme_are_all_named(new_region):
    values = row("t", "yuan", since('{"a": 5}')) + row("low", "yuan", since(1)) + row("r", "rate", since("0.1"))
    shares = "{employer: {tiers: t, plus: low}, employee: {rate: r, plus: r}}"
    with pytest.raises(BadRegion) as bad:
        one_scheme(new_region, shares, values, "floor: low, limits_by: household, months: never,")
    text = str(bad.value)
    for sentence in (
        "应是各档起点",
        "plus 与 times 只用于 rate",
        "“r”的单位应为 yuan",
        "应是按代码取值的表",
        "不认识“never”",
    ):
        assert sentence in text


def test_a_fixed_side_beside_a_rated_one_recomputes_with_the_base_of_the_line(new_region):
    values = row("r", "rate", since("0.1")) + row("low", "yuan", since(4000)) + row("f", "yuan", since(5))
    region = one_scheme(new_region, "{employer: {rate: r}, employee: {fixed: f}}", values, "floor: low,")
    found = charged(region, [300000])
    one = found.schemes[0]
    assert (one.base[0], one.employee[0]) == (400000, 500)
    again = recompute(found.evidence[one.employee_evidence[0]].data, 300000)
    assert (again.base, again.limit, again.amount) == (400000, -1, 500)


CORRECTION = """wage_correction:
  title: 工资更正
  form: wage_correction
  operation: correct_wages
  months_back: 2
  group: wages
  route: [auto_check]
"""


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        (
            "{id: household, kind: choice, term: household, options: household_kinds, feeds: household}",
            "“household”不能更正",
        ),
        (
            "{id: industry, kind: choice, label: 行业, options: industry_classes, feeds: industry_class}",
            "“industry_class”不能更正",
        ),
        ("{id: note, kind: note, term: note}", "工资更正的表单要问 declared_wage 或缴费档次"),
    ],
)
def test_a_correction_asks_what_chooses_an_amount_and_not_who_is_insured(new_region, field, sentence):
    months = "".join(
        f"  - {{id: {one}, kind: month, label: 月, required: true}}\n" for one in ("first_month", "last_month")
    )
    form = f"fields:\n  - use: known_person\n{months}  - {field}\n"
    with pytest.raises(BadRegion) as bad:
        new_region({"forms/wage_correction.yaml": form, "services.yaml": CORRECTION})
    assert sentence in str(bad.value)
