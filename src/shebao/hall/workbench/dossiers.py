"""Everything the agency has about one employer or one person of its region, on one page (360°)."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from shebao.rules.identity import tidy_number
from shebao.rules.months import Month

from .. import clock
from ..audit.looks import note_look as note_looked_at
from ..audit.operations import record
from ..crypto import blind_index
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.queries import cases
from ..declarations.states import OPEN, State
from ..documents.models import Document
from ..employers.models import Employer, EmployerChange
from ..errors import Refused, permit
from ..notices.models import Reading
from ..operators.models import Operator
from ..operators.throttle import may_try
from ..roster.models import DeclaredWage, Employee, Person, Spell
from ..roster.queries import ribbon, roster
from ..scopes import served_by
from ..settlement.models import Bill, BillLine
from ..settlement.paying_state import Paying, paying_of

SHOWN, LINES = 24, 60
MONTHS_BESIDE = 12
"""As many months as can be read in the narrow pane beside a case; the person's page has twice as many."""
WHOLE = 8
"""So many characters an identity number has at the least."""
SEARCHES, WITHIN = 60, timedelta(hours=1)
"""How often somebody may look for people in an hour."""


@dataclass(frozen=True)
class BillRow:
    """A bill with what is paid of it, in fen."""

    bill: Bill
    paying: Paying
    is_late: bool

    @property
    def open(self) -> int:
        """What is still owed."""
        return 0 if self.paying.key == "void" else max(self.paying.due - self.paying.paid, 0)


@dataclass(frozen=True)
class EmployerDossier:
    """One employer whole."""

    employer: Employer
    operators: list[Operator]
    cases: list[Declaration]
    open_count: int
    bills: list[BillRow]
    papers: list[Document]
    readings: list[Reading]
    changes: list[EmployerChange]
    events: list[DeclarationEvent]

    @property
    def arrears(self) -> int:
        """What is owed after its day of payment, in fen."""
        return sum(row.open for row in self.bills if row.is_late)


def employer_dossier(actor, pk: int) -> EmployerDossier:
    """Everything about an employer of the actor's region. Raises Employer.DoesNotExist."""
    employer = Employer.objects.visible_to(actor).get(pk=pk)

    def own(model):
        return model.objects.visible_to(actor).filter(employer=employer)

    bills = list(
        Bill.objects.visible_to(actor).ever().filter(employer=employer).select_related("assessment", "employer")[:SHOWN]
    )
    states, now = paying_of(bills), clock.now()
    rows = [BillRow(one, states[one.pk], one.pay_until < now and not one.assessment.voided_at) for one in bills]
    about = cases(actor).filter(employer=employer).exclude(state=State.DRAFT)
    happened = DeclarationEvent.objects.visible_to(actor).filter(declaration__employer=employer)
    happened = happened.select_related("declaration", "by").defer(
        "answers", "declaration__answers", "declaration__before"
    )
    return EmployerDossier(
        employer=employer,
        operators=list(Operator.objects.filter(employer=employer).order_by("-is_active", "username")),
        cases=list(about[:SHOWN]),
        open_count=about.filter(state__in=OPEN).count(),
        bills=rows,
        papers=list(own(Document).defer("content").order_by("-issued_at")[:SHOWN]),
        readings=list(own(Reading).select_related("announcement", "operator").order_by("-read_at")[:SHOWN]),
        changes=list(own(EmployerChange).select_related("by")[:SHOWN]),
        events=list(happened.order_by("-at", "-pk")[:SHOWN]),
    )


@dataclass(frozen=True)
class Job:
    """A person at one employer: the spells, the wages, and the ribbon of the last months."""

    employee: Employee
    spells: list[Spell]
    wages: list[DeclaredWage]
    ribbon: list[dict]


@dataclass(frozen=True)
class PersonDossier:
    """One person of the region, at every employer there."""

    person: Person
    jobs: list[Job]
    cases: list[Declaration]
    lines: list[BillLine]


def person_dossier(actor, pk: int) -> PersonDossier:
    """Everything about a person whom an employer of the actor's region has. Raises Employee.DoesNotExist.

    The caller puts the look on record (`note_look`).
    """
    rows = Employee.objects.visible_to(actor).filter(person=pk).select_related("employer", "person").order_by("pk")
    employees = list(rows)
    if not employees:
        raise Employee.DoesNotExist
    person = employees[0].person
    since = Month.of(clock.today()).previous(SHOWN - 1)
    lines = BillLine.objects.visible_to(actor).live().filter(person=person, month__gte=since)
    about = cases(actor).filter(Q(employee__in=employees) | Q(subject_digest=person.id_digest))
    return PersonDossier(
        person=person,
        jobs=[_job(one) for one in employees],
        cases=list(about.exclude(state=State.DRAFT)[:SHOWN]),
        lines=list(lines.select_related("bill__employer").order_by("-month", "scheme", "pk")[:LINES]),
    )


def _job(employee: Employee) -> Job:
    spells = employee.spells.filter(is_voided=False).order_by("-first_month", "pk")
    wages = employee.wages.filter(is_voided=False).order_by("-first_month")[:SHOWN]
    return Job(employee, list(spells), list(wages), ribbon(employee))


@dataclass(frozen=True)
class Trail:
    """How long somebody whom a case is about has been insured: drawn at the case's own employer.

    Of other employers only how many there are: their data is shown on the person's page, which puts it on record.
    """

    person_id: int
    ribbon: list[dict]
    elsewhere: int


def trail_of(actor, declaration: Declaration) -> Trail | None:
    """The trail of the person of a case, in three questions; None where nobody insured has to do with it."""
    about = Q(pk=declaration.employee_id) | Q(person__id_digest=declaration.subject_digest)
    rows = list(Employee.objects.visible_to(actor).filter(about).select_related("employer").order_by("pk"))
    if not rows:
        return None
    here = next((one for one in rows if one.employer_id == declaration.employer_id), None)
    return Trail(rows[0].person_id, ribbon(here, MONTHS_BESIDE) if here else [], len(rows) - bool(here))


@transaction.atomic
def note_look(dossier: PersonDossier, *, by) -> None:
    """Put on record, for every employer concerned, that somebody of the agency opened a person's page."""
    for job in dossier.jobs:
        record("person.looked_at", job.employee, by=by, employer=job.employee.employer)


@transaction.atomic
def people_of(actor, pk: int, asked: str = "", state: str = "") -> tuple[Employer, QuerySet[Employee]]:
    """An employer of the actor's region and whom it has on its roster, by name; on record. Raises DoesNotExist.

    `asked`: a whole name, identity number or personal number; part of one finds nobody. `state` as the roster knows it.
    """
    employer = Employer.objects.visible_to(actor).get(pk=pk)
    why = "查看参保人员名单" + ("：按姓名或号码查一人" if asked else "")
    note_looked_at(employer, why, by=actor, employer=employer)
    rows = roster(actor, {"employer": employer, "status": state})
    if not asked:
        return employer, rows
    found = Q(name=asked) | Q(person_number=asked)
    if len(number := tidy_number(asked)) >= WHOLE:
        found |= Q(person__id_digest=blind_index("person", number))
    return employer, rows.filter(found)


@transaction.atomic
def find_people(asked: str, *, by) -> QuerySet[Person]:
    """People of the region by a whole identity or personal number, or a whole name; on record, and limited.

    Part of a number finds nobody: lists of people are for employers. Raises Refused.
    """
    permit(by, "see_roster", "查询参保人")
    asked = asked.strip()
    if len(asked) < 2:
        raise Refused("too_short", "请输入完整的姓名、证件号码或个人编号。", field="q")
    if not may_try("person_search", f"{by.pk}", limit=SEARCHES, within=WITHIN):
        raise Refused("too_many", f"一小时最多查 {SEARCHES} 次，请稍后再查。", status=429)
    mine = Employee.objects.visible_to(by)
    found = Q(name=asked) | Q(person_number=asked)
    if len(number := tidy_number(asked)) >= WHOLE:
        found |= Q(person__id_digest=blind_index("person", number))
    keys = mine.filter(found).values("person")
    record("person.searched", by, by=by)
    people = Person.objects.filter(pk__in=keys)
    return people.annotate(employers=Count("employees", filter=served_by(by, "employees__employer")))
