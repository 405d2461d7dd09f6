"""离职退费 by declaration: months after somebody left that were charged all the same go back to the employer."""

from collections import defaultdict

from django.db.models import QuerySet

from shebao.rules.months import Month, months_in_words
from shebao.rules.region import Region
from shebao.rules.settling_words import settling

from ..bulk import insert_rows, update_rows
from ..errors import Conflict
from ..prepared import prepared
from ..roster.models import Spell
from ..settlement.models import BillLine, Refund
from ..settlement.refunds import give_back_apart, refundable, unpaid_behind, whole
from .back_payments import months_of
from .checks import DEATH
from .personal_changes import locked_employees
from .scene import Case, CostRow, MonthCost, Scene, chunks

CODE = "refundable_months"


def refund_leavers(declarations: list, *, by) -> None:
    """Keep the months that go back, end the insurance before them, and return the money as the region pays refunds.

    Raises Conflict where somebody is insured again or nothing of a month is left to be returned.
    """
    employees, spec = locked_employees(declarations), declarations[0].spec
    charged: dict[int, set[Month]] = defaultdict(set)
    for part in chunks(employees):
        for line in refundable(part):
            charged[line.employee_id].add(line.month)
    rows = []
    for declaration in declarations:
        months = months_of(declaration)
        if lost := [month for month in months if month not in charged[declaration.employee_id]]:
            text = f"{declaration.subject_name} {months_in_words(lost)} 没有可以退的费用，请刷新后再看。"
            raise Conflict("nothing_to_refund", text)
        _end_before(declaration, months[0])
        rows += [
            Refund(employee_id=declaration.employee_id, month=one, declared_in_id=declaration.pk) for one in months
        ]
    insert_rows(rows)
    if spec.refund != "next_bill":
        kept = Refund.objects.filter(declared_in__in=[one.pk for one in declarations])
        give_back_apart(declarations[0].employer_id, kept, spec.key, pay=spec.refund, by=by)


def _end_before(declaration, first: Month) -> None:
    """Insured until the month before: what is given back is not insured, and a spell that is all of it is none."""
    spells = list(Spell.objects.filter(employee=declaration.employee_id, project=None, is_voided=False))
    if any(spell.last_month is None for spell in spells):
        raise Conflict("still_insured", f"{declaration.subject_name}还在参保，请先办理减员，再申请退费。")
    reaching = [spell for spell in spells if spell.last_month >= first]
    for spell in reaching:
        if spell.first_month < first:
            spell.last_month = first.previous()
        else:
            spell.is_voided = True
    update_rows(reaching, "last_month", "is_voided")


def keep_refunds(declarations: list, *, by) -> None:
    """A refund is not taken back here (撤销退费): always refused, in words."""
    names = "、".join(d.subject_name for d in declarations[:5])
    raise Conflict("refunded", f"{names}的退费已经生效，不能撤销；退错的，请办理补缴。")


def refundable_months(scene: Scene, cases: list[Case]) -> None:
    """Who left gets back what was charged from some month on to the last, in reach of the region's data."""
    lines, before = _lines(scene, cases), _declared(cases)
    for case in cases:
        if case.employee is None or not case.month or not case.last_month:
            continue
        if case.last_month < case.month:
            case.add(CODE, "last_month", "error", f"终止月份 {case.last_month} 早于开始月份 {case.month}，请核对。")
            continue
        own = lines[case.employee.pk]
        for text in _wrong(scene, case, own, before[case.employee.pk]):
            case.add(CODE, scene.month_field, "error", text)
        if scene.service.refund != "next_bill" and (open_bills := unpaid_behind(_asked(case, own))):
            names = "、".join(bill.label for bill in open_bills)
            case.add(CODE, scene.month_field, "error", f"{names} 的账单还没有缴清，缴清以后才能退费。")


def _wrong(scene: Scene, case: Case, own: list[BillLine], before: set[Month]):
    spells = [spell for spell in scene.ours(case) if spell.project_id is None]
    term = scene.region.term("cessation")
    if any(spell.last_month is None for spell in spells):
        yield f"该人员还在参保，请先办理“{term}”，再申请退费。"
        return
    charged = {line.month for line in own}
    if lost := [month for month in case.months if month not in charged]:
        yield f"{months_in_words(lost)} 没有可以退的费用：没有核定，或者已经退过。"
    elif twice := [month for month in case.months if month in before]:
        yield f"{months_in_words(twice)} 已经申报过退费；退过又补缴、还要再退的，请到经办窗口办理。"
    elif case.last_month >= scene.month:
        yield settling(
            scene.region.terms,
            f"{scene.month} 的账单刚核定，请到 {scene.month.next()} 再申请退费；没有缴费的，也可以作废重新结算。",
        )
    elif max(charged) > case.last_month:
        yield f"退费要退到最后一个已核定的月份，{max(charged)} 也要退。"
    if spells and case.month <= min(spell.first_month for spell in spells):
        yield f"自 {case.month} 起参保的费用不能全部退，请到经办窗口办理。"
    earliest = scene.month.previous(scene.region.calendar.back_months)
    if case.month < earliest and not _has_died(scene.region, spells):
        back = scene.region.calendar.back_months
        yield f"网上最多退到 {back} 个月以前（{earliest}），更早的请到经办窗口办理；死亡的不受此限。"


def _has_died(here: Region, spells: list) -> bool:
    reasons = here.codes["cessation_reasons"]
    return any((code := reasons.get(s.end_reason)) and code.national == DEATH for s in spells if s.end_reason)


def _lines(scene: Scene, cases: list[Case]) -> dict[int, list[BillLine]]:
    found: dict[int, list[BillLine]] = defaultdict(list)
    for part in chunks(case.employee.pk for case in cases if case.employee):
        for line in refundable(part):
            found[line.employee_id].append(line)
    return found


def _declared(cases: list[Case]) -> dict[int, set[Month]]:
    found: dict[int, set[Month]] = defaultdict(set)
    for part in chunks(case.employee.pk for case in cases if case.employee):
        for employee, month in _claimed(part):
            found[employee].add(month)
    return found


@prepared
def _claimed(people: list[int]) -> QuerySet:
    return Refund.objects.filter(employee__in=people, is_voided=False).values_list("employee", "month")


def _asked(case: Case, own: list[BillLine]) -> list[BillLine]:
    return [line for line in own if line.month in case.months]


def estimate_refunds(scene: Scene, cases: list[Case]) -> None:
    """Each case gives back what its months were charged, adjustments included."""
    lines = _lines(scene, cases)
    for case in cases:
        if case.employee is None or any(problem.level == "error" for problem in case.problems):
            continue
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        monthly: dict[Month, list[int]] = defaultdict(lambda: [0, 0])
        for one in whole(_asked(case, lines[case.employee.pk])):
            for held in (sums[one.line.scheme], monthly[one.line.month]):
                held[0], held[1] = held[0] + one.employer_due, held[1] + one.employee_due
        titles = {key: scheme.title for key, scheme in scene.region.schemes.items()}
        case.cost = [CostRow(key, titles.get(key, key), 0, *dues, 0) for key, dues in sums.items()]
        case.monthly = [MonthCost(month, 0, *dues) for month, dues in sorted(monthly.items())]
        case.effect_fen = sum(sum(dues) for dues in sums.values())
