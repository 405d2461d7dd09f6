"""What a month costs: the estimate before it is settled, the bill after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from django.db.models import Aggregate, Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum

from shebao.rules.contributions import Charges, NoFact, charge
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue
from shebao.rules.vocabulary import SHARES

from ..clock import today
from ..declarations.models import Declaration
from ..declarations.states import State
from ..errors import Refused
from ..regions import region
from ..roster.models import Employee
from ..roster.queries import Insured, columns_for_charge
from .adjusting import Difference, Found, billable, find_differences
from .back_fees import Borne
from .back_payments import BackDue, billed_apart, borne_of, charge_back_payments, waiting
from .evidences import data_of
from .ledger import balance, check_ledger
from .models import ADJUSTING, Bill, BillLine, LineKind, ProvisionalLine

__all__ = ["balance", "check_ledger"]  # what the ledger answers is asked for here too
PENDING = (State.DRAFT, State.SUBMITTED)
PROVISIONAL = "暂核定"
ADJUSTED, BACK_PAID, LATE_FEES, INTEREST = "补差", "补缴", "补缴滞纳金", "补缴利息"
EARLIER = {LineKind.BACK_PAYMENT: BACK_PAID, LineKind.LATE_FEE: LATE_FEES, LineKind.INTEREST: INTEREST}
"""What the lines of a bill for earlier months are called; all other kinds are adjustments."""


@dataclass(frozen=True)
class SchemeSum:
    """One scheme of a month, in fen; rates are text ("16%", "20.00 元/人", "" where people differ).

    `basis_due` is what the base month demanded, of a bill that is a multiple of it (暂核定).
    """

    scheme: str
    title: str
    short: str
    colour: str
    head_count: int
    wage_sum: int
    base_sum: int
    employer_due: int
    employee_due: int
    employer_rate: str
    employee_rate: str
    late_fee: int = 0
    credit_used: int = 0
    basis_due: int = 0

    @property
    def total(self) -> int:
        """Both parts, fen."""
        return self.employer_due + self.employee_due


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a month would cost now, in fen; `pending_fen` is what declarations not yet in force would add.

    `schemes` and the columns hold the facts in force; `total` includes `pending_fen` when it was asked for. `found`
    is what was published since about earlier months, `adjusted` the part of it that this month's bill takes, `back`
    what is paid back for earlier months, `borne` its late fees and interest; both parts of the amount include them.
    """

    employer_due: int
    employee_due: int
    pending_fen: int
    pending_count: int
    schemes: list[SchemeSum]
    head_count: int
    employees: list[Insured]
    wages: np.ndarray
    charges: Charges
    found: Found = Found()
    adjusted: tuple[Difference, ...] = ()
    back: tuple[BackDue, ...] = ()
    borne: tuple[Borne, ...] = ()

    @property
    def total(self) -> int:
        """All of it, fen."""
        return self.employer_due + self.employee_due + self.pending_fen

    @property
    def earlier(self) -> dict[str, tuple]:
        """What it takes for earlier months, by the word of it."""
        return {
            BACK_PAID: self.back,
            LATE_FEES: tuple(one for one in self.borne if one.line.kind == LineKind.LATE_FEE),
            INTEREST: tuple(one for one in self.borne if one.line.kind == LineKind.INTEREST),
            ADJUSTED: self.adjusted,
        }


def estimate(employer, month: Month, *, pending: bool = False) -> Estimate:
    """Charge the month as the roster stands today. Raises Refused where a value or a fact is missing."""
    spec = region(employer.region)
    employees, people = columns_for_charge(employer, month)
    charges = charged(spec, month, people)
    undecided = {"fen": 0, "count": 0}
    if pending:
        rows = Declaration.objects.filter(
            employer=employer, month__lte=month, first_month__lte=month, state__in=PENDING
        )
        undecided = rows.exclude(service__in=billed_apart(employer)).aggregate(
            fen=Sum("effect_fen", default=0), count=Count("pk")
        )
    employer_due, employee_due = int(charges.employer_total.sum()), int(charges.employee_total.sum())
    back = charge_back_payments(employer, waiting(employer, month))
    bear = borne_of(back)
    employer_due += sum(one.employer_due for one in (*back, *bear))
    employee_due += sum(one.employee_due for one in (*back, *bear))
    found = find_differences(employer, month)
    adjusted = billable(found, employer_due + employee_due)
    return Estimate(
        employer_due=employer_due + sum(one.employer_due for one in adjusted),
        employee_due=employee_due + sum(one.employee_due for one in adjusted),
        pending_fen=undecided["fen"],
        pending_count=undecided["count"],
        schemes=_scheme_sums(spec, charges, people.declared_wage),
        head_count=int(np.count_nonzero(covered_by_any(charges))),
        employees=employees,
        wages=people.declared_wage,
        charges=charges,
        found=found,
        adjusted=tuple(adjusted),
        back=tuple(back),
        borne=tuple(bear),
    )


def charged(spec, month: Month, people) -> Charges:
    """The engine's answer as known today; a missing value or fact is refused in its own words."""
    try:
        return charge(spec, month, people, known_on=today())
    except (NoValue, NoFact) as missing:
        raise Refused("no_value", f"现在还不能计算：{missing}。请联系经办机构补充。") from missing


def covered_by_any(charges: Charges) -> np.ndarray:
    """Who is insured in at least one scheme."""
    nobody = np.zeros(charges.count, dtype=np.bool_)
    return np.logical_or.reduce([nobody, *(one.covered for one in charges.schemes)])


def _scheme_sums(spec, charges: Charges, wages: np.ndarray) -> list[SchemeSum]:
    sums = []
    for one in charges.schemes:
        heads = int(np.count_nonzero(one.covered))
        if not heads:
            continue
        employer, employee = (
            [charges.evidence[i].data for i in np.unique(why) if i >= 0]
            for why in (one.employer_evidence, one.employee_evidence)
        )
        scheme = spec.schemes[one.scheme]
        sums.append(
            SchemeSum(
                one.scheme,
                scheme.title,
                scheme.short,
                scheme.colour,
                heads,
                int(wages[one.covered].sum()),
                int(one.base.sum()),
                int(one.employer.sum()),
                int(one.employee.sum()),
                common_rate(employer),
                common_rate(employee),
            )  # fmt: skip
        )
    return sums


def common_rate(evidence: Iterable) -> str:
    """The rate that all this evidence shares, as text; "" where there is none or people differ."""
    rates = {_rate(data) for data in evidence}
    return rates.pop() if len(rates) == 1 else ""


def _rate(data) -> str:
    if data["fixed"] is not None:
        return f"{yuan(data['fixed']['value'])} 元/人"
    percent = Decimal(data["rate"]["value"]) * 100
    if data["multiplier"] is not None:
        percent *= Decimal(str(data["multiplier"]["value"]))
    text = f"{percent:f}"
    plus = f" + {yuan(int(data['plus']['value']))} 元" if data["plus"] else ""
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%{plus}"


def bill_summary(bill: Bill) -> list[SchemeSum]:
    """The schemes of a bill in the region's order, its own month only; sums of lines, rates from evidence."""
    spec = region(bill.employer.region)
    if bill.is_provisional:
        return [_provisional_sum(spec, line) for line in bill.provisional_lines.order_by("pk")]
    rows = {
        row["scheme"]: row
        for row in BillLine.objects.ever()
        .regular_of(bill)
        .values("scheme")
        .annotate(
            heads=Count("employee", distinct=True),
            wages=Sum("declared_wage"),
            bases=Sum("contribution_base"),
            employer=Sum("employer_due"),
            employee=Sum("employee_due"),
        )
    }
    (rates,) = rates_of(bill)
    order = [key for key in spec.schemes if key in rows] + [key for key in rows if key not in spec.schemes]
    return [_bill_sum(spec, key, rows[key], rates) for key in order]


def _provisional_sum(spec, line: ProvisionalLine) -> SchemeSum:
    """A scheme of a month that was not declared: nobody's bases, and no rates."""
    row = {"heads": 0, "wages": 0, "bases": 0, "employer": line.employer_due, "employee": line.employee_due}
    word = {line.scheme: PROVISIONAL}
    found = _bill_sum(spec, line.scheme, row, {"employer": word, "employee": word if line.employee_due else {}})
    return replace(found, basis_due=line.base)


def rates_of(*bills: Bill) -> list[dict[str, dict[str, str]]]:
    """Of each of these bills: share → scheme → the rate that everybody has, "" where people differ; two queries."""
    lines = BillLine.objects.ever().regular_of(*bills).order_by()
    used: dict[tuple[int, str, str], set[int]] = {}
    for bill_id, scheme, *ids in lines.values_list(
        "bill_id", "scheme", *(f"{share}_evidence" for share in SHARES)
    ).distinct():
        for share, pk in zip(SHARES, ids, strict=True):
            if pk is not None:
                used.setdefault((bill_id, scheme, share), set()).add(pk)
    data = data_of(set().union(*used.values()))
    found: dict[int, dict[str, dict[str, str]]] = {bill.pk: {share: {} for share in SHARES} for bill in bills}
    for (bill_id, scheme, share), ids in used.items():
        found[bill_id][share][scheme] = common_rate(data[pk] for pk in ids)
    return [found[bill.pk] for bill in bills]


def _bill_sum(spec, key: str, row: dict, rates: dict) -> SchemeSum:
    # A region may drop a scheme after it was billed; the old bill still has to be read.
    scheme = spec.schemes.get(key)
    title, short, colour = (scheme.title, scheme.short, scheme.colour) if scheme else (key, "", "")
    return SchemeSum(
        key, title, short, colour, row["heads"], row["wages"], row["bases"], row["employer"], row["employee"],
        rates["employer"].get(key, ""), rates["employee"].get(key, ""),
    )  # fmt: skip


def adjustment_sums(spec, rows: Iterable, word: str = ADJUSTED) -> list[SchemeSum]:
    """补差, 补缴 or what it bears by scheme, of bill lines or what is to be billed, in the region's order; no bases."""
    found: dict[str, list] = {}
    for one in rows:
        line = one if isinstance(one, BillLine) else one.line
        found.setdefault(line.scheme, []).append((line.employee_id, one.employer_due, one.employee_due))
    order = [key for key in spec.schemes if key in found] + [key for key in found if key not in spec.schemes]
    return [_adjustment_sum(spec, key, found[key], word) for key in order]


def _adjustment_sum(spec, key: str, rows: list[tuple[int, int, int]], word: str) -> SchemeSum:
    scheme = spec.schemes.get(key)
    title, short, colour = (scheme.title, scheme.short, scheme.colour) if scheme else (key, "", "")
    heads = len({employee for employee, *_ in rows})
    employer, employee = sum(row[1] for row in rows), sum(row[2] for row in rows)
    rates = [word if due else "" for due in (employer, employee)]
    return SchemeSum(key, f"{title}{word}", f"{short}{word}", colour, heads, 0, 0, employer, employee, *rates)


def bill_earlier(bill: Bill) -> dict[str, list[SchemeSum]]:
    """What a bill takes for earlier months by scheme: 补缴, what it bears, 补差; `bill_summary` has the rest."""
    lines = bill.lines.exclude(kind=LineKind.REGULAR)
    kinds: dict[str, list[BillLine]] = {word: [] for word in (*EARLIER.values(), ADJUSTED)}
    for line in lines.only("kind", "employee", "scheme", "employer_due", "employee_due"):
        kinds[EARLIER.get(line.kind, ADJUSTED)].append(line)
    spec = region(bill.employer.region)
    return {word: adjustment_sums(spec, rows, word) for word, rows in kinds.items()}


def adjusting_lines(bill: Bill):
    """The adjustment lines of a bill with what they adjust, by person and month."""
    lines = bill.lines.filter(kind__in=ADJUSTING).select_related("employee", "adjusts__bill")
    return lines.order_by("employee__name_pinyin", "employee_id", "month", "pk")


def back_paying_lines(bill: Bill):
    """The lines of a bill for months that are paid back, with what declared them, by person and month."""
    lines = bill.lines.filter(kind__in=EARLIER)
    declared = "back_payment__declared_in", "principal__back_payment__declared_in"
    lines = lines.select_related("employee", *declared)
    return lines.order_by("employee__name_pinyin", "employee_id", "month", "scheme", "kind")


@dataclass(frozen=True)
class PersonRow:
    """One person of a bill: `schemes` maps a scheme to its line, `earlier` has the lines of other months by their word.

    The dues, in fen, include both.
    """

    employee: Employee
    declared_wage: int
    schemes: dict[str, BillLine]
    earlier: dict[str, list[BillLine]]
    employer_due: int
    employee_due: int

    @property
    def total(self) -> int:
        """Both parts, fen."""
        return self.employer_due + self.employee_due

    def sums(self, word: str) -> tuple[int, int]:
        """Both parts of what `word` names, fen."""
        lines = self.earlier.get(word, [])
        return sum(line.employer_due for line in lines), sum(line.employee_due for line in lines)


def people_of_bill(bill: Bill, q: str = "", scheme: str = "") -> QuerySet[Employee]:
    """The people of a bill by pinyin; `q` narrows by name, pinyin or number, `scheme` to who is charged for it."""
    own = bill.lines.filter(employee=OuterRef("pk"))
    people = Employee.objects.filter(Exists(own), employer=bill.employer_id)
    if scheme:
        people = people.filter(Exists(own.filter(scheme=scheme, kind=LineKind.REGULAR)))
    if q := q.strip():
        people = people.filter(Q(name__icontains=q) | Q(name_pinyin__icontains=q) | Q(person_number__icontains=q))
    return people.order_by("name_pinyin", "pk")


def sorted_people(bill: Bill, q: str = "", scheme: str = "", sort: str = "") -> QuerySet[int] | list[int]:
    """The keys of `people_of_bill`, by name or by `sort`: number, wage, base, back, adjusted, total or
    "<scheme>.<share>", with "-" the largest first.
    """
    people, key, sign = people_of_bill(bill, q, scheme), sort.removeprefix("-"), "-" * sort.startswith("-")
    amount = _sorted_by(key, scheme)
    if amount is None:
        plain = {"name": "name_pinyin", "number": "person_number"}.get(key)
        return (people.order_by(f"{sign}{plain}", "pk") if plain else people).values_list("pk", flat=True)
    by = F("fen").desc(nulls_last=True) if sign else F("fen").asc(nulls_last=True)
    sums = bill.lines.order_by().values("employee").annotate(fen=amount)
    found = sums.order_by(by, "employee__name_pinyin", "employee").values_list("employee", flat=True)
    if not q.strip() and not scheme:
        return list(found)
    own = set(people.order_by().values_list("pk", flat=True))
    return [pk for pk in found if pk in own]


def _sorted_by(key: str, chosen: str) -> Aggregate | None:
    """What a column of amounts is sorted by, of one person's lines; None for what is no such column."""
    regular, (scheme, _, share) = Q(kind=LineKind.REGULAR), key.partition(".")
    if key == "wage":
        return Max("declared_wage", filter=regular)
    if key == "base":
        return Max("contribution_base", filter=regular & Q(scheme=chosen) if chosen else regular)
    whole = F("employer_due") + F("employee_due")
    if key in ("back", "adjusted"):
        is_back = Q(kind__in=EARLIER)
        return Sum(whole, filter=is_back if key == "back" else ~regular & ~is_back)
    if key == "total":
        return Sum(whole)
    return Sum(f"{share}_due", filter=regular & Q(scheme=scheme)) if share in SHARES else None


def bill_people(bill: Bill, people: Sequence[int] | None = None) -> list[PersonRow]:
    """Everybody on a bill by pinyin, or those of it with these keys, with their lines: one query."""
    lines = bill.lines.select_related("employee").order_by("employee__name_pinyin", "employee_id", "pk")
    if people is not None:
        lines = lines.filter(employee__in=people)
    found: dict[int, list[BillLine]] = {}
    for line in lines:
        found.setdefault(line.employee_id, []).append(line)
    return [_person_row(own) for own in found.values()]


def _person_row(lines: list[BillLine]) -> PersonRow:
    """All lines of one person; who left and is only adjusted has no wage this month."""
    regular = {line.scheme: line for line in lines if line.kind == LineKind.REGULAR}
    earlier: dict[str, list[BillLine]] = {}
    for line in lines:
        if line.kind != LineKind.REGULAR:
            earlier.setdefault(EARLIER.get(line.kind, ADJUSTED), []).append(line)
    back_wage = next((line.declared_wage for line in earlier.get(BACK_PAID, [])), 0)
    return PersonRow(
        lines[0].employee,
        next((line.declared_wage for line in regular.values()), 0) or back_wage,
        regular,
        earlier,
        sum(line.employer_due for line in lines),
        sum(line.employee_due for line in lines),
    )
