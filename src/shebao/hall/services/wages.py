"""Declared wages (申报工资): one for an employee and first month; a later declaration replaces an earlier one."""

from collections import defaultdict
from datetime import date, datetime, time

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from shebao.rules.forms import facts_of
from shebao.rules.months import Month
from shebao.rules.region import Region

from .. import clock
from ..bulk import insert_rows, maker
from ..declarations.models import Declaration
from ..declarations.states import State
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..roster.models import DeclaredWage
from ..roster.wages_before import AHEAD, REPLACED
from ..settlement.models import BillLine
from .scene import Case, Scene, chunks, field_of_kind


def declare_wages_of(declarations: list, *, by) -> None:
    """Make the declared wages count from their first month (工资申报生效)."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    declare_wages([(d, facts_of(form, d.answers)["declared_wage"]) for d in declarations], by=by)


def declare_wages(wages: list[tuple], *, by, is_anew: bool = False) -> None:
    """Write (declaration, fen) pairs; what they replace is voided and remembered in `declaration.before`.

    `is_anew`: an enrolment begins with them, and what was declared ahead in an earlier one is of that one only.
    """
    months = {d.employee_id: d.first_month for d, _ in wages}
    present: dict[int, int] = {}
    ahead: dict[int, list[int]] = defaultdict(list)
    for part in chunks(months):
        for pk, employee, first in _since(part, min(months.values())):
            if first == months[employee]:
                present[employee] = pk
            elif is_anew and first > months[employee]:
                ahead[employee].append(pk)
    for part in chunks([*present.values(), *(pk for some in ahead.values() for pk in some)]):
        DeclaredWage.objects.filter(pk__in=part).update(is_voided=True)
    added, now, make = [], clock.now(), maker(DeclaredWage)
    for declaration, amount in wages:
        replaced: dict = {}
        if declaration.employee_id in present:
            replaced[REPLACED] = present[declaration.employee_id]
        if declaration.employee_id in ahead:
            replaced[AHEAD] = ahead[declaration.employee_id]
        if replaced:
            declaration.before = {**declaration.before, **replaced}
        added.append(
            make(
                employee_id=declaration.employee_id,
                first_month=declaration.first_month,
                amount_fen=amount,
                declared_in_id=declaration.pk,
                declared_at=now,
            )
        )
    insert_rows(added)


@prepared
def _since(people: list[int], first: Month) -> QuerySet:
    """The wages in force of these people that count from this month or a later one on."""
    rows = DeclaredWage.objects.filter(employee__in=people, is_voided=False, first_month__gte=first)
    return rows.order_by("pk").values_list("pk", "employee", "first_month")


def withdraw_wages(declarations: list, *, by) -> None:
    """Void the wages of the declarations and bring back what they replaced (撤销工资申报).

    Raises Conflict when a later declaration replaced a wage, or declared a month that comes back: it is undone first.
    """
    for part in chunks(declaration.pk for declaration in declarations):
        wages = DeclaredWage.objects.filter(declared_in__in=part)
        _none_later(wages.filter(is_voided=True))
        wages.update(is_voided=True)
    replaced = [d.before[REPLACED] for d in declarations if REPLACED in d.before]
    replaced += [pk for d in declarations for pk in d.before.get(AHEAD, ())]
    same = {name: OuterRef(name) for name in ("employee", "first_month")}
    for part in chunks(replaced):
        wages = DeclaredWage.objects.filter(pk__in=part)
        _none_later(wages.filter(Exists(DeclaredWage.objects.filter(is_voided=False, **same))))
        wages.update(is_voided=False)


def is_charged(declaration) -> bool:
    """Whether a bill in force, made since, charges a month at the wage that a declaration corrected it to."""
    lines = BillLine.objects.live().filter(
        employee=OuterRef("employee"),
        month=OuterRef("first_month"),
        declared_wage=OuterRef("amount_fen"),
        bill__assessment__made_at__gte=OuterRef("declared_at"),
    )
    return DeclaredWage.objects.filter(Exists(lines), declared_in=declaration.pk, is_correction=True).exists()


def _none_later(wages: QuerySet[DeclaredWage]) -> None:
    if one := wages.select_related("employee").order_by("pk").first():
        text = f"{one.employee.name}之后又申报过 {one.first_month} 的工资或重新参保，请先撤销后面那一笔。"
        raise Conflict("replaced_since", text)


def closed_year(here: Region, today: date) -> str:
    """Why wages that are declared once a year cannot be declared today; "" in the window and where there is none."""
    window = here.calendar.yearly_wages
    if window is None:
        return ""
    first, last = window.of(today.year)
    if first <= today <= last:
        return ""
    words = f"{today.year} 年度的工资申报期是 {_in_words(first)}至 {_in_words(last)}"
    if today < first:
        return f"{words}，还没有开始，请到时再报。"
    again = window.of(today.year + 1)[0]
    return f"{words}，已经结束，下一次从 {again.year} 年 {_in_words(again)}开始。确需更改的，请到经办窗口办理。"


def _in_words(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"


def once_a_year(scene: Scene, cases: list[Case]) -> None:
    """Today is in the year's window, and the person's wage of the year has not been declared in it before.

    What was handed in while the window was open may be repaired after it.
    """
    closed, done = closed_year(scene.region, scene.today), _declared_this_year(scene, cases)
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        if closed and not (case.declaration and case.declaration.state == State.RETURNED):
            case.add("once_a_year", scene.month_field, "error", closed)
        if day := done.get(case.digest):
            who, how = case.name or "该人员", "可以先撤销那一笔再报" if scene.service.is_direct else "请到经办窗口更正"
            text = f"{who} {scene.today.year} 年度的工资已于 {day} 申报，一年只申报一次；有误的{how}。"
            case.add("once_a_year", name, "error", text)


def _declared_this_year(scene: Scene, cases: list[Case]) -> dict[str, date]:
    """Digest of the person → the day on which the wage of this year's window was declared and came into force."""
    window = scene.region.calendar.yearly_wages
    found: dict[str, date] = {}
    if window is None:
        return found
    since = timezone.make_aware(datetime.combine(window.of(scene.today.year)[0], time(0)))
    for part in chunks(case.digest for case in cases if case.digest):
        rows = Declaration.objects.filter(
            employer=scene.employer, service=scene.service.key, state=State.APPROVED, declared_at__gte=since,
            subject_digest__in=part,
        )  # fmt: skip
        for digest, at in rows.values_list("subject_digest", "declared_at"):
            found[digest] = timezone.make_naive(at).date()
    return found
