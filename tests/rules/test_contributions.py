"""Contributions: published numbers, an independent oracle in fractions, two clocks, evidence that recomputes."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.cases import due
from shebao.rules.contributions import NoFact, People, charge, enrol_schemes, explain, recompute
from shebao.rules.evidence import sourced
from shebao.rules.facts import FACTS
from shebao.rules.money import LARGEST_FEN, ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.region import NoValue, load_regions

REGIONS = load_regions(regions_roots())
MONTH, KNOWN_ON = Month(2026, 6), date(2026, 6, 30)


def row(key: str, unit: str, *values: tuple[str, str, str]) -> str:
    lines = [f"{key}:", f"  title: {key}", f"  unit: {unit}", "  values:"]
    lines += [
        f'    - {{from: "{since}", known: {known}, value: {value}, source: 试验, status: illustrative}}'
        for since, known, value in values
    ]
    return "\n".join(lines) + "\n"


def scheme(key: str, shares: str, rounding: str = "fen_half_up", limits: str = "") -> str:
    return (
        f"{key}: {{title: {key}, short: 险, national_code: '1', colour: pension, rounding: {rounding}, "
        f"{limits} shares: {shares}}}\n"
    )


def case(*keys: str) -> str:
    told = ", ".join(f"{key}: 0" for key in keys)
    return f"- {{name: 试验, month: 2026-06, known_on: 2026-06-30, given: {{declared_wage: 1}}, expect: {{{told}}}}}\n"


CLOSED = "".join(f"{key}: {{title: 关, short: 关, national_code: '0', colour: pension, rounding: fen_half_up, open: false, shares: {{employer: {{rate: pension.employer_rate}}}}}}\n" for key in ("pension", "medical", "unemployment", "injury"))  # noqa: E501  # fmt: skip


def flat_region(new_region, rates: dict[str, tuple[str, str]], rounding="fen_half_up", limits="", more=""):
    """A region that charges these employer and employee rates, and nothing else."""
    parameters, schemes = more, CLOSED
    for key, sides in rates.items():
        shares = []
        for side, rate in zip(("employer", "employee"), sides, strict=True):
            if rate:
                parameters += row(f"{key}.{side}", "rate", ("2026-01", "2025-12-31", rate))
                shares.append(f"{side}: {{rate: {key}.{side}}}")
        schemes += scheme(key, "{" + ", ".join(shares) + "}", rounding, limits)
    files = {
        "parameters.yaml": parameters,
        "schemes.yaml": schemes,
        "cases/a.yaml": case(*(f"{k}.employer" for k in rates)),
    }
    return new_region(files)


SHANGHAI = {"a": ("0.16", "0.08"), "b": ("0.09", "0.02"), "c": ("0.005", "0.005"), "d": ("0.0032", "")}
KUNMING = {"a": ("0.19", "0.08"), "b": ("0.014", "0.006"), "c": ("0.0036", ""), "e": ("0.009", "")}


@pytest.mark.parametrize(
    ("rates", "wage", "expected"),
    [
        (SHANGHAI, 1000000, [160000, 80000, 90000, 20000, 5000, 5000, 3200]),
        ({"a": ("0", "0.08"), "b": ("0", "0.02"), "c": ("0", "0.005")}, 3730200, [0, 298416, 0, 74604, 0, 18651]),
        (KUNMING, 456700, [86773, 36536, 6394, 2740, 1644, 4110]),
        ({"m": ("0.09", "0.02")}, 456900, [41121, 9138]),
        (KUNMING, 300000, [57000, 24000, 4200, 1800, 1080, 2700]),
        ({"a": ("0.16", "0.08"), "b": ("0.08", "0.02"), "c": ("0.004", "0.002"), "d": ("0.008", ""), "e": ("0.01", "")},
         890000, [142400, 71200, 71200, 17800, 3560, 1780, 7120, 8900]),
    ],
    ids=["shanghai 2025", "shanghai 2025 cap", "kunming 4567", "kunming medical 4569", "kunming 3000", "base 8900"],
)  # fmt: skip
def test_published_numbers_come_out_to_the_fen(new_region, rates, wage, expected):
    region = flat_region(new_region, rates)
    assert list(due(region, {}, wage, MONTH, KNOWN_ON).values()) == expected


def test_a_bill_is_the_sum_of_its_lines_whatever_a_published_total_says(new_region):
    rates = {
        "a": ("0.16", "0.08"),
        "b": ("0.08", "0.02"),
        "c": ("0.004", "0.002"),
        "d": ("0.008", ""),
        "e": ("0.01", ""),
    }
    region = flat_region(new_region, rates)
    charges = charge(region, MONTH, People(np.array([890000]), {}), known_on=KNOWN_ON)
    assert (int(charges.employer_total[0]), int(charges.employee_total[0])) == (233180, 90780)


LIMITS = "floor: base_floor, ceiling: base_ceiling,"
LIMIT_VALUES = row("base_floor", "yuan", ("2026-01", "2025-12-31", "4242")) + row(
    "base_ceiling", "yuan", ("2026-01", "2025-12-31", "21207")
)  # noqa: E501


def test_a_wage_within_the_limits_is_its_own_base_and_outside_it_is_moved(new_region):
    region = flat_region(new_region, {"a": ("0.16", "0.08")}, limits=LIMITS, more=LIMIT_VALUES)
    wages = np.array([800000, 424200, 424199, 2120700, 2120701])
    got = charge(region, MONTH, People(wages, {}), known_on=KNOWN_ON).schemes[0]
    assert got.employer[0] == 128000 and got.employee[0] == 64000  # Baishan 2024
    assert got.base.tolist() == [800000, 424200, 424200, 2120700, 2120700]
    assert got.limit.tolist() == [0, 0, -1, 0, 1]


WAGES = st.lists(st.integers(0, LARGEST_FEN), min_size=100, max_size=100)


def holds(rule, facts: dict[str, str]) -> bool:
    """A condition of codes, read again."""
    if not hasattr(rule, "parts"):
        return facts[rule.fact] in ((rule.operand,) if rule.word == "is" else rule.operand)
    told = [holds(part, facts) for part in rule.parts]
    return {"all_of": all(told), "any_of": any(told), "none_of": not any(told)}[rule.join]


def rounded(exact: Fraction, rounding: str) -> int:
    unit, direction = ROUNDINGS[rounding].unit, rounding.partition("_")[2]
    add = {"half_up": Fraction(1, 2), "up": Fraction(unit * exact.denominator - 1, unit * exact.denominator), "down": 0}
    return int((exact / unit + add[direction]) // 1) * unit


def oracle(region, scheme_key: str, side: str, month: Month, known_on: date, facts: dict[str, str], wage: int) -> int:
    """The rule again, from the region's parameters, in fractions, one person at a time."""
    told = region.schemes[scheme_key]
    share = told.shares.get(side)
    if share is None or (told.applies and not holds(told.applies, facts)):
        return 0

    def look(name, fact):
        number = region.value(name, month, known_on=known_on, key=facts[fact] if fact else None).value
        return Fraction(number)

    if share.kind == "fixed":
        return int(look(share.parameter, share.by))
    base = Fraction(rounded(Fraction(wage), told.base_rounding) if told.base_rounding else wage)
    if told.floor:
        base = max(base, look(told.floor, told.limits_by))
    if told.ceiling:
        base = min(base, look(told.ceiling, told.limits_by))
    if share.kind == "tiers":
        tiers = region.value(share.parameter, month, known_on=known_on).value
        return tiers[str(max(int(first) for first in tiers if int(first) * 100 <= base))]
    exact = base * look(share.parameter, share.by) * (look(share.times, share.times_by) if share.times else 1)
    return rounded(exact, told.rounding) + (int(look(share.plus, None)) if share.plus else 0)


CODED = [fact for fact in FACTS.values() if fact.codes]
LINES_PER_EXAMPLE = 100 * sum(len(scheme.shares) for region in REGIONS.values() for scheme in region.open_schemes)


def anybody(region, dice, count: int) -> dict[str, np.ndarray]:
    """Facts of as many people, from the region's own code lists."""
    lists = {fact.key: region.codes[fact.codes] for fact in CODED if fact.codes in region.codes}
    return {key: dice.choice(np.array([item.code for item in codes.items]), count) for key, codes in lists.items()}


@settings(max_examples=max(10, -(-50_000 // LINES_PER_EXAMPLE)), deadline=None)
@given(st.data())
def test_fifty_thousand_lines_agree_with_an_independent_oracle(data):
    wages = (
        data.draw(WAGES)
        if data.draw(st.booleans())
        else data.draw(st.lists(st.integers(400000, 2600000), min_size=100, max_size=100))
    )  # noqa: E501
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    month = data.draw(st.sampled_from([Month(2025, 1), Month(2025, 12), Month(2026, 6)]))
    for region in (one for one in REGIONS.values() if one.opened_on <= month):
        facts = anybody(region, dice, 100)
        charges = charge(region, month, People(np.array(wages), facts), known_on=KNOWN_ON)
        for one in charges.schemes:
            for person, wage in enumerate(wages):
                known = {key: str(column[person]) for key, column in facts.items()}
                for side, got in (("employer", one.employer), ("employee", one.employee)):
                    wanted = oracle(region, one.scheme, side, month, KNOWN_ON, known, wage)
                    assert int(got[person]) == wanted, (region.code, one.scheme, side, known, wage)


def sample(region, count: int = 300):
    dice = np.random.default_rng(7)
    return dice.integers(0, 4_000_000, count, dtype=np.int64), anybody(region, dice, count)


def lines(charges):
    """Every person's amounts and evidence digests, independent of the order of the evidence list."""
    digests = [e.digest for e in charges.evidence] + [""]
    return [
        [
            (int(c.base[i]), int(c.limit[i]), int(c.employer[i]), int(c.employee[i]),
             digests[c.employer_evidence[i]], digests[c.employee_evidence[i]])
            for c in charges.schemes
        ]
        for i in range(charges.count)
    ]  # fmt: skip


@pytest.mark.parametrize("code", sorted(REGIONS))
def test_the_order_and_the_grouping_of_people_change_nothing(code):
    region = REGIONS[code]
    wages, facts = sample(region)
    whole = lines(charge(region, MONTH, People(wages, facts), known_on=KNOWN_ON))
    order = np.random.default_rng(1).permutation(len(wages))
    shuffled = People(wages[order], {k: v[order] for k, v in facts.items()})
    mixed = lines(charge(region, MONTH, shuffled, known_on=KNOWN_ON))
    assert mixed == [whole[i] for i in order]
    parts = []
    for start in range(0, len(wages), 37):
        cut = slice(start, start + 37)
        part = People(wages[cut], {k: v[cut] for k, v in facts.items()})
        parts += lines(charge(region, MONTH, part, known_on=KNOWN_ON))
    assert parts == whole


@pytest.mark.parametrize("code", sorted(REGIONS))
def test_the_evidence_alone_recomputes_every_line(code):
    region = REGIONS[code]
    wages, facts = sample(region)
    charges = charge(region, MONTH, People(wages, facts), known_on=KNOWN_ON)
    seen = 0
    for one in charges.schemes:
        for amounts, why in ((one.employer, one.employer_evidence), (one.employee, one.employee_evidence)):
            for person in np.flatnonzero(why >= 0):
                again = recompute(charges.evidence[why[person]].data, int(wages[person]))
                assert (again.amount, again.base, again.limit) == (amounts[person], one.base[person], one.limit[person])
                seen += 1
            assert not amounts[why < 0].any()
    assert seen > len(wages)
    assert {e.data["scheme"] for e in charges.evidence} == {scheme.key for scheme in region.open_schemes}


def test_everybody_covered_by_the_caller_overrides_the_regions_own_condition():
    region = REGIONS["tianjin"]
    wages, facts = np.array([800000, 800000]), {"industry_class": "1", "float_grade": "100"}
    covered = {"pension": np.array([True, False])}
    charges = charge(region, MONTH, People(wages, facts, covered), known_on=KNOWN_ON)
    assert charges.employer_total.tolist() == [128000, 0]
    assert {e.data["scheme"] for e in charges.evidence} == {"pension"}


def test_part_time_work_means_injury_only():
    dice = np.random.default_rng(7)
    for region in REGIONS.values():
        facts = {key: str(column[0]) for key, column in anybody(region, dice, 1).items()}
        assert enrol_schemes(region, facts | {"employment_kind": "52"}) == ("injury",)


FULL_TIME = {"employment_kind": "41", "industry_class": "1", "float_grade": "100"}
NOVEMBER = Month(2026, 11)


def test_supplementary_medical_is_charged_only_to_those_who_join():
    region = REGIONS["leshan"]
    assert "supplementary_medical.employee" not in due(region, FULL_TIME, 800_000, NOVEMBER, date(2026, 11, 1))
    joined = due(region, FULL_TIME | {"supplementary_medical": "1"}, 800_000, NOVEMBER, date(2026, 11, 1))
    assert joined["supplementary_medical.employee"] == 15_500


def test_no_enrolment_joins_what_is_declared_by_the_year():
    assert "supplementary_medical" not in enrol_schemes(REGIONS["leshan"], FULL_TIME | {"supplementary_medical": "1"})


def test_a_value_published_later_changes_what_was_due_and_the_difference_is_the_adjustment(new_region):
    floors = row("base_floor", "yuan", ("2026-01", "2025-12-31", "4000"), ("2026-07", "2026-09-10", "4400"))
    ceilings = row("base_ceiling", "yuan", ("2026-01", "2025-12-31", "21207"))
    region = flat_region(new_region, {"a": ("0.16", "0.08")}, limits=LIMITS, more=floors + ceilings)

    def july(known_on):
        return due(region, {}, 300000, Month(2026, 7), known_on)

    assert july(date(2026, 7, 10)) == {"a.employer": 64000, "a.employee": 32000}
    assert july(date(2026, 9, 10)) == {"a.employer": 70400, "a.employee": 35200}
    assert due(region, {}, 300000, Month(2026, 6), date(2026, 9, 20)) == {"a.employer": 64000, "a.employee": 32000}


def test_silence_is_never_zero():
    region = REGIONS["tianjin"]
    facts = {"employment_kind": "41", "industry_class": "1", "float_grade": "100"}
    with pytest.raises(NoValue, match="2020 年 1 月没有"):
        charge(region, Month(2020, 1), People(np.array([1]), facts), known_on=KNOWN_ON)
    with pytest.raises(NoValue, match="没有“工伤行业类别”为“9”的一档"):
        charge(region, MONTH, People(np.array([1]), facts | {"industry_class": np.array(["9"])}), known_on=KNOWN_ON)
    with pytest.raises(NoFact, match="工伤浮动档次"):
        charge(
            region, MONTH, People(np.array([1]), {"employment_kind": "41", "industry_class": "1"}), known_on=KNOWN_ON
        )


@pytest.mark.parametrize(
    "wages", [np.array([1.5]), np.array([-1]), np.array([LARGEST_FEN + 1]), [800000], np.array([[1]])]
)
def test_wages_that_are_no_whole_fen_are_refused(wages):
    with pytest.raises(ValueError, match="wage"):
        charge(REGIONS["tianjin"], MONTH, People(wages, {}), known_on=KNOWN_ON)


def test_the_largest_wage_does_not_overflow():
    facts = {"employment_kind": "41", "industry_class": "8", "float_grade": "150"}
    region = REGIONS["tianjin"]
    charges = charge(region, MONTH, People(np.array([LARGEST_FEN]), facts), known_on=KNOWN_ON)
    assert (charges.employer_total > 0).all() and charges.schemes[0].limit.tolist() == [1]


def test_results_are_read_only_because_schemes_share_them():
    facts = {"employment_kind": "41", "industry_class": "1", "float_grade": "100"}
    one = charge(REGIONS["tianjin"], MONTH, People(np.array([800000]), facts), known_on=KNOWN_ON).schemes[0]
    for column in (one.covered, one.base, one.limit, one.employer, one.employee, one.employer_evidence):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_nobody_is_charged_nothing():
    facts = {"employment_kind": np.array([], dtype=str), "industry_class": "1", "float_grade": "100"}
    charges = charge(REGIONS["tianjin"], MONTH, People(np.array([], dtype=np.int64), facts), known_on=KNOWN_ON)
    assert charges.employer_total.size == 0 and not charges.evidence


@pytest.mark.parametrize(("status", "deed"), [("illustrative", "采用"), ("verified", "公布")])
def test_a_value_without_a_public_document_was_published_by_nobody(status, deed):
    value = {"source": "演示取值", "from": "2026-01", "known": "2025-12-30", "status": status}
    assert sourced(value)["source"] == f"演示取值（2026-01 起，2025-12-30 {deed}）"


def test_an_explanation_leads_from_the_wage_to_the_amount_with_its_sources():
    facts = {"employment_kind": "41", "industry_class": "2", "float_grade": "80"}
    charges = charge(REGIONS["tianjin"], Month(2025, 6), People(np.array([300000]), facts), known_on=KNOWN_ON)
    why = next(e for e in charges.evidence if e.data["scheme"] == "injury")
    steps = explain(why.data, 300000)
    assert [s.label for s in steps] == [
        "申报工资",
        "下限",
        "上限",
        "缴费基数",
        "费率",
        "浮动倍数",
        "计算",
        "进位",
        "依据",
    ]
    values = {s.label: s.value for s in steps}
    assert values["缴费基数"] == "5,124.00 元" and values["费率"] == "0.4%" and values["浮动倍数"] == "× 0.8"
    assert values["计算"] == "5,124.00 × 0.4% × 0.8 = 16.3968 元" and values["进位"] == "16.40 元"
    assert "人社部发〔2015〕71号" in next(s for s in steps if s.label == "费率").source
