"""Reading what is insured by the year, and what the agency has on record of the accounts."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from shebao.rules.identity import tidy_number
from shebao.rules.months import Month

from ..crypto import blind_index
from ..employers.models import Employer
from .models import MedicalAccount, YearlyCover


def covers_charged(employers: Sequence[Employer], month: Month) -> list[tuple[int, str]]:
    """(employee, scheme) of what is charged once, with the bill of this month."""
    rows = YearlyCover.objects.filter(employee__employer__in=employers, charged_in=month, is_voided=False)
    return list(rows.values_list("employee_id", "scheme"))


def covers_of_year(actor, year: int) -> QuerySet[YearlyCover]:
    """The covers of the actor's people for a year, in the order of the roster (缴费计划)."""
    rows = YearlyCover.objects.visible_to(actor).filter(year=year, is_voided=False)
    return rows.select_related("employee", "employee__person").order_by("employee__name_pinyin", "pk")


def years_covered(actor) -> list[int]:
    """The years for which anybody is covered, the newest first."""
    rows = YearlyCover.objects.visible_to(actor).filter(is_voided=False).order_by("-year")
    return list(rows.values_list("year", flat=True).distinct())


def accounts(actor, q: str = "") -> QuerySet[MedicalAccount]:
    """The accounts of the agency's region by name; `q` narrows by name or whole identity number."""
    rows = MedicalAccount.objects.visible_to(actor).select_related("person").order_by("person__name", "pk")
    if q := q.strip():
        number = tidy_number(q)
        rows = rows.filter(Q(person__name__contains=q) | Q(person__id_digest=blind_index("person", number)))
    return rows
