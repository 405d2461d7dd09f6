"""Everything a month's charging needs to look up, looked up once: cached per region, month and day of
knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shebao.rules.code_lists import CodeList
from shebao.rules.evidence import Evidence
from shebao.rules.facts import FACTS
from shebao.rules.money import LARGEST_FEN, ROUNDINGS, Rounding
from shebao.rules.months import Month
from shebao.rules.region_model import Amount, Region, Scheme, Share, Value

_INT64 = 2**63


@dataclass(frozen=True, eq=False)
class SharePlan:
    """One side of one scheme: what each combination of keys pays, and the evidence of each.

    Combination (l·len(by_keys) + b)·len(times_keys) + t belongs to the scheme's limit_keys[l], by_keys[b] and
    times_keys[t]; without a fact there is one key, None. A rate has exact numerators over one denominator;
    a fixed share, and tiers, have amounts in fen and the denominator 0. Tiers have their first bases, in fen
    and ascending, in `bounds`: there the tier takes the place of by_keys. `plus` is added, fen.
    """

    side: str
    by: str | None
    by_keys: tuple[str | None, ...]
    times_by: str | None
    times_keys: tuple[str | None, ...]
    numerators: NDArray[np.int64]
    denominator: int
    plus: int
    bounds: NDArray[np.int64] | None
    evidence: tuple[Evidence, ...]

    @property
    def fixed(self) -> bool:
        """Whether the amounts are no product of the base."""
        return self.denominator == 0


@dataclass(frozen=True, eq=False)
class SchemePlan:
    """One scheme of one month; its limits in fen for each of `limit_keys`, the key None being everybody."""

    scheme: Scheme
    rounding: Rounding
    base_rounding: Rounding | None
    limit_keys: tuple[str | None, ...]
    floors: tuple[int, ...] | None
    ceilings: tuple[int, ...] | None
    shares: tuple[SharePlan, ...]

    @property
    def has_base(self) -> bool:
        """Whether anything is charged on wages."""
        return any(not share.fixed or share.bounds is not None for share in self.shares)

    @property
    def limits(self) -> tuple[Any, ...]:
        """What makes the base of this scheme: schemes with equal limits share one column."""
        return self.floors, self.ceilings, self.scheme.limits_by, self.base_rounding


@lru_cache(maxsize=512)
def plan_of(region: Region, month: Month, known_on: date) -> tuple[SchemePlan, ...]:
    """The plan of a month; raises NoValue where a value is missing."""
    return tuple(_scheme_plan(region, scheme, month, known_on) for scheme in region.open_schemes)


def _scheme_plan(region: Region, scheme: Scheme, month: Month, known_on: date) -> SchemePlan:
    def look(name: str | None) -> Value | None:
        return region.value(name, month, known_on=known_on) if name else None

    floor, ceiling = look(scheme.floor), look(scheme.ceiling)
    keys: tuple[str | None, ...] = tuple(_rows(floor or ceiling)) if scheme.limits_by else (None,)
    common: dict[str, Any] = {
        "region": region.code,
        "region_title": region.title,
        "fingerprint": region.fingerprint,
        "month": str(month),
        "known_on": known_on.isoformat(),
        "scheme": scheme.key,
        "scheme_title": scheme.title,
        "base_term": region.terms.get(scheme.base, FACTS[scheme.base].title),
        "has_base": any(share.kind != "fixed" for share in scheme.shares.values()),
        "base_rounding": scheme.base_rounding,
        "rounding": scheme.rounding,
        "months": scheme.months,
    }
    if scheme.per != "month":
        common["per"] = scheme.per
    limits = [
        common
        | {
            "floor": _described(region, floor, key, scheme.limits_by),
            "ceiling": _described(region, ceiling, key, scheme.limits_by),
        }
        for key in keys
    ]
    shares = tuple(_share_plan(region, side, share, look, limits) for side, share in scheme.shares.items())
    base_rounding = ROUNDINGS[scheme.base_rounding] if scheme.base_rounding else None
    rounding = ROUNDINGS[scheme.rounding]
    return SchemePlan(scheme, rounding, base_rounding, keys, _fen(floor, keys), _fen(ceiling, keys), shares)


def _fen(value: Value | None, keys: tuple[str | None, ...]) -> tuple[int, ...] | None:
    """A limit for every key; None where there is no such limit."""
    if value is None:
        return None
    rows = _rows(value)
    return tuple(int(rows[key]) for key in keys)


Look = Callable[[str | None], Value | None]


def _share_plan(region: Region, side: str, share: Share, look: Look, limits: list[dict[str, Any]]) -> SharePlan:
    main, times, plus = look(share.parameter), look(share.times), look(share.plus)
    mains, factors = _rows(main), _rows(times) if times else {None: Decimal(1)}
    is_rate, bounds = share.kind == "rate", None
    if share.kind == "tiers":
        mains = dict(sorted(mains.items(), key=lambda row: int(row[0] or 0)))
        bounds = np.array([int(key or 0) * 100 for key in mains], dtype=np.int64)
    numerators, denominator = _table(list(mains.values()), list(factors.values()), not is_rate)
    evidence = []
    for limit in limits:
        for by_key in mains:
            described = _described(region, main, by_key, share.by)
            for times_key in factors:
                data = {
                    **limit,
                    "share": side,
                    "share_title": f"{'单位' if side == 'employer' else '个人'}部分",
                    "rate": described if is_rate else None,
                    "fixed": None if is_rate else described,
                    "tier": _tier(list(mains), by_key) if bounds is not None else None,
                    "plus": _described(region, plus),
                    "key": by_key,
                    "key_title": _key_title(region, share.by, by_key),
                    "multiplier": _described(region, times, times_key, share.times_by),
                }
                evidence.append(Evidence(data))
    return SharePlan(
        side,
        share.by,
        tuple(mains),
        share.times_by,
        tuple(factors),
        np.tile(numerators, len(limits)),
        denominator,
        int(plus.number) if plus else 0,
        bounds,
        tuple(evidence),
    )


def _tier(keys: list[str | None], key: str | None) -> dict[str, int | None]:
    """From which base, and below which, a tier applies; fen, the last one without an end."""
    following = keys[keys.index(key) + 1 :]
    return {"from_fen": int(key or 0) * 100, "below_fen": int(following[0] or 0) * 100 if following else None}


def _rows(value: Value | None) -> dict[str | None, Amount]:
    if value is None:
        return {None: 0}
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
