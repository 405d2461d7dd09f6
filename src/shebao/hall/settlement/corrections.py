"""更正: what was said since about months that are charged, and which of their charges it moves."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import QuerySet

from shebao.rules.contributions import charge
from shebao.rules.months import Month
from shebao.rules.region import Region

from ..prepared import prepared
from ..roster.models import DeclaredWage
from .billed import Billed, billed_people, charged_facts
from .evidences import data_of
from .last_charges import correctable
from .models import BackPayment

Moment = tuple[datetime, int]
"""When something was declared: the instant of the decision, and the declaration where two were decided at once."""


class Said(NamedTuple):
    """What a correction says of somebody's month: the wage, fen, facts such as the tier (缴费档次), and when it was
    said (None: only now).
    """

    fen: int
    facts: tuple[tuple[str, str], ...] = ()
    at: Moment | None = None

    def holds_for(self, paid_back: Moment | None) -> bool:
        """Whether it is the last word on a charge that was declared to be paid back then, if it is paid back."""
        return self.at is None or paid_back is None or paid_back <= self.at

    def moves(self, wage: int, facts: Mapping[str, str]) -> bool:
        """Whether it says another wage, or another fact of those by which the charge was read from the tables."""
        return wage != self.fen or any(facts.get(fact, value) != value for fact, value in self.facts)


Corrections = Mapping[tuple[int, Month], Said]
"""What corrects whose month: by employee and month."""


class Moved(NamedTuple):
    """The last line of a charge, and what corrects it."""

    pk: int
    employee: int
    month: Month
    said: Said


def corrections_of(people: list[int]) -> dict[tuple[int, Month], Said]:
    """The corrections (工资更正) in force of these employees."""
    return _by_month(_of_people(people))


def corrections_before(employer: int, month: Month) -> dict[tuple[int, Month], Said]:
    """Those of the months before this one of an employer's people."""
    return _by_month(_of_employer(employer, month))


@prepared
def _of_people(people: list[int]) -> QuerySet:
    return _in_force().filter(employee__in=people)


@prepared
def _of_employer(employer: int, month: Month) -> QuerySet:
    return _in_force().filter(employee__employer=employer, first_month__lt=month)


def _in_force() -> QuerySet:
    rows = DeclaredWage.objects.filter(is_correction=True, is_voided=False)
    names = "employee", "first_month", "amount_fen", "facts", "declared_in__decided_at", "declared_in"
    return rows.values_list(*names)


def _by_month(rows: list[tuple]) -> dict[tuple[int, Month], Said]:
    return {
        (pk, month): Said(fen, tuple((facts or {}).items()), (at, declared))
        for pk, month, fen, facts, at, declared in rows
    }


def moved_by(spec: Region, corrections: Corrections, employer: int, before: Month) -> list[Moved]:
    """Of an employer's charges of months before this one, each by its last line, those that a correction of their month
    moves: two queries, and one more where facts are corrected.

    The last word counts: what was declared to be paid back (补缴) after the correction has its own wage.
    """
    people, months = list({pk for pk, _ in corrections}), list({month for _, month in corrections if month < before})
    if not months:
        return []
    rows, later = charges_of(employer, people, months), paid_back_at(people, months)
    asked = [(pk, row, corrections[row.person]) for pk, row in rows if row.person in corrections]
    known = data_of({pk for _, row, said in asked if said.facts for pk in row[3:5]})
    return [
        Moved(pk, *row.person, said)
        for pk, row, said in asked
        if said.holds_for(later.get((*row.person, row.scheme)))
        and said.moves(row.declared_wage, charged_facts(spec, row, known) if said.facts else {})
    ]


def charges_of(employer: int, people: list[int], months: list[Month]) -> list[tuple[int, Billed]]:
    """The charges of an employer's people and months that a correction may move, by the key of their last line, in the
    words of what is charged again: the person is the employee and the month.
    """
    rows = correctable(employer, people, months)
    return [(pk, Billed((who, month), *more)) for pk, who, month, *more in rows]


def paid_back_at(people: list[int], months: list[Month]) -> dict[tuple[int, Month, str], Moment]:
    """When those of these months that are paid back were declared to be, by employee, month and scheme."""
    return {(pk, month, scheme): (at, declared) for pk, month, scheme, at, declared in _paid_back(people, months)}


@prepared
def _paid_back(people: list[int], months: list[Month]) -> QuerySet:
    rows = BackPayment.objects.filter(
        is_voided=False, declared_in__decided_at__isnull=False, employee__in=people, month__in=months
    )
    return rows.values_list("employee", "month", "scheme", "declared_in__decided_at", "declared_in")


def owed_as_corrected(spec: Region, row: Billed, said: Said, known: Mapping[int, Mapping], on: date) -> tuple[int, int]:
    """What a charge comes to by its correction as known on a day: the employer's part and the person's, fen.

    Raises NoValue or NoFact where it cannot be charged.
    """
    data = next(known[pk] for pk in (row.employer_evidence, row.employee_evidence) if pk is not None)
    now = row._replace(declared_wage=said.fen, facts=said.facts)
    charges = charge(spec, Month.parse(data["month"]), billed_people(spec, [now], known)[1], known_on=on)
    (found,) = (one for one in charges.schemes if one.scheme == row.scheme)
    return int(found.employer[0]), int(found.employee[0])
