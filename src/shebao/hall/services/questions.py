"""What every preview of a declaration asks the database, composed once."""

from datetime import datetime

from django.db.models import QuerySet

from ..declarations.models import Declaration
from ..declarations.states import OPEN
from ..prepared import prepared
from ..roster.models import DeclaredWage, Employee, Spell
from ..settlement.models import Assessment, Bill


@prepared
def assessments(employer: int) -> QuerySet:
    """Month, series and basis of what is assessed in force."""
    return Assessment.objects.live().filter(employer=employer).values_list("month", "series", "basis_month")


@prepared
def overdue_bills(employer: int, now: datetime) -> QuerySet:
    """The bills in force whose time to pay is over, paid or not."""
    return Bill.objects.live().filter(employer=employer, pay_until__lt=now, total_due__gt=0)


@prepared
def undecided(employer: int, service: str, digests: list[str]) -> QuerySet:
    """Undecided declarations of a service about these people."""
    rows = Declaration.objects.filter(
        employer=employer, service=service, state__in=OPEN, subject_digest__in=digests
    ).select_related("declared_by")
    return rows.defer("answers", "before")


@prepared
def employees_of(employer: int, digests: list[str]) -> QuerySet:
    """The employer's people with these numbers."""
    rows = Employee.objects.filter(employer=employer, person__id_digest__in=digests)
    return rows.select_related("person").defer("person__id_number")


@prepared
def spells_of(digests: list[str]) -> QuerySet:
    """The spells of these people wherever they are: whom each is about, and the columns of a `KnownSpell`."""
    rows = Spell.objects.filter(person__id_digest__in=digests, is_voided=False).order_by("first_month", "pk")
    return rows.values_list(
        "person__id_digest", "employee__employer", "region", "scheme", "first_month", "last_month", "is_exclusive",
        "end_reason", "project",
    )  # fmt: skip


@prepared
def wages_of(employees: list[int]) -> QuerySet:
    """Whose, from which month on, how much: the wages that were declared, the oldest first."""
    rows = DeclaredWage.objects.filter(employee__in=employees, is_voided=False).order_by("first_month")
    return rows.values_list("employee_id", "first_month", "amount_fen")
