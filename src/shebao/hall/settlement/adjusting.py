"""补差: what later values or a corrected wage change in months already assessed, found before a later bill has it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from django.db.models import QuerySet

from shebao.rules.back_paying_words import MOST_BACK
from shebao.rules.contributions import Evidence as Told
from shebao.rules.contributions import NoFact, Step, charge, explain
from shebao.rules.money import yuan
from shebao.rules.months import Month
from shebao.rules.region import NoValue, Region
from shebao.rules.vocabulary import SHARES

from ..clock import today
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region
from ..roster.models import DeclaredWage
from .billed import Billed, billed_people, charged_amount
from .corrections import Corrections, Said, corrections_before, moved_by
from .evidences import BATCH, data_of, keep_evidence
from .giving_back import free_months
from .last_charges import claimed_months, kinds_of_charges, lines_of_charges, to_be_returned
from .models import CHARGING, Bill, BillLine, LineKind, Refund

VALUES = ("floor", "ceiling", "rate", "fixed", "multiplier", "plus")
NOTHING = "没有这一部分"


@dataclass(frozen=True, eq=False)
class Difference:
    """One charge that is not what it would be as known now. Amounts in fen, by share.

    `line` is the last line of that charge: the regular or paid-back one, or the adjustment made of it before. `wage`,
    `base` and `limit` are those of the charge as known now, `old` and `new` the evidence of both, None where a share is
    not charged.
    """

    line: BillLine
    wage: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    base: int
    limit: int
    old: Mapping[str, Mapping | None]
    new: Mapping[str, Told | None]

    @property
    def employer_due(self) -> int:
        """What the employer owes more, or less."""
        return self.after["employer"] - self.before["employer"]

    @property
    def employee_due(self) -> int:
        """What the person owes more, or less."""
        return self.after["employee"] - self.before["employee"]

    @property
    def total(self) -> int:
        """Both parts."""
        return self.employer_due + self.employee_due

    @property
    def kind(self) -> LineKind:
        """The code of the adjustment: by what moved, and whether money goes back."""
        if self.total < 0 or not any(self.new.values()):
            return LineKind.RETURNED
        has_moved = self.base != self.line.contribution_base
        if any(_rates(self.old[share]) != _rates(_data(self.new[share])) for share in SHARES):
            return LineKind.CORRECTED if has_moved else LineKind.RATE
        return LineKind.BASE if has_moved else LineKind.CORRECTED

    def steps(self, share: str) -> list[Step]:
        """Both derivations of one share, and the subtraction."""
        return before_and_after(self.old[share], _data(self.new[share]), self.line.declared_wage, self.wage)


@dataclass(frozen=True)
class Found:
    """The differences by month, person and scheme; and a sentence for every month that cannot be charged again."""

    differences: tuple[Difference, ...] = ()
    trouble: tuple[str, ...] = ()


def find_differences(employer, month: Month) -> Found:
    """What the employer's bill of `month` would have to add or give back for the months before it.

    People, schemes and classes are as they were billed; what is known of the values is new, and a wage that was
    corrected since (工资更正). What was given back whole stays so; what leavers get back (退费) comes first. Three
    queries where nothing was published or corrected since, and a few more where something was.
    """
    spec = region(employer.region)
    months = [of for _, of, *then in _assessed([employer], month) if _could_differ(spec, *then)]
    returned = to_be_returned(employer.pk, claimed_months(employer.pk, month))
    given = given_back(returned, known_behind(returned))
    said = corrections_before(employer.pk, month)
    again = _charged_again(spec, employer, month, months, said)
    return Found((*given, *again.differences), again.trouble)


def differences_at(employer, month: Month, corrections: Corrections) -> Found:
    """What the employer's bill of `month` would have to add or give back, were earlier months so corrected."""
    return _charged_again(region(employer.region), employer, month, (), corrections)


def _charged_again(spec: Region, employer, month: Month, months: Sequence[Month], corrections: Corrections) -> Found:
    """The charges of `months` that rest on a value which is another one now, and those that are corrected."""
    moved = moved_by(spec, corrections, employer.pk, month)
    said = {one.pk: one.said for one in moved}
    if not months and not said:
        return Found()
    asked = employer.pk, month, sorted({one.employee for one in moved}), sorted({one.month for one in moved})
    kinds = kinds_of_charges(*asked, list(months))
    known = data_of({pk for _, *pks in kinds for pk in pks})
    stale = {m for m, *pks in kinds if m in months and any(_is_stale(spec, known[pk]) for pk in pks if pk is not None)}
    if not stale and not said:
        return Found()
    lines: dict[Month, list[BillLine]] = {}
    for line in lines_of_charges(*asked, sorted(stale)):
        if line.month in stale or line.pk in said:
            lines.setdefault(_values_month(line, known), []).append(line)
    found, trouble = [], []
    for each, own in lines.items():
        try:
            found += _of_month(spec, each, own, known, said)
        except (NoValue, NoFact) as missing:
            trouble.append(f"{each.label}现在不能重新计算：{missing}。请联系经办机构补充。")
    return Found(tuple(found), tuple(trouble))


def known_behind(lines: Iterable[BillLine]) -> dict[int, Mapping]:
    """The data of the evidences of these lines by id."""
    return data_of({pk for line in lines for pk in (line.employer_evidence_id, line.employee_evidence_id)})


def given_back(lines: Iterable[BillLine], known: Mapping[int, Mapping]) -> list[Difference]:
    """Each of these charges given back whole: nobody owes it. `known` has the data of every evidence by id.

    One of nothing is given back too: it leaves its month to whoever charges it next.
    """
    nothing: dict[str, int] = dict.fromkeys(SHARES, 0)
    found = []
    for line in lines:
        old = {share: known.get(getattr(line, f"{share}_evidence_id")) for share in SHARES}
        before = _charged(line, old)
        found.append(Difference(line, line.declared_wage, before, nothing, 0, 0, old, dict.fromkeys(SHARES)))
    return found


def may_have_differences(employers: Sequence[Employer], month: Month) -> list[Employer]:
    """Of employers of one region those for whom `find_differences` may find something: three queries, and no lines."""
    spec = region(employers[0].region)
    could: dict[tuple, bool] = {}
    found = set()
    for pk, _, *one in _assessed(employers, month):
        key = tuple(one)
        if key not in could:
            could[key] = _could_differ(spec, *one)
        if could[key]:
            found.add(pk)
    pks = [employer.pk for employer in employers]
    found |= {*_with_claims(pks), *_with_corrections(pks)}
    return [employer for employer in employers if employer.pk in found]


@prepared
def _with_claims(employers: list[int]) -> QuerySet:
    claims = Refund.objects.filter(employee__employer__in=employers, is_voided=False).order_by()
    return claims.values_list("employee__employer", flat=True).distinct()


@prepared
def _with_corrections(employers: list[int]) -> QuerySet:
    rows = DeclaredWage.objects.filter(employee__employer__in=employers, is_correction=True, is_voided=False).order_by()
    return rows.values_list("employee__employer", flat=True).distinct()


def billable(found: Found, due: int) -> list[Difference]:
    """The differences that a bill of `due` fen takes: all that is owed, and of what is returned as much as it can bear.

    The oldest come first; a bill never falls below nothing, the rest waits for the next one.
    """
    room, taken = due + sum(one.total for one in found.differences if one.total > 0), []
    for one in found.differences:
        if one.total >= 0:
            taken.append(one)
        elif room + one.total >= 0:
            taken.append(one)
            room += one.total
    return taken


def before_and_after(old: Mapping | None, new: Mapping | None, was: int, wage: int) -> list[Step]:
    """The steps from what was charged at a wage to what is owed at one, as 「为什么是这个数」 tells them."""
    before, after = charged_amount(old, was), charged_amount(new, wage)
    steps = [*_derived("原", old, was), Step("原应缴", f"{yuan(before)} 元")]
    steps += [*_derived("新", new, wage), Step("新应缴", f"{yuan(after)} 元")]
    words = "新应缴 − 原应缴" if after >= before else "新应缴 − 原应缴，负数退还"
    return [*steps, Step("补差", f"{yuan(after)} − {yuan(before)} = {yuan(after - before)} 元", words)]


def _derived(word: str, data: Mapping | None, wage: int) -> Iterator[Step]:
    if data is None:
        yield Step(f"{word}依据", NOTHING)
        return
    for step in explain(data, wage):
        yield Step(f"{word}·{step.label}", step.value, step.note, step.source, step.status)


def _assessed(employers: Sequence[Employer], month: Month) -> list[tuple]:
    """(employer, month, the month whose values charged it, what was known, by which folder) of months settled and
    paid back.
    """
    since = month.previous(MOST_BACK)
    bills = [_Assessed(*one) for one in _bills_since([employer.pk for employer in employers], since)]
    found = {(one.employer, one.month, one.month, *one[-2:]) for one in bills if not one.series and one.month < month}
    # Only a bill that charges an earlier month can have a back payment; hardly one does, and no lines are asked.
    if further := [one for one in bills if one.first_month != one.month]:
        back = BillLine.objects.live().of(*further).filter(kind=LineKind.BACK_PAYMENT).order_by()
        columns = "bill__employer", "month", "back_payment__values_month", *(f"bill__{name}" for name in THEN)
        found |= set(back.values_list(*columns).distinct())
    return sorted(found, key=lambda one: (one[1].index, one[2].index))


THEN = "assessment__known_on", "assessment__fingerprint"


class _Assessed(NamedTuple):
    pk: int
    employer: int
    month: Month
    first_month: Month
    series: int
    known_on: date
    fingerprint: str


@prepared
def _bills_since(employers: list[int], since: Month) -> QuerySet:
    bills = Bill.objects.live().filter(employer__in=employers, month__gte=since).order_by()
    return bills.values_list("pk", "employer", "month", "first_month", "series", *THEN)


def _values_month(line: BillLine, known: Mapping[int, Mapping]) -> Month:
    """The month whose values charged a line, as its evidence says."""
    pk = line.employer_evidence_id or line.employee_evidence_id
    return Month.parse(known[pk]["month"])


def _could_differ(spec: Region, month: Month, known_on, fingerprint: str) -> bool:
    """Whether the folder was edited since, or a value of that month was published since. Asks no lines."""
    if fingerprint != spec.fingerprint:
        return True
    names = (parameter.key for parameter in spec.charged_parameters)
    return any(_value(spec, name, month, known_on) != _value(spec, name, month, today()) for name in names)


def _value(spec: Region, name: str, month: Month, known_on):
    try:
        return spec.value(name, month, known_on=known_on)
    except NoValue:
        return None


def _is_stale(spec: Region, data: Mapping) -> bool:
    """Whether one of the values that this evidence charged with is another one now."""
    month = Month.parse(data["month"])
    if data["scheme"] not in {scheme.key for scheme in spec.open_schemes}:
        return False
    for told in (data[name] for name in VALUES if data[name] is not None):
        try:
            number = spec.value(told["parameter"], month, known_on=today(), key=told.get("key")).value
        except NoValue:
            return True
        if isinstance(number, Mapping) or Fraction(number) != Fraction(told["value"]):
            return True
    return False


def _of_month(
    spec: Region, month: Month, lines: Sequence[BillLine], known: Mapping, said: Mapping[int, Said]
) -> Iterator[Difference]:
    """The lines charged again by the values of a month as known today, less what they charged.

    `said` has what corrects those lines that are corrected.
    """
    rows = []
    for line in lines:
        now = said.get(line.pk) or Said(line.declared_wage)
        # Somebody's charge of one month at one wage: months paid back may share their values, and not the wage.
        person, why = (line.employee_id, line.month, *now), (line.employer_evidence_id, line.employee_evidence_id)
        rows.append(Billed(person, line.scheme, now.fen, *why, now.facts))
    places, people = billed_people(spec, rows, known)
    charges = charge(spec, month, people, known_on=today())
    again = {one.scheme: one for one in charges.schemes}
    evidence: tuple[Told | None, ...] = (*charges.evidence, None)
    for line, row in zip(lines, rows, strict=True):
        one, i = again.get(line.scheme), places[row.person]
        if one is None:
            continue  # the scheme is not charged here any more: that is no late value
        old = {"employer": known.get(row.employer_evidence), "employee": known.get(row.employee_evidence)}
        before = _charged(line, old)
        after = {"employer": int(one.employer[i]), "employee": int(one.employee[i])}
        if before != after:
            new = {"employer": evidence[one.employer_evidence[i]], "employee": evidence[one.employee_evidence[i]]}
            base, limit = int(one.base[i]), int(one.limit[i])
            yield Difference(line, row.declared_wage, before, after, base, limit, old, new)


def _charged(line: BillLine, old: Mapping[str, Mapping | None]) -> dict[str, int]:
    """What this line has the charge at, by share: the charge itself says it, an adjustment only its difference."""
    if line.kind in CHARGING:
        return {"employer": line.employer_due, "employee": line.employee_due}
    return {share: charged_amount(old[share], line.declared_wage) for share in SHARES}


def _data(told: Told | None) -> Mapping | None:
    return told.data if told is not None else None


def _rates(data: Mapping | None) -> list:
    """What an evidence charges apart from its limits."""
    names = ("rate", "fixed", "multiplier", "plus")
    return [data[name] and Fraction(data[name]["value"]) for name in names] if data is not None else []


def months_of(differences: Iterable[Difference]) -> dict[Month, list[Difference]]:
    """The differences by the month they are for, oldest first."""
    found: dict[Month, list[Difference]] = {}
    for one in differences:
        found.setdefault(one.line.month, []).append(one)
    return found


def make_adjustments(bill: Bill, adjusted: Sequence[Difference]) -> None:
    """补差: one line for each charge that is another one now; the database refuses a second one for the same charge."""
    kinds = {told.digest: told for one in adjusted for told in one.new.values() if told is not None}
    ids: dict[str | None, int | None] = dict(zip(kinds, keep_evidence(list(kinds.values())), strict=True))
    lines = []
    for one in adjusted:
        why = {share: ids[told.digest] if told is not None else None for share, told in one.new.items()}
        lines.append(
            BillLine(
                bill=bill,
                employee_id=one.line.employee_id,
                person_id=one.line.person_id,
                region=one.line.region,
                scheme=one.line.scheme,
                month=one.line.month,
                booking_month=bill.month,
                kind=one.kind,
                adjusts=one.line,
                is_exclusive=one.line.is_exclusive,
                declared_wage=one.wage,
                contribution_base=one.base,
                limit=one.limit,
                employer_due=one.employer_due,
                employee_due=one.employee_due,
                employer_evidence_id=why["employer"],
                employee_evidence_id=why["employee"],
            )
        )
    BillLine.objects.bulk_create(lines, batch_size=BATCH)
    free_months(one.line for one in adjusted if not any(one.new.values()))
