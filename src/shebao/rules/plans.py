"""Everything a month's charging needs to look up, looked up once: cached per region, month and day of
knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.evidence import Evidence
from shebao.rules.money import LARGEST_FEN, ROUNDINGS, Rounding
from shebao.rules.months import Month
from shebao.rules.region_model import Amount, CodeList, Region, Scheme, Share, Value
from shebao.rules.vocabulary import FACTS

_INT64 = 2**63


@dataclass(frozen=True, eq=False)
class SharePlan:
    """One side of one scheme: per combination of keys an exact numerator over one denominator, and the
    evidence.

    Combination i·len(times_keys)+j belongs to by_keys[i] and times_keys[j]; without a fact there is one
    key, None. A fixed share has the amounts in fen as numerators and the denominator 0.
    """

    side: str
    by: str | None
    by_keys: tuple[str | None, ...]
    times_by: str | None
    times_keys: tuple[str | None, ...]
    numerators: NDArray[np.int64]
    denominator: int
    evidence: tuple[Evidence, ...]

    @property
    def fixed(self) -> bool:
        """Whether the amounts do not depend on the base."""
        return self.denominator == 0


@dataclass(frozen=True, eq=False)
class SchemePlan:
    """One scheme of one month with its limits in fen."""

    scheme: Scheme
    rounding: Rounding
    floor: int | None
    ceiling: int | None
    shares: tuple[SharePlan, ...]

    @property
    def has_base(self) -> bool:
        """Whether anything is charged on wages."""
        return any(not share.fixed for share in self.shares)


@lru_cache(maxsize=512)
def plan_of(region: Region, month: Month, known_on: date) -> tuple[SchemePlan, ...]:
    """The plan of a month; raises NoValue where a value is missing."""
    return tuple(_scheme_plan(region, scheme, month, known_on) for scheme in region.open_schemes)


def _scheme_plan(region: Region, scheme: Scheme, month: Month, known_on: date) -> SchemePlan:
    def limit(name: str | None) -> Value | None:
        return region.value(name, month, known_on=known_on) if name else None

    floor, ceiling = limit(scheme.floor), limit(scheme.ceiling)
    common: dict[str, Any] = {
        "region": region.code,
        "region_title": region.title,
        "fingerprint": region.fingerprint,
        "month": str(month),
        "known_on": known_on.isoformat(),
        "scheme": scheme.key,
        "scheme_title": scheme.title,
        "base_term": region.terms.get(scheme.base, FACTS[scheme.base].title),
        "floor": _described(region, floor),
        "ceiling": _described(region, ceiling),
        "rounding": scheme.rounding,
    }
    shares = tuple(_share_plan(region, side, share, month, known_on, common) for side, share in scheme.shares.items())
    return SchemePlan(scheme, ROUNDINGS[scheme.rounding], _fen(floor), _fen(ceiling), shares)


def _fen(value: Value | None) -> int | None:
    return int(value.number) if value else None


def _share_plan(
    region: Region, side: str, share: Share, month: Month, known_on: date, common: Mapping[str, Any]
) -> SharePlan:
    main = region.value(share.parameter, month, known_on=known_on)
    times = region.value(share.times, month, known_on=known_on) if share.times else None
    mains, factors = _rows(main), _rows(times) if times else {None: Decimal(1)}
    numerators, denominator = _table(list(mains.values()), list(factors.values()), share.kind == "fixed")
    evidence = []
    for by_key in mains:
        for times_key in factors:
            described = _described(region, main, by_key, share.by)
            data = {
                **common,
                "share": side,
                "share_title": f"{'单位' if side == 'employer' else '个人'}部分",
                "rate": described if share.kind == "rate" else None,
                "fixed": described if share.kind == "fixed" else None,
                "key": by_key,
                "key_title": _key_title(region, share.by, by_key),
                "multiplier": _described(region, times, times_key, share.times_by),
            }
            evidence.append(Evidence(data))
    return SharePlan(
        side, share.by, tuple(mains), share.times_by, tuple(factors), numerators, denominator, tuple(evidence)
    )


def _rows(value: Value) -> dict[str | None, Amount]:
    keyed: Mapping[Any, Amount] = value.value if isinstance(value.value, Mapping) else {None: value.value}
    return dict(keyed)


def _table(mains: list[Amount], factors: list[Amount], fixed: bool) -> tuple[NDArray[np.int64], int]:
    """Numerators over one common denominator; refuses what could leave int64 at the largest wage."""
    products = [Fraction(m) * Fraction(f) for m in mains for f in factors]
    denominator = lcm(*(p.denominator for p in products))
    if fixed and denominator != 1:
        raise ValueError("a fixed amount times a factor must stay whole fen")
    numerators = [int(p * denominator) for p in products]
    if not fixed and 2 * max(numerators) * LARGEST_FEN + 200 * denominator >= _INT64:
        raise ValueError("a rate has too many digits for exact 64-bit arithmetic")
    return np.array(numerators, dtype=np.int64), 0 if fixed else denominator


def _described(
    region: Region, value: Value | None, key: str | None = None, fact: str | None = None
) -> dict[str, Any] | None:
    if value is None:
        return None
    number = value.value[key] if isinstance(value.value, Mapping) and key is not None else value.number
    told: dict[str, Any] = {
        "parameter": value.parameter,
        "title": region.parameters[value.parameter].title,
        "value": format(number.normalize(), "f") if isinstance(number, Decimal) else number,
        "from": str(value.since),
        "known": value.known.isoformat(),
        "source": value.source,
        "status": value.status,
    }
    if key is not None:
        told |= {"key": key, "key_title": _key_title(region, fact, key)}
    return told


def _key_title(region: Region, fact: str | None, key: str | None) -> str | None:
    if fact is None or key is None:
        return None
    codes: CodeList | None = region.codes.get(FACTS[fact].codes or "")
    return codes.title_of(key) if codes else key
