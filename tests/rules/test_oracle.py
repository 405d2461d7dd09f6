"""The whole engine against an oracle in fractions that reads no region: every rounding, limit, table and fixed sum.

`test_contributions.py` holds the bundled regions to an oracle that reads their parameters; here the numbers are
written down once in Python and once as a region, so that reading, look-up and arithmetic are checked together.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shebao.regions_home import regions_roots
from shebao.rules.contributions import Charges, People, charge
from shebao.rules.money import LARGEST_FEN, ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.region import load_region
from tests.rules.conftest import write

MONTH, KNOWN_ON = Month(2026, 6), date(2026, 6, 30)
FLOORS, CEILINGS = (None, "4242.40", "5000.01"), (None, "21207.00", "26421.5")
STEPS = {"fen": 1, "jiao": 10, "yuan": 100}
CLASSES = dict(
    zip("12345678", ("0.002", "0.0047", "0.007", "0.01275", "0.011", "0.0133", "0.016", "0.019"), strict=True)
)
GRADES = {"100": "1", "150": "1.5", "120": "1.2", "80": "0.8", "50": "0.5"}


@dataclass(frozen=True)
class Told:
    """One scheme of the scratch region: text numbers, exactly as they are written into the folder."""

    key: str
    rounding: str
    floor: str | None
    ceiling: str | None
    employer: str | None
    employee: str | None
    fixed: bool = False
    classed: bool = False


RATES = (("0.16", "0.08"), ("0.105", "0.02"), ("0.00333", "0.0077"), ("0.0105", None), (None, "0.1234567"))
SCHEMES = [
    Told(f"s{number}", rounding, FLOORS[number % 3], CEILINGS[number % 2 + number % 4 // 2], *RATES[number % 5])
    for number, rounding in enumerate(ROUNDINGS)
] + [
    Told("fixed", "fen_half_up", None, None, "27.51", "1.00", fixed=True),
    *(
        Told(f"classed_{rounding}", rounding, floor, ceiling, "by class", None, classed=True)
        for rounding, floor, ceiling in (
            ("fen_half_up", FLOORS[1], CEILINGS[1]),
            ("jiao_up", None, None),
            ("yuan_down", FLOORS[2], None),
        )
    ),
]


def value(key: str, unit: str, number: str) -> str:
    return (
        f"{key}:\n  title: {key}\n  unit: {unit}\n  values:\n    - {{from: '2026-01', known: 2025-12-31, "
        f"value: {number}, source: 试验, status: illustrative}}\n"
    )


def keyed(table: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{key}": {number}' for key, number in table.items()) + "}"


def written() -> dict[str, str]:
    """The schemes as a region folder; the template's own schemes are closed."""
    parameters = "".join(
        value(f"{side}.{number}", "yuan", number)
        for side, numbers in (("floor", FLOORS), ("ceiling", CEILINGS))
        for number in numbers
        if number
    )
    parameters += value("classes", "rate", keyed(CLASSES)) + value("grades", "factor", keyed(GRADES))
    schemes = "".join(
        f"{key}: {{title: 关, short: 关, national_code: '0', colour: pension, rounding: fen_half_up, open: false, "
        "shares: {employer: {rate: pension.employer_rate}}}\n"
        for key in ("pension", "medical", "unemployment", "injury")
    )
    for told in SCHEMES:
        shares = []
        for side, number in (("employer", told.employer), ("employee", told.employee)):
            if told.classed and number:
                shares.append(f"{side}: {{rate: classes, by: industry_class, times: grades, times_by: float_grade}}")
            elif number:
                parameters += value(f"{told.key}.{side}", "yuan" if told.fixed else "rate", number)
                shares.append(f"{side}: {{{'fixed' if told.fixed else 'rate'}: {told.key}.{side}}}")
        limits = "".join(
            f"{side}: {side}.{number}, "
            for side, number in (("floor", told.floor), ("ceiling", told.ceiling))
            if number
        )
        schemes += (
            f"{told.key}: {{title: {told.key}, short: 险, national_code: '1', colour: pension, "
            f"rounding: {told.rounding}, {limits}shares: {{{', '.join(shares)}}}}}\n"
        )
    sums = ", ".join(f"{t.key}.{'employer' if t.employer else 'employee'}: 0" for t in SCHEMES)
    case = f"- {{name: 试验, month: 2026-06, known_on: 2026-06-30, given: {{declared_wage: 1}}, expect: {{{sums}}}}}\n"
    head = "title: 试验区\nextends: _template\n"
    return {"region.yaml": head, "parameters.yaml": parameters, "schemes.yaml": schemes, "cases/a.yaml": case}


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    root = tmp_path_factory.mktemp("regions")
    write(root, "oracle", written())
    return load_region("oracle", [root, *regions_roots()])


def oracle(told: Told, side: str, wage: int, industry_class: str, float_grade: str) -> int:
    """One line by the rule itself: hold the wage within the limits, multiply, round in the named direction."""
    number = told.employer if side == "employer" else told.employee
    if number is None:
        return 0
    if told.fixed:
        return int(Fraction(number) * 100)
    base = Fraction(wage, 100)
    if told.floor is not None:
        base = max(base, Fraction(told.floor))
    if told.ceiling is not None:
        base = min(base, Fraction(told.ceiling))
    rate = Fraction(CLASSES[industry_class]) * Fraction(GRADES[float_grade]) if told.classed else Fraction(number)
    unit, direction = told.rounding.split("_", 1)
    steps = base * rate * 100 / STEPS[unit]
    whole, rest = divmod(steps, 1)
    raised = {"half_up": rest >= Fraction(1, 2), "up": rest > 0, "down": False}[direction]
    return int(whole + raised) * STEPS[unit]


def people(wages, dice) -> People:
    facts = {
        "employment_kind": np.full(len(wages), "41"),
        "industry_class": dice.choice(np.array(list(CLASSES)), len(wages)),
        "float_grade": dice.choice(np.array(list(GRADES)), len(wages)),
    }
    return People(np.array(wages, dtype=np.int64), facts)


def compared(charges: Charges, given_people: People) -> int:
    """How many lines that somebody owes agree with the oracle; fails at the first that differs."""
    told = {t.key: t for t in SCHEMES}
    count = 0
    for one in charges.schemes:
        for side, got in (("employer", one.employer), ("employee", one.employee)):
            for person, wage in enumerate(given_people.declared_wage.tolist()):
                row = str(given_people.facts["industry_class"][person]), str(given_people.facts["float_grade"][person])
                assert int(got[person]) == oracle(told[one.scheme], side, wage, *row), (one.scheme, side, wage, row)
                count += getattr(told[one.scheme], side) is not None
    return count


def test_the_scratch_region_has_every_rounding_with_and_without_limits():
    rated = [t for t in SCHEMES if not t.fixed]
    assert {t.rounding for t in rated} == set(ROUNDINGS)
    assert {(t.floor is None, t.ceiling is None) for t in rated} == {
        (a, b) for a in (True, False) for b in (True, False)
    }


def test_fifty_thousand_random_lines_agree_with_the_oracle(region):
    dice, lines = np.random.default_rng(20261124), 0
    for largest in (3_000_000, 3_000_000, LARGEST_FEN):
        given_people = people(dice.integers(0, largest + 1, 850), dice)
        lines += compared(charge(region, MONTH, given_people, known_on=KNOWN_ON), given_people)
    assert lines >= 50_000


NEAR = [round_to for limit in (424240, 500001, 2120700, 2642150) for round_to in (limit - 1, limit, limit + 1)]
WAGES = st.lists(st.one_of(st.integers(0, LARGEST_FEN), st.integers(0, 3_000_000), st.sampled_from(NEAR)), max_size=20)
SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(WAGES, SEEDS)
def test_wages_chosen_to_break_it_agree_with_the_oracle(region, wages, seed):
    given_people = people(wages, np.random.default_rng(seed))
    charges = charge(region, MONTH, given_people, known_on=KNOWN_ON)
    shares = sum((t.employer is not None) + (t.employee is not None) for t in SCHEMES)
    assert compared(charges, given_people) == len(wages) * shares


@settings(deadline=None)
@given(WAGES, SEEDS)
def test_persons_schemes_and_shares_add_up_to_the_same_bill(region, wages, seed):
    charges = charge(region, MONTH, people(wages, np.random.default_rng(seed)), known_on=KNOWN_ON)
    by_person = (charges.employer_total + charges.employee_total).tolist()
    by_scheme = [sum(c.employer.tolist()) + sum(c.employee.tolist()) for c in charges.schemes]
    by_line = [int(amount) for c in charges.schemes for side in (c.employer, c.employee) for amount in side]
    by_share = sum(charges.employer_total.tolist()) + sum(charges.employee_total.tolist())
    assert sum(by_person) == sum(by_scheme) == sum(by_line) == by_share
    assert [c.scheme for c in charges.schemes] == [t.key for t in SCHEMES]


@settings(deadline=None)
@given(WAGES, SEEDS, st.randoms(use_true_random=False))
def test_any_order_and_any_partition_of_the_people_give_the_same_lines(region, wages, seed, cards):
    whole = people(wages, np.random.default_rng(seed))

    def rows_of(chosen: list[int]) -> list[tuple[int, ...]]:
        picked = np.array(chosen, dtype=np.int64)
        part = People(whole.declared_wage[picked], {k: v[picked] for k, v in whole.facts.items()})
        charges = charge(region, MONTH, part, known_on=KNOWN_ON)
        columns = [column for c in charges.schemes for column in (c.base, c.limit, c.employer, c.employee)]
        return list(zip(*(column.tolist() for column in columns), strict=True))

    together, order = rows_of(list(range(len(wages)))), list(range(len(wages)))
    cards.shuffle(order)
    cut = cards.randint(0, len(order))
    apart = rows_of(order[:cut]) + rows_of(order[cut:])
    assert apart == [together[person] for person in order]


@settings(deadline=None)
@given(st.integers(0, LARGEST_FEN - 1), SEEDS)
def test_a_higher_wage_never_owes_less(region, wage, seed):
    pair = people([wage, wage + 1], np.random.default_rng(seed))
    same = People(pair.declared_wage, {key: np.array([column[0]] * 2) for key, column in pair.facts.items()})
    for one in charge(region, MONTH, same, known_on=KNOWN_ON).schemes:
        assert one.employer[0] <= one.employer[1] and one.employee[0] <= one.employee[1]
