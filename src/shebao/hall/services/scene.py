"""A batch of declarations on its way through the checks: everything they need, read in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from django.db.models import F

from shebao.rules.forms import Problem
from shebao.rules.identity import IdCheck
from shebao.rules.months import Month, months_between
from shebao.rules.region import Form, Region, Service

from .. import clock
from ..declarations.models import Declaration
from ..declarations.states import OPEN
from ..employers.models import Employer
from ..operators.models import Operator
from ..payments.paid_lines import people_paid_for
from ..roster.models import Employee, LabourRegistration, PreEntry
from ..settlement.late_decisions import extended_months
from ..settlement.ledger import balances
from ..settlement.models import BillLine
from .questions import assessments, employees_of, overdue_bills, spells_of, undecided, wages_of

LAST_MONTH = "last_month"
"""The field that ends the stretch of months which begins with the first month of a form."""
CHUNK = 5000  # below every database's limit on parameters of one query


def chunks(items: Iterable) -> Iterator[list]:
    """The distinct items in slices small enough for one query."""
    known = sorted(set(items))
    for start in range(0, len(known), CHUNK):
        yield known[start : start + CHUNK]


NEW_NUMBER = "new_id_number"
"""The field that asks for another identity number for somebody on the roster."""


@dataclass(frozen=True)
class Whole:
    """What a part of a sheet knows of the whole of it.

    `twins`: names by whom rows are about, where several are about one person. `rivals`: rows by the new identity
    number that they ask for, where they ask for it for several people.
    """

    twins: Mapping[str, list[str]] = field(default_factory=dict)
    rivals: Mapping[str, list[str]] = field(default_factory=dict)


def rivals_among(asked: Iterable[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Of (new number, whom it is about, words for it), indexes both: the words by the number, where people differ."""
    found, people = defaultdict(list), defaultdict(set)
    for number, person, words in asked:
        if number:
            found[number].append(words)
            people[number].add(person)
    return {number: words for number, words in found.items() if len(people[number]) > 1}


@dataclass(frozen=True)
class KnownSpell:
    """A stretch of insurance as the checks see it, in whatever region; `employer_id` tells whether it is ours."""

    employer_id: int
    region: str
    scheme: str
    first_month: Month
    last_month: Month | None
    is_exclusive: bool
    end_reason: str
    project_id: int | None = None

    def reaches(self, month: Month) -> bool:
        """Whether it covers `month` or any later one."""
        return self.last_month is None or self.last_month >= month


class CostRow(NamedTuple):
    """What one scheme costs each month, in fen; `limit` −1 raised to the floor, +1 cut to the ceiling."""

    scheme: str
    title: str
    base: int
    employer_due: int
    employee_due: int
    limit: int


@dataclass(frozen=True)
class MonthCost:
    """What one month that is paid back costs, in fen; `base` is the highest of its schemes, `borne` its late fee and
    interest on the same bill.
    """

    month: Month
    base: int
    employer_due: int
    employee_due: int
    borne: int = 0


@dataclass
class Case:
    """One row of a batch: its answers, whom it is about, what was found, what it would cost.

    `asked` is the index of the identity number that it asks for, `place` its row where it is one of a sheet.
    `charged` is what a correction replaces, by field: a list, where its months have several of it.
    `last_month` is asked only where a stretch of months is: then `cost` is of all of them and `monthly` of each.
    """

    values: dict
    problems: list[Problem]
    notes: dict
    confirmed: dict
    identity: IdCheck
    digest: str
    month: Month | None
    wage: int | None
    declaration: Declaration | None = None
    asked: str = ""
    place: str = ""
    employee: Employee | None = None
    subject: str = ""
    before: dict = field(default_factory=dict)
    charged: dict = field(default_factory=dict)
    spells: list[KnownSpell] = field(default_factory=list)
    wage_before: int | None = None
    cost: list[CostRow] = field(default_factory=list)
    effect_fen: int = 0
    last_month: Month | None = None
    monthly: list[MonthCost] = field(default_factory=list)

    def add(
        self, code: str, field: str, level: str, message: str, fix: tuple[str, str] | None = None, service: str = ""
    ) -> None:
        """Note a finding; `service` is the key of the service that removes it."""
        self.problems.append(Problem(code, field, level, message, fix, service))

    @property
    def months(self) -> list[Month]:
        """The months it is about: one, or the stretch that was asked for."""
        return months_between(self.month, self.last_month or self.month) if self.month else []

    @property
    def name(self) -> str:
        """Whom it is about: the employer by the name on file, a person by the name that was typed."""
        return self.subject or str(self.values.get("name") or "")


@dataclass
class Scene:
    """What all cases of a batch share. Lists that only one check needs are read when it asks."""

    employer: Employer
    region: Region
    service: Service
    form: Form
    cases: list[Case]
    today: date = field(default_factory=clock.today)
    local_now: datetime = field(default_factory=clock.local_now)
    whole: Whole | None = None
    """Where the cases are a part of a sheet: what the whole of it says."""
    by: Operator | None = None
    """Who asks: what a case is about may be something that not everybody of the employer sees."""

    @cached_property
    def twins(self) -> Mapping[str, list[str]]:
        """Names of the cases about one person, for those that several are about."""
        if self.whole is not None:
            return self.whole.twins
        names = defaultdict(list)
        for case in self.cases:
            if case.digest:
                names[case.digest].append(case.name)
        return {digest: some for digest, some in names.items() if len(some) > 1}

    @cached_property
    def rivals(self) -> Mapping[str, list[str]]:
        """Rows or names of the cases that ask for one new number for different people."""
        if self.whole is not None:
            return self.whole.rivals
        return rivals_among((case.asked, case.digest, case.place or case.name) for case in self.cases)

    @cached_property
    def month(self) -> Month:
        """The current business month."""
        return Month.of(self.today)

    @cached_property
    def declared_month(self) -> Month:
        """The month that is declared for: the business month, or the next once it is closed and that is taken ahead."""
        return self.region.calendar.business_month(self.local_now)

    @cached_property
    def window(self):
        return self.region.calendar.window(self.declared_month)

    def has_wrong_price(self, case: Case) -> bool:
        """Whether an answer that decides the price cannot stand. What is blank is not wrong, and what neither tells
        the person, the month, the wage nor a fact of the person changes no price.
        """
        return any(p.level == "error" and p.code != "required" and self._is_priced(p.field) for p in case.problems)

    def _is_priced(self, name: str) -> bool:
        field = self.form.field(name)
        return field is None or bool(field.identity or field.feeds or field.scheme) or field.kind in ("month", "money")

    @cached_property
    def _assessed(self) -> list[tuple[Month, int, Month | None]]:
        """Month, series and basis of what is assessed in force of this employer."""
        return assessments(self.employer.pk)

    @cached_property
    def settled(self) -> set[Month]:
        """Months of this employer that are assessed already."""
        return {month for month, series, _ in self._assessed if not series}

    @cached_property
    def extended(self) -> set[Month]:
        """Months that are over and may be settled still, because the agency decided late."""
        return set(extended_months(self.employer, self.month))

    @cached_property
    def provisional(self) -> set[Month]:
        """Months of this employer that are assessed provisionally, until it declares them."""
        return {month for month, _, basis in self._assessed if basis}

    @property
    def first_open(self) -> Month:
        """The first month that is not settled: what has no month of its own counts from it."""
        return max(self.declared_month, max(self.settled).next()) if self.settled else self.declared_month

    @cached_property
    def open_declarations(self) -> dict[str, Declaration]:
        """Undecided declarations of this service, by whom they are about."""
        found = {}
        for part in chunks(case.digest for case in self.cases):
            found |= {d.subject_digest: d for d in undecided(self.employer.pk, self.service.key, part)}
        return found

    @cached_property
    def namesakes(self) -> dict[str, set[str]]:
        """Digests of this employer's people by name, for the names of the batch."""
        found = defaultdict(set)
        for part in chunks(case.name for case in self.cases):
            rows = Employee.objects.filter(employer=self.employer, name__in=part)
            for name, digest in rows.values_list("name", "person__id_digest"):
                found[name].add(digest)
        return found

    @cached_property
    def arrears(self) -> dict[int, list[Month]]:
        """Months of overdue unpaid bills by the employees in them, but for whom somebody paid."""
        overdue = overdue_bills(self.employer.pk, clock.now())
        if not overdue:
            return {}
        booked = balances(overdue)
        unpaid = []
        for bill in overdue:
            due, paid = booked.get(bill.pk, (bill.total_due, 0))
            unpaid += [bill] if paid < due else []
        if not unpaid:
            return {}
        found = defaultdict(list)
        wanted = {case.employee.pk for case in self.cases if case.employee}
        paid = people_paid_for([bill.pk for bill in unpaid])
        lines = BillLine.objects.live().of(*unpaid).values_list("bill_id", "employee_id", "month").distinct()
        for bill, employee_id, month in lines.order_by("month"):
            if employee_id in wanted and (bill, employee_id) not in paid and month not in found[employee_id]:
                found[employee_id].append(month)
        return found

    @cached_property
    def labour(self) -> dict[str, LabourRegistration]:
        """The open labour registrations at this employer, by whom they are about."""
        return self._labour(last_on__isnull=True)

    @cached_property
    def labour_before(self) -> dict[str, LabourRegistration]:
        """The last ended labour registration of each person at this employer."""
        return self._labour(last_on__isnull=False)

    def _labour(self, **which) -> dict[str, LabourRegistration]:
        found = {}
        for part in chunks(case.digest for case in self.cases):
            rows = LabourRegistration.objects.filter(
                employee__employer=self.employer, employee__person__id_digest__in=part, is_voided=False, **which
            )
            rows = rows.order_by("first_on").annotate(digest=F("employee__person__id_digest"))
            found |= {row.digest: row for row in rows}
        return found

    @cached_property
    def pre_entered(self) -> set[str]:
        """Whom the agency of the region has entered at its counter."""
        found: set[str] = set()
        for part in chunks(case.digest for case in self.cases):
            rows = PreEntry.objects.filter(region=self.region.code, id_digest__in=part)
            found |= set(rows.values_list("id_digest", flat=True))
        return found

    def service_that(self, operation: str) -> str:
        """The key of the region's service that does something; nothing where it is not done on line."""
        return next((s.key for s in self.region.services.values() if s.operation == operation), "")

    def undecided(self, operation: str) -> set[str]:
        """Whom an undecided declaration of such a service is about."""
        keys = [s.key for s in self.region.services.values() if s.operation == operation]
        found: set[str] = set()
        for part in chunks(case.digest for case in self.cases):
            rows = Declaration.objects.filter(
                employer=self.employer, service__in=keys, state__in=OPEN, subject_digest__in=part
            )
            found |= set(rows.values_list("subject_digest", flat=True))
        return found

    @property
    def month_field(self) -> str:
        return field_of_kind(self.form, "month")

    def ours(self, case: Case) -> list[KnownSpell]:
        """The spells of the person at this employer, oldest first."""
        return [spell for spell in case.spells if spell.employer_id == self.employer.pk]

    def here(self, case: Case) -> list[KnownSpell]:
        """The spells of the person in this region, oldest first."""
        return [spell for spell in case.spells if spell.region == self.region.code]


def field_of_kind(form: Form, kind: str) -> str:
    """The first field of a kind: every form has one month (of effect) and one identity number."""
    return next((field.id for field in form.fields if field.kind == kind), "")


def read_people(scene: Scene) -> None:
    """Give every case its employee, spells and present wage: three queries for a whole batch."""
    by_digest = defaultdict(list)
    for case in scene.cases:
        by_digest[case.digest].append(case)
    for part in chunks(digest for digest in by_digest if digest):
        _read_employees(scene, part, by_digest)
        _read_spells(scene, part, by_digest)
    employees = {case.employee.pk: case for case in scene.cases if case.employee}
    for part in chunks(employees):
        _read_wages(scene, part)


def _read_employees(scene: Scene, digests: list[str], by_digest: dict) -> None:
    for employee in employees_of(scene.employer.pk, digests):
        for case in by_digest[employee.person.id_digest]:
            case.employee = employee


def _read_spells(scene: Scene, digests: list[str], by_digest: dict) -> None:
    for digest, *values in spells_of(digests):
        for case in by_digest[digest]:
            case.spells.append(KnownSpell(*values))


def _read_wages(scene: Scene, employee_ids: list[int]) -> None:
    history = defaultdict(list)
    for employee_id, first, amount in wages_of(employee_ids):
        history[employee_id].append((first, amount))
    for case in scene.cases:
        if case.employee:
            upto = case.month or scene.month
            amounts = [amount for first, amount in history.get(case.employee.pk, ()) if first <= upto]
            case.wage_before = amounts[-1] if amounts else case.wage_before
