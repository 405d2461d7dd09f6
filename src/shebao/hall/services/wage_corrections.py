"""工资更正 by declaration: the wage of settled months was declared wrong, and the next bill charges the difference."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from shebao.rules.money import yuan
from shebao.rules.months import Month, months_in_words

from .. import clock
from ..bulk import insert_rows, maker
from ..employers.models import Employer
from ..errors import Conflict
from ..prepared import prepared
from ..roster.models import DeclaredWage
from ..roster.wages_before import AHEAD, REPLACED
from ..settlement.adjusting import corrected, differences_at
from .back_payments import facts_of_wages, months_of
from .checks import closed_window, name_on_roster
from .personal_changes import locked_employees
from .scene import LAST_MONTH, Case, CostRow, MonthCost, Scene, chunks, field_of_kind
from .wages import is_charged, withdraw_wages

CODE = "correctable_months"


def correct_wages(declarations: list, *, by) -> None:
    """Let the corrected wage count in each of the months (工资更正生效), and after them what counted before.

    What they replace is voided and remembered in `declaration.before`. Raises Conflict where a month was voided or
    given back since the checks. The settlement that is under way ends first: it has all of a correction, or nothing.
    """
    employer = Employer.objects.select_for_update(no_key=True).get(pk=declarations[0].employer_id)
    employees, wages = locked_employees(declarations), facts_of_wages(declarations)
    charged = _charged(employer, {(d.employee_id, month) for d in declarations for month in months_of(d)})
    declared: dict[int, dict[Month, DeclaredWage]] = defaultdict(dict)
    for part in chunks(employees):
        for row in DeclaredWage.objects.filter(employee__in=part, is_voided=False).order_by("first_month"):
            declared[row.employee_id][row.first_month] = row
    replaced, added, now, make = [], [], clock.now(), maker(DeclaredWage)
    for declaration in declarations:
        months, own = months_of(declaration), declared[declaration.employee_id]
        if lost := [month for month in months if month not in charged[declaration.employee_id]]:
            text = f"{declaration.subject_name} {months_in_words(lost)} 现在没有按月核定的费用，请刷新后再看。"
            raise Conflict("nothing_to_correct", text)
        rows = [(month, wages[declaration.pk], True) for month in months]
        after = months[-1].next()
        if after not in own and (before := [row for month, row in own.items() if month < after]):
            rows.append((after, before[-1].amount_fen, False))
        added += [
            make(
                employee_id=declaration.employee_id, first_month=month, amount_fen=fen, is_correction=is_correction,
                declared_in_id=declaration.pk, declared_at=now,
            )
            for month, fen, is_correction in rows
        ]  # fmt: skip
        gone = {month: own[month].pk for month in months if month in own}
        ahead = [pk for month, pk in gone.items() if month != months[0]]
        told = {REPLACED: gone.get(months[0]), AHEAD: ahead}
        declaration.before = {**declaration.before, **{word: found for word, found in told.items() if found}}
        replaced += gone.values()
    for part in chunks(replaced):
        DeclaredWage.objects.filter(pk__in=part).update(is_voided=True)
    insert_rows(added)


def undo_corrections(declarations: list, *, by) -> None:
    """Bring back the wages that counted before (撤销工资更正).

    Raises Conflict when a bill has charged a corrected month, or the wage was corrected or declared again since.
    """
    for declaration in declarations:
        if is_charged(declaration):
            text = f"{declaration.subject_name}的工资更正已经计入账单，不能撤销；要改回的，请按原来的工资再办理一次。"
            raise Conflict("already_billed", text)
    withdraw_wages(declarations, by=by)


def _charged(employer, wanted: Iterable[tuple[int, Month]]) -> dict[int, dict[Month, set[int]]]:
    """Of these people and months those that may be corrected, with the wages that they are charged at, fen.

    A correction that no bill has yet is one of these wages too.
    """
    found: dict[int, dict[Month, set[int]]] = defaultdict(lambda: defaultdict(set))
    asked = dict.fromkeys(wanted, 0)
    for part in chunks(pk for pk, _ in asked):
        people = set(part)
        rows = corrected(employer, {key: fen for key, fen in asked.items() if key[0] in people})
        for _, pk, month, fen in rows:
            found[pk][month].add(fen)
        for pk, month, fen in _corrections(part):
            if month in found[pk]:
                found[pk][month].add(fen)
    return found


@prepared
def _corrections(people: list[int]) -> QuerySet:
    """The corrections of their wages that are in force."""
    waiting = DeclaredWage.objects.filter(employee__in=people, is_correction=True, is_voided=False)
    return waiting.values_list("employee", "first_month", "amount_fen")


def correctable_months(scene: Scene, cases: list[Case]) -> None:
    """The months are settled by the month, in reach, and charged at another wage than the one that is declared now."""
    closed, name = closed_window(scene), field_of_kind(scene.form, "id_number")
    earliest = scene.month.previous(scene.service.months_back)
    asked = ((case.employee.pk, case.months) for case in cases if case.employee and case.last_month)
    near = {(pk, month) for pk, months in asked for month in months if earliest <= month <= scene.month}
    charged = _charged(scene.employer, near)
    for case in cases:
        if closed:
            case.add(CODE, scene.month_field, "error", closed)
        if case.digest and case.employee is None and not any(problem.field == name for problem in case.problems):
            case.add(CODE, name, "error", "该人员不在本单位花名册上，请核对证件号码。")
        name_on_roster(CODE, case)
        if case.employee is None or not case.month or not case.last_month:
            continue
        if case.last_month < case.month:
            text = f"终止月份 {case.last_month} 早于开始月份 {case.month}，请核对。"
            case.add(CODE, LAST_MONTH, "error", text, (f"改为 {case.month}", str(case.month)))
            continue
        _in_reach(scene, case, charged[case.employee.pk])


def _in_reach(scene: Scene, case: Case, charged: Mapping[Month, set[int]]) -> None:
    back = scene.service.months_back
    earliest = scene.month.previous(back)
    if case.month < earliest:
        text = f"网上最多更正到 {back} 个月以前（{earliest}），更早的请到经办窗口办理。"
        case.add(CODE, scene.month_field, "error", text, (f"改为 {earliest}", str(earliest)))
        return
    if lost := [month for month in case.months if month not in charged]:
        text = f"{months_in_words(lost)} 没有可以更正的费用：没有按月核定，或者已经退费、是补缴的。"
        is_open = all(month not in scene.settled for month in lost)
        more = f"还没有结算的月份，工资直接申报。{text}" if is_open else text
        case.add(CODE, scene.month_field, "error", more, service=scene.service_that("declare_wages") if is_open else "")
    elif case.wage is not None and all(charged[month] == {case.wage} for month in case.months):
        text = f"{months_in_words(case.months)} 就是按 {yuan(case.wage)} 元核定的，不需要更正。"
        case.add(CODE, "declared_wage", "error", text)


def estimate_corrections(scene: Scene, cases: list[Case]) -> None:
    """Each case adds or gives back what the next bill would: its months at the new wage, less what was charged."""
    priced = [
        case
        for case in cases
        if case.employee and case.last_month and case.months and case.wage is not None
        and not any(problem.level == "error" for problem in case.problems)
    ]  # fmt: skip
    if not priced:
        return
    wages = {(case.employee.pk, month): case.wage for case in priced for month in case.months if case.employee}
    found = differences_at(scene.employer, max(month for _, month in wages).next(), wages)
    own = defaultdict(list)
    for one in found.differences:
        own[one.line.employee_id].append(one)
    titles = {key: scheme.title for key, scheme in scene.region.schemes.items()}
    for case in priced:
        rows = [one for one in own[case.employee.pk] if one.line.month in case.months]
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        monthly: dict[Month, list[int]] = defaultdict(lambda: [0, 0])
        for one in rows:
            for held in (sums[one.line.scheme], monthly[one.line.month]):
                held[0], held[1] = held[0] + one.employer_due, held[1] + one.employee_due
        limits = {one.line.scheme: one.limit for one in rows if one.limit}
        case.cost = [CostRow(key, titles.get(key, key), 0, *dues, limits.get(key, 0)) for key, dues in sums.items()]
        case.monthly = [MonthCost(month, 0, *dues) for month, dues in sorted(monthly.items())]
        case.effect_fen = sum(one.total for one in rows)
        for text in found.trouble:
            case.add("no_value", scene.month_field, "error", text)
