"""What everybody costs in a month, billed or reckoned, and why somebody's month differs from the last, to the fen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from django.db.models import Max, QuerySet, Sum

from shebao.rules.contributions import Charges
from shebao.rules.facts import FACTS, FORM
from shebao.rules.months import Month
from shebao.rules.region_model import Region, Scheme

from ..regions import region
from ..roster.queries import Insured, columns_for_charge
from .evidences import data_of
from .models import BillLine, LineKind
from .queries import Estimate, charged, covered_by_any

OPENED, YEARLY, TIER, BASE, RATES = "险种增减", "按年参保", "档次或类别调整", "基数调整", "上下限或费率调整"
"""Why somebody who is insured in both months costs another amount."""
NAMED = 5_000
"""So many people are asked for by their keys; of more all lines are read."""


@dataclass(frozen=True)
class Cost:
    """What a scheme costs one person in a month, fen; `choice` is what the person's own facts chose in its tables, such
    as the tier (缴费档次), for each share that is charged.
    """

    fen: int
    choice: Mapping[str, tuple]


Costs = Mapping[int, Mapping[str, Cost]]
"""Employee (id) → scheme → what it costs."""


@dataclass(frozen=True)
class MonthCosts:
    """Who is charged in a month: employee (id) → declared wage and total, fen; of some of them, scheme by scheme.

    Of a month that is not billed `reckoned` has the people and their charges as known today.
    """

    spec: Region
    people: Mapping[int, tuple[int, int]]
    lines: QuerySet[BillLine] | None = None
    reckoned: tuple[list[Insured], Charges] | None = field(default=None, compare=False)

    def by_scheme(self, wanted: Collection[int]) -> Costs:
        """What each scheme costs these employees; two queries at most."""
        if self.lines is not None:
            return _billed(self.spec, self.lines, wanted)
        return _reckoned(self.spec, *self.reckoned, wanted) if self.reckoned else {}


def costs_of(employer, month: Month, estimated: Estimate | None = None) -> MonthCosts:
    """What a month costs by its bill; by an estimate where one is given, or where there is no bill."""
    spec = region(employer.region)
    if estimated is not None:
        return _of_charges(spec, estimated.employees, estimated.wages, estimated.charges)
    lines = BillLine.objects.live().filter(bill__employer=employer, month=month, kind=LineKind.REGULAR).order_by()
    billed = lines.values_list("employee").annotate(Max("declared_wage"), Sum("employer_due"), Sum("employee_due"))
    people = {pk: (wage, employer_due + employee_due) for pk, wage, employer_due, employee_due in billed}
    if people or month < max(employer.first_month, spec.opened_on):
        return MonthCosts(spec, people, lines)
    employees, columns = columns_for_charge(employer, month)
    return _of_charges(spec, employees, columns.declared_wage, charged(spec, month, columns))


def _of_charges(spec: Region, employees: list[Insured], wages: np.ndarray, charges: Charges) -> MonthCosts:
    insured = covered_by_any(charges)
    totals = charges.employer_total + charges.employee_total
    people = {one.pk: (int(wages[i]), int(totals[i])) for i, one in enumerate(employees) if insured[i]}
    return MonthCosts(spec, people, None, (employees, charges))


def _billed(spec: Region, lines: QuerySet[BillLine], wanted: Collection[int]) -> Costs:
    if len(wanted) <= NAMED:
        lines = lines.filter(employee__in=wanted)
    columns = "employee", "scheme", "employer_due", "employee_due", "employer_evidence", "employee_evidence"
    rows, wanted = list(lines.values_list(*columns)), set(wanted)
    data = data_of({pk for row in rows for pk in row[4:]})
    found: dict[int, dict[str, Cost]] = {}
    for pk, scheme, employer_due, employee_due, *why in rows:
        if pk in wanted:
            told = zip(("employer", "employee"), (data.get(one) for one in why), strict=True)
            cost = Cost(employer_due + employee_due, _choice(spec.schemes.get(scheme), told))
            found.setdefault(pk, {})[scheme] = cost
    return found


def _reckoned(spec: Region, employees: list[Insured], charges: Charges, wanted: Collection[int]) -> Costs:
    wanted = set(wanted)
    places = [(i, one.pk) for i, one in enumerate(employees) if one.pk in wanted]
    found: dict[int, dict[str, Cost]] = {pk: {} for _, pk in places}
    for one in charges.schemes:
        for i, pk in places:
            if one.covered[i]:
                why = (("employer", int(one.employer_evidence[i])), ("employee", int(one.employee_evidence[i])))
                told = [(share, charges.evidence[at].data) for share, at in why if at >= 0]
                fen = int(one.employer[i]) + int(one.employee[i])
                found[pk][one.scheme] = Cost(fen, _choice(spec.schemes.get(one.scheme), told))
    return found


def _choice(scheme: Scheme | None, told: Iterable[tuple[str, Mapping | None]]) -> Mapping[str, tuple]:
    """What the facts that a person gives chose in the tables of each share; what the employer's register says, and
    what the base alone chooses, is no choice of theirs.
    """
    if scheme is None:
        return {}
    found = {}
    for share, data in told:
        if data is not None and share in scheme.shares:
            by = scheme.shares[share]
            keys = ((by.by, data["key"]), (by.times_by, _key(data["multiplier"])))
            limits = ((scheme.limits_by, _key(data[name])) for name in ("floor", "ceiling"))
            found[share] = tuple(key if _is_personal(fact) else None for fact, key in (*keys, *limits))
    return found


def _key(told: Mapping | None) -> str | None:
    return told.get("key") if told else None


def _is_personal(fact: str | None) -> bool:
    return fact is not None and FACTS[fact].supplied_by == FORM


def reasons_of(spec: Region, before: Mapping[str, Cost], now: Mapping[str, Cost], *, is_raised: bool) -> dict:
    """Reason → (fen before, fen now) of the schemes that it moved, for one person who is insured in both months.

    `is_raised`: the declared wage is another one.
    """
    found: dict[str, tuple[int, int]] = {}
    for key in before.keys() | now.keys():
        was, is_now = before.get(key), now.get(key)
        fen = was.fen if was else 0, is_now.fen if is_now else 0
        if fen[0] != fen[1]:
            reason = _reason(spec.schemes.get(key), was, is_now, is_raised)
            sums = found.get(reason, (0, 0))
            found[reason] = sums[0] + fen[0], sums[1] + fen[1]
    return found


def _reason(scheme: Scheme | None, before: Cost | None, now: Cost | None, is_raised: bool) -> str:
    if scheme is not None and scheme.per == "year":
        return YEARLY
    if before is None or now is None:
        return OPENED
    if any(before.choice[share] != now.choice[share] for share in before.choice.keys() & now.choice.keys()):
        return TIER
    return BASE if is_raised else RATES
