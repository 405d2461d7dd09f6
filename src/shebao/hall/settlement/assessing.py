"""Assessing a month (核定): from the roster to bills, lines, evidence and bookings, for one employer or hundreds alike.

Everything here runs in the caller's transaction, which holds the employers and has checked that they may be settled.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils import timezone

from shebao.rules.contributions import Charges
from shebao.rules.months import Month

from ..audit.operations import record_many
from ..bulk import Block, insert_blocks, insert_rows
from ..clock import local_now, now, today
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region
from ..roster.models import Spell
from ..roster.queries import Insured, columns_of_many
from .adjusting import Difference, billable, find_differences, make_adjustments, may_have_differences
from .back_fees import Borne
from .back_payments import (
    BackDue,
    borne_of,
    charge_back_payments,
    employers_waiting,
    make_back_lines,
    waiting,
)
from .collecting import use_credit
from .evidences import keep_evidence
from .late_decisions import due_moments
from .ledger import book_all_assessed
from .models import Account, Assessment, Bill, BillLine, LedgerEntry, LineKind
from .provisional import carry_over, provisionals, retire_provisionals
from .queries import charged, covered_by_any

Dues = dict[tuple[Month, str, str], int]


@dataclass(frozen=True)
class Case:
    """One employer's month to be assessed: the way it is settled, and what changed in it."""

    employer: Employer
    kind: str
    changes: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Demand:
    """What a case comes to: regular dues by scheme and part, fen, the heads, and what comes with them from before."""

    case: Case
    dues: Dues
    head_count: int
    adjusted: Sequence[Difference]
    back: Sequence[BackDue]

    @property
    def borne(self) -> list[Borne]:
        """The late fees and interest of what is paid back."""
        return borne_of(self.back)

    @property
    def more(self) -> list[Difference | BackDue | Borne]:
        """What the bill takes for earlier months."""
        return [*self.adjusted, *self.back, *self.borne]

    def due(self, part: str) -> int:
        """The whole of one part, fen."""
        regular = sum(fen for (_, _, side), fen in self.dues.items() if side == part)
        return regular + sum(getattr(one, f"{part}_due") for one in self.more)


def assess(cases: Sequence[Case], month: Month, *, by) -> tuple[list[Bill], list[Case]]:
    """Assess cases of one region as known today: the bills made, and the cases in which nobody is insured.

    Raises Refused where a value or a fact is missing, and lets the database's IntegrityError pass: with many cases
    the caller tries them apart. `by` None is the agency's own run.
    """
    employers = [case.employer for case in cases]
    employees, owners, people = columns_of_many(employers, month)
    charges = charged(region(employers[0].region), month, people)
    demands = _demands(cases, month, charges, owners)
    empty = [one.case for one in demands if not one.head_count and not one.more]
    demands = [one for one in demands if one.head_count or one.more]
    if not demands:
        return [], empty
    _keep_all_evidence(charges, demands)
    before = provisionals([one.case.employer for one in demands], month)
    paid = retire_provisionals(before, by=by)
    bills = _make_bills(_make_assessments(demands, month, charges, by), demands, month)
    _make_lines({bill.employer_id: bill for bill in bills}, employers, employees, owners, charges, people.declared_wage)
    for bill, one in zip(bills, demands, strict=True):
        if one.adjusted:
            make_adjustments(bill, one.adjusted)
        if one.back:
            make_back_lines(bill, one.back)
    book_all_assessed(
        [(bill, _all_dues(one), [each.line for each in one.borne]) for bill, one in zip(bills, demands, strict=True)]
    )
    for bill in bills:
        if bill.employer_id in before:
            carry_over(before[bill.employer_id], bill, paid[bill.employer_id], by=by)
    credit = _use_credit(bills)
    if len(bills) > 1 and connection.vendor == "postgresql":
        # What the foreign keys defer to the commit is checked now: from the next line on everybody else's record waits.
        connection.check_constraints()
    details = [_detail(bill, one, credit.get(bill.pk)) for bill, one in zip(bills, demands, strict=True)]
    record_many("month.settled", list(zip(bills, details, strict=True)), by=by)
    return bills, empty


def _detail(bill: Bill, one: Demand, credit_fen: int | None) -> dict:
    return {
        "month": str(bill.month),
        "kind": one.case.kind,
        "total_fen": bill.total_due,
        "adjusted_fen": sum(each.total for each in one.adjusted) or None,
        "back_paid_fen": sum(each.total for each in one.back) or None,
        "borne_fen": sum(each.total for each in one.borne) or None,
        "heads": bill.head_count,
        "credit_fen": credit_fen,
    }


def _demands(cases: Sequence[Case], month: Month, charges: Charges, owners: np.ndarray) -> list[Demand]:
    """The columns summed by employer, and what waits from earlier months."""
    count, employers = len(cases), [case.employer for case in cases]
    heads = np.bincount(owners[covered_by_any(charges)], minlength=count)
    sums = {
        (month, one.scheme, part): _summed(getattr(one, part), owners, count)
        for one in charges.schemes
        for part in ("employer", "employee")
    }
    # Locked: what is taken back at the same moment is either not here any more, or its taker finds it billed.
    asking = employers_waiting(employers, month)
    differing = {one.pk for one in may_have_differences(employers, month)}
    found = []
    for i, case in enumerate(cases):
        own = case.employer
        dues = {key: int(column[i]) for key, column in sums.items()}
        is_asking = own.pk in asking
        back = charge_back_payments(own, waiting(own, month).select_for_update(of=("self",))) if is_asking else []
        due = sum(dues.values()) + sum(one.total for one in (*back, *borne_of(back)))
        adjusted = billable(find_differences(own, month), due) if own.pk in differing else []
        found.append(Demand(case, dues, int(heads[i]), adjusted, back))
    return found


def _summed(column: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """The column's sum for each employer, in whole fen."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, owners, column)
    return sums


def _keep_all_evidence(charges: Charges, demands: Sequence[Demand]) -> None:
    """Store every kind at once: the steps after this only look them up."""
    told = [*charges.evidence]
    for one in demands:
        told += [each for difference in one.adjusted for each in difference.new.values() if each is not None]
        told += [each for back in one.back for each in back.evidence.values() if each is not None]
    keep_evidence(told)


def _make_assessments(demands: Sequence[Demand], month: Month, charges: Charges, by) -> list[Assessment]:
    at, spec = now(), region(demands[0].case.employer.region)
    made = [
        Assessment(
            employer=one.case.employer,
            month=month,
            kind=one.case.kind,
            number=f"H{month.index:05d}{one.case.employer.pk:07d}{secrets.randbelow(10**8):08d}",
            fingerprint=spec.fingerprint,
            known_on=charges.known_on,
            changes=dict(one.case.changes),
            monthly_schemes=[each.key for each in spec.monthly_schemes],
            made_by=by,
            made_at=at,
        )
        for one in demands
    ]
    insert_rows(made)
    return made


def _make_bills(assessments: Sequence[Assessment], demands: Sequence[Demand], month: Month) -> list[Bill]:
    """The bills' totals are the sums of the same columns that become their lines."""
    spec = region(assessments[0].employer.region)
    usual, on = spec.calendar.window(month).pay_until, today()
    newest = spec.calendar.newest_month(local_now())
    moved = due_moments([one.employer for one in assessments], month)
    invented: dict[Month, tuple] = {}
    bills = []
    for assessment, one in zip(assessments, demands, strict=True):
        months = sorted({month, *(each.line.month for each in one.more)}, reverse=True)
        for each in months:
            if each not in invented:
                invented[each] = tuple(spec.illustrative(each, on))
        samples = [title for each in one.borne for title in each.illustrative]
        employer_due, employee_due = one.due("employer"), one.due("employee")
        bills.append(
            Bill(
                assessment=assessment,
                employer=assessment.employer,
                month=month,
                number=f"Z{assessment.number[1:]}",
                employer_due=employer_due,
                employee_due=employee_due,
                total_due=employer_due + employee_due,
                head_count=one.head_count,
                pay_until=timezone.make_aware(moved.get(assessment.employer_id, usual)),
                first_month=months[-1],
                last_month=newest,
                illustrative=list(dict.fromkeys([title for each in months for title in invented[each]] + samples)),
            )
        )
    insert_rows(bills)
    return bills


def _all_dues(one: Demand) -> Dues:
    """What is booked: the regular charges, the adjustments and what is paid back, each under the month it is for."""
    dues = dict(one.dues)
    for each in (*one.adjusted, *one.back):
        for part in ("employer", "employee"):
            key = each.line.month, each.line.scheme, part
            dues[key] = dues.get(key, 0) + getattr(each, f"{part}_due")
    return dues


def _use_credit(bills: Sequence[Bill]) -> dict[int, int]:
    """Let the credit (待转金) of those employers who have some pay their new bills; fen by bill."""
    rich = {employer for employer, fen in _credits([bill.employer_id for bill in bills]) if fen < 0}
    used = {bill.pk: use_credit(bill) for bill in bills if bill.employer_id in rich}
    return {pk: fen for pk, fen in used.items() if fen}


@prepared
def _credits(employers: list[int]) -> QuerySet:
    entries = LedgerEntry.objects.filter(transaction__employer__in=employers, account=Account.CREDIT).order_by()
    return entries.values_list("transaction__employer").annotate(Sum("amount_fen"))


def _make_lines(
    bills: Mapping[int, Bill],
    employers: Sequence[Employer],
    employees: Sequence[Insured],
    owners: np.ndarray,
    charges: Charges,
    wages: np.ndarray,
) -> None:
    """One line for each person and scheme, written as columns."""
    ids = np.array([*keep_evidence(charges.evidence), 0], dtype=np.int64)
    of_employer = np.array([bills[one.pk].pk if one.pk in bills else 0 for one in employers], dtype=np.int64)
    person = {
        "bill_id": of_employer[owners],
        "employee_id": np.array([one.pk for one in employees], dtype=np.int64),
        "person_id": np.array([one.person_id for one in employees], dtype=np.int64),
        "declared_wage": wages,
    }
    shared = set(_shared([one.pk for one in employers]))
    first = next(iter(bills.values()))
    plain = {
        "region": first.employer.region, "month": first.month, "booking_month": first.month, "kind": LineKind.REGULAR,
        "adjusts_id": None, "back_payment_id": None, "principal_id": None, "is_voided": False,
        "is_given_back": False,
    }  # fmt: skip
    blocks = []
    for one in charges.schemes:
        theirs = {pk for pk, scheme in shared if scheme == one.scheme}
        alone = np.array([row.pk not in theirs for row in employees], dtype=np.bool_) if theirs else None
        columns = person | {
            "contribution_base": one.base,
            "limit": one.limit.astype(np.int64),
            "employer_due": one.employer,
            "employee_due": one.employee,
            "employer_evidence_id": ids[one.employer_evidence],
            "employee_evidence_id": ids[one.employee_evidence],
        }
        if alone is not None:
            columns["is_exclusive"] = alone
        given = plain | {"scheme": one.scheme} | ({"is_exclusive": True} if alone is None else {})
        blocks += _blocks(one, columns, given)
    insert_blocks(BillLine, blocks)


def _blocks(one, columns: Mapping[str, np.ndarray], given: Mapping) -> list[Block]:
    """The covered rows, apart by which of the two shares has evidence: a block's column is all NULL or none is."""
    found = []
    for has_employer in (True, False):
        for has_employee in (True, False):
            chosen = one.covered & ((one.employer_evidence >= 0) == has_employer)
            rows = np.flatnonzero(chosen & ((one.employee_evidence >= 0) == has_employee))
            if not rows.size:
                continue
            block = {name: column[rows] for name, column in columns.items()} | given
            block |= {} if has_employer else {"employer_evidence_id": None}
            block |= {} if has_employee else {"employee_evidence_id": None}
            found.append(Block(len(rows), block))
    return found


@prepared
def _shared(employers: list[int]) -> QuerySet:
    """(employee, scheme) of what a person may have at several employers at once."""
    spells = Spell.objects.filter(employee__employer__in=employers, is_exclusive=False, is_voided=False)
    return spells.values_list("employee", "scheme")
