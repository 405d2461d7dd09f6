"""What back payments (补缴) are checked for before they are declared, and what they would cost."""

from collections import defaultdict

import numpy as np
from django.db.models import QuerySet

from shebao.rules.back_payments import charge_back, first_working_month
from shebao.rules.contributions import Charges, NoFact, People
from shebao.rules.months import Month, months_in_words
from shebao.rules.region import NoValue
from shebao.rules.settling_words import settling

from ..prepared import prepared
from ..roster.facts import employee_facts, fact_columns
from ..settlement.back_fees import TITLES, amounts_borne, late_fee_of_line, services_apart, waiting_late_fees
from ..settlement.back_payments import charge_back_payments, charging_lines
from ..settlement.models import BackPayment, BillLine, LineKind
from .back_payments import chosen_schemes, kept_back_payments, seen
from .checks import YOUNGEST, closed_window, name_on_roster
from .enrolment import PART_TIME
from .scene import LAST_MONTH, Case, CostRow, MonthCost, Scene, chunks, field_of_kind

CODE, ELSEWHERE = "back_payment_months", "enrolled_elsewhere"
CHARGED = "已经缴费或已计入账单，不能重复补缴"
DECLARED = "已经申报过补缴，不能重复申报"
INSURED = "在参保期间内，随月度结算缴费，不用补缴"
AWAY = "已在其他单位参保或缴费，不能补缴"
Taken = dict[tuple[str, Month], str]
"""Scheme and month → why it cannot be paid back."""


def enrolled_first(scene: Scene, cases: list[Case]) -> None:
    """Who is paid back for is insured here now: somebody new is enrolled first."""
    name, enrolment = field_of_kind(scene.form, "id_number"), scene.region.term("enrolment")
    for case in cases:
        if case.digest and not _insured_now(scene, case) and not any(p.field == name for p in case.problems):
            text = f"该人员现在不在本单位参保，请先办理“{enrolment}”，生效以后再补缴。"
            case.add("enrolled_first", name, "error", text)
        name_on_roster("enrolled_first", case)


def _insured_now(scene: Scene, case: Case) -> set[str]:
    return {spell.scheme for spell in scene.ours(case) if spell.reaches(scene.month)} if case.employee else set()


def back_payment_months(scene: Scene, cases: list[Case]) -> None:
    """Every month lies before the current one, after the sixteenth birthday, and is neither paid nor declared."""
    taken, closed = _taken(scene, cases), closed_window(scene)
    for case in cases:
        if closed:
            case.add(CODE, scene.month_field, "error", closed)
        if case.month and case.last_month and _in_order(scene, case):
            _in_time(scene, case)
            _free(scene, case, taken)


def _in_order(scene: Scene, case: Case) -> bool:
    if case.last_month < case.month:
        text = f"终止月份 {case.last_month} 早于开始月份 {case.month}，请核对。"
        case.add(CODE, LAST_MONTH, "error", text, (f"改为 {case.month}", str(case.month)))
        return False
    latest = scene.month.previous()
    if case.last_month > latest:
        text = settling(
            scene.region.terms,
            f"只能补缴 {scene.month} 以前的月份，{case.last_month} 不能补缴；当月的费用随月度结算缴纳。",
        )
        fix = (f"终止月份改为 {latest}", str(latest)) if case.month <= latest else None
        case.add(CODE, LAST_MONTH, "error", text, fix)
        return False
    return True


def _in_time(scene: Scene, case: Case) -> None:
    rule, title, first_field = scene.service.back_paying, scene.service.title, scene.month_field
    if rule.last and case.last_month > rule.last:
        text = f"“{title}”只办理到 {rule.last} 为止的月份，{_named(case, after=rule.last)} 请用其他补缴业务。"
        case.add(CODE, LAST_MONTH, "error", text)
    if rule.first and case.month < rule.first:
        text = f"“{title}”只办理 {rule.first} 及以后的月份，{_named(case, before=rule.first)} 请用其他补缴业务。"
        case.add(CODE, first_field, "error", text)
    began = scene.employer.first_month
    if case.month < began and not rule.before_employer:
        text = f"本单位自 {began} 起参保，{_named(case, before=began)} 不能补缴。"
        case.add(CODE, first_field, "error", text, (f"改为 {began}", str(began)))
    born_on = (case.employee.person.born_on if case.employee else None) or case.identity.born_on
    if born_on and case.month < (youngest := first_working_month(born_on, YOUNGEST)):
        text = f"该人员 {born_on} 出生，{youngest} 才满 {YOUNGEST} 周岁，{_named(case, before=youngest)} 不能补缴。"
        case.add(CODE, first_field, "error", text, (f"改为 {youngest}", str(youngest)))


def _named(case: Case, *, before: Month | None = None, after: Month | None = None) -> str:
    months = [m for m in case.months if (before is None or m < before) and (after is None or m > after)]
    return months_in_words(months)


def _free(scene: Scene, case: Case, taken: dict[str, Taken]) -> None:
    """Says for every reason which months it concerns, and which schemes where it is not all of them."""
    wanted = chosen_schemes(scene.region, scene.service, _insured_now(scene, case))
    found: dict[str, dict[Month, list[str]]] = defaultdict(lambda: defaultdict(list))
    for month in case.months:
        for scheme in wanted:
            why = taken[case.digest].get((scheme, month)) or _covered(scene, case, scheme, month)
            if why:
                found[why][month].append(scheme)
    for why, months in found.items():
        code = ELSEWHERE if why == AWAY else CODE
        case.add(code, scene.month_field, "error", f"{_with_schemes(scene, months, wanted)} {why}。")


def _with_schemes(scene: Scene, months: dict[Month, list[str]], wanted: list[str]) -> str:
    groups: dict[tuple[str, ...], list[Month]] = defaultdict(list)
    for month, schemes in months.items():
        groups[tuple(schemes)].append(month)
    words = []
    for schemes, some in groups.items():
        titles = "、".join(scene.region.schemes[key].title for key in schemes)
        words.append(months_in_words(some) + (f"（{titles}）" if len(schemes) < len(wanted) else ""))
    return "；".join(words)


def _covered(scene: Scene, case: Case, scheme: str, month: Month) -> str:
    """Insured somewhere in that month: here it is charged by its own settlement as long as that can be made."""
    for spell in case.spells:
        if spell.scheme != scheme or spell.first_month > month or not spell.reaches(month):
            continue
        if spell.employer_id != scene.employer.pk:
            if spell.is_exclusive and case.employee.employment_kind != PART_TIME:
                return AWAY
        elif month not in scene.settled and _may_settle(scene, month):
            return settling(scene.region.terms, INSURED)
    return ""


def _may_settle(scene: Scene, month: Month) -> bool:
    if scene.local_now <= scene.region.calendar.window(month).pay_until:
        return True
    return month in scene.extended or month in scene.provisional  # which is settled whenever it is declared


def _taken(scene: Scene, cases: list[Case]) -> dict[str, Taken]:
    """What is charged or declared already, by the digest of the person: two queries for a whole batch."""
    found: dict[str, Taken] = defaultdict(dict)
    stretches = [case.months for case in cases if case.months]
    if not stretches:
        return found
    first, last = min(months[0] for months in stretches), max(months[-1] for months in stretches)
    for part in chunks(case.digest for case in cases if case.months and case.digest):
        for row in _kept_back(part, first, last):
            _note(found, row, DECLARED, scene)
        for row in _charged(part, first, last):
            _note(found, row, CHARGED, scene)
    return found


NOTED = "person__id_digest", "scheme", "month", "employee__employer", "is_exclusive"


@prepared
def _kept_back(digests: list[str], first: Month, last: Month) -> QuerySet:
    kept = BackPayment.objects.filter(is_voided=False, person__id_digest__in=digests, month__gte=first, month__lte=last)
    return kept.values_list(*NOTED)


@prepared
def _charged(digests: list[str], first: Month, last: Month) -> QuerySet:
    lines = charging_lines().filter(person__id_digest__in=digests, month__gte=first, month__lte=last)
    return lines.values_list(*NOTED)


def _note(found: dict[str, Taken], row: tuple, why: str, scene: Scene) -> None:
    digest, scheme, month, employer, is_exclusive = row
    if employer == scene.employer.pk:
        found[digest][scheme, month] = why
    elif is_exclusive:
        found[digest].setdefault((scheme, month), AWAY)


def back_payments_waiting(scene: Scene, cases: list[Case]) -> None:
    """There is something to take back in those months, and no bill has taken it."""
    kept = _kept(scene, cases)
    for case in cases:
        if case.employee is None or not case.months:
            continue
        found = [row for row in kept[case.employee.pk] if case.month <= row.month <= case.months[-1]]
        if not found:
            text = f"该人员 {months_in_words(case.months)} 没有待缴的补缴，请核对起止月份。"
            case.add("back_payments_waiting", scene.month_field, "error", text)
        elif billed := [row.month for row in found if row.is_billed]:
            text = f"{months_in_words(billed)} 的补缴已经计入账单，不能再办理“{scene.service.title}”。"
            case.add("back_payments_waiting", scene.month_field, "error", text)


def _kept(scene: Scene, cases: list[Case]) -> dict[int, list[BackPayment]]:
    return kept_back_payments(scene.service, (case.employee.pk for case in cases if case.employee), seen)


def estimate_back_payments(scene: Scene, cases: list[Case]) -> None:
    """Each case costs what its months cost by their own values, of the schemes that it pays back."""
    groups: dict[tuple[Month, frozenset[str]], list[tuple[Case, Month]]] = defaultdict(list)
    for case in cases:
        schemes = frozenset(chosen_schemes(scene.region, scene.service, _insured_now(scene, case)))
        if schemes and case.wage is not None and case.last_month and not scene.has_wrong_price(case):
            for month in case.months:
                values = scene.service.back_paying.month_of_values(month, scene.month)
                groups[values, schemes].append((case, month))
    lost: dict[int, dict[str, list[Month]]] = defaultdict(lambda: defaultdict(list))
    for (values, schemes), group in groups.items():
        try:
            _price(scene, values, schemes, group)
        except (NoValue, NoFact) as no:
            for case, month in group:
                lost[id(case)][str(no)].append(month)
    for case in cases:
        case.monthly.sort(key=lambda one: one.month)
        for why, months in lost[id(case)].items():
            text = f"{months_in_words(months)} 不能补缴：{why}。请改为已有标准的月份，或联系经办机构。"
            case.add("no_value", scene.month_field, "error", text)
        case.effect_fen = sum(row.employer_due + row.employee_due for row in case.cost)


def _price(scene: Scene, values: Month, schemes: frozenset[str], group: list[tuple[Case, Month]]) -> None:
    """Charge one month of many cases that pay the same schemes back."""
    people = People(
        np.array([case.wage for case, _ in group], dtype=np.int64),
        fact_columns(scene.employer, [employee_facts(case.employee) for case, _ in group]),
        {key: np.ones(len(group), dtype=bool) for key in schemes},
    )
    charges = charge_back(scene.region, values, people, schemes, known_on=scene.today)
    # What an old month bears is asked for before anything is shown: either the whole cost of a month or none of it.
    borne = [_borne(scene, month, charges, i) for i, (_, month) in enumerate(group)]
    for i, (case, month) in enumerate(group):
        for one in charges.schemes:
            title = scene.region.schemes[one.scheme].title
            row = CostRow(
                one.scheme, title, int(one.base[i]), int(one.employer[i]), int(one.employee[i]), int(one.limit[i])
            )
            case.cost = _added(case.cost, row)
        base = max(int(one.base[i]) for one in charges.schemes)
        for row in borne[i]:
            case.cost = _added(case.cost, row)
        more = sum(row.employer_due + row.employee_due for row in borne[i])
        dues = int(charges.employer_total[i]), int(charges.employee_total[i])
        case.monthly.append(MonthCost(month, base, *dues, more))


def _borne(scene: Scene, month: Month, charges: Charges, i: int) -> list[CostRow]:
    """The late fee and the interest that a month of one person bears on the bill that pays it back."""
    found, rule = [], scene.service.back_paying
    for one in charges.schemes:
        dues = {"employer": int(one.employer[i]), "employee": int(one.employee[i])}
        for kind, (amounts, _) in amounts_borne(scene.region, rule, one.scheme, month, dues, scene.today).items():
            found.append(_borne_row(kind, amounts.get("employer", 0), amounts.get("employee", 0)))
    return found


def _borne_row(kind: str, employer_due: int, employee_due: int) -> CostRow:
    """One row for all schemes: what is added for being late."""
    return CostRow(kind, TITLES[LineKind(kind)], 0, employer_due, employee_due, 0)


def _added(cost: list[CostRow], row: CostRow) -> list[CostRow]:
    """The rows with one more month of a scheme; a limit that held in any month is shown."""
    old = next((one for one in cost if one.scheme == row.scheme), None)
    if old is None:
        return [*cost, row]
    both = CostRow(
        row.scheme,
        row.title,
        old.base + row.base,
        old.employer_due + row.employer_due,
        old.employee_due + row.employee_due,
        old.limit or row.limit,
    )
    return [both if one is old else one for one in cost]


def estimate_withdrawals(scene: Scene, cases: list[Case]) -> None:
    """Each case takes away what its waiting months would cost now."""
    estimate_waiting(scene, cases)
    for case in cases:
        case.effect_fen = -case.effect_fen


def estimate_waiting(scene: Scene, cases: list[Case]) -> None:
    """Each case costs what its waiting months cost now."""
    kept, wanted = _kept(scene, cases), {}
    for case in cases:
        if case.employee and case.months and not any(p.level == "error" for p in case.problems):
            rows = kept[case.employee.pk]
            wanted |= {row.pk: case for row in rows if case.month <= row.month <= case.months[-1]}
    dues = []
    for part in chunks(wanted):
        dues += charge_back_payments(scene.employer, BackPayment.objects.filter(pk__in=part).order_by("month", "pk"))
    for due in dues:
        line, case = due.line, wanted[due.line.back_payment_id]
        title = scene.region.schemes[line.scheme].title
        row = CostRow(line.scheme, title, line.contribution_base, line.employer_due, line.employee_due, line.limit)
        case.cost = _added(case.cost, row)
        case.effect_fen += due.total
        for one in due.borne:
            case.cost = _added(case.cost, _borne_row(one.line.kind, one.employer_due, one.employee_due))
            case.effect_fen += one.total


def _late_fees_by_employee(scene: Scene, cases: list[Case]) -> dict[int, list[BillLine]]:
    """By employee, the billed back payments whose late fee is asked for apart and no bill has."""
    found: dict[int, list[BillLine]] = defaultdict(list)
    apart = services_apart(scene.region)
    for part in chunks(case.employee.pk for case in cases if case.employee and case.months):
        for line in waiting_late_fees(part, apart):
            found[line.employee_id].append(line)
    return found


def late_fees_waiting(scene: Scene, cases: list[Case]) -> None:
    """There are back payments in those months whose late fee is not billed yet."""
    waiting = _late_fees_by_employee(scene, cases)
    for case in cases:
        if case.employee is None or not case.months:
            continue
        if not any(case.month <= line.month <= case.months[-1] for line in waiting[case.employee.pk]):
            months = months_in_words(case.months)
            text = f"该人员 {months} 没有待核定的补缴滞纳金，请核对起止月份；已经核定的不重复收。"
            case.add("late_fees_waiting", scene.month_field, "error", text)


def estimate_late_fees(scene: Scene, cases: list[Case]) -> None:
    """Each case costs the late fees of its months, until the day on which each was assessed."""
    waiting = _late_fees_by_employee(scene, cases)
    for case in cases:
        if case.employee is None or not case.months or any(p.level == "error" for p in case.problems):
            continue
        monthly: dict[Month, int] = defaultdict(int)
        for line in waiting[case.employee.pk]:
            if case.month <= line.month <= case.months[-1] and (due := late_fee_of_line(line)):
                title = scene.region.scheme_title(line.scheme)
                case.cost = _added(case.cost, CostRow(line.scheme, title, 0, due.employer_due, due.employee_due, 0))
                monthly[line.month] += due.total
                case.effect_fen += due.total
        case.monthly = [MonthCost(month, 0, fen, 0) for month, fen in sorted(monthly.items())]
