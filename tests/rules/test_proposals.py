"""Proposed values: laid over a region, tried as if in force, and written so that they read back the same."""

from datetime import date
from decimal import Decimal

import pytest

from shebao.regions_home import regions_roots
from shebao.rules.months import Month
from shebao.rules.proposals import as_if_in_force, changes, load_proposed, with_value, written
from shebao.rules.region import BadRegion, load_region

OCTOBER, JANUARY = Month(2026, 10), Month(2027, 1)
TODAY = date(2026, 11, 10)


@pytest.fixture(scope="module")
def region():
    return load_region("shanghai", regions_roots())


def proposed(region, since=JANUARY, known=date(2026, 12, 1), number=800_000):
    parameter = with_value(region.parameters["base_floor"], since, known, number, '拟"定"', "illustrative")
    return load_proposed(region, regions_roots(), written([parameter]))


def test_every_value_of_every_region_reads_back_as_it_was_written(region):
    for code in ("shanghai", "tianjin", "leshan", "shenzhen"):
        here = load_region(code, regions_roots())
        again = load_proposed(here, regions_roots(), written(here.parameters.values()))
        assert dict(again.parameters) == dict(here.parameters)
        assert changes(here, again) == {}


def test_a_proposal_adds_one_value_and_leaves_the_region_alone(region):
    made = proposed(region)
    (added,) = changes(region, made)["base_floor"]
    assert (added.value, added.source, added.status) == (800_000, '拟"定"', "illustrative")
    assert made.fingerprint != region.fingerprint
    assert region.value("base_floor", JANUARY, known_on=date.max).value != 800_000


def test_a_future_value_is_tried_as_if_it_applied_already(region):
    made = proposed(region)
    assert made.value("base_floor", OCTOBER, known_on=TODAY).value == 754_600
    tried = as_if_in_force(region, made, OCTOBER, TODAY)
    assert tried.value("base_floor", OCTOBER, known_on=TODAY).value == 800_000


def test_a_value_for_an_older_span_does_not_outlive_the_next_one(region):
    made = proposed(region, since=Month(2025, 8), known=date(2025, 8, 1))
    tried = as_if_in_force(region, made, OCTOBER, TODAY)
    assert tried.value("base_floor", OCTOBER, known_on=TODAY).value == 754_600


def test_a_rate_keeps_its_exact_digits(region):
    rate = with_value(region.parameters["medical.employer_rate"], OCTOBER, TODAY, Decimal("0.0925"), "甲", "verified")
    made = load_proposed(region, regions_roots(), written([rate]))
    assert made.value("medical.employer_rate", OCTOBER, known_on=TODAY).value == Decimal("0.0925")


def test_every_mistake_is_named_with_its_line(region):
    text = """base_floor:
  title: 下限
  unit: yuan
  values:
    - {from: "2026-07", known: 2026-08-24, value: 1e3, source: 甲, status: verified}
    - {from: "2026-13", known: 2026-08-24, value: -5, source: 甲, status: perhaps}
no_such_value:
  title: 甲
  unit: yuan
  values: []
"""
    with pytest.raises(BadRegion) as bad:
        load_proposed(region, regions_roots(), text)
    told = "\n".join(bad.value.problems)
    for words in ("parameters.yaml:5", "parameters.yaml:6", "parameters.yaml:7: no_such_value", "不能为负数"):
        assert words in told


@pytest.mark.parametrize("text", ["", "[", "- 1", "甲", "base_floor: [1, 2", "\tbase_floor: 1"])
def test_what_is_no_parameters_file_is_refused_in_words(region, text):
    with pytest.raises(BadRegion) as bad:
        load_proposed(region, regions_roots(), text)
    assert all(problem.startswith("shanghai/parameters.yaml:") for problem in bad.value.problems) and bad.value.problems
