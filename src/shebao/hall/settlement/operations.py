"""Settling a month: the assessment, its bill and lines, the evidence, and the first booking. All or nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from shebao.rules.months import Month
from shebao.rules.settling_words import settle_name, settling

from ..clock import local_now
from ..employers.locking import locked_employer
from ..employers.models import Employer
from ..errors import Conflict, Refused
from ..prepared import prepared
from ..regions import region
from ..roster.models import Spell
from ..roster.queries import covering
from .assessing import Case, assess
from .declared import changes_of, changes_of_many
from .late_decisions import extensions
from .models import CHARGING, Assessment, Bill, BillLine
from .progress import Precondition, preconditions_of_many, settlement_for, who_computes
from .provisional import close_provisional, provisionals

ALREADY = "本月已经核定过，不能重复结算。请刷新后查看账单。"
ALREADY_SKIPPED = "本月已经核定过。"
ELSEWHERE = "有人员的险种本月刚被其他单位核定，或者本单位的参保刚有变动，请刷新后再看。"


def settle_month(employer_id: int, month: Month, kind: str, *, by, confirmations: int) -> Bill:
    """Assess an employer's month (核定) as known today, and book its bill.

    `kind` is the key of the applicable settlement, `confirmations` how often the clerk confirmed. Raises Refused
    with everything that stands in the way, Conflict when the month is settled already. What was assessed provisionally
    (暂核定) is settled with it.
    """
    close_provisional(employer_id, month, by=by)
    try:
        return _settle(employer_id, month, kind, by=by, confirmations=confirmations)
    except IntegrityError:
        # The constraints decide the race: the month, or a person another employer billed in the same moment.
        if _settled([employer_id], month):
            raise Conflict("already_settled", settling(region(by.region).terms, ALREADY)) from None
        raise Conflict("charged_elsewhere", ELSEWHERE) from None


@transaction.atomic
def _settle(employer_id: int, month: Month, kind: str, *, by, confirmations: int) -> Bill:
    employer = locked_employer(employer_id, by=by)
    changes = changes_of(employer, month)
    _check(employer, month, kind, changes, by=by, confirmations=confirmations)
    if told := _charged_elsewhere([employer], month).get(employer.pk):
        raise Refused("charged_elsewhere", told)
    bills, _ = assess([Case(employer, kind, changes)], month, by=by)
    if not bills:
        raise Refused("nobody_insured", _nobody(employer, month))
    return bills[0]


@dataclass(frozen=True)
class Run:
    """What became of employers settled together: their bills by employer, and why the others were left aside."""

    bills: dict[int, Bill]
    skipped: dict[int, str]

    def __or__(self, other: "Run") -> "Run":
        return Run(self.bills | other.bills, self.skipped | other.skipped)


def settle_employers(employer_ids: Sequence[int], month: Month, *, by=None) -> Run:
    """Assess the month of employers of one region in one transaction, as the agency's own run (集中核定).

    As `settle_month` does it, except that nobody confirms: only where the region's settlement says `in_bulk`. Who is
    settled already, or has something in the way, is skipped with the reason. `by` None: the system.
    """
    try:
        return _settle_together(employer_ids, month, by=by)
    except (IntegrityError, Refused) as why:
        # One of them does not fit, or another transaction was first: the others do not suffer for it.
        if len(employer_ids) > 1:
            half = len(employer_ids) // 2
            first = settle_employers(employer_ids[:half], month, by=by)
            return first | settle_employers(employer_ids[half:], month, by=by)
        return Run({}, {employer_ids[0]: why.message if isinstance(why, Refused) else ELSEWHERE})


@transaction.atomic
def _settle_together(employer_ids: Sequence[int], month: Month, *, by) -> Run:
    employers = _locked(list(employer_ids))
    cases, skipped = _ready(employers, month)
    bills, empty = assess(cases, month, by=by) if cases else ([], [])
    skipped |= {case.employer.pk: _nobody(case.employer, month) for case in empty}
    return Run({bill.employer_id: bill for bill in bills}, skipped)


@prepared
def _locked(employers: list[int]) -> QuerySet[Employer]:
    rows = Employer.objects.filter(pk__in=employers).select_for_update(no_key=True).order_by("pk")
    return rows.defer("phone", "bank_account")


@prepared
def _settled(employers: list[int], month: Month) -> QuerySet:
    rows = Assessment.objects.live().filter(employer__in=employers, month=month, series=0)
    return rows.values_list("employer", flat=True)


def _ready(employers: Sequence[Employer], month: Month) -> tuple[list[Case], dict[int, str]]:
    """The cases that nothing stands in the way of, and a sentence for each of the others."""
    settled = set(_settled([one.pk for one in employers], month))
    changes = changes_of_many(employers, month)
    kinds = {one.pk: settlement_for(one, changes[one.pk]) for one in employers}
    unmet = preconditions_of_many(employers, month, kinds)
    late = {*provisionals(employers, month), *extensions(employers, month)}
    elsewhere = _charged_elsewhere(employers, month)
    cases, skipped = [], {}
    for one in employers:
        kind, problems = kinds[one.pk], _window_problems(one, month, is_late=one.pk in late)
        if not kind.in_bulk:
            problems.append(f"“{kind.title}”须由单位自己确认，不能集中核定。")
        problems += _in_words(each for each in unmet[one.pk] if not each.is_task)
        problems += [elsewhere[one.pk]] if one.pk in elsewhere else []
        if one.pk in settled:
            skipped[one.pk] = ALREADY_SKIPPED
        elif problems:
            skipped[one.pk] = " ".join(problems)
        else:
            cases.append(Case(one, kind.key, changes[one.pk]))
    return cases, skipped


def _nobody(employer: Employer, month: Month) -> str:
    return settling(region(employer.region).terms, f"{month.label}没有参保人员，不需要结算。")


def _in_words(found: Iterable[Precondition]) -> list[str]:
    return [f"{one.title}：{one.note}。" for one in found if not one.is_met]


def _check(employer: Employer, month: Month, kind: str, changes: Mapping[str, int], *, by, confirmations: int) -> None:
    """Refuse with all reasons at once."""
    is_office, terms = who_computes(employer) == "office", region(employer.region).terms
    if by.is_agency and not (is_office and by.may("review")):
        raise Refused("not_the_office", settling(terms, "这个单位自行申报，经办机构不代为结算。"), status=403)
    if not by.is_agency and is_office:
        raise Refused("computed_by_office", "本单位选择了由经办机构核定，请等核定后缴费，或改选自行申报。")
    if not by.is_agency and not by.may("settle"):
        raise Refused("not_permitted", f"您的账号没有“{settle_name(terms)}”权限，请联系单位管理员。", status=403)
    if _settled([employer.pk], month):
        raise Conflict("already_settled", settling(terms, ALREADY))
    late = {*provisionals([employer], month), *extensions([employer], month)}
    problems = _window_problems(employer, month, is_late=employer.pk in late)
    settlement = settlement_for(employer, changes)
    if kind != settlement.key:
        count = sum(changes.values())
        why = f"本月有 {count} 笔变动" if count else "本月没有变动"
        problems.append(f"{why}，应办理“{settlement.title}”。")
    asked = preconditions_of_many([employer], month, {employer.pk: settlement})[employer.pk]
    problems += _in_words(one for one in asked if not one.is_task)
    if confirmations < settlement.confirmations:
        problems.append(f"{settlement.title}须确认 {settlement.confirmations} 次，现在确认了 {confirmations} 次。")
    if problems:
        raise Refused("not_ready", f"还不能{region(employer.region).term('settle')}：\n" + "\n".join(problems))


def _window_problems(employer: Employer, month: Month, *, is_late: bool) -> list[str]:
    """`is_late`: the month may be settled after its time, because it was assessed provisionally and is settled whenever
    the employer declares it (补办申报), or because the agency decided late.
    """
    # A month is settled until its payment ends: what reviewers approve on the last declaring day still counts. Who
    # still waited for a reviewer then is given a few days more (`late_decisions`).
    spec = region(employer.region)
    window, settling = spec.calendar.window(month), spec.term("settle")
    if month < employer.first_month:
        return [f"单位自 {employer.first_month.label}起参保，{month.label}不需要{settling}。"]
    if local_now() < window.opens_at:
        return [f"{month.label}的{settling}从 {window.opens_at:%Y-%m-%d} 开始，现在还不能办理。"]
    if local_now() > window.pay_until and not is_late:
        return [f"{month.label}的{settling}已于 {window.pay_until:%Y-%m-%d %H:%M} 截止，请到经办窗口办理。"]
    return []


def _charged_elsewhere(employers: Sequence[Employer], month: Month) -> dict[int, str]:
    """One charge for a person and scheme: whom another employer was billed for, in whatever region, is named, in a
    sentence by employer.
    """
    names: dict[int, set[str]] = defaultdict(set)
    for employer, name in _billed_elsewhere([employer.pk for employer in employers], month):
        names[employer].add(name)
    return {employer: _elsewhere_in_words(sorted(found), month) for employer, found in names.items()}


@prepared
def _billed_elsewhere(employers: list[int], month: Month) -> QuerySet:
    others = (
        BillLine.objects.live()
        .filter(
            person=OuterRef("person"),
            scheme=OuterRef("scheme"),
            month=month,
            kind__in=CHARGING,
            is_exclusive=True,
            is_given_back=False,
        )
        .exclude(bill__employer=OuterRef("employee__employer"))
    )
    spells = Spell.objects.filter(covering(month), Exists(others), employee__employer__in=employers, is_exclusive=True)
    return spells.values_list("employee__employer", "person__name")


def _elsewhere_in_words(names: list[str], month: Month) -> str:
    shown = "、".join(names[:5]) + ("等" if len(names) > 5 else "")
    return f"{shown}的{month.label}费用已在其他单位核定，请先核对参保月份或办理停保。"
