"""Adjustments: later knowledge minus earlier knowledge, to the fen, as new lines with both evidences."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.adjustments import adjustment, adjustments, difference
from shebao.rules.contributions import NoFact, People, charge, recompute
from shebao.rules.months import Month
from shebao.rules.region import NoValue, load_region
from tests.rules.conftest import TEMPLATE_CASES, write

THEN, MIDDLE, NOW = date(2026, 7, 31), date(2026, 9, 10), date(2026, 10, 15)
FACTS = {"employment_kind": "41", "industry_class": "1", "float_grade": "100"}
PARAMETERS = """
base_floor:
  title: 缴费基数下限
  unit: yuan
  values:
    - {from: "2026-01", known: 2025-12-31, value: 4500, source: 试验, status: illustrative}
    - {from: "2026-07", known: 2026-09-10, value: 4700, source: 试验, status: illustrative}
base_ceiling:
  title: 缴费基数上限
  unit: yuan
  values:
    - {from: "2026-01", known: 2025-12-31, value: 22500, source: 试验, status: illustrative}
    - {from: "2026-07", known: 2026-10-01, value: 23500.5, source: 试验, status: illustrative}
medical.employer_rate:
  title: 医疗保险（含生育）单位费率
  unit: rate
  values:
    - {from: "2026-01", known: 2025-12-31, value: 0.08, source: 试验, status: illustrative}
    - {from: "2026-08", known: 2026-10-10, value: 0.075, source: 试验, status: illustrative}
medical.employee_rate:
  title: 医疗保险个人费率
  unit: rate
  values:
    - {from: "2026-01", known: 2025-12-31, value: 0.02, source: 试验, status: illustrative}
"""


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """Floors known on 09-10 and ceilings on 10-01 for July; a lower medical rate known on 10-10 for August."""
    root = tmp_path_factory.mktemp("regions")
    files = {"region.yaml": "title: 试验区\nextends: _template\n", "parameters.yaml": PARAMETERS}
    write(root, "late", files | TEMPLATE_CASES)
    return load_region("late", [root, *regions_roots()])


def people(*wages: int, **facts) -> People:
    return People(np.array(wages, dtype=np.int64), FACTS | facts)


def lines(found) -> dict[tuple[int, str, str], int]:
    keys = zip(found.person.tolist(), found.scheme.tolist(), found.share.tolist(), strict=True)
    return dict(zip(keys, found.amount.tolist(), strict=True))


def test_a_floor_published_late_gives_the_exact_difference(region):
    found = adjustment(region, Month(2026, 7), people(300000, 460000, 800000), then=THEN, now=MIDDLE)
    assert lines(found) == {
        (0, "pension", "employer"): 3200,  # (4700 − 4500) × 16 %
        (1, "pension", "employer"): 1600,  # (4700 − 4600) × 16 %
        (0, "pension", "employee"): 1600,
        (1, "pension", "employee"): 800,
        (0, "medical", "employer"): 1600,
        (1, "medical", "employer"): 800,
        (0, "medical", "employee"): 400,
        (1, "medical", "employee"): 200,
        (0, "unemployment", "employer"): 100,
        (1, "unemployment", "employer"): 50,
        (0, "unemployment", "employee"): 100,
        (1, "unemployment", "employee"): 50,
        (0, "injury", "employer"): 40,
        (1, "injury", "employer"): 20,
    }
    assert (found.month, found.then, found.now) == (Month(2026, 7), THEN, MIDDLE)
    assert (found.before[0], found.after[0]) == (72000, 75200)


def test_the_month_before_the_new_value_owes_nothing_and_is_left_out(region):
    months = {month: people(300000) for month in (Month(2026, 8), Month(2026, 6), Month(2026, 7))}
    found = adjustments(region, months, then=THEN, now=MIDDLE)
    assert [one.month for one in found] == [Month(2026, 7), Month(2026, 8)]
    assert adjustments(region, months, then=NOW, now=NOW) == ()


def test_a_lower_rate_is_a_negative_difference_to_be_returned(region):
    found = adjustment(region, Month(2026, 8), people(1000000), then=THEN, now=NOW)
    assert lines(found) == {(0, "medical", "employer"): -5000}


def test_both_evidences_recompute_both_amounts(region):
    wages = [300000, 800000, 2_400_000]
    found = adjustment(region, Month(2026, 8), people(*wages), then=THEN, now=NOW)
    assert len(found) == 15
    for row, person in enumerate(found.person.tolist()):
        before, after = (found.evidence[str(ids[row])] for ids in (found.before_evidence, found.after_evidence))
        assert recompute(before.data, wages[person]).amount == found.before[row]
        assert recompute(after.data, wages[person]).amount == found.after[row]
        assert (before.data["known_on"], after.data["known_on"]) == (THEN.isoformat(), NOW.isoformat())
    assert set(found.evidence) == {*found.before_evidence.tolist(), *found.after_evidence.tolist()}


def test_what_was_charged_stays_as_it_was(region):
    given = people(300000, 2_400_000)
    before = charge(region, Month(2026, 7), given, known_on=THEN)
    kept = [(c.base.copy(), c.employer.copy(), c.employee.copy()) for c in before.schemes]
    found = difference(before, charge(region, Month(2026, 7), given, known_on=NOW))
    for one, (base, employer, employee) in zip(before.schemes, kept, strict=True):
        assert (one.base == base).all() and (one.employer == employer).all() and (one.employee == employee).all()
    for column in (found.person, found.scheme, found.before, found.after, found.amount, found.after_evidence):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_somebody_newly_covered_owes_the_whole_amount_and_has_no_earlier_evidence(region):
    wages = np.array([800000, 800000])
    covered = {key: np.array([True, False]) for key in ("pension", "medical", "unemployment", "injury")}
    before = People(wages, FACTS, covered)
    now = People(wages, FACTS, {key: np.array([True, True]) for key in covered})
    found = adjustment(region, Month(2026, 7), now, then=THEN, now=THEN, before=before)
    assert set(found.person.tolist()) == {1} and set(found.before_evidence.tolist()) == {""}
    whole = charge(region, Month(2026, 7), people(800000), known_on=THEN)
    assert found.amount.sum() == whole.employer_total[0] + whole.employee_total[0]


def test_a_wage_corrected_later_is_the_difference_of_bases(region):
    found = adjustment(region, Month(2026, 7), people(600000), then=THEN, now=THEN, before=people(500000))
    assert lines(found)[0, "pension", "employer"] == 16000 and lines(found)[0, "injury", "employer"] == 200


WAGES = st.lists(st.integers(0, 4_000_000), min_size=1, max_size=40)
KNOWN = st.dates(date(2025, 12, 31), date(2026, 12, 31))
MONTHS = st.integers(1, 12).map(lambda number: Month(2026, number))


@settings(deadline=None)
@given(WAGES, MONTHS, KNOWN, KNOWN)
def test_the_differences_add_up_to_the_recharge_minus_the_original(region, wages, month, first, second):
    then, now = sorted((first, second))
    found = adjustment(region, month, people(*wages), then=then, now=now)
    old, new = (charge(region, month, people(*wages), known_on=known) for known in (then, now))
    for share in ("employer", "employee"):
        per_person = np.zeros(len(wages), dtype=np.int64)
        chosen = found.share == share
        np.add.at(per_person, found.person[chosen], found.amount[chosen])
        assert (per_person == getattr(new, f"{share}_total") - getattr(old, f"{share}_total")).all()
    assert (found.amount != 0).all() and (found.after - found.before == found.amount).all()
    assert len(set(lines(found))) == len(found)


@settings(deadline=None)
@given(WAGES, MONTHS, st.lists(KNOWN, min_size=3, max_size=3).map(sorted))
def test_adjusting_in_two_steps_comes_to_the_same_as_in_one(region, wages, month, days):
    def step(then, now):
        return lines(adjustment(region, month, people(*wages), then=then, now=now))

    first, second = step(days[0], days[1]), step(days[1], days[2])
    both = {key: first.get(key, 0) + second.get(key, 0) for key in {*first, *second}}
    assert {key: amount for key, amount in both.items() if amount} == step(days[0], days[2])


def test_what_is_missing_is_refused_as_in_any_charge(region):
    with pytest.raises(NoValue, match="2025 年 12 月没有"):
        adjustment(region, Month(2025, 12), people(1), then=THEN, now=NOW)
    with pytest.raises(NoFact, match="工伤浮动档次"):
        lost = People(np.array([1]), {"employment_kind": "41", "industry_class": "1"})
        adjustment(region, Month(2026, 7), lost, then=THEN, now=NOW)
    with pytest.raises(ValueError, match="knowledge only grows"):
        adjustment(region, Month(2026, 7), people(1), then=NOW, now=NOW - timedelta(days=1))
    with pytest.raises(ValueError, match="same month and people"):
        difference(
            charge(region, Month(2026, 7), people(1), known_on=THEN),
            charge(region, Month(2026, 7), people(1, 2), known_on=THEN),
        )


def test_nobody_needs_no_adjustment(region):
    nobody = People(np.array([], dtype=np.int64), FACTS | {"employment_kind": np.array([], dtype=str)})
    assert len(adjustment(region, Month(2026, 7), nobody, then=THEN, now=NOW)) == 0
