"""People as they were billed: the columns of a month that was charged before, read back from its lines."""

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from shebao.rules.contributions import People, recompute
from shebao.rules.region import Region


class Billed(NamedTuple):
    """What a bill line says of a charge. `person` is any key; the wage is fen; evidence ids are None without one.

    `facts` are those that are another one than its evidence says: all rows of a person have the same.
    """

    person: Hashable
    scheme: str
    declared_wage: int
    employer_evidence: int | None
    employee_evidence: int | None
    facts: tuple[tuple[str, str], ...] = ()


def billed_people(spec: Region, rows: Sequence[Billed], known: Mapping[int, Mapping]) -> tuple[dict, People]:
    """Where each person stands, and the columns to charge them again: covered, paid and classed as in these rows.

    `known` has the data of every evidence by id. What a region asks for today and did not ask then is "", which the
    engine refuses for whoever needs it.
    """
    places: dict[Hashable, int] = {}
    for row in rows:
        places.setdefault(row.person, len(places))
    wages = np.zeros(len(places), dtype=np.int64)
    covered = {scheme.key: np.zeros(len(places), dtype=np.bool_) for scheme in spec.open_schemes}
    asked = sorted({fact for scheme in spec.open_schemes for fact in scheme.facts})
    facts = {fact: np.full(len(places), "", dtype="<U40") for fact in asked}
    told: dict[tuple, list[tuple[str, str]]] = {}
    for row in rows:
        place, kind = places[row.person], row[1:2] + row[3:]
        wages[place] = row.declared_wage
        if row.scheme in covered:
            covered[row.scheme][place] = True
        if kind not in told:
            said = [(fact, value) for fact, value in row.facts if fact in facts]
            told[kind] = [*charged_facts(spec, row, known).items(), *said]
        for fact, value in told[kind]:
            facts[fact][place] = value
    return places, People(wages, facts, covered)


def charged_facts(spec: Region, row: Billed, known: Mapping[int, Mapping]) -> dict[str, str]:
    """The facts by which the tables were read when this row was charged; `known` has the data of its evidence."""
    scheme = spec.schemes.get(row.scheme)
    found: dict[str, str] = {}
    if scheme is None:
        return found
    for side, pk in (("employer", row.employer_evidence), ("employee", row.employee_evidence)):
        share = scheme.shares.get(side)
        if share is None or pk is None:
            continue
        data = known[pk]
        limit = data["floor"] or data["ceiling"] or {}
        keys = {scheme.limits_by: limit.get("key"), share.times_by: (data["multiplier"] or {}).get("key")}
        if share.by:
            keys[share.by] = data["key"]
        found |= {fact: key for fact, key in keys.items() if fact and key is not None}
    return found


def charged_amount(data: Mapping | None, wage: int) -> int:
    """What an evidence charges a wage, fen; nothing where there is no evidence."""
    return recompute(data, wage).amount if data is not None else 0
