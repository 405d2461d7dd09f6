"""补缴: the months that declarations in force pay back, charged as known today before a bill takes them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet

from shebao.rules.back_payments import charge_back
from shebao.rules.contributions import Charges, NoFact, People
from shebao.rules.contributions import Evidence as Told
from shebao.rules.months import Month
from shebao.rules.region import NoValue

from ..clock import today
from ..declarations.models import Declaration
from ..employers.models import Employer
from ..errors import Refused
from ..prepared import prepared
from ..regions import region
from ..roster.facts import employee_facts, fact_columns
from .back_fees import Borne, borne_lines
from .evidences import BATCH, keep_evidence
from .models import CHARGING, BackPayment, Bill, BillLine, LineKind


@dataclass(frozen=True, eq=False)
class BackDue:
    """One month of one scheme paid back: the line as a bill will have it, and the evidence of each share.

    `borne` is the late fee and the interest on the same bill; the amounts are the principal's.
    """

    line: BillLine
    evidence: Mapping[str, Told | None]
    borne: Sequence[Borne] = ()

    @property
    def employer_due(self) -> int:
        """The employer's part, fen."""
        return self.line.employer_due

    @property
    def employee_due(self) -> int:
        """The person's own part, fen."""
        return self.line.employee_due

    @property
    def total(self) -> int:
        """Both parts."""
        return self.employer_due + self.employee_due


def charging_lines() -> QuerySet[BillLine]:
    """The lines that charge a month of a scheme to a person, regular or paid back; there is one for each at most.

    What was given back whole charges nobody.
    """
    return BillLine.objects.live().filter(kind__in=CHARGING, is_given_back=False)


def is_billed(months: list[Month] | None = None) -> Exists:
    """Whether a back payment has its line on a bill; where the months it is asked about are known, in these alone."""
    lines = BillLine.objects.live().filter(
        kind=LineKind.BACK_PAYMENT, back_payment=OuterRef("pk"), month=OuterRef("month")
    )
    if months is not None:
        lines = lines.filter(month__in=months)
    return Exists(lines)


def waiting(employer, month: Month) -> QuerySet[BackPayment]:
    """The back payments of an employer that the settlement of a month takes: those of months before it.

    What is billed at once on a bill of its own waits only after that bill was voided; what is billed on request does
    until it is asked for. A month that is declared after all may be older than what waits.
    """
    pks = [employer.pk]
    rows = _waiting(pks, month, _months(pks, month), on_request(employer))
    return rows.order_by("month", "employee__name_pinyin", "employee_id", "pk")


def employers_waiting(employers: Sequence[Employer], month: Month) -> set[int]:
    """Of employers of one region those for whom something waits."""
    pks = [employer.pk for employer in employers]
    months = _months(pks, month)
    return set(_with_waiting(pks, month, months, on_request(employers[0]))) if months else set()


def on_request(employer) -> list[str]:
    """The services of the employer's region whose cost is billed when it is asked for."""
    services = region(employer.region).services.values()
    return [one.key for one in services if one.looks_back and one.back_paying.bill == "on_request"]


@prepared
def _with_waiting(employers: list[int], before: Month, months: list[Month], aside: list[str]) -> QuerySet:
    rows = _waiting(employers, before, months, aside)
    return rows.order_by().values_list("employee__employer", flat=True).distinct()


def _waiting(employers: list[int], before: Month, months: list[Month], aside: list[str]) -> QuerySet[BackPayment]:
    of_before = Q(is_on_request=None, declared_in__service__in=aside)
    return _in_force(employers, before).filter(~is_billed(months)).exclude(Q(is_on_request=True) | of_before)


@prepared
def _months(employers: list[int], before: Month) -> QuerySet:
    return _in_force(employers, before).order_by().values_list("month", flat=True).distinct()


def _in_force(employers: list[int], before: Month) -> QuerySet[BackPayment]:
    return BackPayment.objects.filter(employee__employer__in=employers, month__lt=before, is_voided=False)


def billed_apart(employer) -> list[str]:
    """The services of the employer's region whose cost is on a bill of its own."""
    return [service.key for service in region(employer.region).services.values() if service.is_billed_apart]


def charge_back_payments(employer, payments: QuerySet[BackPayment]) -> list[BackDue]:
    """What these back payments of an employer cost as known today, each at its own wage; in the same order.

    Raises Refused where a value or a fact is missing: what was approved is not left out silently.
    """
    rows = list(
        payments.select_related("employee__person", "declared_in").defer(
            "employee__phone", "employee__person__id_number"
        )
    )
    groups: dict[Month, list[BackPayment]] = defaultdict(list)
    for row in rows:
        groups[row.values_month].append(row)
    found: dict[int, BackDue] = {}
    for month, group in groups.items():
        try:
            found |= {due.line.back_payment_id: due for due in _charged(employer, month, group)}
        except (NoValue, NoFact) as missing:
            text = f"{month.label}的补缴现在还不能计算：{missing}。请联系经办机构补充。"
            raise Refused("no_value", text) from missing
    return [found[row.pk] for row in rows]


def _charged(employer, month: Month, group: list[BackPayment]) -> Iterable[BackDue]:
    """Each row is a person of its own in the columns, insured in its one scheme."""
    here, schemes = region(employer.region), frozenset(row.scheme for row in group)
    people = People(
        np.array([row.declared_wage for row in group], dtype=np.int64),
        fact_columns(employer, [employee_facts(row.employee) for row in group]),
        {key: np.array([row.scheme == key for row in group], dtype=bool) for key in schemes},
    )
    charges = charge_back(here, month, people, schemes, known_on=today())
    if lost := schemes - {one.scheme for one in charges.schemes}:
        raise NoValue(f"{here.title}不再征收{'、'.join(sorted(lost))}")
    for i, row in enumerate(group):
        yield _due(row, charges, i)


def _due(row: BackPayment, charges: Charges, i: int) -> BackDue:
    one = next(one for one in charges.schemes if one.scheme == row.scheme)
    evidence: tuple[Told | None, ...] = (*charges.evidence, None)
    line = BillLine(
        employee_id=row.employee_id,
        person_id=row.person_id,
        region=row.region,
        scheme=row.scheme,
        month=row.month,
        kind=LineKind.BACK_PAYMENT,
        back_payment=row,
        is_exclusive=row.is_exclusive,
        declared_wage=row.declared_wage,
        contribution_base=int(one.base[i]),
        limit=int(one.limit[i]),
        employer_due=int(one.employer[i]),
        employee_due=int(one.employee[i]),
    )
    line.employee = row.employee
    why = {"employer": evidence[one.employer_evidence[i]], "employee": evidence[one.employee_evidence[i]]}
    return BackDue(line, why, borne_lines(region(row.region), row.declared_in.spec.back_paying, line, charges.known_on))


def borne_of(back: Iterable[BackDue]) -> list[Borne]:
    """The late fees and interest of what is paid back, in the same order."""
    return [one for due in back for one in due.borne]


def make_back_lines(bill: Bill, back: Sequence[BackDue]) -> None:
    """补缴: a line for each declared month and scheme, and what it bears; the database refuses a second one."""
    make_lines(bill, back)
    make_lines(bill, borne_of(back))


def make_lines(bill: Bill, rows: Sequence[BackDue | Borne]) -> None:
    """Put these lines on a bill, with their evidence. What bears them is on a bill already."""
    kinds = {told.digest: told for one in rows for told in one.evidence.values() if told is not None}
    ids = dict(zip(kinds, keep_evidence(list(kinds.values())), strict=True))
    for one in rows:
        one.line.bill, one.line.booking_month = bill, bill.month
        if one.line.principal:
            one.line.principal = one.line.principal  # its id is known only now
        for share, told in one.evidence.items():
            setattr(one.line, f"{share}_evidence_id", ids[told.digest] if told is not None else None)
    BillLine.objects.bulk_create([one.line for one in rows], batch_size=BATCH)


@dataclass(frozen=True)
class PaidBack:
    """What one declaration pays back for somebody: the months, the schemes, the wage in fen, and the bill or None.

    `is_withdrawn`: taken back before a bill had it.
    """

    declaration: Declaration
    months: list[Month]
    schemes: list[str]
    declared_wage: int
    is_withdrawn: bool
    bill: Bill | None


def paid_back(actor, employee) -> list[PaidBack]:
    """The back payments of one of the actor's employees, newest first: two queries."""
    rows = BackPayment.objects.visible_to(actor).filter(employee=employee.pk).select_related("declared_in")
    lines = charging_lines().filter(back_payment__in=rows).select_related("bill")
    bills = {line.back_payment_id: line.bill for line in lines}
    groups: dict[tuple, list[BackPayment]] = defaultdict(list)
    for row in rows.order_by("-declared_in", "month", "pk"):
        groups[row.declared_in, row.is_voided, bills.get(row.pk)].append(row)
    return [
        PaidBack(
            declaration,
            sorted({row.month for row in group}),
            list(dict.fromkeys(row.scheme for row in group)),
            group[0].declared_wage,
            is_voided,
            bill,
        )
        for (declaration, is_voided, bill), group in groups.items()
    ]
