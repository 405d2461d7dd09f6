"""The checks a service can name. Each takes the whole batch and adds findings that say what, where, what to do."""

from datetime import date

from shebao.rules.conditions import holds
from shebao.rules.forms import facts_of
from shebao.rules.money import yuan
from shebao.rules.months import Month, months_between
from shebao.rules.region import NoValue
from shebao.rules.settling_words import settling

from ..declarations.declared_month import why_closed
from ..roster.facts import complete_facts, employee_facts, employer_facts
from .employer_changes import credit_code_free, something_changed
from .enrolment import PART_TIME
from .households import household_fits
from .scene import Case, Scene, field_of_kind

MONTHS_AHEAD = {"cease_employees": 1, "declare_wages": 1, "change_insurance": 1}
"""How far beyond the business month an effect may lie: leaving and a new wage are known beforehand. When the business
month is settled, the next one is open to every service."""
DEATH, RETIREMENT = "6401", "6308"
"""The two reasons that end the relation for good, in the national list of reasons of cessation."""
YOUNGEST = 16  # 劳动法第十五条
MAY_RETIRE = {("1", "1"): 60, ("1", "2"): 60, ("2", "1"): 50, ("2", "2"): 55}
"""Earliest retirement age by sex and position before 渐进式延迟; only a hint, so the earliest is the right one."""


def id_number_valid(scene: Scene, cases: list[Case]) -> None:
    """The number holds by its own rules. A number that is on the roster already needs no second proof."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        if case.employee or any(problem.field == name for problem in case.problems):
            continue
        for sentence in case.identity.problems:
            case.add("id_number_valid", name, "error", f"{sentence}。")


def already_declared(scene: Scene, cases: list[Case]) -> None:
    """One undecided declaration of a service for a person; the finding names the other."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        other = scene.open_declarations.get(case.digest)
        if other and (case.declaration is None or case.declaration.pk != other.pk):
            case.add(
                "already_declared", name, "error",
                f"{other.subject_name}已有一笔“{scene.service.title}”（{other.state_label}，"
                f"{other.declared_at:%Y-%m-%d}由{other.declared_by.name}录入）。请修改那一笔，或先把它删除。",
            )  # fmt: skip
        if twins := scene.twins.get(case.digest):
            names = "、".join(dict.fromkeys(twins))
            text = f"本次有 {len(twins)} 条是同一证件号码（{names}），请只保留一条。"
            case.add("already_declared", name, "error", text)


def already_enrolled(scene: Scene, cases: list[Case]) -> None:
    """Nobody is enrolled twice at the same employer; coming back after an end is told apart."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        ours = scene.ours(case)
        still = [spell for spell in ours if spell.last_month is None]
        ended = [spell.last_month for spell in ours if spell.last_month]
        if still:
            case.add(
                "already_enrolled", name, "error",
                f"该人员自 {still[0].first_month} 起已在本单位参保，不需要再办{scene.region.term('enrolment')}。",
            )  # fmt: skip
        elif ended and case.month and max(ended) >= case.month:
            first = max(ended).next()
            case.add(
                "already_enrolled", scene.month_field, "error",
                f"该人员在本单位已参保到 {max(ended)}，请把月份改为 {first} 或以后。", (f"改为 {first}", str(first)),
            )  # fmt: skip


def ended_for_good(scene: Scene, cases: list[Case]) -> None:
    """Death ends every relation: nobody enrols a dead person again. Of a retired one the clerk is asked."""
    name, reasons = field_of_kind(scene.form, "id_number"), scene.region.codes["cessation_reasons"]
    for case in cases:
        told = {code.national for s in scene.here(case) if s.end_reason and (code := reasons.get(s.end_reason))}
        if DEATH in told:
            what = f"该人员已登记死亡，不能再办{scene.region.term('enrolment')}。"
            text = f"{what}请核对证件号码；确属登记有误的，请到经办窗口更正。"
            case.add("ended_for_good", name, "error", text)
        elif RETIREMENT in told:
            text = "该人员已登记达到待遇领取条件（退休），请核对后写明重新参保的理由。"
            case.add("ended_for_good", name, "confirm", text)


def enrolled_elsewhere(scene: Scene, cases: list[Case]) -> None:
    """Says only that the person is insured elsewhere, never where.

    A service that takes effect at once cannot wait for the other employer: there it is an error.
    """
    name = field_of_kind(scene.form, "id_number")
    level = "error" if scene.service.is_direct else "confirm"
    what = (
        "请先由原单位办理停保，再来申报。"
        if scene.service.is_direct
        else "请先由原单位办理停保；确认后可先申报，审核时仍在保的不能通过。"
    )
    for case in cases:
        if case.values.get("employment_kind") == PART_TIME:
            continue
        month = case.month or scene.month
        if any(s.employer_id != scene.employer.pk and s.is_exclusive and s.reaches(month) for s in case.spells):
            case.add("enrolled_elsewhere", name, level, f"该人员当前在其他单位参保。{what}")


def age_limits(scene: Scene, cases: list[Case]) -> None:
    """Sixteen in the month of enrolment; whoever may be retired is pointed out."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        born_on = case.identity.born_on
        if born_on is None:
            continue
        age = age_on(born_on, (case.month or scene.month).last_day)
        if age < YOUNGEST:
            text = f"该人员 {born_on} 出生，参保月份未满 {YOUNGEST} 周岁，不能参保。请核对证件号码和参保月份。"
            case.add("age_limits", name, "error", text)
        elif age >= MAY_RETIRE.get((case.identity.sex, str(case.values.get("position"))), 60):
            case.add("age_limits", name, "hint", f"该人员已满 {age} 周岁，可能已到法定退休年龄，请核对。")


def age_on(born_on: date, day: date) -> int:
    """Completed years of life on a day."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def month_window(scene: Scene, cases: list[Case]) -> None:
    """The window is open, and the month is near enough and not settled; past months are confirmed by name."""
    closed, reach = closed_window(scene), _reach(scene)
    for case in cases:
        if closed:
            case.add("month_window", scene.month_field, "error", closed)
        if case.month:
            _month_in_reach(scene, case, case.month, reach)


def closed_window(scene: Scene) -> str:
    """Why nothing can be declared today; "" while the window is open."""
    return why_closed(scene.region, scene.local_now)


def _reach(scene: Scene) -> tuple[Month, Month, Month | None, str]:
    """The earliest and the latest month, the first that is not settled (if any is), and what the field is called."""
    now = scene.declared_month
    earliest = now.previous(scene.region.calendar.back_months)
    latest = now.next(MONTHS_AHEAD.get(scene.service.operation, 0))
    first_free = max(scene.settled).next() if scene.settled else None
    if first_free == now.next():
        latest = max(latest, first_free)
    field = scene.form.field(scene.month_field)
    return earliest, latest, first_free, field.label if field else ""


def _month_in_reach(scene: Scene, case: Case, month: Month, reach: tuple) -> None:
    name, now, back = scene.month_field, scene.declared_month, scene.region.calendar.back_months
    earliest, latest, first_free, label = reach
    if month > latest:
        text = f"{label} {month} 太晚，最晚可填 {latest}。"
        case.add("month_window", name, "error", text, (f"改为 {latest}", str(latest)))
    elif first_free and month < first_free:
        what = _instead(scene)
        fix = (f"改为 {first_free}", str(first_free)) if earliest <= first_free <= latest else None
        text = settling(
            scene.region.terms,
            f"本单位已结算到 {first_free.previous()}，{label}不能填 {month}：{what}。最早可填 {first_free}。",
        )
        case.add("month_window", name, "error", text, fix)
    elif month < earliest or month < scene.region.opened_on:
        first = max(earliest, scene.region.opened_on)
        text = f"{label} {month} 太早，网上最多往前 {back} 个月，最早可填 {first}；更早的请到经办窗口办理。"
        case.add("month_window", name, "error", text, (f"改为 {first}", str(first)))
    elif month < now and now > scene.month:
        closed = scene.region.calendar.window(scene.month).declare_until
        text = f"{scene.month.label}的申报期已于 {closed:%m 月 %d 日 %H:%M} 结束，现在受理 {now.label}的业务："
        text += f"{label}最早可填 {now}。"
        case.add("month_window", name, "error", text, (f"改为 {now}", str(now)))
    elif month < now:
        names = "、".join(str(m) for m in months_between(month, now.previous()))
        case.add("month_window", name, "confirm", f"{label}早于当前业务月，会涉及 {names}，请写明理由。")


def _instead(scene: Scene) -> str:
    """What to do about a month that is settled: a newcomer's are paid back, where the region lets it."""
    if scene.service.operation != "enrol_employees":
        return settling(scene.region.terms, "已结算的月份不能再变动")
    services = scene.region.services.values()
    paying = next((s for s in services if s.operation == "make_back_payments" and s.back_paying.last is None), None)
    return f"以前的月份请在参保后办理“{paying.title}”" if paying else "以前的月份请到经办窗口补缴"


def wage_limits(scene: Scene, cases: list[Case]) -> None:
    """A wage outside the limits is charged at the limit: the clerk confirms it, seeing limit and source."""
    name = next((f.id for f in scene.form.fields if f.feeds == "declared_wage"), "")
    found: dict[tuple, list] = {}
    choosing = sorted({one.limits_by for one in scene.region.open_schemes if one.limits_by})
    for case in cases:
        if case.wage is None or case.month is None:
            continue
        facts = (employee_facts(case.employee) if case.employee else {}) | facts_of(scene.form, case.values)
        chosen = tuple(facts.get(fact, "") for fact in choosing)
        said: dict[str, None] = {}
        for month in case.months:
            if (month, chosen) not in found:
                found[month, chosen] = _limits(scene, month, facts)
            for title, word, value in found[month, chosen]:
                if (case.wage < value.number) if word == "低于" else (case.wage > value.number):
                    said[f"{word}{title} {yuan(value.number)} 元（{value.source}）"] = None
        if said:
            text = f"申报工资 {yuan(case.wage)} 元{'，也'.join(said)}，将按上下限确定缴费基数。请核对后写明理由。"
            case.add("wage_limits", name, "confirm", text)


def _limits(scene: Scene, month: Month, facts: dict[str, str]) -> list:
    """(title, 低于 or 高于, value) of every limit of the open schemes, each once and equal amounts once."""
    found: dict = {}
    for scheme in scene.region.open_schemes:
        for parameter, word in ((scheme.floor, "低于"), (scheme.ceiling, "高于")):
            if parameter is None:
                continue
            try:
                value = scene.region.limit(parameter, scheme, month, facts, known_on=scene.today)
            except NoValue:
                continue  # the estimate says so, once, on the month
            found.setdefault((word, value.number), (scene.region.parameters[parameter].title, word, value))
    return list(found.values())


def contract_before_month(scene: Scene, cases: list[Case]) -> None:
    """The contract starts no later than the month of enrolment."""
    for case in cases:
        start = str(case.values.get("contract_from") or "")
        if start and case.month and start > str(case.month.last_day):
            text = f"合同 {start} 才开始，晚于参保月份 {case.month}。请改合同日期，或改参保月份。"
            first = Month.of(date.fromisoformat(start))
            case.add("contract_before_month", "contract_from", "error", text)
            if first <= scene.declared_month:
                case.problems[-1] = case.problems[-1].__class__(
                    "contract_before_month", scene.month_field, "error", text, (f"参保月份改为 {first}", str(first))
                )


def reason_evidence(scene: Scene, cases: list[Case]) -> None:
    """Points out the reasons that need papers."""
    for field in scene.form.fields:
        if field.options is None or field.feeds:
            continue
        for case in cases:
            code = scene.region.codes[field.options].get(str(case.values.get(field.id)))
            if code and code.needs_evidence:
                text = f"“{code.title}”需要证明材料，请备好原件，并在备注中写明材料名称。"
                case.add("reason_evidence", field.id, "hint", text)


def pre_entered(scene: Scene, cases: list[Case]) -> None:
    """Whom the region wants to see first, the agency has entered at its counter before the first insurance here."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        known = complete_facts({"sex": case.identity.sex, **facts_of(scene.form, case.values)})
        wanted = scene.service.pre_entry is not None and holds(
            scene.service.pre_entry, known | employer_facts(scene.employer) | {"age": 0}
        )
        if wanted and case.digest and not scene.here(case) and case.digest not in scene.pre_entered:
            who = f"该人员首次在{scene.region.short_title}参保"
            text = f"{who}，请先携带证件原件到{scene.region.term('agency')}做信息预录入，再来申报。"
            case.add("pre_entered", name, "error", text)


def has_arrears(scene: Scene, cases: list[Case]) -> None:
    """Nobody leaves with contributions overdue."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        months = scene.arrears.get(case.employee.pk) if case.employee else None
        if months:
            names = "、".join(str(month) for month in months)
            text = f"该人员 {names} 的社会保险费逾期未缴，不能在网上办理。请先缴清账单，再来申报。"
            case.add("has_arrears", name, "error", text)


def same_name(scene: Scene, cases: list[Case]) -> None:
    """Points out another employee of the same name."""
    for case in cases:
        others = scene.namesakes.get(case.name, set()) - {case.digest}
        if others:
            text = f"本单位还有 {len(others)} 位同名的“{case.name}”，请核对证件号码。"
            case.add("same_name", "name", "hint", text)


def not_enrolled(scene: Scene, cases: list[Case]) -> None:
    """The person is insured here in that month, under that name."""
    name = field_of_kind(scene.form, "id_number")
    for case in cases:
        ours = scene.ours(case)
        month = case.month or scene.month
        if case.employee is None or not ours:
            if case.digest and not any(problem.field == name for problem in case.problems):
                case.add("not_enrolled", name, "error", "该人员不在本单位参保，请核对证件号码。")
            continue
        _insured_in(scene, case, ours, month)
        name_on_roster("not_enrolled", case)


def name_on_roster(code: str, case: Case) -> None:
    """The name that was typed is the one on the roster."""
    if case.employee and case.name and case.name != case.employee.name:
        text = f"姓名与花名册不一致，花名册上是“{case.employee.name}”。"
        case.add(code, "name", "error", text, (f"改为 {case.employee.name}", case.employee.name))


def _insured_in(scene: Scene, case: Case, ours: list, month: Month) -> None:
    ends_it = scene.service.operation == "cease_employees"
    open_spells = [spell for spell in ours if spell.last_month is None]
    current = open_spells if ends_it else [spell for spell in ours if spell.reaches(month)]
    if not current:
        last = max(spell.last_month for spell in ours)
        text = f"该人员在本单位参保到 {last} 为止，已经停保。"
        case.add("not_enrolled", field_of_kind(scene.form, "id_number"), "error", text)
        return
    first = max(spell.first_month for spell in current) if ends_it else min(s.first_month for s in current)
    first = first.next() if ends_it else first
    if month < first:
        text = f"该人员自 {min(s.first_month for s in current)} 起参保，月份最早可填 {first}。"
        case.add("not_enrolled", scene.month_field, "error", text, (f"改为 {first}", str(first)))


CHECKS = {
    check.__name__: check
    for check in (
        id_number_valid, household_fits, not_enrolled, already_declared, already_enrolled, ended_for_good,
        enrolled_elsewhere, age_limits, pre_entered,
        month_window, wage_limits, contract_before_month, reason_evidence, has_arrears, same_name,
        something_changed, credit_code_free,
    )
}  # fmt: skip
