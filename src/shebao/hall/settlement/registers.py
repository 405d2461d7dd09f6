"""Who paid into one scheme, month by month (缴费名册): the lines of the bills, summed by the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from shebao.rules.months import Month

from .ledger import balances
from .models import BillLine


@dataclass(frozen=True)
class RegisterSums:
    """How many people and lines, and both parts in fen."""

    head_count: int
    line_count: int
    employer_due: int
    employee_due: int

    @property
    def total(self) -> int:
        """Both parts, fen."""
        return self.employer_due + self.employee_due


def scheme_lines(actor, scheme: str, months: Sequence[Month]) -> QuerySet[BillLine]:
    """The lines of a scheme in force for these months, adjustments included, newest month and then by name."""
    rows = BillLine.objects.visible_to(actor).live().filter(scheme=scheme, month__in=months)
    return rows.select_related("employee__person", "bill").order_by("-month", "employee__name_pinyin", "pk")


def sums_of(lines: QuerySet[BillLine]) -> RegisterSums:
    """The sums of such lines; one query."""
    found = lines.order_by().aggregate(
        heads=Count("employee", distinct=True),
        lines=Count("pk"),
        employer=Sum("employer_due", default=0),
        employee=Sum("employee_due", default=0),
    )
    return RegisterSums(found["heads"], found["lines"], found["employer"], found["employee"])


def paid_bills(lines: Sequence[BillLine]) -> set[int]:
    """The bills of these lines that the ledger has as paid in full."""
    bills = {line.bill_id: line.bill for line in lines}
    return {pk for pk, (due, paid) in balances(bills.values()).items() if due <= paid}
