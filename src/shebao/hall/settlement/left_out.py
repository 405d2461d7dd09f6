"""I-8 the other way round: nothing that was known when a month was settled is left out of its bill.

Who is insured, at which wage, what is paid back, what goes back and which wage of an earlier month was corrected is
asked anew, and what was decided before the bill was made (`made_at`) has its line. What was decided in the same instant
may have been known or not, and is not asked. Spells are asked as they stand: one that was ended, for months that were
billed, by a later decision, is not missed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from shebao.rules.contributions import NoFact
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue, Region
from shebao.rules.vocabulary import SHARES

from ..bulk import in_chunks
from ..clock import day_of
from ..declarations.models import DeclarationEvent
from ..employers.models import Employer
from ..prepared import prepared, streamed
from ..regions import region
from ..roster.models import DeclaredWage, Spell
from ..roster.queries import covering
from ..roster.wages_before import wages_at
from ..supplements.models import YearlyCover
from .billed import Billed, charged_amount, charged_facts
from .corrections import Moment, Said, owed_as_corrected
from .evidences import data_of
from .models import ADJUSTING, CHARGING, Assessment, BackPayment, BillLine, LineKind, Refund

CHUNK = 500
WHEN = "bill__assessment__made_at", "bill__assessment__voided_at"


class Settled(NamedTuple):
    """A settlement in force of an employer's month, and what came to be of it."""

    month: Month
    made_at: datetime
    number: str
    total_due: int


class Held(NamedTuple):
    """When a line came, and when it was voided with its bill."""

    made_at: datetime
    voided_at: datetime | None

    def at(self, moment: datetime) -> bool:
        """Whether it was in force then."""
        return self.made_at <= moment and (self.voided_at is None or self.voided_at > moment)


def left_out() -> Iterator[str]:
    """A sentence for everything that a bill should have: for each settled month two questions, and a few of all."""
    monthly = tuple((code, tuple(one.key for one in region(code).monthly_schemes)) for code in _regions())
    for month in _settled_months():
        yield from _people(month, monthly)
        yield from _wages(month)
    yield from _yearly()
    yield from _back_payments()
    yield from _refunds()
    yield from _corrections()


@prepared
def _regions() -> QuerySet:
    return Employer.objects.order_by("region").values_list("region", flat=True).distinct()


@prepared
def _settled_months() -> QuerySet:
    settled = Assessment.objects.live().filter(series=0).order_by("month")
    return settled.values_list("month", flat=True).distinct()


def _regular(**more) -> Exists:
    lines = BillLine.objects.live().filter(
        employee=OuterRef("employee"), scheme=OuterRef("scheme"), kind=LineKind.REGULAR
    )
    return Exists(lines.filter(**more))


def _people(month: Month, monthly: tuple) -> Iterator[str]:
    for employer, name, scheme in _uncharged(month, monthly):
        yield f"I-8：{employer} {month} 的账单漏了 {name} 的 {scheme}，核定时已经在保。"


@prepared
def _uncharged(month: Month, monthly: tuple[tuple[str, tuple[str, ...]], ...]) -> QuerySet:
    """Whom a settled month has no line of; by region, the schemes that it charges month by month."""
    assessment = "employee__employer__assessments__"
    known = Q(opened_by=None) | Q(opened_by__decided_at__lt=F(f"{assessment}made_at"))
    settled = {f"{assessment}month": month, f"{assessment}series": 0, f"{assessment}voided_at": None}
    by_month = reduce(or_, (Q(region=code, scheme__in=schemes) for code, schemes in monthly), Q(pk__in=[]))
    spells = Spell.objects.filter(covering(month), by_month, known, ~_regular(month=month), project=None, **settled)
    return spells.order_by("pk").values_list("employee__employer__name", "employee__name", "scheme")


def _yearly() -> Iterator[str]:
    for employer, month, name, scheme in _uncovered():
        yield f"I-8：{employer} {month} 的账单漏了 {name} 的 {scheme}，核定时已经参保。"


@prepared
def _uncovered() -> QuerySet:
    assessment = "employee__employer__assessments__"
    settled = {f"{assessment}month": F("charged_in"), f"{assessment}series": 0, f"{assessment}voided_at": None}
    known = Q(declared_in__decided_at__lt=F(f"{assessment}made_at"))
    covers = YearlyCover.objects.filter(known, ~_regular(month=OuterRef("charged_in")), is_voided=False, **settled)
    words = "employee__employer__name", "charged_in", "employee__name", "scheme"
    return covers.order_by("pk").values_list(*words)


def _wages(month: Month) -> Iterator[str]:
    """Who is charged by another wage than counted then; whose wage was replaced since is looked at by itself."""
    for chunk in in_chunks(_differing(month), CHUNK):
        wages: dict[int, list[DeclaredWage]] = defaultdict(list)
        for wage in _wages_until(list({one[0] for one in chunk}), month):
            wages[wage.employee_id].append(wage)
        for employee, name, number, fen, made_at in chunk:
            counting = wages_at(wages[employee], made_at)
            if fen not in counting:
                said = yuan(min(counting))
                yield f"I-8：账单 {number} 按工资 {yuan(fen)} 元核定 {name} 的 {month}，核定时申报的是 {said} 元。"


@streamed
def _differing(month: Month) -> QuerySet:
    known = DeclaredWage.objects.filter(
        Q(declared_in=None) | Q(declared_at__lte=OuterRef("bill__assessment__made_at")),
        employee=OuterRef("employee"), is_voided=False, first_month__lte=month,
    )  # fmt: skip
    counted = Coalesce(Subquery(known.order_by("-first_month").values("amount_fen")[:1]), 0)
    lines = BillLine.objects.live().filter(month=month, kind=LineKind.REGULAR).annotate(counted=counted)
    words = "employee", "employee__name", "bill__number", "declared_wage", "bill__assessment__made_at"
    return lines.exclude(declared_wage=F("counted")).order_by("employee").values_list(*words).distinct()


@prepared
def _wages_until(employees: list[int], month: Month) -> QuerySet[DeclaredWage]:
    rows = DeclaredWage.objects.filter(employee__in=employees, first_month__lte=month)
    return rows.select_related("declared_in")


def _back_payments() -> Iterator[str]:
    """What waits on request or until its own bill was voided is expected of no settlement that was made meanwhile."""
    for chunk in in_chunks(_paid_back(), CHUNK):
        settled, withdrawn = _settled(chunk), _undone(chunk, "withdraw_back_payments")
        held: dict[int | None, list[Held]] = defaultdict(list)
        for pk, *when in _lines_paid_back([one.pk for one in chunk], list({one.month for one in chunk})):
            held[pk].append(Held(*when))
        for one in chunk:
            told, said = one.is_on_request, one.declared_in.spec.back_paying.bill == "on_request"
            if said if told is None else told:
                continue
            for bill in _after(one.employee.employer_id, one.month, one.declared_in.decided_at, settled):
                away = any(gone.at(bill.made_at) for gone in withdrawn[one.employee_id])
                if not away and not any(line.at(bill.made_at) for line in held[one.pk]):
                    words = f"{one.employee.name} {one.month} {one.scheme} 的补缴"
                    yield f"I-8：账单 {bill.number} 漏了 {words}，核定时已经生效。"
                    break


@streamed
def _paid_back() -> QuerySet[BackPayment]:
    return BackPayment.objects.filter(is_voided=False).select_related("declared_in", "employee").order_by("pk")


@prepared
def _lines_paid_back(rows: list[int], months: list[Month]) -> QuerySet:
    lines = BillLine.objects.ever().filter(back_payment__in=rows, month__in=months)
    return lines.values_list("back_payment", *WHEN)


def _undone(rows: Iterable[BackPayment | DeclaredWage], operation: str) -> dict[int | None, list[Held]]:
    """By employee, from when to when a declaration of this operation was in force that was undone (撤销)."""
    found: dict[int | None, list[Held]] = defaultdict(list)
    for event in _undoings(list({one.employee_id for one in rows})):
        if event.declaration.spec.operation == operation and event.declaration.decided_at:
            found[event.declaration.employee_id].append(Held(event.declaration.decided_at, event.at))
    return found


@prepared
def _undoings(employees: list[int]) -> QuerySet[DeclarationEvent]:
    undone = DeclarationEvent.objects.filter(move="undo", declaration__employee__in=employees)
    return undone.select_related("declaration").defer("answers", "declaration__answers")


class Link(NamedTuple):
    """A line of a charge and of what corrects it: the wage, the evidence of both shares, fen, and when it was there.

    `paid_back`: when it was declared to be paid back, where it is.
    """

    pk: int
    adjusts: int | None
    kind: str
    wage: int
    fen: int
    why: tuple[int | None, int | None]
    held: Held
    paid_back: Moment | None

    @property
    def returns(self) -> bool:
        """Whether it gives the charge back whole."""
        return self.kind in ADJUSTING and not any(self.why)


def _refunds() -> Iterator[str]:
    """A charge that goes back is on the first bill after its refund that has room for it: no bill is below nothing."""
    for chunk in in_chunks(_refunded(), CHUNK):
        settled, lines = _settled(chunk), _charges_of(chunk)
        for one in chunk:
            charges = lines[one.employee_id, one.month]
            for bill in _after(one.employee.employer_id, one.month, one.declared_in.decided_at, settled):
                if scheme := _not_returned(charges, bill):
                    words = f"{one.employee.name} {one.month} {scheme} 的退费"
                    yield f"I-8：账单 {bill.number} 漏了 {words}，核定时已经生效。"
                    break


@streamed
def _refunded() -> QuerySet[Refund]:
    return Refund.objects.filter(is_voided=False).select_related("declared_in", "employee").order_by("pk")


def _not_returned(charges: dict[str, list[Link]], bill: Settled) -> str:
    """The first scheme that this bill should have given back, "" where there is none."""
    for scheme, links in charges.items():
        standing = [one for one in links if one.held.at(bill.made_at)]
        before = [one.fen for one in standing if one.held.made_at < bill.made_at]
        if before and not any(one.returns for one in standing) and sum(before) <= bill.total_due:
            return scheme
    return ""


def _charges_of(rows: Iterable[Refund | DeclaredWage]) -> dict[tuple, dict[str, list[Link]]]:
    """By employee and month, then by scheme: the lines that charge it and correct it, the oldest first."""
    months = {one.month if isinstance(one, Refund) else one.first_month for one in rows}
    found: dict[tuple, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for employee, month, scheme, pk, adjusts, kind, wage, unit, own, *more in _lines(
        list({one.employee_id for one in rows}), list(months)
    ):
        declared = tuple(more[4:]) if kind == LineKind.BACK_PAYMENT else None
        link = Link(pk, adjusts, kind, wage, unit + own, tuple(more[:2]), Held(*more[2:4]), declared)
        found[employee, month][scheme].append(link)
    return found


@prepared
def _lines(employees: list[int], months: list[Month]) -> QuerySet:
    kinds = (*CHARGING, *ADJUSTING)
    lines = BillLine.objects.ever().filter(employee__in=employees, month__in=months, kind__in=kinds).order_by("pk")
    words = "adjusts", "kind", "declared_wage", "employer_due", "employee_due", "employer_evidence", "employee_evidence"
    paid_back = "back_payment__declared_in__decided_at", "back_payment__declared_in"
    return lines.values_list("employee", "month", "scheme", "pk", *words, *WHEN, *paid_back)


def _corrections() -> Iterator[str]:
    """A month whose wage was corrected is charged at it by the first bill after that which has room for a return.

    A leaver's month has it on the bills before the refund, and after it where it was given back and is paid back again.
    """
    for chunk in in_chunks(_corrected(), CHUNK):
        claimed = {(pk, month): at for pk, month, at in _claimed([one.employee_id for one in chunk])}
        settled, charges, undone = _settled(chunk), _charges_of(chunk), _undone(chunk, "correct_wages")
        pks = {pk for some in charges.values() for links in some.values() for link in links for pk in link.why}
        known = data_of(pks)
        for one in chunk:
            who, own = one.employee, charges[one.employee_id, one.first_month]
            said = Said(one.amount_fen, tuple((one.facts or {}).items()), (one.decided_at, one.declared_in_id))
            spec = region(who.employer.region)
            monthly = {scheme.key for scheme in spec.open_schemes}
            own = {scheme: links for scheme, links in own.items() if scheme in monthly}
            for bill in _after(who.employer_id, one.first_month, one.declared_at, settled):
                another = any(then.at(bill.made_at) for then in undone[who.pk])
                at = claimed.get((who.pk, one.first_month))
                owed = own if at is None or at > bill.made_at else _given_back(own, bill)
                if not another and (scheme := _not_corrected(spec, owed, said, bill, known)):
                    words = f"{who.name} {one.first_month} {scheme} 的工资更正"
                    yield f"I-8：账单 {bill.number} 漏了 {words}，核定时已经生效。"
                    break


@streamed
def _corrected() -> QuerySet[DeclaredWage]:
    rows = DeclaredWage.objects.filter(is_correction=True, is_voided=False).select_related("employee__employer")
    return rows.annotate(decided_at=F("declared_in__decided_at")).order_by("pk")


@prepared
def _claimed(employees: list[int]) -> QuerySet:
    refunds = Refund.objects.filter(is_voided=False, employee__in=employees)
    return refunds.values_list("employee", "month", "declared_in__decided_at")


def _given_back(charges: Mapping[str, list[Link]], bill: Settled) -> dict[str, list[Link]]:
    """Of a month that a leaver gets back the schemes that were given back before this bill: a later charge stays."""
    return {
        scheme: links
        for scheme, links in charges.items()
        if any(one.returns and one.held.at(bill.made_at) and one.held.made_at < bill.made_at for one in links)
    }


def _not_corrected(
    spec: Region, charges: Mapping[str, list[Link]], said: Said, bill: Settled, known: Mapping[int, Mapping]
) -> str:
    """The first scheme that this bill should have charged as corrected, "" where there is none.

    Not one that was declared to be paid back later than that, nor what came with this very bill. A bill may have less
    room than it needs by newer values, but it has enough where the whole charge could go back.
    """
    for scheme, links in charges.items():
        standing = [one for one in links if one.held.at(bill.made_at)]
        adjusted, whole = {one.adjusts for one in standing}, sum(one.fen for one in standing)
        if not all(said.holds_for(one.paid_back) for one in standing) or whole > bill.total_due:
            continue
        for one in standing:
            is_before = one.held.made_at < bill.made_at and one.pk not in adjusted and any(one.why)
            if is_before and _is_owed_otherwise(spec, Billed(0, scheme, one.wage, *one.why), said, known, bill):
                return scheme
    return ""


def _is_owed_otherwise(spec: Region, row: Billed, said: Said, known: Mapping[int, Mapping], bill: Settled) -> bool:
    """Whether a charge comes to another amount as corrected: at a wage by its own evidence alone, by another fact by
    the values that were known when the bill was made.
    """
    told = [known[pk] for pk in (row.employer_evidence, row.employee_evidence) if pk is not None]
    if not Said(row.declared_wage, said.facts).moves(row.declared_wage, charged_facts(spec, row, known)):
        return any(charged_amount(data, said.fen) != charged_amount(data, row.declared_wage) for data in told)
    before = {data["share"]: charged_amount(data, row.declared_wage) for data in told}
    try:
        owed = owed_as_corrected(spec, row, said, known, day_of(bill.made_at))
    except (NoValue, NoFact):
        return False  # the settlement said so: it cannot be charged
    return owed != tuple(before.get(share, 0) for share in SHARES)


def _settled(rows: Iterable[BackPayment | Refund | DeclaredWage]) -> dict[int, list[Settled]]:
    """The settlements in force of the employers of these rows, the oldest month first."""
    found: dict[int, list[Settled]] = defaultdict(list)
    for employer, *one in _settlements(list({one.employee.employer_id for one in rows})):
        found[employer].append(Settled(*one))
    return found


@prepared
def _settlements(employers: list[int]) -> QuerySet:
    settled = Assessment.objects.live().filter(series=0, bill__isnull=False, employer__in=employers)
    return settled.order_by("month").values_list("employer", "month", "made_at", "bill__number", "bill__total_due")


def _after(
    employer: int, month: Month, decided_at: datetime | None, settled: dict[int, list[Settled]]
) -> Iterator[Settled]:
    """The settlements of later months that were made when something of a month was decided."""
    for one in settled[employer]:
        if one.month > month and decided_at is not None and decided_at < one.made_at:
            yield one
