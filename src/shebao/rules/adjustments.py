"""补差: what later knowledge adds to months already charged. New lines only; what was charged stays as it is.

社会保险法第六十条 asks for payment in full: where a floor, ceiling or rate is published after the month it
applies to, the difference is owed, and where it falls, returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.columns import Column, locked
from shebao.rules.contributions import Charges, Evidence, People, charge
from shebao.rules.months import Month
from shebao.rules.region_model import Region


@dataclass(frozen=True, eq=False)
class Adjustment:
    """The differences of one month, one row for each person, scheme and share that differs; all read-only.

    `person` is the row of `People`; amounts are fen and `amount` = `after` − `before`, never 0. The evidence
    columns hold digests into `evidence`, "" where the person was not covered.
    """

    month: Month
    then: date
    now: date
    person: Column
    scheme: NDArray[np.str_]
    share: NDArray[np.str_]
    before: Column
    after: Column
    amount: Column
    before_evidence: NDArray[np.str_]
    after_evidence: NDArray[np.str_]
    evidence: Mapping[str, Evidence]

    def __len__(self) -> int:
        return len(self.amount)


def adjustment(
    region: Region, month: Month, people: People, *, then: date, now: date, before: People | None = None
) -> Adjustment:
    """The month charged as known `then` and again as known `now`, subtracted.

    `before` gives the people as they were charged where more than the knowledge changed (补基数); rows must be
    the same people in the same order. Raises what `charge` raises, and ValueError where `then` is after `now`.
    """
    if then > now:
        raise ValueError("knowledge only grows: `then` must not be after `now`")
    old = charge(region, month, people if before is None else before, known_on=then)
    return difference(old, charge(region, month, people, known_on=now))


def adjustments(region: Region, people: Mapping[Month, People], *, then: date, now: date) -> tuple[Adjustment, ...]:
    """The adjustments of several months in order of the months; a month without differences is left out."""
    each = (adjustment(region, month, people[month], then=then, now=now) for month in sorted(people))
    return tuple(found for found in each if len(found))


def difference(old: Charges, new: Charges) -> Adjustment:
    """The rows in which two charges of the same people and month differ, ordered by scheme, share, person."""
    if old.month != new.month or old.count != new.count:
        raise ValueError("only two charges of the same month and people can be subtracted")
    parts = [_Part.of(old, new, scheme, share) for scheme in _schemes(old, new) for share in ("employer", "employee")]
    used = {*_joined(parts, "before_evidence").tolist(), *_joined(parts, "after_evidence").tolist()}
    known = {e.digest: e for e in (*old.evidence, *new.evidence)}
    columns: dict[str, Any] = {name: locked(_joined(parts, name)) for name in _Part.__dataclass_fields__}
    evidence = {digest: one for digest, one in known.items() if digest in used}
    return Adjustment(new.month, old.known_on, new.known_on, **columns, evidence=evidence)


@dataclass(frozen=True, eq=False)
class _Part:
    """The differing rows of one scheme and share, in the order of Adjustment's columns."""

    person: Any
    scheme: Any
    share: Any
    before: Any
    after: Any
    amount: Any
    before_evidence: Any
    after_evidence: Any

    @classmethod
    def of(cls, old: Charges, new: Charges, scheme: str, share: str) -> _Part:
        (before, old_why), (after, new_why) = _side(old, scheme, share), _side(new, scheme, share)
        rows = np.flatnonzero(before != after)
        return cls(
            rows.astype(np.int64),
            np.full(len(rows), scheme),
            np.full(len(rows), share),
            before[rows],
            after[rows],
            after[rows] - before[rows],
            old_why[rows],
            new_why[rows],
        )


def _joined(parts: list[_Part], name: str) -> Any:
    return np.concatenate([getattr(part, name) for part in parts])


def _schemes(old: Charges, new: Charges) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.scheme for c in (*new.schemes, *old.schemes)))


def _side(charges: Charges, scheme: str, share: str) -> tuple[Column, NDArray[np.str_]]:
    """The amounts of one share and the digest of each person's evidence."""
    one = next((c for c in charges.schemes if c.scheme == scheme), None)
    if one is None:
        return np.zeros(charges.count, dtype=np.int64), np.full(charges.count, "", dtype="<U16")
    digests = np.array([*(e.digest for e in charges.evidence), ""], dtype="<U16")
    why = one.employer_evidence if share == "employer" else one.employee_evidence
    return (one.employer if share == "employer" else one.employee), digests[why]
