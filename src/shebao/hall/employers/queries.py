"""Reading the employer's own data: what its forms would say, its change log, its departments."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from shebao.rules.region import Form

from ..roster.models import Employee
from .models import Department, Employer, EmployerChange, Project


def employer_answers(form: Form, employer: Employer) -> dict[str, str]:
    """What is on file for each question of a form: the left side of every comparison."""
    return {field.id: str(getattr(employer, field.id, "") or "") for field in form.fields}


def changes(actor) -> QuerySet[EmployerChange]:
    """Every change of the actor's employers, the newest first (单位变更信息)."""
    return EmployerChange.objects.visible_to(actor).select_related("by", "declaration__declared_by")


@dataclass(frozen=True)
class DepartmentRow:
    """A department with its head count; `department` is None for a name in use that the list does not have."""

    name: str
    count: int
    department: Department | None


def departments(actor) -> list[DepartmentRow]:
    """The employer's list in its order, then the names in use that are not in it; two queries."""
    people = Employee.objects.visible_to(actor).exclude(department="").order_by("department")
    counts = dict(people.values_list("department").annotate(Count("pk")))
    listed = [DepartmentRow(d.name, counts.pop(d.name, 0), d) for d in Department.objects.visible_to(actor)]
    return listed + [DepartmentRow(name, count, None) for name, count in counts.items()]


def projects(actor) -> QuerySet[Project]:
    """The actor's projects, the newest first, with the head count of `workers` insured on each (工程项目)."""
    live = Q(spells__is_voided=False, spells__last_month__isnull=True)
    rows = Project.objects.visible_to(actor).filter(is_voided=False)
    return rows.annotate(workers=Count("spells__employee", filter=live, distinct=True))
