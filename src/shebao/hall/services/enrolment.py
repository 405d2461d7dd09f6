"""Enrolment (增员): a declaration becomes a person, an employee, spells of insurance and a declared wage."""

from django.db.models import QuerySet

from shebao.rules.contributions import enrol_schemes
from shebao.rules.forms import facts_of
from shebao.rules.identity import check_id_number

from ..bulk import insert_rows, maker, update_rows
from ..errors import Conflict
from ..prepared import prepared
from ..regions import region
from ..roster.facts import COLUMNS, COPIED, complete_facts, employer_facts, write_answers
from ..roster.letters import void_letters, write_letters
from ..roster.models import Employee, Person, Spell
from ..roster.names import pinyin_key
from ..settlement.back_payments import is_billed
from ..settlement.models import BackPayment
from .scene import chunks, field_of_kind
from .wages import declare_wages, withdraw_wages

PART_TIME = "52"  # 非全日制用工, national list of employment kinds
WORK_INJURY = "410"  # 工伤保险, national scheme code
WRITTEN = ("name", "name_pinyin", *COPIED, *COLUMNS, "contract_from", "facts", "details")
"""Columns of an employee that a declaration may change."""


def enrol_employees(declarations: list, *, by) -> None:
    """Open the spells that each declaration's facts call for, and declare its wage (增员生效).

    All declarations are of one employer and one service. Sets `declaration.employee`.
    """
    here = region(declarations[0].region)
    form = here.forms[declarations[0].spec.form]
    employees = find_or_add_employees(declarations)
    spells, wages, told = [], [], employer_facts(declarations[0].employer)
    schemes: dict[frozenset, tuple] = {}  # the facts of most people are the same
    for declaration in declarations:
        employee, facts = employees[declaration.pk], facts_of(form, declaration.answers)
        known = complete_facts({"sex": employee.person.sex, **facts})
        alike = frozenset(known.items())
        if alike not in schemes:
            schemes[alike] = enrol_schemes(here, known | told)
        spells += [new_spell(here.schemes[key], declaration, employee, known) for key in schemes[alike]]
        wages.append((declaration, facts["declared_wage"]))
    insert_rows(spells)
    declare_wages(wages, by=by, is_anew=True)
    if declarations[0].spec.tells_person:
        write_letters(declarations, by=by)


def find_or_add_employees(declarations: list) -> dict[int, Employee]:
    """The employee of each declaration, by its pk: found or added, with the answers written to the roster.

    All declarations are of one employer and one service. Sets `declaration.employee`.
    """
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    people = _find_or_add_persons(form, declarations)
    employees = _find_or_add_employees(form, declarations, people)
    for declaration in declarations:
        declaration.employee = employees[people[declaration.subject_digest].pk]
    return {declaration.pk: declaration.employee for declaration in declarations}


def _find_or_add_persons(form, declarations: list) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for part in chunks(d.subject_digest for d in declarations):
        people |= {person.id_digest: person for person in _known(part)}
    number_field = field_of_kind(form, "id_number")
    added, make = [], maker(Person)
    for declaration in declarations:
        if declaration.subject_digest in people:
            continue
        answers = declaration.answers
        known = check_id_number(answers[number_field], answers.get("id_kind"))
        person = make(
            id_kind=answers.get("id_kind") or known.kind,
            id_number=known.number,
            id_digest=declaration.subject_digest,
            name=declaration.subject_name,
            sex=known.sex,
            born_on=known.born_on,
        )
        people[declaration.subject_digest] = person
        added.append(person)
    insert_rows(added)
    return people


def _find_or_add_employees(form, declarations: list, people: dict[str, Person]) -> dict[int, Employee]:
    employer = declarations[0].employer
    ids = [person.pk for person in people.values()]
    employees: dict[int, Employee] = {}
    for part in chunks(ids):
        employees |= {employee.person_id: employee for employee in _on_roster(employer.pk, part)}
    added, changed, make = [], [], maker(Employee)
    for declaration in declarations:
        person = people[declaration.subject_digest]
        employee = employees.get(person.pk)
        (changed if employee else added).append(employee or make(employer=employer, person=person))
        employee = employees.setdefault(person.pk, added[-1] if employee is None else employee)
        employee.person_number = employee.person_number or f"{person.pk:010d}"
        employee.name = declaration.subject_name
        employee.name_pinyin = pinyin_key(employee.name)
        write_answers(form, declaration.answers, employee)
    insert_rows(added)
    update_rows(changed, *WRITTEN)
    return employees


@prepared
def _known(digests: list[str]) -> QuerySet[Person]:
    return Person.objects.filter(id_digest__in=digests).defer("id_number")


@prepared
def _on_roster(employer: int, people: list[int]) -> QuerySet[Employee]:
    rows = Employee.objects.filter(employer=employer, person__in=people).select_related("person")
    return rows.defer("person__id_number")


def new_spell(scheme, declaration, employee: Employee, facts: dict) -> Spell:
    """A spell of an employee from the first month of the declaration on; `facts` are theirs then."""
    # Part-time work injury may be held with several employers at once (settled decision 5).
    shared = scheme.national_code == WORK_INJURY and facts.get("employment_kind") == PART_TIME
    return maker(Spell)(
        employee_id=employee.pk,
        person_id=employee.person_id,
        region=declaration.region,
        scheme=scheme.key,
        first_month=declaration.first_month,
        kind=str(facts.get("enrolment_kind", ""))[:20],
        is_exclusive=not shared,
        opened_by_id=declaration.pk,
    )


def _nothing_paid_back(declarations: list) -> None:
    """Who is paid back for is insured: what waits for a bill is taken back first."""
    for part in chunks(d.employee_id for d in declarations if d.employee_id):
        rows = BackPayment.objects.filter(~is_billed(), employee__in=part, is_voided=False)
        if one := rows.select_related("employee").order_by("pk").first():
            text = f"{one.employee.name}有补缴还没有计入账单，请先撤销或回退补缴，再撤销参保。"
            raise Conflict("paid_back_since", text)


def undo_enrolments(declarations: list, *, by) -> None:
    """Void the spells and wages that the declarations opened (撤销增员).

    Raises Conflict when one has ended since, or earlier months wait to be paid back because of it.
    """
    _nothing_paid_back(declarations)
    for part in chunks(declaration.pk for declaration in declarations):
        spells = Spell.objects.filter(opened_by__in=part, is_voided=False)
        ended = spells.filter(closed_by__isnull=False).select_related("employee").order_by("pk").first()
        if ended:
            raise Conflict("ended_since", f"{ended.employee.name}之后已办理停保，请先撤销停保，再撤销参保。")
        spells.update(is_voided=True)
    withdraw_wages(declarations, by=by)
    void_letters(declarations)
    restored = []
    form = region(declarations[0].region).forms[declarations[0].spec.form]
    for declaration in declarations:
        if declaration.before and declaration.employee:
            write_answers(form, declaration.before, declaration.employee)
            declaration.employee.name = declaration.before.get("name", declaration.employee.name)
            declaration.employee.name_pinyin = pinyin_key(declaration.employee.name)
            restored.append(declaration.employee)
    update_rows(restored, *WRITTEN)
