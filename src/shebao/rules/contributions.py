"""What each person and employer owes for a month: exact int64 columns, and the evidence for every number.

Nothing here asks what day it is. `month` is what the contribution is for, `known_on` what was known when it
was computed; the difference between two values of `known_on` is an adjustment (补差).

Bounds: wages and limits up to 10**11 fen; every product is proved to fit into int64 when the plan of a
month is made (see `_table`), so no amount can silently wrap round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.conditions import Condition, NoFact, holds, holds_each
from shebao.rules.evidence import Amount, Evidence, Step, explain, recompute
from shebao.rules.facts import FACTS
from shebao.rules.money import LARGEST_FEN, Rounding, rounded_positive
from shebao.rules.months import Month
from shebao.rules.plans import SchemePlan, SharePlan, plan_of
from shebao.rules.region_model import NoValue, Region

__all__ = [
    "Amount",
    "Charge",
    "Charges",
    "Evidence",
    "NoFact",
    "People",
    "Step",
    "charge",
    "enrol_schemes",
    "explain",
    "recompute",
]

#: The most months that one payment may cover: fifty years.
LONGEST = 600

Column = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class People:
    """The people of one computation, as columns.

    declared_wage: fen, int64. facts: fact → one text for all, or an array of texts. covered: scheme → who is
    insured; None lets the region's `applies` decide; a scheme absent from it covers nobody.
    """

    declared_wage: Column
    facts: Mapping[str, Any]
    covered: Mapping[str, Flags] | None = None


@dataclass(frozen=True, eq=False)
class Charge:
    """One scheme's columns, all read-only. Amounts and base are 0 and evidence −1 where nobody is covered.

    `base` is 0 for a scheme without any rate. `limit` is −1 raised to the floor, +1 cut to the ceiling.
    """

    scheme: str
    covered: Flags
    base: Column
    limit: NDArray[np.int8]
    employer: Column
    employee: Column
    employer_evidence: NDArray[np.int32]
    employee_evidence: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Charges:
    """A month's result; the evidence indices of each charge point into `evidence`."""

    month: Month
    known_on: date
    schemes: tuple[Charge, ...]
    evidence: tuple[Evidence, ...]
    count: int

    @property
    def employer_total(self) -> Column:
        """Each person's employer part of all schemes, fen."""
        return sum((c.employer for c in self.schemes), np.zeros(self.count, dtype=np.int64))

    @property
    def employee_total(self) -> Column:
        """Each person's own part of all schemes, fen."""
        return sum((c.employee for c in self.schemes), np.zeros(self.count, dtype=np.int64))


def charge(region: Region, month: Month, people: People, *, known_on: date, months: int = 1) -> Charges:
    """Every open scheme's contribution of every person for a month, as known on a day.

    `months` equal months paid at once are rounded each, or together where the scheme says so; the base stays
    that of one month. Raises NoValue where a value or a row of a table is missing, NoFact where a fact is,
    ValueError for wages that are no int64 column between 0 and LARGEST_FEN. Silence is never zero.
    """
    work = _Work(people, months)
    charges = tuple(work.charge(plan) for plan in plan_of(region, month, known_on))
    return Charges(month, known_on, charges, tuple(work.evidence), work.count)


def enrol_schemes(region: Region, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the monthly schemes that apply to a person with these facts; raises NoFact."""
    known = _with_defaults(facts)
    return tuple(s.key for s in region.monthly_schemes if holds(s.applies, known))


def _with_defaults(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {f.key: f.default for f in FACTS.values() if f.default is not None} | dict(facts)


class _Work:
    """One computation: the columns shared between schemes are made once, and locked."""

    def __init__(self, people: People, months: int = 1) -> None:
        if not 1 <= months <= LONGEST:
            raise ValueError(f"months must lie between 1 and {LONGEST}")
        self.months = months
        wages = people.declared_wage
        if not isinstance(wages, np.ndarray) or wages.dtype != np.int64 or wages.ndim != 1:
            raise ValueError("declared_wage must be a one-dimensional int64 array of fen")
        if wages.size and (wages.min() < 0 or wages.max() > LARGEST_FEN):
            raise ValueError("a declared wage is negative or beyond the largest amount")
        self.wages, self.count = wages, len(wages)
        self.facts, self.given = _with_defaults(people.facts), people.covered
        self.evidence: list[Evidence] = []
        self.covers: dict[Condition | None, tuple[Flags, int]] = {}
        self.bases: dict[tuple[Any, ...], tuple[Column, NDArray[np.int8]]] = {}
        self.nothing = _locked(np.zeros(self.count, dtype=np.int64))
        self.nowhere = _locked(np.full(self.count, -1, dtype=np.int32))
        self.still = _locked(np.zeros(self.count, dtype=np.int8))

    def charge(self, plan: SchemePlan) -> Charge:
        covered, heads = self.cover(plan)
        base, limit = self.base(plan, covered, heads) if plan.has_base else (self.nothing, self.still)
        sides = {"employer": (self.nothing, self.nowhere), "employee": (self.nothing, self.nowhere)}
        for share in plan.shares:
            if heads:
                sides[share.side] = self.side(plan, share, base, covered, heads)
        (employer, why_employer), (employee, why_employee) = sides["employer"], sides["employee"]
        return Charge(plan.scheme.key, covered, base, limit, employer, employee, why_employer, why_employee)

    def cover(self, plan: SchemePlan) -> tuple[Flags, int]:
        """Who is covered, and how many."""
        if self.given is not None:
            flags = self.given.get(plan.scheme.key)
            found = np.zeros(self.count, dtype=np.bool_) if flags is None else np.asarray(flags, dtype=np.bool_)
            if found.shape != (self.count,):
                raise ValueError(f"covered[{plan.scheme.key}] must have one flag for each person")
            return _locked(found.copy()), int(np.count_nonzero(found))
        rule = plan.scheme.applies
        if rule not in self.covers:
            found = holds_each(rule, self.facts, self.count)
            self.covers[rule] = _locked(found), int(np.count_nonzero(found))
        return self.covers[rule]

    def base(self, plan: SchemePlan, covered: Flags, heads: int) -> tuple[Column, NDArray[np.int8]]:
        """The wage, rounded if the scheme says so and held within the limits, and which limit held it."""
        key = *plan.limits, id(covered)
        if key in self.bases:
            return self.bases[key]
        base, limit = self.wages, np.zeros(self.count, dtype=np.int8)
        if plan.base_rounding is not None:
            base = rounded_positive(base, 1, plan.base_rounding)
        floor, ceiling = self.limits(plan, covered)
        if floor is not None:
            limit -= base < floor
            base = np.maximum(base, floor)
        if ceiling is not None:
            limit += base > ceiling
            base = np.minimum(base, ceiling)
        if heads < self.count:
            base, limit = base * covered, limit * covered
        self.bases[key] = _locked(base if base is not self.wages else base.copy()), _locked(limit)
        return self.bases[key]

    def limits(self, plan: SchemePlan, covered: Flags) -> tuple[Any, Any]:
        """Floor and ceiling: one number for all, a column, or None."""
        chosen = self.choice(plan, plan.scheme.limits_by, plan.limit_keys, covered)
        floor, ceiling = (rows if rows is None else np.array(rows)[chosen] for rows in (plan.floors, plan.ceilings))
        return floor, ceiling

    def side(
        self, plan: SchemePlan, share: SharePlan, base: Column, covered: Flags, heads: int
    ) -> tuple[Column, NDArray[np.int32]]:
        """One side's amounts and the index of each person's evidence."""
        combination = self.combination(plan, share, base, covered)
        offset = len(self.evidence)
        if isinstance(combination, int):
            self.evidence.append(share.evidence[combination])
            numerator: Any = int(share.numerators[combination])
            why = np.full(self.count, offset, dtype=np.int32)
        else:
            used = np.flatnonzero(np.bincount(combination[covered], minlength=len(share.evidence)))
            self.evidence += [share.evidence[i] for i in used]
            position = np.full(len(share.evidence), -1, dtype=np.int32)
            position[used] = np.arange(offset, offset + len(used), dtype=np.int32)
            numerator, why = share.numerators[combination], position[combination]
        amount = self.amount(plan, share, numerator, base, covered)
        if heads < self.count:
            why = np.where(covered, why, np.int32(-1))
        return _locked(amount), _locked(why)

    def amount(self, plan: SchemePlan, share: SharePlan, numerator: Any, base: Column, covered: Flags) -> Column:
        """Fen for all the months; 0 where nobody is covered."""
        amount: Column
        if share.fixed:
            amount = numerator * covered.astype(np.int64) * self.months
        elif self.months > 1 and plan.scheme.months == "together":
            amount = _rated(_several(base, numerator, self.months), numerator, share.denominator, plan.rounding)
        else:
            amount = _rated(base, numerator, share.denominator, plan.rounding) * self.months
        return amount + share.plus * self.months * covered if share.plus else amount

    def combination(self, plan: SchemePlan, share: SharePlan, base: Column, covered: Flags) -> int | NDArray[np.intp]:
        """Which row of the share's table each person uses: one number for all, or a column."""
        limit = self.choice(plan, plan.scheme.limits_by, plan.limit_keys, covered)
        if share.bounds is None:
            first: Any = self.choice(plan, share.by, share.by_keys, covered)
        else:
            first = np.searchsorted(share.bounds, base, side="right") - 1
            if ((first < 0) & covered).any():
                raise NoValue(f"{plan.scheme.title}的分档没有从最低的缴费基数写起")
            first = np.maximum(first, 0)
        second = self.choice(plan, share.times_by, share.times_keys, covered)
        rows: Any = (limit * len(share.by_keys) + first) * len(share.times_keys) + second
        found: int | NDArray[np.intp] = rows
        return found

    def choice(
        self, plan: SchemePlan, fact: str | None, keys: tuple[str | None, ...], covered: Flags
    ) -> int | NDArray[np.intp]:
        if fact is None:
            return 0
        if fact not in self.facts:
            raise NoFact(f"{plan.scheme.title}缺少计算所需的“{FACTS[fact].title}”（{fact}）")
        given = self.facts[fact]
        if not isinstance(given, np.ndarray):
            if given not in keys:
                raise NoValue(f"{plan.scheme.title}的费率表没有“{FACTS[fact].title}”为“{given}”的一档")
            return keys.index(given)
        chosen = np.full(self.count, -1, dtype=np.intp)
        for index, key in enumerate(keys):
            chosen[given == key] = index
        lost = (chosen < 0) & covered
        if lost.any():
            first = given[int(np.argmax(lost))]
            raise NoValue(f"{plan.scheme.title}的费率表没有“{FACTS[fact].title}”为“{first}”的一档")
        return np.maximum(chosen, 0)


def _several(base: Column, numerator: Any, months: int) -> Column:
    """The base of several months together, proved to fit into int64 with the numerator."""
    if base.size and int(base.max()) * months * 2 * int(np.max(numerator)) >= 2**62:
        raise ValueError("the bases of so many months are too large for exact 64-bit arithmetic")
    return base * months


def _rated(base: Column, numerator: Any, denominator: int, rounding: Rounding) -> Column:
    """base × numerator / denominator, rounded; a base of 0 stays 0 under every rounding."""
    if isinstance(numerator, int):
        common = gcd(numerator, denominator)
        numerator, denominator = numerator // common, denominator // common
    return rounded_positive(base * numerator, denominator, rounding)


def _locked(column: Any) -> Any:
    column.flags.writeable = False
    return column
