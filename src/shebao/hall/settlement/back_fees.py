"""What back payments bear (补缴的滞纳金和利息): lines of their own, on the same bill or asked for later on another.

A late fee counts until the day on which the back payment was assessed, whatever day it is billed on: what comes after
that bill's last day of payment is the arrears' own late fee.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Exists, OuterRef, QuerySet

from shebao.rules.back_fees import interest_evidence, late_fee_evidence
from shebao.rules.borne import borne_by
from shebao.rules.contributions import Evidence as Told
from shebao.rules.months import Month
from shebao.rules.region import Region
from shebao.rules.region_services import BackPaying
from shebao.rules.vocabulary import SHARES

from ..regions import region
from .models import BEARING, BillLine, LineKind

TITLES = {LineKind.LATE_FEE: "补缴滞纳金", LineKind.INTEREST: "补缴利息"}


@dataclass(frozen=True, eq=False)
class Borne:
    """A late fee or interest as a bill will have it: the line, and the evidence of each share that it has."""

    line: BillLine
    evidence: Mapping[str, Told]

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

    @property
    def illustrative(self) -> list[str]:
        """Its name where the rule that charges it has no public document."""
        is_sample = any(told.data["status"] == "illustrative" for told in self.evidence.values())
        return [TITLES[LineKind(self.line.kind)]] if is_sample else []


@lru_cache(maxsize=4096)
def _late_fee(spec: Region, month: Month, until: date) -> Told | None:
    return late_fee_evidence(spec, month, until)


@lru_cache(maxsize=4096)
def _interest(spec: Region, scheme: str, month: Month, until: date) -> Told | None:
    return interest_evidence(spec, scheme, month, until)


def amounts_borne(
    spec: Region, rule: BackPaying, scheme: str, month: Month, dues: Mapping[str, int], until: date
) -> dict[LineKind, tuple[dict[str, int], dict[str, Told]]]:
    """By kind, the amounts and the evidence by share that a month of a scheme bears on the bill that pays it back.

    `dues` are its two parts in fen. The late fee is the employer's, of both parts (社会保险费申报缴纳管理规定第十一条);
    interest is of each part. Raises NoValue where a rate is missing.
    """
    found = {}
    if rule.late_fee == "with_bill" and (told := _late_fee(spec, month, until)):
        found[LineKind.LATE_FEE] = {"employer": borne_by(told.data, sum(dues.values()))}, {"employer": told}
    if rule.interest and (told := _interest(spec, scheme, month, until)):
        amounts = {share: borne_by(told.data, fen) for share, fen in dues.items() if fen}
        found[LineKind.INTEREST] = amounts, dict.fromkeys(amounts, told)
    return {kind: both for kind, both in found.items() if any(both[0].values())}


def borne_lines(spec: Region, rule: BackPaying, principal: BillLine, until: date) -> list[Borne]:
    """What a line of a back payment bears on its own bill."""
    dues = {share: getattr(principal, f"{share}_due") for share in SHARES}
    found = amounts_borne(spec, rule, principal.scheme, principal.month, dues, until)
    return [Borne(_line(principal, kind, amounts), told) for kind, (amounts, told) in found.items()]


def _line(principal: BillLine, kind: LineKind, amounts: Mapping[str, int]) -> BillLine:
    line = BillLine(
        employee_id=principal.employee_id,
        person_id=principal.person_id,
        region=principal.region,
        scheme=principal.scheme,
        month=principal.month,
        kind=kind,
        is_exclusive=principal.is_exclusive,
        declared_wage=0,
        contribution_base=0,
        employer_due=amounts.get("employer", 0),
        employee_due=amounts.get("employee", 0),
    )
    line.principal = principal
    return line


def waiting_late_fees(employees: Iterable[int], services: Sequence[str]) -> QuerySet[BillLine]:
    """The lines of back payments, declared by these services, whose late fee no bill has yet, the oldest first."""
    charged = BillLine.objects.live().filter(principal=OuterRef("pk"), month=OuterRef("month"), kind=LineKind.LATE_FEE)
    lines = BillLine.objects.live().filter(
        ~Exists(charged),
        kind=LineKind.BACK_PAYMENT,
        employee__in=list(employees),
        back_payment__declared_in__service__in=services,
    )
    return lines.select_related("bill__assessment", "bill__employer", "employee").order_by("month", "employee_id", "pk")


def services_apart(spec: Region) -> list[str]:
    """The services of a region whose late fees are asked for apart."""
    paying = (one for one in spec.services.values() if one.operation == "make_back_payments")
    return [one.key for one in paying if one.back_paying.late_fee == "apart"]


def late_fee_of_line(principal: BillLine) -> Borne | None:
    """The late fee that a billed back payment bears, until the day on which it was assessed; None where it is nothing.

    Raises NoValue for a day without a rate.
    """
    spec = region(principal.bill.employer.region)
    told = _late_fee(spec, principal.month, principal.bill.assessment.known_on)
    if told is None:
        return None
    fen = borne_by(told.data, principal.employer_due + principal.employee_due)
    return Borne(_line(principal, LineKind.LATE_FEE, {"employer": fen}), {"employer": told}) if fen else None


def bears_on_another_bill(bill) -> BillLine | None:
    """A line of another bill in force that stands on a back payment of this one; None where there is none."""
    lines = BillLine.objects.live().in_months_of(bill).filter(principal__bill=bill, kind__in=BEARING).exclude(bill=bill)
    return lines.select_related("bill").first()
