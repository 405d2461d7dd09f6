"""Changes of a person's data (信息变更): what the employer keeps about somebody, and who the person is.

What the roster said until then is kept in `declaration.before`: it is shown beside the change, makes the change log,
and is what an undo brings back. Data without a month of their own count for every month that is not settled yet.
"""

from datetime import date

from django.db.models import QuerySet

from shebao.rules.forms import changes, facts_of
from shebao.rules.identity import check_id_number, tidy_number

from ..bulk import update_rows
from ..crypto import blind_index
from ..declarations.models import Declaration
from ..declarations.states import OPEN
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..roster.facts import IDENTITY, employee_facts, roster_answers, write_answers
from ..roster.models import Employee, Person
from ..roster.names import pinyin_key
from .enrolment import WRITTEN
from .estimates import estimate_difference
from .scene import NEW_NUMBER, Case, Scene, chunks
from .sides import changed_answers, covering_spells

ANOTHERS = "这个证件号码已属于另一人，请核对证件原件。确属同一人登记了两次的，请到经办窗口合并。"
SOME = 8
"""As many rows or people that ask for the same are named."""


def change_employees(declarations: list, *, by) -> None:
    """Write what each declaration changes to the roster of its employer (人员信息变更生效)."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    employees = locked_employees(declarations)
    for declaration in declarations:
        employee = employees[declaration.employee_id]
        new = changes(form, declaration.before, declaration.answers)
        now = roster_answers(form, employee, None)
        declaration.before = declaration.before | {key: now.get(key, "") for key in new}
        write_answers(form, new, employee)
    update_rows(employees.values(), *WRITTEN)


def undo_employee_changes(declarations: list, *, by) -> None:
    """Bring back what the roster said before (撤销人员信息变更). Raises Conflict where it was changed again since."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    employees = locked_employees(declarations)
    for declaration in declarations:
        employee = employees[declaration.employee_id]
        new = changes(form, declaration.before, declaration.answers)
        now = roster_answers(form, employee, None)
        _unchanged_since(declaration, {key: value for key, value in new.items() if key not in IDENTITY}, now)
        write_answers(form, {key: declaration.before.get(key, "") for key in new}, employee)
    update_rows(employees.values(), *WRITTEN)


def change_identities(declarations: list, *, by) -> None:
    """Change who the persons are by their documents (重要信息变更生效), and what else the form asks.

    The name changes on this employer's roster; another employer's keeps the name under which it declared. Raises
    Conflict when a number belongs to somebody else by now.
    """
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    persons = _locked_persons(declarations)
    told = {}
    for declaration in declarations:
        person = persons[declaration.employee.person_id]
        new = changes(form, declaration.before, declaration.answers)
        now = _identity_of(person, declaration.employee)
        told[declaration.pk] = {key: now[key] for key in IDENTITY if key in new}
        _write_identity(person, declaration, {key: new[key] for key in IDENTITY if key in new})
    change_employees(declarations, by=by)
    for declaration in declarations:
        declaration.before = declaration.before | told[declaration.pk]


def undo_identity_changes(declarations: list, *, by) -> None:
    """Give the persons back the documents they had (撤销重要信息变更). Raises Conflict where they changed again."""
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    persons = _locked_persons(declarations)
    undo_employee_changes(declarations, by=by)
    for declaration in declarations:
        person = persons[declaration.employee.person_id]
        new = changes(form, declaration.before, declaration.answers)
        ours = {key: new[key] for key in IDENTITY if key in new}
        _unchanged_since(declaration, ours, _identity_of(person, declaration.employee))
        _write_identity(person, declaration, {key: declaration.before.get(key, "") for key in ours})


def locked_employees(declarations: list) -> dict[int, Employee]:
    """The employees whom the declarations are about, locked. Raises Conflict when one is on no roster."""
    strangers = [d.subject_name for d in declarations if d.employee_id is None]
    if strangers:
        raise Conflict("not_enrolled", f"{'、'.join(strangers[:5])}不在本单位花名册上，请核对证件号码。")
    found: dict[int, Employee] = {}
    for part in chunks(declaration.employee_id for declaration in declarations):
        found |= {employee.pk: employee for employee in _locked(part)}
    return found


@prepared
def _locked(employees: list[int]) -> QuerySet[Employee]:
    rows = Employee.objects.filter(pk__in=employees).select_for_update(of=("self",))
    return rows.select_related("person").defer("person__id_number")


def _locked_persons(declarations: list) -> dict[int, Person]:
    employees = locked_employees(declarations)
    for declaration in declarations:
        declaration.employee = employees[declaration.employee_id]
    found: dict[int, Person] = {}
    for part in chunks(employee.person_id for employee in employees.values()):
        found |= {person.pk: person for person in Person.objects.filter(pk__in=part).select_for_update()}
    return found


def _identity_of(person: Person, employee: Employee) -> dict[str, str]:
    born_on = person.born_on.isoformat() if person.born_on else ""
    return dict(zip(IDENTITY, (employee.name, person.id_kind, person.id_number, born_on), strict=True))


def _write_identity(person: Person, declaration, new: dict[str, str]) -> None:
    if not new:
        return
    if number := new.get("new_id_number") or (new.get("new_id_kind") and person.id_number):
        known = check_id_number(number, new.get("new_id_kind") or _kind_for(person, number))
        person.id_kind, person.id_number = known.kind, known.number
        person.id_digest = blind_index("person", known.number)
        person.sex, person.born_on = known.sex or person.sex, known.born_on or person.born_on
        if Person.objects.filter(id_digest=person.id_digest).exclude(pk=person.pk).exists():
            raise Conflict("number_taken", f"{declaration.subject_name}：{ANOTHERS}")
    if new.get("new_born_on"):
        person.born_on = date.fromisoformat(new["new_born_on"])
    if new.get("new_name"):
        person.name = new["new_name"]
        Employee.objects.filter(pk=declaration.employee_id).update(
            name=person.name, name_pinyin=pinyin_key(person.name)
        )
    person.save()


def _kind_for(person: Person, number: str) -> str | None:
    """A number that is right by itself tells its kind; any other is of the kind that the person had."""
    return None if check_id_number(number).ok else person.id_kind


def _unchanged_since(declaration, ours: dict, now: dict) -> None:
    if any(now.get(key, "") != value for key, value in ours.items()):
        text = f"{declaration.subject_name}的资料之后又变更过，请先撤销后面那一笔。"
        raise Conflict("changed_since", text)


def estimate_changes(scene: Scene, cases: list[Case]) -> None:
    """Only a changed fact changes the cost: the household may decide what is paid."""
    old, new = {}, {}
    for case in cases:
        if case.employee and (facts := facts_of(scene.form, changed_answers(scene, case))):
            before, covered = employee_facts(case.employee), set(covering_spells(scene, case))
            old[id(case)] = (case.wage_before or 0, before, covered)
            new[id(case)] = (case.wage_before or 0, before | facts, covered)
    estimate_difference(scene, cases, old, new)


def nothing_changed(scene: Scene, cases: list[Case]) -> None:
    """A declaration that changes nothing is refused, so that nobody waits for it."""
    first = next((f.id for f in scene.form.fields if not f.identity and f.kind != "month"), "")
    for case in cases:
        is_right = not any(problem.level == "error" for problem in case.problems)
        if case.employee and is_right and not changed_answers(scene, case):
            text = "所填内容与花名册一致，没有改动。请改好要变更的项目再保存；没有变更的不用申报。"
            case.add("nothing_changed", first, "error", text)


def contract_dates(scene: Scene, cases: list[Case]) -> None:
    """A contract ends after it begins, whichever of the two is changed."""
    for case in cases:
        known = roster_answers(scene.form, case.employee, None) if case.employee else {}
        begins, ends = (str(case.values.get(key) or known.get(key, "")) for key in ("contract_from", "contract_until"))
        if begins and ends and ends < begins:
            text = f"合同 {begins} 开始，{ends} 就结束了。请核对两个日期。"
            case.add("contract_dates", "contract_until", "error", text)


def new_identity(scene: Scene, cases: list[Case]) -> None:
    """The new number holds by its own rules, agrees with the new date of birth and is nobody else's."""
    wanted: dict[str, list[Case]] = {}
    for case in cases:
        if rivals := scene.rivals.get(case.asked):
            some = "、".join(rivals[:SOME]) + (f"等 {len(rivals)} 条" if len(rivals) > SOME else "")
            text = f"{some}要变更为同一个证件号码，一个号码只属于一个人，请核对。"
            case.add("new_identity", NEW_NUMBER, "error", text)
        if case.employee is None:
            continue
        new = changed_answers(scene, case)
        number, person = str(new.get("new_id_number") or ""), case.employee.person
        known = case.identity
        if number or new.get("new_id_kind"):
            number = number or known.number
            known = check_id_number(number, new.get("new_id_kind") or _kind_for(person, number))
            for sentence in known.problems:
                case.add("new_identity", "new_id_number", "error", f"变更后的证件号码：{sentence}。")
        if known.born_on and new.get("new_born_on", str(known.born_on)) != str(known.born_on):
            text = (
                f"证件号码上的出生日期是 {known.born_on}，与所填的 {new['new_born_on']} 不符。请核对，或只填证件号码。"
            )
            case.add("new_identity", "new_born_on", "error", text, (f"改为 {known.born_on}", str(known.born_on)))
        if new.get("new_id_number") and known.ok:
            wanted.setdefault(blind_index("person", known.number), []).append(case)
    if wanted:
        _not_anothers(wanted)
        _not_asked_before(scene, wanted)


def _not_anothers(wanted: dict[str, list[Case]]) -> None:
    """`wanted`: the cases by the index of the number that they ask for."""
    taken = set()
    for part in chunks(wanted):
        taken |= set(Person.objects.filter(id_digest__in=part).values_list("id_digest", flat=True))
    for digest, asking in wanted.items():
        for case in asking:
            if digest in taken and digest != case.digest:
                case.add("number_taken", NEW_NUMBER, "error", ANOTHERS)


def _not_asked_before(scene: Scene, wanted: dict[str, list[Case]]) -> None:
    """The employer has not asked for the number for somebody else in a declaration that is not decided yet."""
    rows = Declaration.objects.filter(employer=scene.employer, service=scene.service.key, state__in=OPEN)
    for other in rows.select_related("declared_by").order_by("pk"):
        number = other.answers.get(NEW_NUMBER)
        for case in wanted.get(blind_index("person", tidy_number(str(number))), ()) if number else ():
            if other.subject_digest != case.digest:
                text = (
                    f"{other.subject_name}已有一笔“{scene.service.title}”（{other.state_label}，"
                    f"{other.declared_at:%Y-%m-%d}由{other.declared_by.name}录入）要变更为这个证件号码，请核对。"
                )
                case.add("new_identity", NEW_NUMBER, "error", text)
