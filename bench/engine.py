"""How fast is the contribution engine? One million people, six schemes, eleven shares, with evidence.

Compared with plain Python integers, with NumPy written by hand for exactly these columns, and, where
OpenFisca-core is installed (bench/requirements.txt), with the same six schemes there. The exact ways are checked
against each other before a time is printed; of OpenFisca the amounts that float32 gets wrong are counted.

Usage: python bench/engine.py [people]
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from shebao.regions_home import regions_roots  # noqa: E402
from shebao.rules.contributions import People, charge  # noqa: E402
from shebao.rules.months import Month  # noqa: E402
from shebao.rules.region import Region, load_region, load_regions  # noqa: E402
from shebao.rules.trial import trial, usual_facts  # noqa: E402

MONTH, KNOWN_ON, PART_TIME = Month(2026, 6), date(2026, 6, 30), "52"
INJURY = {"1": 2, "2": 4, "3": 7, "4": 9, "5": 11, "6": 13, "7": 16, "8": 19}  # thousandths
FLOAT = {"100": 10, "150": 15, "120": 12, "80": 8, "50": 5}  # tenths
FLOOR, CEILING = 450_000, 2_250_000
# (employer numerator, employee numerator) over 1000, of the four schemes charged at one rate for everybody
RATES = {"pension": (160, 80), "medical": (80, 20), "unemployment": (5, 5), "maternity": (8, 0)}
FIXED = 2000
ENTRY = "  - {{from: '2026-01', known: 2025-12-31, value: {value}, source: bench, status: illustrative}}"


def bench_region(folder: Path) -> Region:
    """A region of six schemes laid over the bundled template, in a scratch folder."""
    home = folder / "bench"
    shutil.copytree(ROOT / "regions" / "_template" / "cases", home / "cases")
    head = "title: 测速\nextends: _template\nopened_on: 2026-01\n"
    (home / "region.yaml").write_text(head, "utf-8")
    schemes = (ROOT / "regions" / "_template" / "schemes.yaml").read_text("utf-8")
    wages = "{title: 生育保险, short: 生, national_code: '510', colour: maternity, floor: base_floor, "
    wages += "ceiling: base_ceiling, rounding: fen_half_up, shares: {employer: {rate: maternity.rate}}, "
    part_time = "applies: {none_of: [{fact: employment_kind, is: '52'}]}}\n"
    fixed = "{title: 大额, short: 大, national_code: '330', colour: large_medical, rounding: fen_half_up, "
    fixed += "shares: {employee: {fixed: large.monthly}}, "
    text = f"{schemes}maternity: {wages}{part_time}large_medical: {fixed}{part_time}"
    (home / "schemes.yaml").write_text(text, "utf-8")
    values = "maternity.rate:\n  title: 生育\n  unit: rate\n  values:\n" + ENTRY.format(value="0.008")
    values += "\nlarge.monthly:\n  title: 大额\n  unit: yuan\n  values:\n" + ENTRY.format(value="20")
    (home / "parameters.yaml").write_text(values, "utf-8")
    case = "- {name: 测速, month: 2026-06, known_on: 2026-06-30, given: {declared_wage: 1}, "
    case += "expect: {maternity.employer: 0, large_medical.employee: 0}}\n"
    (home / "cases" / "bench.yaml").write_text(case, "utf-8")
    return load_region("bench", [folder, ROOT / "regions"])


def people(count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Wages on both sides of the limits; every class, grade and one part-timer in twenty."""
    dice = np.random.default_rng(20261124)
    wages = dice.integers(100_000, 4_000_000, count, dtype=np.int64)
    facts = {
        "employment_kind": np.where(dice.random(count) < 0.05, PART_TIME, "41"),
        "industry_class": dice.choice(np.array(list(INJURY)), count),
        "float_grade": dice.choice(np.array(list(FLOAT)), count),
    }
    return wages, facts


def by_engine(region: Region, wages: np.ndarray, facts: dict[str, np.ndarray]) -> Any:
    """Ours: the generic engine over the region's data, with evidence indices."""
    return charge(region, MONTH, People(wages, facts), known_on=KNOWN_ON)


def by_numpy(wages: np.ndarray, facts: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, ...]]:
    """The same columns as an expert would write them for this one region: no generality, no checks."""
    count = len(wages)
    full = facts["employment_kind"] != PART_TIME
    everybody = np.ones(count, dtype=np.bool_)
    clipped = np.clip(wages, FLOOR, CEILING)
    limit = (wages > CEILING).astype(np.int8) - (wages < FLOOR).astype(np.int8)
    result = {}
    for index, (key, (employer, employee)) in enumerate(RATES.items()):
        base = clipped * full
        why = [np.where(full, np.int32(2 * index + side), np.int32(-1)) for side in (0, 1)]
        amounts = [(base * rate * 2 + 1000) // 2000 for rate in (employer, employee)]
        result[key] = (full, base, limit * full, *amounts, *why)
    kind = np.zeros(count, dtype=np.int16)
    for index, key in enumerate(INJURY):
        kind[facts["industry_class"] == key] = index
    grade = np.zeros(count, dtype=np.int16)
    for index, key in enumerate(FLOAT):
        grade[facts["float_grade"] == key] = index
    table = np.array([r * f for r in INJURY.values() for f in FLOAT.values()], dtype=np.int64)
    which = kind * len(FLOAT) + grade
    injury = (clipped * table[which] * 2 + 10_000) // 20_000
    nobody = np.full(count, -1, dtype=np.int32)
    nothing = np.zeros(count, dtype=np.int64)
    result["injury"] = (everybody, clipped, limit, injury, nothing, which.astype(np.int32) + 8, nobody)
    large = full.astype(np.int64) * FIXED
    why_large = np.where(full, np.int32(48), np.int32(-1))
    result["large_medical"] = (
        full,
        nothing,
        nothing.astype(np.int8),
        nothing.copy(),
        large,
        nobody.copy(),
        why_large,
    )
    return result


def by_python(wages: list[int], facts: dict[str, list[str]]) -> tuple[int, int]:
    """Plain integers, a person at a time; only the totals are kept."""
    employer = employee = 0
    rows = zip(wages, facts["employment_kind"], facts["industry_class"], facts["float_grade"], strict=True)
    for wage, kind, industry, grade in rows:
        base = min(max(wage, FLOOR), CEILING)
        employer += (base * INJURY[industry] * FLOAT[grade] * 2 + 10_000) // 20_000
        if kind != PART_TIME:
            for ours, theirs in RATES.values():
                employer += (base * ours * 2 + 1000) // 2000
                employee += (base * theirs * 2 + 1000) // 2000
            employee += FIXED
    return employer, employee


def openfisca_system() -> Any:
    """The same six schemes as OpenFisca-core variables; its amounts are float32."""
    from openfisca_core import entities, periods, taxbenefitsystems, variables

    person = entities.Entity("person", "persons", "", "")
    system = taxbenefitsystems.TaxBenefitSystem([person])
    table = np.array([r * f for r in INJURY.values() for f in FLOAT.values()], dtype=np.float32) / 10_000

    def add(name: str, kind: type, formula: Callable[..., Any] | None = None) -> None:
        body = {"value_type": kind, "entity": person, "definition_period": periods.DateUnit.MONTH}
        system.add_variable(type(name, (variables.Variable,), body | ({"formula": formula} if formula else {})))

    def rated(rate: float) -> Callable[..., Any]:
        return lambda who, month: np.round(who("base", month) * rate) * who("full_time", month)

    for name, kind in (("wage", float), ("full_time", bool), ("industry_class", int), ("float_grade", int)):
        add(name, kind)
    add("base", float, lambda who, month: np.clip(who("wage", month), FLOOR, CEILING))
    for scheme, (employer, employee) in RATES.items():
        add(f"{scheme}_employer", float, rated(employer / 1000))
        add(f"{scheme}_employee", float, rated(employee / 1000))

    def injury(who: Any, month: Any) -> Any:
        which = who("industry_class", month) * len(FLOAT) + who("float_grade", month)
        return np.round(who("base", month) * table[which])

    add("injury_employer", float, injury)
    add("large_medical_employee", float, lambda who, month: who("full_time", month) * FIXED)
    return system


def by_openfisca(system: Any, wages: np.ndarray, facts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every share of the six schemes; codes become numbers first, as OpenFisca wants them."""
    from openfisca_core import simulations

    simulation = simulations.SimulationBuilder().build_default_simulation(system, count=len(wages))
    simulation.set_input("wage", "2026-06", wages.astype(np.float32))
    simulation.set_input("full_time", "2026-06", facts["employment_kind"] != PART_TIME)
    for name, codes in (("industry_class", INJURY), ("float_grade", FLOAT)):
        number = np.zeros(len(wages), dtype=np.int32)
        for index, key in enumerate(codes):
            number[facts[name] == key] = index
        simulation.set_input(name, "2026-06", number)
    names = [f"{scheme}_{side}" for scheme in RATES for side in ("employer", "employee")]
    names += ["injury_employer", "large_medical_employee"]
    return {name: simulation.calculate(name, "2026-06") for name in names}


def wrong_amounts(charges: Any, shares: dict[str, np.ndarray]) -> int:
    """How many amounts of float32 are not the exact fen."""
    exact = {f"{one.scheme}_{side}": getattr(one, side) for one in charges.schemes for side in ("employer", "employee")}
    return sum(int(np.count_nonzero(amounts != exact[name])) for name, amounts in shares.items())


def best(run: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    """The best of a few runs, and the last result."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        spent.append(time.perf_counter() - start)
    return min(spent), result


def peak(run: Callable[[], Any]) -> float:
    """Peak memory of one run in MB, beyond what was there before."""
    tracemalloc.start()
    run()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 1e6


def small_things() -> list[str]:
    """Loading every bundled region, a region's first calculation, and one person once everything is warm."""
    start = time.perf_counter()
    regions = load_regions(regions_roots())
    loaded = time.perf_counter() - start
    firsts, known_on = [], date(2026, 11, 24)
    for region in regions.values():
        start = time.perf_counter()
        trial(region, Month(2026, 11), 800_000, usual_facts(region), known_on=known_on)
        firsts.append(time.perf_counter() - start)
    region = next(iter(regions.values()))
    facts = usual_facts(region)
    warm, _ = best(lambda: trial(region, Month(2026, 11), 800_000, facts, known_on=known_on), times=200)
    return [
        f"{len(regions)} regions loaded and checked in {loaded:.3f} s (bound: 1)",
        f"first calculation of a region: at most {max(firsts) * 1000:.1f} ms (bound: 150)",
        f"one person, warm: {warm * 1000:.3f} ms (bound: 1)",
    ]


def main() -> int:
    """Print a table; status 1 where two ways disagree or the engine misses its bound of three times NumPy."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    wages, facts = people(count)
    with tempfile.TemporaryDirectory() as folder:
        region = bench_region(Path(folder))
    ours, charges = best(lambda: by_engine(region, wages, facts))
    hand, arrays = best(lambda: by_numpy(wages, facts))
    listed = {key: column.tolist() for key, column in facts.items()}
    plain, (employer, employee) = best(lambda: by_python(wages.tolist(), listed), times=1)
    for one in charges.schemes:
        columns = (one.covered, one.base, one.limit, one.employer, one.employee)
        if not all(np.array_equal(a, b) for a, b in zip(columns, arrays[one.scheme][:5], strict=True)):
            print(f"DISAGREE: {one.scheme}")
            return 1
    if (int(charges.employer_total.sum()), int(charges.employee_total.sum())) != (employer, employee):
        print("DISAGREE: totals")
        return 1
    table = [
        ("engine", ours, peak(lambda: by_engine(region, wages, facts)), "amounts and evidence"),
        ("NumPy by hand", hand, peak(lambda: by_numpy(wages, facts)), "the same columns, this one region"),
        ("plain Python", plain, peak(lambda: by_python(wages.tolist(), listed)), "integers, totals only"),
    ]
    if importlib.util.find_spec("openfisca_core"):
        system = openfisca_system()
        spent, shares = best(lambda: by_openfisca(system, wages, facts))
        wrong, amounts = wrong_amounts(charges, shares), sum(len(column) for column in shares.values())
        note = f"float32, no evidence; {wrong:,} of {amounts:,} amounts are not the exact fen"
        table.append(("OpenFisca-core", spent, peak(lambda: by_openfisca(system, wages, facts)), note))
    print(f"{count:,} people, 6 schemes, {len(charges.evidence)} kinds of evidence; the first three agree to the fen")
    for name, spent, memory, note in table:
        print(f"{name:<15}{spent:7.3f} s  {spent / ours:6.2f} × engine  peak {memory:5.0f} MB  {note}")
    if len(table) == 3:
        print("OpenFisca-core is not installed here (bench/requirements.txt); not measured")
    print(f"engine / NumPy by hand = {ours / hand:.2f} (bound: 3)")
    few = max(count // 100, 1)
    fewer, facts = people(few)
    small, _ = best(lambda: by_engine(region, fewer, facts))
    print(f"time per person, {count:,} people / {few:,} people = {ours / count / (small / few):.2f}")
    print("\n".join(small_things()))
    return 0 if ours <= 3 * hand else 1


if __name__ == "__main__":
    sys.exit(main())
