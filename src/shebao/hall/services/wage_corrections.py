"""工资更正 by declaration: charged months had a wrong wage or tier, and the next bill has the difference."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import QuerySet

from shebao.rules.facts import FACTS
from shebao.rules.forms import facts_of
from shebao.rules.money import yuan
from shebao.rules.months import Month, months_in_words
from shebao.rules.settling_words import settling

from .. import clock
from ..bulk import insert_rows, maker
from ..employers.models import Employer
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..roster.models import DeclaredWage
from ..roster.wages_before import AHEAD, REPLACED
from ..settlement.adjusting import differences_at
from ..settlement.billed import charged_facts
from ..settlement.corrections import Said, charges_of, corrections_of, paid_back_at
from ..settlement.evidences import data_of
from .back_payments import months_of
from .checks import closed_window, name_on_roster
from .personal_changes import locked_employees
from .scene import LAST_MONTH, Case, CostRow, MonthCost, Scene, chunks, field_of_kind
from .wages import is_charged, withdraw_wages

CODE, WAGE = "correctable_months", "declared_wage"


def correct_wages(declarations: list, *, by) -> None:
    """Let what is corrected count in each of the months (工资更正生效), and after them the wage that counted before.

    What they replace is voided and remembered in `declaration.before`. Raises Conflict where a month was voided or
    given back since the checks. The settlement that is under way ends first: it has all of a correction, or nothing.
    """
    employer = Employer.objects.select_for_update(no_key=True).get(pk=declarations[0].employer_id)
    form = region(employer.region).forms[declarations[0].spec.form]
    employees = locked_employees(declarations)
    charged = _charged(employer, {(d.employee_id, month) for d in declarations for month in months_of(d)})
    declared: dict[int, dict[Month, DeclaredWage]] = defaultdict(dict)
    for part in chunks(employees):
        for row in _declared(part):
            declared[row.employee_id][row.first_month] = row
    replaced, added, now, make = [], [], clock.now(), maker(DeclaredWage)
    for declaration in declarations:
        months, own = months_of(declaration), declared[declaration.employee_id]
        said = _said_of(facts_of(form, declaration.answers), months, charged[declaration.employee_id])
        if lost := [month for month in months if month not in said]:
            text = f"{declaration.subject_name} {months_in_words(lost)} 现在没有核定的费用，请刷新后再看。"
            raise Conflict("nothing_to_correct", text)
        rows = [(month, one.fen, dict(one.facts) or None, True) for month, one in said.items()]
        after = months[-1].next()
        if after not in own and (before := [row for month, row in own.items() if month < after]):
            rows.append((after, before[-1].amount_fen, None, False))
        added += [
            make(
                employee_id=declaration.employee_id, first_month=month, amount_fen=fen, is_correction=is_correction,
                facts=facts, declared_in_id=declaration.pk, declared_at=now,
            )
            for month, fen, facts, is_correction in rows
        ]  # fmt: skip
        gone = {month: own[month].pk for month in months if month in own}
        ahead = [pk for month, pk in gone.items() if month != months[0]]
        told = {REPLACED: gone.get(months[0]), AHEAD: ahead}
        declaration.before = {**declaration.before, **{word: found for word, found in told.items() if found}}
        replaced += gone.values()
    for part in chunks(replaced):
        DeclaredWage.objects.filter(pk__in=part).update(is_voided=True)
    insert_rows(added)


@prepared
def _declared(people: list[int]) -> QuerySet[DeclaredWage]:
    return DeclaredWage.objects.filter(employee__in=people, is_voided=False).order_by("first_month")


def undo_corrections(declarations: list, *, by) -> None:
    """Bring back the wages that counted before (撤销工资更正).

    Raises Conflict when a bill has charged a corrected month, or the wage was corrected or declared again since.
    """
    for declaration in declarations:
        if is_charged(declaration):
            text = f"{declaration.subject_name}的工资更正已经计入账单，不能撤销；要改回的，请按原来的工资再办理一次。"
            raise Conflict("already_billed", text)
    withdraw_wages(declarations, by=by)


@dataclass
class Charged:
    """At which wages, fen, and by which facts somebody's month is charged. What a correction in force says counts too,
    and is `said`: no bill may have it yet.
    """

    wages: set[int] = field(default_factory=set)
    facts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    said: Said | None = None

    def add(self, wage: int, facts: Mapping[str, str]) -> None:
        """Note one more charge of the month, or a correction."""
        self.wages.add(wage)
        for fact, key in facts.items():
            self.facts[fact].add(key)

    @property
    def wage(self) -> int | None:
        """The wage that counts; None where the schemes have several, and none was corrected."""
        return self.said.fen if self.said else min(self.wages) if len(self.wages) == 1 else None

    def counting(self, fact: str) -> set:
        """What counts for the month: the wage, or a fact; several where its schemes have several."""
        if fact == WAGE:
            return {self.said.fen} if self.said else self.wages
        said = dict(self.said.facts) if self.said else {}
        return {said[fact]} if fact in said else self.facts.get(fact, set())

    def is_other(self, asked: Mapping) -> bool:
        """Whether the wage and facts that are asked for are others than it has, or not all that it has."""
        wage = asked.get(WAGE)
        facts = {fact: key for fact, key in asked.items() if fact in self.facts}
        return wage is not None and self.wages != {wage} or any(self.facts[one] != {key} for one, key in facts.items())


def _charged(employer, wanted: Iterable[tuple[int, Month]]) -> dict[int, dict[Month, Charged]]:
    """Of these people and months those that may be corrected, with what they are charged at."""
    found: dict[int, dict[Month, Charged]] = defaultdict(lambda: defaultdict(Charged))
    asked, spec = set(wanted), region(employer.region)
    for part in chunks(pk for pk, _ in asked):
        which = part, list({month for _, month in asked})
        rows = [row for _, row in charges_of(employer.pk, *which)]
        known = data_of({pk for row in rows for pk in row[3:5]}) if spec.corrected_facts else {}
        said, later = corrections_of(part), paid_back_at(*which)
        for row in rows:
            pk, month = row.person
            here, one = found[pk][month], said.get(row.person)
            here.add(row.declared_wage, charged_facts(spec, row, known) if known else {})
            if one and one.holds_for(later.get((pk, month, row.scheme))):
                here.said = one
                here.add(one.fen, dict(one.facts))
    return found


def _said_of(asked: Mapping, months: Iterable[Month], charged: Mapping[Month, Charged]) -> dict[Month, Said]:
    """What a correction that answers this says of each of these months: of what it does not answer, what counts now.

    A month that is not charged, or of which nobody can say the wage, is missing.
    """
    facts = {fact: str(key) for fact, key in asked.items() if fact != WAGE}
    found = {}
    for month in months:
        if month in charged:
            wage, before = asked.get(WAGE, charged[month].wage), charged[month].said
            if wage is not None:
                found[month] = Said(wage, tuple((dict(before.facts if before else ()) | facts).items()))
    return found


def correctable_months(scene: Scene, cases: list[Case]) -> None:
    """The months are charged, in reach, and at another wage or by other facts than those that are declared now."""
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


def _in_reach(scene: Scene, case: Case, charged: Mapping[Month, Charged]) -> None:
    back = scene.service.months_back
    earliest = scene.month.previous(back)
    if case.month < earliest:
        text = f"网上最多更正到 {back} 个月以前（{earliest}），更早的请到经办窗口办理。"
        case.add(CODE, scene.month_field, "error", text, (f"改为 {earliest}", str(earliest)))
    elif lost := [month for month in case.months if month not in charged]:
        text = f"{months_in_words(lost)} 没有可以更正的费用：没有核定过，或者已经退费；"
        text += "补缴还没有计入账单的，请先回退再补缴。"
        is_open = all(month not in scene.settled for month in lost)
        more = settling(scene.region.terms, f"还没有结算的月份，工资直接申报。{text}") if is_open else text
        case.add(CODE, scene.month_field, "error", more, service=scene.service_that("declare_wages") if is_open else "")
    else:
        _something_to_correct(scene, case, charged)


def _something_to_correct(scene: Scene, case: Case, charged: Mapping[Month, Charged]) -> None:
    """What is asked for is charged in these months, and otherwise than that."""
    fields = {one.feeds: one for one in scene.form.fields if one.feeds}
    case.charged = _charged_side(fields, case, charged)
    asked, months = facts_of(scene.form, case.values), months_in_words(case.months)
    first = next(iter(fields.values())).id
    if not asked:
        if not any(one.required for one in fields.values()):
            case.add(CODE, first, "error", f"{'、'.join(one.label for one in fields.values())}，至少填写一项。")
        return
    for fact in asked.keys() - {WAGE}:
        if without := [month for month in case.months if fact not in charged[month].facts]:
            text = f"{months_in_words(without)} 没有按{FACTS[fact].title}缴费的险种，这一项请留空。"
            case.add(CODE, fields[fact].id, "error", text)
            return
    if len(_said_of(asked, case.months, charged)) < len(case.months):
        case.add(
            CODE, fields[WAGE].id if WAGE in fields else first, "error", f"{months} 各险种核定的工资不同，请写明工资。"
        )
    elif not any(charged[month].is_other(asked) for month in case.months):
        told = [f"{yuan(fen)} 元" for fen in (asked.get(WAGE),) if fen is not None]
        told += [
            scene.region.codes[fields[fact].options].title_of(str(key)) for fact, key in asked.items() if fact != WAGE
        ]
        case.add(CODE, first, "error", f"{months} 就是按 {'、'.join(told)}核定的，不需要更正。")


def _charged_side(fields: Mapping, case: Case, charged: Mapping[Month, Charged]) -> dict:
    """What counts until now of all that may be corrected, by field, for whoever compares."""
    found = {}
    for fact, one in fields.items():
        values = sorted(set().union(*(charged[month].counting(fact) for month in case.months)))
        if values:
            found[one.id] = values if len(values) > 1 else values[0]
    return found


def estimate_corrections(scene: Scene, cases: list[Case]) -> None:
    """Each case adds or gives back what the next bill would: its months as corrected, less what was charged."""
    priced = [
        case
        for case in cases
        if case.employee and case.last_month and case.months and facts_of(scene.form, case.values)
        and not any(problem.level == "error" for problem in case.problems)
    ]  # fmt: skip
    if not priced:
        return
    said: dict[tuple[int, Month], Said] = {}
    if scene.region.corrected_facts:  # then not everything is answered
        charged = _charged(scene.employer, {(case.employee.pk, month) for case in priced for month in case.months})
        for case in priced:
            own = _said_of(facts_of(scene.form, case.values), case.months, charged[case.employee.pk])
            said |= {(case.employee.pk, month): one for month, one in own.items()}
    else:
        said = {(case.employee.pk, month): Said(case.wage) for case in priced for month in case.months}
    found = differences_at(scene.employer, scene.month.next(), said)
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
