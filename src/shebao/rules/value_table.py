"""The values that the amounts of a bill rest on, a row for each scheme (计算依据), from the stored evidence alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .back_fees import percent
from .evidence import sourced, tier_words
from .money import ROUNDINGS, yuan
from .vocabulary import SHARES

NO_LIMIT, NO_BASE = "不设", "—"


@dataclass(frozen=True)
class Paper:
    """A document: which values it says (`values`), its name with since when, and whether its values are samples."""

    values: tuple[str, ...]
    source: str
    status: str


@dataclass(frozen=True)
class SchemeValues:
    """One scheme: each text once, in the order of its evidence; limits in yuan, "不设" where there is none, "—" where
    nothing is charged of a base.
    """

    title: str
    employer: tuple[str, ...]
    employee: tuple[str, ...]
    floor: tuple[str, ...]
    ceiling: tuple[str, ...]
    roundings: tuple[str, ...]
    papers: tuple[Paper, ...]


def values_of(told: Collection[Mapping[str, Any]]) -> SchemeValues:
    """The row of a scheme, from all evidence by which a bill charged it."""
    shares = {share: [data for data in told if data["share"] == share] for share in SHARES}
    told = [data for one in shares.values() for data in one]
    return SchemeValues(
        title=told[0]["scheme_title"],
        employer=_charges(shares["employer"]),
        employee=_charges(shares["employee"]),
        floor=_once(_limit(data, "floor") for data in told),
        ceiling=_once(_limit(data, "ceiling") for data in told),
        roundings=_once(words for data in told for words in _roundings(data)),
        papers=_papers(told),
    )


def newest_since(told: Iterable[Mapping[str, Any]]) -> str:
    """The latest month since which one of the values applies, as "2026-07"; "" without any."""
    return max((value["from"] for data in told for _, value in _values(data)), default="")


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _charges(told: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What a share charges, each rate or amount once with all for whom it is."""
    whom: dict[tuple[str, str], dict[str, None]] = {}
    for data in told:
        before, key, after = _charge(data)
        whom.setdefault((before, after), {})[key] = None
    return tuple(
        before + (f"（{'、'.join(filter(None, keys))}）" if any(keys) else "") + after
        for (before, after), keys in whom.items()
    )


def _charge(data: Mapping[str, Any]) -> tuple[str, str, str]:
    """The rate, for whom it is ("" for everybody), and its multiplier with what is added; or an amount."""
    if data["fixed"] is not None:
        amount = f"{yuan(int(data['fixed']['value']))} 元"
        if data["tier"] is not None:
            return amount, tier_words(data["tier"]), ""
        return f"每人每{'年' if data.get('per') == 'year' else '月'} {amount}", "", ""
    times, plus = data["multiplier"], data["plus"]
    after = f" × {times['value']}" if times is not None else ""
    after += f"，另加 {yuan(int(plus['value']))} 元" if plus else ""
    return percent(data["rate"]["value"]), data["key_title"] if data["key"] is not None else "", after


def _limit(data: Mapping[str, Any], side: str) -> str:
    if not data["has_base"]:
        return NO_BASE
    return yuan(data[side]["value"]) if data[side] is not None else NO_LIMIT


def _roundings(data: Mapping[str, Any]) -> Iterator[str]:
    """How amounts are rounded, and the base where it is; what is a fixed amount is not."""
    if data["base_rounding"]:
        yield f"基数{ROUNDINGS[data['base_rounding']].title}"
    if data["fixed"] is None:
        yield ROUNDINGS[data["rounding"]].title


def _values(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    side = SHARES[data["share"]].removesuffix("部分")
    named = {
        "rate": f"{side}费率", "multiplier": "浮动倍数", "plus": f"{side}另加定额", "fixed": f"{side}定额",
        "floor": "下限", "ceiling": "上限",
    }  # fmt: skip
    yield from ((words, data[key]) for key, words in named.items() if data[key])


def _papers(told: Iterable[Mapping[str, Any]]) -> tuple[Paper, ...]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for data in told:
        for words, value in _values(data):
            said = sourced(value)
            found.setdefault((said["source"], said["status"]), {})[words] = None
    return tuple(Paper(tuple(values), *key) for key, values in found.items())
