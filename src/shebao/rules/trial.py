"""试算: what a wage would cost in any region and month, from the same engine and with the same reasons as the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from shebao.rules.contributions import Evidence, People, charge
from shebao.rules.facts import FACTS, REGISTER
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue, Region, Scheme


@dataclass(frozen=True)
class Line:
    """One scheme of one person: base and both shares in fen, and the evidence of each share that there is."""

    scheme: Scheme
    base: int
    limit: int
    employer: int
    employee: int
    evidence: Mapping[str, Evidence]

    @property
    def total(self) -> int:
        """Both shares, fen."""
        return self.employer + self.employee


@dataclass(frozen=True)
class Trial:
    """One person's month; only the schemes that apply. Amounts are fen."""

    region: Region
    month: Month
    known_on: date
    wage: int
    lines: tuple[Line, ...]

    @property
    def employer(self) -> int:
        """The employer's part of all schemes."""
        return sum(line.employer for line in self.lines)

    @property
    def employee(self) -> int:
        """The person's own part of all schemes."""
        return sum(line.employee for line in self.lines)

    @property
    def total(self) -> int:
        """Both parts."""
        return self.employer + self.employee


def facts_asked(region: Region) -> tuple[str, ...]:
    """The code facts that charging in this region depends on, in the order of the vocabulary."""
    used = {fact for scheme in region.monthly_schemes for fact in scheme.facts}
    return tuple(key for key, fact in FACTS.items() if key in used and fact.codes in region.codes)


def usual_facts(region: Region) -> dict[str, str]:
    """What a form would put there by itself, and the first code of what only the register knows."""
    facts: dict[str, str] = {}
    for form in region.forms.values():
        for field in form.fields:
            if field.feeds and field.default:
                facts.setdefault(field.feeds, field.default)
    for key, fact in FACTS.items():
        codes = region.codes.get(fact.codes or "")
        if codes and (fact.supplied_by == REGISTER or key in facts_asked(region)):
            facts.setdefault(key, fact.default or codes.offered[0].code)
    return facts


def trial(region: Region, month: Month, wage: int, facts: Mapping[str, str], *, known_on: date) -> Trial:
    """One person's month; raises NoValue and NoFact as `charge` does."""
    charges = charge(region, month, People(np.array([wage], dtype=np.int64), facts), known_on=known_on)
    lines = []
    for one in charges.schemes:
        if one.covered[0]:
            why = {"employer": int(one.employer_evidence[0]), "employee": int(one.employee_evidence[0])}
            lines.append(
                Line(
                    region.schemes[one.scheme],
                    int(one.base[0]),
                    int(one.limit[0]),
                    int(one.employer[0]),
                    int(one.employee[0]),
                    {side: charges.evidence[index] for side, index in why.items() if index >= 0},
                )
            )
    return Trial(region, month, known_on, wage, tuple(lines))


def year(region: Region, of: int, wage: int, facts: Mapping[str, str], *, known_on: date) -> list[Trial | Month]:
    """The twelve months of a calendar year at the same wage; a month without values is left as its Month."""
    found: list[Trial | Month] = []
    for number in range(1, 13):
        month = Month(of, number)
        try:
            found.append(trial(region, month, wage, facts, known_on=known_on))
        except NoValue:
            found.append(month)
    return found


def listed(
    region: Region, month: Month, wages: NDArray[np.int64], facts: Mapping[str, str], *, known_on: date
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Employer's and own parts of many people with the same facts, in the order of the wages; fen."""
    charges = charge(region, month, People(wages, facts), known_on=known_on)
    return charges.employer_total, charges.employee_total
