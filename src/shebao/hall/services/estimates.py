"""What declarations would cost each month: the engine's answer, per row, without writing anything."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from shebao.rules.contributions import People, charge
from shebao.rules.forms import facts_of
from shebao.rules.months import Month
from shebao.rules.region import NoValue

from ..roster.facts import complete_facts, employee_facts, fact_columns
from .scene import Case, CostRow, Scene

Row = tuple[int, dict[str, str], set[str] | None]
"""Wage in fen, facts, and the schemes covered (None: those that apply to the facts)."""


def declared_facts(scene: Scene, case: Case) -> dict[str, str]:
    """The facts that an enrolment declares, with the sex its identity number tells."""
    return complete_facts({"sex": case.identity.sex, **facts_of(scene.form, case.values)})


def present_schemes(scene: Scene, case: Case) -> set[str]:
    """Schemes in which the person is insured here by the month, in the month of the case or at its end."""
    month = case.month or scene.month
    ours = [spell for spell in scene.ours(case) if spell.project_id is None]
    return {spell.scheme for spell in ours if spell.reaches(month.previous())}


def estimate_enrolments(scene: Scene, cases: list[Case]) -> None:
    """Each case costs what the engine charges for the declared facts and wage."""
    rows = {id(case): (case.wage, declared_facts(scene, case), None) for case in cases if case.wage is not None}
    _estimate(scene, cases, rows, _show)


def estimate_cessations(scene: Scene, cases: list[Case]) -> None:
    """Each case saves what the person costs at present."""

    def show(case: Case, cost: list[CostRow]) -> None:
        case.cost, case.effect_fen = cost, -_total(cost)

    rows = {
        id(case): (case.wage_before or 0, employee_facts(case.employee), present_schemes(scene, case))
        for case in cases
        if case.employee
    }
    _estimate(scene, cases, rows, show)


def estimate_wages(scene: Scene, cases: list[Case]) -> None:
    """Each case changes the cost by the difference between the new wage and the present one."""
    new, old = {}, {}
    for case in cases:
        if case.employee and case.wage is not None:
            facts, covered = employee_facts(case.employee), present_schemes(scene, case)
            new[id(case)], old[id(case)] = (case.wage, facts, covered), (case.wage_before or 0, facts, covered)

    def subtract(case: Case, cost: list[CostRow]) -> None:
        case.effect_fen -= _total(cost) if case.wage_before is not None else 0

    _estimate(scene, cases, new, _show)
    _estimate(scene, cases, old, subtract)


def estimate_difference(scene: Scene, cases: list[Case], old: dict[int, Row], new: dict[int, Row]) -> None:
    """Each case costs what its new row costs, and changes the cost by the difference to its old row.

    Rows by the id() of their case; what one of them lacks, both must lack.
    """

    def subtract(case: Case, cost: list[CostRow]) -> None:
        case.effect_fen -= _total(cost)

    _estimate(scene, cases, new, _show)
    _estimate(scene, cases, old, subtract)


def estimate_fixed_schemes(scene: Scene, cases: list[Case], schemes: set[str]) -> None:
    """Each case costs what these schemes charge, whatever the wage is: for schemes of a fixed amount."""
    rows: dict[int, Row] = {id(case): (0, employee_facts(case.employee), schemes) for case in cases}
    _estimate(scene, cases, rows, _show)


def _show(case: Case, cost: list[CostRow]) -> None:
    case.cost, case.effect_fen = cost, _total(cost)


def _total(cost: list[CostRow]) -> int:
    return sum(row.employer_due + row.employee_due for row in cost)


def _estimate(scene: Scene, cases: list[Case], rows: dict[int, Row], show: Callable) -> None:
    """Charge the rows month by month and show each case its cost."""
    by_month: dict[Month, list[Case]] = defaultdict(list)
    for case in cases:
        if case.month and id(case) in rows and not scene.has_wrong_price(case):
            by_month[case.month].append(case)
    for month, group in by_month.items():
        try:
            costs = _charge(scene, month, [rows[id(case)] for case in group])
        except NoValue as no:
            for case in group:
                case.add("no_value", scene.month_field, "error", f"{no}。请改为已有标准的月份，或联系经办机构。")
            continue
        for case, cost in zip(group, costs, strict=True):
            show(case, cost)


def _charge(scene: Scene, month: Month, rows: list[Row]) -> list[list[CostRow]]:
    covered = None
    if rows[0][2] is not None:
        covered = {key: np.array([key in row[2] for row in rows], dtype=bool) for key in scene.region.schemes}
    people = People(
        np.array([row[0] for row in rows], dtype=np.int64),
        fact_columns(scene.employer, [row[1] for row in rows]),
        covered,
    )
    charges = charge(scene.region, month, people, known_on=scene.today)
    costs: list[list[CostRow]] = [[] for _ in rows]
    for one in charges.schemes:
        title = scene.region.schemes[one.scheme].title
        arrays = (one.covered, one.base, one.employer, one.employee, one.limit)
        columns = zip(*(array.tolist() for array in arrays), strict=True)
        for cost, (is_covered, *amounts) in zip(costs, columns, strict=True):
            if is_covered:
                cost.append(CostRow(one.scheme, title, *amounts))
    return costs
