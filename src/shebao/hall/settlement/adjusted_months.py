"""补差 by month: what waits for the next bill, and what was billed."""

from dataclasses import dataclass

from django.db.models import Count, Sum

from shebao.rules.months import Month

from ..employers.models import Employer
from .adjusting import Found, find_differences, months_of
from .models import ADJUSTING, Bill, BillLine


@dataclass(frozen=True)
class AdjustedMonth:
    """补差 of one month, booked with the bill `bill` of `booking_month` or, before it is billed, with neither; fen."""

    month: Month
    head_count: int
    employer_due: int
    employee_due: int
    booking_month: Month | None = None
    bill: int | None = None

    @property
    def total(self) -> int:
        """Both parts."""
        return self.employer_due + self.employee_due


@dataclass(frozen=True)
class Adjustments:
    """What waits for the bill of `month`, the same by month, and what was billed before, newest first."""

    month: Month
    waiting: Found
    months: list[AdjustedMonth]
    billed: list[AdjustedMonth]

    @property
    def total(self) -> int:
        """All that waits, fen."""
        return sum(one.total for one in self.months)


def adjustments_of(actor, employer_id: int, month: Month) -> Adjustments:
    """补差 of an employer that `actor` may see, for the bill of `month` or, where that is settled, the next one."""
    employer = Employer.objects.visible_to(actor).get(pk=employer_id)
    lines = BillLine.objects.live().filter(bill__employer=employer, kind__in=ADJUSTING)
    if Bill.objects.live().filter(employer=employer, month=month, series=0).exists():
        month = month.next()
    waiting = find_differences(employer, month)
    months = [
        AdjustedMonth(
            one,
            len({difference.line.employee_id for difference in own}),
            sum(difference.employer_due for difference in own),
            sum(difference.employee_due for difference in own),
        )
        for one, own in months_of(waiting.differences).items()
    ]
    billed = lines.values_list("month", "booking_month", "bill").annotate(
        Count("employee", distinct=True), Sum("employer_due"), Sum("employee_due")
    )
    rows = [
        AdjustedMonth(one, heads, employer_due, employee_due, booked, bill)
        for one, booked, bill, heads, employer_due, employee_due in billed.order_by("-booking_month", "-month")
    ]
    return Adjustments(month, waiting, months, rows)
