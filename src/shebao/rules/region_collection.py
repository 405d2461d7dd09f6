"""collection.yaml: late fees and interest, whether both parts are collected apart, and the ways to pay (征缴)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shebao.rules import vocabulary as v
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.money import ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_take import Take

NEEDED = ("late_fee", "back_late_fee", "back_interest", "parts", "channels")
RATE, INTEREST_RATE = "late_fee.daily_rate", "interest.annual_rate"


@dataclass(frozen=True)
class LateFeeRule:
    """How arrears are charged by the day (滞纳金); the rate is the parameter `late_fee.daily_rate`."""

    charged: bool
    day_count: str
    rounding: str
    capped_at_principal: bool
    source: str
    status: str


@dataclass(frozen=True)
class BackLateFee:
    """Whether a back payment bears a late fee (补缴滞纳金), for no day before `first`; counted as arrears are."""

    charged: bool
    first: Month
    source: str
    status: str


@dataclass(frozen=True)
class BackInterest:
    """Whether a back payment bears interest (补缴利息), of which schemes (none named: all), and until when.

    The rates are the parameter `interest.annual_rate`.
    """

    charged: bool
    schemes: tuple[str, ...]
    compounding: str
    until: str
    rounding: str
    source: str
    status: str


@dataclass(frozen=True)
class Way:
    """One way to pay (缴费方式), by its local name; `kind` says which channel it is."""

    key: str
    kind: str
    title: str
    note: str
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """How money is collected here. `apart`: the employer's and the people's parts may be paid one by one."""

    late_fee: LateFeeRule
    back_late_fee: BackLateFee
    back_interest: BackInterest
    apart: bool
    ways: Mapping[str, Way]


def read_collection(folder: Folder, problems: Problems) -> Collection:
    """The collection of a folder."""
    parts = folder.parts["collection"]
    takes: dict[str, Take] = {}
    for key in NEEDED:
        where = folder.where("collection", key)
        if key not in parts:
            problems.add(f"{folder.code}/collection.yaml:1", key, "必须填写")
        takes[key] = Take(parts.get(key, Mapped(where.rpartition(":")[0], 1)), key, where, problems)
        takes[key].broken = takes[key].broken or key not in parts
    for key in parts:
        if key not in NEEDED:
            problems.add(folder.where("collection", key), key, f"不认识的键，可用：{'、'.join(NEEDED)}")
    fee, apart = takes["late_fee"], takes["parts"]
    rule = LateFeeRule(
        fee.flag("charged", True),
        fee.word("day_count", DAY_COUNTS),
        fee.word("rounding", ROUNDINGS),
        fee.flag("capped_at_principal", False),
        fee.text("source"),
        fee.word("status", v.STATUSES),
    )
    back, interest = takes["back_late_fee"], takes["back_interest"]
    collection = Collection(
        rule,
        BackLateFee(
            back.flag("charged", False), back.month("from"), back.text("source"), back.word("status", v.STATUSES)
        ),
        _back_interest(interest),
        apart.flag("apart", False),
        MappingProxyType(_ways(takes["channels"], problems)),
    )
    apart.text("source"), apart.word("status", v.STATUSES)
    for take in (fee, back, interest, apart):
        take.done()
    return collection


def _back_interest(take: Take) -> BackInterest:
    return BackInterest(
        take.flag("charged", False),
        take.texts("schemes"),
        take.word("compounding", v.COMPOUNDINGS),
        take.word("until", v.INTEREST_UNTIL),
        take.word("rounding", ROUNDINGS),
        take.text("source"),
        take.word("status", v.STATUSES),
    )


def _ways(take: Take, problems: Problems) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    for key, content in take.content.items():
        one = Take(content, f"channels.{key}", take.content.where(key), problems)
        kind = one.word("kind", v.CHANNELS)
        ways[key] = Way(
            key, kind, one.text("title", v.CHANNELS.get(kind, key)), one.text("note", ""), one.texts("functions")
        )
        one.done()
    if not ways and not take.broken:
        take.say("", "至少写一种缴费方式")
    return ways
