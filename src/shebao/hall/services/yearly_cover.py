"""Insurance by the year (按年参保, such as 补充医疗): one declaration covers a year and is paid once.

By transfer it is charged with the bill of the month in which it took effect; from the personal account nothing is
billed, and the account, as the agency has it on record, is drawn upon.
"""

from collections import defaultdict

import numpy as np

from shebao.rules.conditions import holds
from shebao.rules.contributions import People, charge
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue, Scheme

from .. import clock
from ..bulk import insert_rows, update_rows
from ..regions import region
from ..roster.facts import employee_facts, fact_columns
from ..roster.models import Employee
from ..supplements.accounts import balances, draw, give_back
from ..supplements.models import YearlyCover
from .estimates import estimate_fixed_schemes
from .scene import Case, Scene, chunks

FROM_ACCOUNT, BY_TRANSFER = "1", "2"
"""Codes of the national list cover_payments."""


def cover_year(declarations: list, *, by) -> None:
    """Cover each person for the year (按年参保生效): charged with this month's bill, or drawn from the account."""
    here = region(declarations[0].region)
    employees = _employees(declarations)
    amounts = _amounts(here, declarations, employees)
    covers = []
    for declaration, amount in zip(declarations, amounts, strict=True):
        employee, pay_by = employees[declaration.employee_id], str(declaration.answers["pay_by"])
        covers.append(
            YearlyCover(
                employee=employee,
                person_id=employee.person_id,
                region=declaration.region,
                scheme=here.yearly_scheme.key,
                year=int(declaration.answers["cover_year"]),
                pay_by=pay_by,
                amount_fen=amount,
                charged_in=declaration.first_month if pay_by == BY_TRANSFER else None,
                declared_in=declaration,
            )
        )
    insert_rows(covers)
    if drawn := [cover for cover in covers if cover.pay_by == FROM_ACCOUNT]:
        draw(drawn, by=by)


def _employees(declarations: list) -> dict[int, Employee]:
    found: dict[int, Employee] = {}
    for part in chunks(declaration.employee_id for declaration in declarations):
        rows = Employee.objects.filter(pk__in=part).select_related("person").defer("person__id_number")
        found |= {employee.pk: employee for employee in rows}
    return found


def _amounts(here, declarations: list, employees: dict[int, Employee]) -> list[int]:
    """What the engine charges each of them for the year, both parts, fen."""
    facts = [employee_facts(employees[declaration.employee_id]) for declaration in declarations]
    nobody = np.zeros(len(facts), dtype=np.int64)
    covered = {here.yearly_scheme.key: np.ones(len(facts), dtype=bool)}
    people = People(nobody, fact_columns(declarations[0].employer, facts), covered)
    charges = charge(here, declarations[0].first_month, people, known_on=clock.today())
    return (charges.employer_total + charges.employee_total).tolist()


def undo_covers(declarations: list, *, by) -> None:
    """Void the covers and put back what was drawn (撤销按年参保)."""
    covers = []
    for part in chunks(declaration.pk for declaration in declarations):
        rows = YearlyCover.objects.filter(declared_in__in=part, is_voided=False).select_related("employee")
        covers += rows.select_for_update(of=("self",))
    for cover in covers:
        cover.is_voided = True
    update_rows(covers, "is_voided")
    if drawn := [cover for cover in covers if cover.pay_by == FROM_ACCOUNT]:
        give_back(drawn, by=by)


def estimate_covers(scene: Scene, cases: list[Case]) -> None:
    """By transfer it costs the year's amount once; from the account it costs the employer's bill nothing."""
    scheme = scene.region.yearly_scheme
    billed = [case for case in cases if case.employee and case.values.get("pay_by") == BY_TRANSFER]
    estimate_fixed_schemes(scene, billed, {scheme.key})


def yearly_cover(scene: Scene, cases: list[Case]) -> None:
    """The year that is being covered, once for a person; a personal account pays only what it is known to hold."""
    scheme, year = scene.region.yearly_scheme, str(scene.first_open.year)
    people = [case.employee.person_id for case in cases if case.employee]
    done = _covered_before(scene, people)
    held = _held(scene, [c for c in cases if c.employee and c.values.get("pay_by") == FROM_ACCOUNT])
    least = _least(scene, scheme)
    for case in cases:
        asked = case.values.get("cover_year")
        if asked and asked != year:
            text = f"现在办理的是 {year} 年度；{asked} 年度不在办理期内。"
            case.add("yearly_cover", "cover_year", "error", text, (f"改为 {year}", year))
        if case.employee is None:
            continue
        if asked in done.get(case.employee.person_id, ()):
            text = f"{case.name or case.employee.name} {asked} 年度的{scheme.title}已经申报过，不需要再报。"
            case.add("yearly_cover", "cover_year", "error", text)
        if not holds(scheme.applies, _joining(scene, case)):
            text = f"按用工形式等资料，该人员不参加{scheme.title}。"
            case.add("yearly_cover", "id_number", "error", text)
        if case.values.get("pay_by") == FROM_ACCOUNT and least is not None:
            _account_holds(case, held.get(case.employee.person_id), least)


def _joining(scene: Scene, case: Case) -> dict:
    """The person's facts as they would be: in the scheme."""
    employer = scene.employer
    register = {"industry_class": employer.industry_class, "float_grade": employer.float_grade}
    return employee_facts(case.employee) | register | {"supplementary_medical": "1"}


def _covered_before(scene: Scene, people: list[int]) -> dict[int, set[str]]:
    """Years of this scheme by person, with whichever employer."""
    found = defaultdict(set)
    for part in chunks(people):
        rows = YearlyCover.objects.filter(
            person__in=part, region=scene.region.code, scheme=scene.region.yearly_scheme.key, is_voided=False
        )
        for person, year in rows.values_list("person_id", "year"):
            found[person].add(str(year))
    return found


def _held(scene: Scene, cases: list[Case]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in chunks(case.employee.person_id for case in cases):
        found |= balances(scene.region.code, part)
    return found


def _least(scene: Scene, scheme: Scheme):
    """What an account must hold, as known today; None where the region's data has no such rule."""
    if scheme.least_balance is None:
        return None
    try:
        return scene.region.value(scheme.least_balance, Month(scene.first_open.year, 1), known_on=scene.today)
    except NoValue:
        return None  # the estimate says so, once


def _account_holds(case: Case, held: int | None, least) -> None:
    change = ("改为转账", BY_TRANSFER)
    if held is None:
        text = "经办机构没有登记该人员的个人账户余额，不能选个账划转。请改为转账，或联系经办机构登记余额。"
        case.add("yearly_cover", "pay_by", "error", text, change)
    elif held < least.number:
        text = f"该人员个人账户余额低于 {yuan(least.number)} 元（{least.source}），不能个账划转，请改为转账。"
        case.add("yearly_cover", "pay_by", "error", text, change)
