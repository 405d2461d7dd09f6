"""Why a month costs more or less than the one before, person by person; and the last twelve months."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from shebao.rules.contributions import recompute
from shebao.rules.months import Month, months_between, months_in_short
from shebao.rules.settling_words import settling

from ..clock import today
from ..regions import region
from ..roster.models import DeclaredWage
from ..roster.queries import Insured
from .adjusting import Difference
from .back_fees import Borne
from .back_payments import BackDue
from .models import Bill, BillLine, LineKind
from .month_costs import BASE, OPENED, RATES, TIER, YEARLY, MonthCosts, costs_of, reasons_of
from .queries import EARLIER, Estimate, estimate

CAME, WENT = "增员", "减员"
STRIKING = 5
"""A wage that moved by more than one part in five of what it was is shown to the clerk once more."""


@dataclass(frozen=True)
class PersonChange:
    """What one employee costs in two months and their declared wages, in fen; a wage is None where not insured."""

    employee: int
    wage_before: int | None
    wage_now: int | None
    before: int
    now: int

    @property
    def delta(self) -> int:
        """More (or less) than the month before, fen."""
        return self.now - self.before

    @property
    def is_striking(self) -> bool:
        """The declared wage moved so far that somebody should look at it."""
        if self.wage_before is None or self.wage_now is None:
            return False
        return abs(self.wage_now - self.wage_before) * STRIKING > self.wage_before


def striking_in(rows: Iterable["BridgeRow"]) -> int:
    """How many people of these rows somebody should look at; who stands in several counts once."""
    return len({one.employee for row in rows for one in row.people if one.is_striking})


@dataclass(frozen=True)
class Before:
    """What a month is compared with, fen. `stands_for` says in words what stands for a month that was not settled; with
    `is_first_bill` there is nothing to compare with, and the rows of the bridge are what the bill consists of.
    """

    total: int
    stands_for: str
    is_first_bill: bool


@dataclass(frozen=True)
class BridgeRow:
    """One reason why this month differs from the last: a label with the number of people, fen, and the people."""

    label: str
    delta: int
    people: tuple[PersonChange, ...] = ()

    def label_in(self, before: Before) -> str:
        """The label; on a first bill nobody is added to anybody (增员): these are the insured (参保)."""
        return self.label.replace("增员", "参保") if before.is_first_bill else self.label


def bridge(employer, month: Month, estimated: Estimate | None = None) -> list[BridgeRow]:
    """Rows whose deltas add up to this month minus last month, exactly; without the reasons that moved nothing.

    Pass `estimated` for a month that is not settled: what its declarations not yet in force add is a row of its own.
    """
    groups: dict[str, list[PersonChange]] = {word: [] for word in (CAME, WENT, OPENED, YEARLY, TIER, BASE, RATES)}
    before, now = costs_of(employer, month.previous()), costs_of(employer, month, estimated)
    for reason, change in _reasons(before, now):
        groups[reason].append(change)
    rows = [
        BridgeRow(f"{label} {len(found)} 人", sum(one.delta for one in found), tuple(_largest_first(found)))
        for label, found in groups.items()
        if found
    ]
    rows += _of_earlier_months(employer, month, estimated)
    if estimated and estimated.pending_count:
        rows.append(BridgeRow(f"待生效申报 {estimated.pending_count} 笔", estimated.pending_fen))
    return rows


def compared_with(employer, month: Month, before: int) -> Before:
    """What this month is compared with, where by the bridge the last one came to `before` fen; two queries at most."""
    earlier = Bill.objects.live().filter(employer=employer, month__lt=month)
    return Before(before, stands_for_last(employer, month), not before and not earlier.exists())


def stands_for_last(employer, month: Month) -> str:
    """What the month is compared with where the one before was never settled, in words; "" where it was.

    Persons are compared, and a month without their lines (not settled, or 暂核定) has only what they would have cost.
    """
    bill = Bill.objects.live().filter(employer=employer, month=month.previous(), series=0).first()
    if bill is None:
        return settling(
            region(employer.region).terms, f"{month.previous().label}没有结算，与按当时参保人员和工资预估的金额相比。"
        )
    if bill.is_provisional:
        return f"{month.previous().label}是暂核定，与按当时参保人员和工资预估的金额相比。"
    return ""


def _of_earlier_months(employer, month: Month, estimated: Estimate | None) -> list[BridgeRow]:
    """补缴 and 补差: what this month takes from earlier ones, and what last month took and this one does not."""
    bills = Bill.objects.live().filter(employer=employer, month__in=(month.previous(), month), series=0)
    lines = BillLine.objects.live().of(*bills).exclude(kind=LineKind.REGULAR)
    columns = "kind", "bill__month", "employee", "declared_wage", "employer_due", "employee_due", "month"
    rows = [
        (kind in EARLIER, booked, pk, wage, employer_due + employee_due, of)
        for kind, booked, pk, wage, employer_due, employee_due, of in lines.values_list(*columns)
    ]
    if estimated:
        rows += [(True, month, *_of_due(one)) for one in (*estimated.back, *estimated.borne)]
        rows += [(False, month, *_of_due(one)) for one in estimated.adjusted]
    bridged = []
    for is_back, word in ((True, "补缴"), (False, "补差")):
        some = [row[1:] for row in rows if row[0] == is_back]
        for label, booked, people in zip(
            (word, f"上月{word}"), (month, month.previous()), _of_earlier(some, month), strict=True
        ):
            if people:
                months = {row[4] for row in some if row[0] == booked} if is_back else set()
                told = f" · {months_in_short(months, month.year)}" if months else ""
                label = f"{label} {len(people)} 人{told}"
                bridged.append(BridgeRow(label, sum(one.delta for one in people), tuple(_largest_first(people))))
    return bridged


def _of_due(one: BackDue | Borne | Difference) -> tuple[int, int, int, Month]:
    wage = one.wage if isinstance(one, Difference) else one.line.declared_wage
    return one.line.employee_id, wage, one.total, one.line.month


def _of_earlier(rows: list[tuple], month: Month) -> tuple[list[PersonChange], list[PersonChange]]:
    """What (booking month, employee, wage, fen, month) adds to this month, and what the last had and this has not."""
    taken: dict[Month, dict[int, tuple[int, int]]] = {month: {}, month.previous(): {}}
    for booked, pk, wage, fen, _ in rows:
        before = taken[booked].get(pk, (0, 0))
        taken[booked][pk] = wage or before[0], before[1] + fen
    this = [PersonChange(pk, wage, wage, 0, fen) for pk, (wage, fen) in taken[month].items()]
    return this, [PersonChange(pk, wage, wage, fen, 0) for pk, (wage, fen) in taken[month.previous()].items()]


def _largest_first(changes: list[PersonChange]) -> list[PersonChange]:
    return sorted(changes, key=lambda one: (-abs(one.delta), one.employee))


def _reasons(before: MonthCosts, now: MonthCosts) -> Iterator[tuple[str, PersonChange]]:
    """Everybody whose cost differs, under the reason for it; somebody with several reasons stands under each with the
    schemes that it moved, so that the sum is theirs.
    """
    nothing, moved = (None, 0), []
    for key in before.people.keys() | now.people.keys():
        (wage_before, cost_before), (wage_now, cost_now) = before.people.get(key, nothing), now.people.get(key, nothing)
        change = PersonChange(key, wage_before, wage_now, cost_before, cost_now)
        if wage_before is None:
            yield CAME, change
        elif wage_now is None:
            yield WENT, change
        elif change.delta:
            moved.append(change)
    keys = [one.employee for one in moved]
    last, this = (before.by_scheme(keys), now.by_scheme(keys)) if keys else ({}, {})
    for one in moved:
        costs = last.get(one.employee, {}), this.get(one.employee, {})
        found = reasons_of(now.spec, *costs, is_raised=one.wage_now != one.wage_before)
        if len(found) == 1:
            yield next(iter(found)), one
        else:
            for reason, (fen, fen_now) in found.items():
                yield reason, PersonChange(one.employee, one.wage_before, one.wage_now, fen, fen_now)


def chart(employer, estimated: Estimate | None = None, months: int = 12) -> list[tuple[Month, int, bool]]:
    """(month, total in fen, is_estimate) of the last `months` months; the current one is estimated until it is
    settled, an earlier one without a bill is 0."""
    current = Month.of(today())
    span = months_between(current.previous(months - 1), current)
    closing = Bill.objects.live().filter(employer=employer, month__gte=span[0], series=0)
    billed = dict(closing.values_list("month", "total_due"))
    rows = [(month, billed.get(month, 0), False) for month in span]
    if current not in billed:
        rows[-1] = (current, (estimated or estimate(employer, current)).total, True)
    return rows


@dataclass(frozen=True)
class Raised:
    """An employee charged at the floor (下限): declared wage, floor, and what they pay more for it each month, fen."""

    employee: Insured
    wage: int
    floor: int
    extra: int


def newly_raised(employer, estimated: Estimate) -> list[Raised]:
    """Whose wage lies below the floor this month and did not last month, the lowest wage first.

    Whoever's wage was confirmed with a reason when it was declared is left out: nobody confirms it twice.
    """
    charges, raised = estimated.charges, defaultdict(list)
    for one in charges.schemes:
        for i in np.flatnonzero(one.limit < 0):
            raised[int(i)].append(one)
    if not raised:
        return []
    last = charges.month.previous()
    raised_then = BillLine.objects.live().filter(bill__employer=employer, month=last, limit__lt=0)
    before = raised_then.filter(kind=LineKind.REGULAR)
    known = set(before.values_list("employee", flat=True))
    confirmed = _confirmed(employer, charges.month)
    found = []
    for i, schemes in raised.items():
        employee, wage = estimated.employees[i].pk, int(estimated.wages[i])
        if employee not in known and (employee, wage) not in confirmed:
            extra = sum(_extra(charges, one, i, wage) for one in schemes)
            found.append(Raised(estimated.employees[i], wage, max(int(one.base[i]) for one in schemes), extra))
    return sorted(found, key=lambda one: (one.wage, one.employee.pk))


def _confirmed(employer, month: Month) -> set[tuple[int, int]]:
    """(employee id, wage) of the wages that were declared with a reason for lying outside the limits."""
    rows = DeclaredWage.objects.filter(employee__employer=employer, first_month__lte=month, is_voided=False)
    return set(rows.filter(declared_in__confirmed__has_key="wage_limits").values_list("employee", "amount_fen"))


def _extra(charges, one, i: int, wage: int) -> int:
    """The employee's part at the floor less what it would be at the declared wage, fen."""
    why = int(one.employee_evidence[i])
    if why < 0:
        return 0
    return int(one.employee[i]) - recompute({**charges.evidence[why].data, "floor": None}, wage).amount
