"""Labour registration (劳动用工备案): an employment begins and ends with the labour authority before insurance does."""

from datetime import date

from ..bulk import insert_rows, update_rows
from ..errors import Conflict
from ..roster.models import LabourRegistration
from .enrolment import find_or_add_employees
from .personal_changes import locked_employees
from .scene import Case, Scene, chunks, field_of_kind

BEGUN, ENDED = "contract_from", "ended_on"
"""The questions of the two forms that date an employment."""


def register_labour(declarations: list, *, by) -> None:
    """Register the employments that the declarations tell of (备案增员生效). Sets `declaration.employee`."""
    employees = find_or_add_employees(declarations)
    insert_rows(
        [
            LabourRegistration(
                employee_id=employees[d.pk].pk,
                region=d.region,
                first_on=date.fromisoformat(d.answers[BEGUN]),
                contract_until=_day(d.answers.get("contract_until")),
                work=str(d.answers.get("work") or "")[:60],
                opened_by_id=d.pk,
            )
            for d in declarations
        ]
    )


def undo_labour_registrations(declarations: list, *, by) -> None:
    """Void what the declarations registered (撤销备案增员). Raises Conflict when one has ended since."""
    for part in chunks(declaration.pk for declaration in declarations):
        ours = LabourRegistration.objects.filter(opened_by__in=part, is_voided=False)
        if ended := ours.filter(last_on__isnull=False).select_related("employee").order_by("pk").first():
            raise Conflict("ended_since", f"{ended.employee.name}之后已办理备案减员，请先撤销减员。")
        ours.update(is_voided=True)


def end_labour(declarations: list, *, by) -> None:
    """End the registered employments (备案减员生效). Raises Conflict when somebody has none any more."""
    employees = locked_employees(declarations)
    open_ones: dict[int, LabourRegistration] = {}
    for part in chunks(employees):
        rows = LabourRegistration.objects.filter(employee__in=part, last_on__isnull=True, is_voided=False)
        open_ones |= {row.employee_id: row for row in rows.select_for_update()}
    for declaration in declarations:
        registration = open_ones.get(declaration.employee_id)
        if registration is None:
            text = f"{declaration.subject_name}没有在用的备案，可能刚被别人办理过，请刷新后再看。"
            raise Conflict("not_registered", text)
        registration.last_on = date.fromisoformat(declaration.answers[ENDED])
        registration.end_reason = str(declaration.answers.get("reason", ""))[:10]
        registration.closed_by = declaration
    update_rows(open_ones.values(), "last_on", "end_reason", "closed_by")


def undo_labour_ends(declarations: list, *, by) -> None:
    """Reopen the employments that the declarations ended (撤销备案减员)."""
    for part in chunks(declaration.pk for declaration in declarations):
        ours = LabourRegistration.objects.filter(closed_by__in=part, is_voided=False)
        ours.update(last_on=None, end_reason="", closed_by=None)


def _day(text) -> date | None:
    return date.fromisoformat(text) if text else None


def labour_not_yet(scene: Scene, cases: list[Case]) -> None:
    """Nobody is registered twice at one employer, nor before the last employment ended."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        begun = str(case.values.get(BEGUN) or "")
        if known := scene.labour.get(case.digest):
            text = f"该人员自 {known.first_on} 起已在本单位备案，不需要再办。"
            case.add("labour_not_yet", name, "error", text)
        elif (last := scene.labour_before.get(case.digest)) and begun and begun <= str(last.last_on):
            text = f"该人员上一次备案到 {last.last_on} 为止，新的用工须从次日或以后开始。"
            case.add("labour_not_yet", BEGUN, "error", text)
        if begun and begun > str(scene.today):
            text = f"用工 {begun} 才开始，请到那天再备案。"
            case.add("labour_not_yet", BEGUN, "error", text)


def labour_open(scene: Scene, cases: list[Case]) -> None:
    """The person is registered here, under that name, and the end is not before the beginning."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        known, ended = scene.labour.get(case.digest), str(case.values.get(ENDED) or "")
        if known is None:
            if case.digest and not any(problem.field == name for problem in case.problems):
                text = "该人员没有在本单位备案，或已办理备案减员，请核对证件号码。"
                case.add("labour_open", name, "error", text)
            continue
        if ended and ended < str(known.first_on):
            text = f"该人员自 {known.first_on} 起备案，终止日期不能更早。"
            case.add("labour_open", ENDED, "error", text)
        elif ended > str(scene.today):
            case.add("labour_open", ENDED, "error", f"用工 {ended} 才终止，请到那天再办。")
        if case.employee and case.name and case.name != case.employee.name:
            text = f"姓名与花名册不一致，花名册上是“{case.employee.name}”。"
            case.add("labour_open", "name", "error", text, (f"改为 {case.employee.name}", case.employee.name))


def labour_registered(scene: Scene, cases: list[Case]) -> None:
    """Insurance begins only for a registered employment: whoever has none is sent to register it first."""
    name, first = field_of_kind(scene.form, "id_number"), scene.service_that("register_labour")
    title = scene.region.services[first].title if first else "劳动用工备案"
    lacking = [case for case in cases if case.digest and case.digest not in scene.labour]
    waiting = scene.undecided("register_labour") if lacking else set()
    for case in lacking:
        if any(problem.field == name and problem.level == "error" for problem in case.problems):
            continue
        if case.digest in waiting:
            text = f"该人员的“{title}”还没有审核通过，请等办结后再办{scene.region.term('enrolment')}。"
            case.add("labour_registered", name, "error", text)
        else:
            text = f"该人员还没有{title}，请先备案，再办{scene.region.term('enrolment')}。"
            case.add("labour_registered", name, "error", text, service=first)


def labour_ended(scene: Scene, cases: list[Case]) -> None:
    """Insurance ends only after the registered employment did."""
    name, first = field_of_kind(scene.form, "id_number"), scene.service_that("end_labour")
    title = scene.region.services[first].title if first else "劳动用工备案减员"
    for case in cases:
        if case.digest in scene.labour:
            text = f"该人员的劳动用工备案还没有终止，请先办{title}，再办{scene.region.term('cessation')}。"
            case.add("labour_ended", name, "error", text, service=first)


def labour_day(scene: Scene, cases: list[Case]) -> None:
    """Where labour is registered at another office, the day of it is told, and has come."""
    for case in cases:
        day = str(case.values.get("labour_registered_on") or "")
        if day > str(scene.today):
            text = f"用工登记日期 {day} 还没有到。请先办好用工登记，再办{scene.region.term('enrolment')}。"
            case.add("labour_day", "labour_registered_on", "error", text)
