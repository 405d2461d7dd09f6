"""Changes of the schemes in which an employee is insured (参保险种变更): some are added, some stop, from a month on."""

from shebao.rules.contributions import enrol_schemes
from shebao.rules.forms import changes, facts_of
from shebao.rules.settling_words import settling

from ..bulk import insert_rows, update_rows
from ..errors import Conflict
from ..regions import region
from ..roster.facts import complete_facts, employee_facts, employer_facts, roster_answers, write_answers
from ..roster.models import Employee, Spell
from .enrolment import PART_TIME, WRITTEN, new_spell
from .estimates import estimate_difference
from .personal_changes import locked_employees
from .scene import Case, Scene, chunks
from .sides import COVERED, NOT_COVERED, changed_answers, covering_spells, scheme_answers


def change_insurance(declarations: list, *, by) -> None:
    """Open and close single spells from the first month of each declaration (参保险种变更生效).

    Facts that the form asks, such as the medical tier, are written too. Raises Conflict where somebody was faster:
    a scheme to stop is not open any more, or one to add began meanwhile.
    """
    here = region(declarations[0].region)
    form = here.forms[declarations[0].spec.form]
    employees = locked_employees(declarations)
    known = _open_spells(employees)
    opened, closed = [], []
    for declaration in declarations:
        employee = employees[declaration.employee_id]
        new = changes(form, declaration.before, declaration.answers)
        now = roster_answers(form, employee, None)
        declaration.before = declaration.before | {f.id: now[f.id] for f in form.fields if f.id in new and f.id in now}
        for scheme, answer in scheme_answers(form, new).items():
            present = known.get((employee.pk, scheme))
            if answer == COVERED:
                _not_begun(declaration, here.schemes[scheme], present)
                opened.append(new_spell(here.schemes[scheme], declaration, employee, employee_facts(employee)))
            else:
                closed.append(_closed(declaration, here.schemes[scheme], present))
        write_answers(form, new, employee)
    insert_rows(opened)
    update_rows(closed, "last_month", "closed_by")
    update_rows(employees.values(), *WRITTEN)


def _open_spells(employees: dict[int, Employee]) -> dict[tuple[int, str], Spell]:
    found = {}
    for part in chunks(employees):
        rows = Spell.objects.filter(employee__in=part, last_month__isnull=True, is_voided=False)
        found |= {(spell.employee_id, spell.scheme): spell for spell in rows.select_for_update()}
    return found


def _not_begun(declaration, scheme, present: Spell | None) -> None:
    if present:
        text = f"{declaration.subject_name}的{scheme.title}自 {present.first_month} 起已参保，请刷新后再看。"
        raise Conflict("already_enrolled", text)


def _closed(declaration, scheme, present: Spell | None) -> Spell:
    if present is None or present.first_month >= declaration.first_month:
        text = f"{declaration.subject_name}的{scheme.title}不能自 {declaration.first_month} 起停保，请刷新后再看。"
        raise Conflict("not_enrolled", text)
    present.last_month, present.closed_by = declaration.first_month.previous(), declaration
    return present


def undo_insurance_changes(declarations: list, *, by) -> None:
    """Void the spells that the declarations opened and reopen what they closed (撤销参保险种变更).

    Raises Conflict when one of them was changed again since.
    """
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    employees = locked_employees(declarations)
    opened, closed = [], []
    for part in chunks(declaration.pk for declaration in declarations):
        opened += Spell.objects.filter(opened_by__in=part, is_voided=False).select_related("employee")
        closed += Spell.objects.filter(closed_by__in=part, is_voided=False).select_related("employee")
    still_open = _open_spells(employees)
    ended = [spell for spell in opened if spell.closed_by_id]
    ended += [spell for spell in closed if (spell.employee_id, spell.scheme) in still_open]
    if ended:
        raise Conflict("changed_since", f"{ended[0].employee.name}的参保险种之后又变更过，请先撤销后面那一笔。")
    for spell in opened:
        spell.is_voided = True
    for spell in closed:
        spell.last_month, spell.closed_by = None, None
    update_rows(opened, "is_voided")
    update_rows(closed, "last_month", "closed_by")
    for declaration in declarations:
        new = changes(form, declaration.before, declaration.answers)
        write_answers(form, {key: declaration.before.get(key, "") for key in new}, employees[declaration.employee_id])
    update_rows(employees.values(), *WRITTEN)


def estimate_insurance_changes(scene: Scene, cases: list[Case]) -> None:
    """Each case changes the cost by what the schemes cost after it, less what they cost before."""
    old, new = {}, {}
    for case in cases:
        if case.employee:
            facts, answered = employee_facts(case.employee), changed_answers(scene, case)
            present, wage = set(covering_spells(scene, case)), case.wage_before or 0
            old[id(case)] = (wage, facts, present)
            new[id(case)] = (wage, facts | facts_of(scene.form, answered), _after(scene, present, answered))
    estimate_difference(scene, cases, old, new)


def _after(scene: Scene, present: set[str], answered: dict) -> set[str]:
    schemes = scheme_answers(scene.form, answered)
    added = {scheme for scheme, answer in schemes.items() if answer == COVERED}
    return (present | added) - {scheme for scheme, answer in schemes.items() if answer == NOT_COVERED}


def scheme_changes(scene: Scene, cases: list[Case]) -> None:
    """What the region lets the person be insured in; spells that touch but never overlap; not the last one."""
    for case in cases:
        if case.employee is None or case.month is None:
            continue
        answered = changed_answers(scene, case)
        new_facts = facts_of(scene.form, answered)
        allowed = _allowed(scene, employee_facts(case.employee) | new_facts)
        fields = {field.scheme: field.id for field in scene.form.fields if field.scheme}
        if new_facts and not fields:
            _schemes_follow(scene, case, set(allowed))
        if new_facts and fields and case.month != scene.first_open:
            first = str(scene.first_open)
            text = settling(
                scene.region.terms,
                f"缴费档次等资料从第一个未结算的月份起变更，月份请填 {first}。险种从别的月份起变的，请另报一笔。",
            )
            case.add("scheme_changes", scene.month_field, "error", text, (f"改为 {first}", first))
        for scheme, answer in scheme_answers(scene.form, answered).items():
            change = _adding if answer == COVERED else _stopping
            change(scene, case, scheme, fields[scheme], scheme in allowed)
        present = set(covering_spells(scene, case))
        if fields and present and not _after(scene, present, answered):
            text = f"所有险种都停保的，请办理“{scene.region.term('cessation')}”。"
            case.add("scheme_changes", next(iter(fields.values())), "error", text)


def _allowed(scene: Scene, facts: dict) -> tuple[str, ...]:
    return enrol_schemes(scene.region, complete_facts(facts) | employer_facts(scene.employer))


def _adding(scene: Scene, case: Case, scheme: str, name: str, is_allowed: bool) -> None:
    title, month = scene.region.schemes[scheme].title, case.month
    if not is_allowed:
        text = f"按户口性质、用工形式等资料，该人员不参加{title}。请核对资料，或把这一项留空。"
        case.add("scheme_changes", name, "error", text)
    later = [spell for spell in scene.ours(case) if spell.scheme == scheme and spell.reaches(month)]
    if later:
        text = f"{title}自 {later[0].first_month} 起已经参保，不能再从 {month} 起加保。"
        case.add("scheme_changes", name, "error", text)
    away = [s for s in case.spells if s.scheme == scheme and s.is_exclusive and s.employer_id != scene.employer.pk]
    if any(spell.reaches(month) for spell in away) and case.employee.employment_kind != PART_TIME:
        text = f"该人员的{title}当前在其他单位参保。请先由原单位停保，再来申报。"
        case.add("enrolled_elsewhere", name, "error", text)


def _stopping(scene: Scene, case: Case, scheme: str, name: str, is_allowed: bool) -> None:
    title, spell = scene.region.schemes[scheme].title, covering_spells(scene, case)[scheme]
    if spell.last_month:
        text = f"{title}已经定在 {spell.last_month} 以后停保，不必再报。"
        case.add("scheme_changes", name, "error", text)
    elif spell.first_month >= case.month:
        first = case.month.next()
        text = f"{title}自 {spell.first_month} 起参保，最早可从 {first} 起停保。"
        case.add("scheme_changes", scene.month_field, "error", text, (f"改为 {first}", str(first)))
    elif is_allowed:
        text = f"按户口性质、用工形式等资料，该人员应参加{title}。请核对后写明停保的理由。"
        case.add("scheme_changes", name, "confirm", text)


def _schemes_follow(scene: Scene, case: Case, allowed: set[str]) -> None:
    """Changed facts may open or close schemes; the insurance itself changes by a declaration of its own."""
    titles, present = scene.region.schemes, set(covering_spells(scene, case))
    told = [
        f"{word}{'、'.join(titles[key].title for key in keys)}"
        for word, keys in (("应参加", sorted(allowed - present)), ("不再参加", sorted(present - allowed)))
        if keys
    ]
    if told:
        text = f"变更以后该人员{'，'.join(told)}。参保险种不随资料变动，请另行申报。"
        case.add("scheme_changes", next(f.id for f in scene.form.fields if f.feeds), "hint", text)
