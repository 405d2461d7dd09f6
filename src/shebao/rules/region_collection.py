"""collection.yaml: late fees and interest, whether both parts are collected apart, and the ways to pay (征缴)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shebao.rules import vocabulary as v
from shebao.rules.back_paying_words import COMPOUNDINGS, INTEREST_UNTIL, UNDECLARED_AFTER, UNDECLARED_BASES
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.debit_files import (
    BACK_COLUMNS,
    ENCODINGS,
    NEEDED_BACK,
    NEEDED_OUT,
    OUT_COLUMNS,
    SAYS,
    SHAPES,
    DebitFormat,
    Result,
)
from shebao.rules.money import ROUNDINGS
from shebao.rules.months import Month
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_take import Take

NEEDED = ("late_fee", "back_late_fee", "back_interest", "undeclared", "parts", "channels")
KNOWN = (*NEEDED, "debit_file")
RATE, INTEREST_RATE = "late_fee.daily_rate", "interest.annual_rate"
UNDECLARED_FACTOR = "assessment.undeclared_factor"


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
class Undeclared:
    """How a month is assessed that its employer did not declare (未按规定申报的暂核定), if it is.

    `after` says when it may begin, `base` what it is a multiple of; how many times is the parameter
    `assessment.undeclared_factor`.
    """

    assessed: bool
    after: str
    base: str
    rounding: str
    title: str
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
    """How money is collected here. `apart`: the employer's and the people's parts may be paid one by one.

    `debit_file` is how the files of 银行代扣 look, where there is such a way to pay.
    """

    late_fee: LateFeeRule
    back_late_fee: BackLateFee
    back_interest: BackInterest
    undeclared: Undeclared
    apart: bool
    ways: Mapping[str, Way]
    debit_file: DebitFormat | None = None


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
        if key not in (*NEEDED, "debit_file"):
            problems.add(
                folder.where("collection", key), key, f"不认识的键，可用：{'、'.join((*NEEDED, 'debit_file'))}"
            )
    fee, apart = takes["late_fee"], takes["parts"]
    rule = LateFeeRule(
        fee.flag("charged", True),
        fee.word("day_count", DAY_COUNTS),
        fee.word("rounding", ROUNDINGS),
        fee.flag("capped_at_principal", False),
        fee.text("source"),
        fee.word("status", v.STATUSES),
    )
    ways = _ways(takes["channels"], problems)
    form = None
    if "debit_file" in parts:
        form = _debit_file(Take(parts["debit_file"], "debit_file", folder.where("collection", "debit_file"), problems))
    elif any(way.kind == "file" for way in ways.values()):
        takes["channels"].say("", "有银行代扣（kind: file），须另写 debit_file：代扣文件的格式")
    back, interest, undeclared = takes["back_late_fee"], takes["back_interest"], takes["undeclared"]
    collection = Collection(
        rule,
        BackLateFee(
            back.flag("charged", False), back.month("from"), back.text("source"), back.word("status", v.STATUSES)
        ),
        _back_interest(interest),
        _undeclared(undeclared),
        apart.flag("apart", False),
        MappingProxyType(ways),
        form,
    )
    apart.text("source"), apart.word("status", v.STATUSES)
    for take in (fee, back, interest, undeclared, apart):
        take.done()
    return collection


def _back_interest(take: Take) -> BackInterest:
    return BackInterest(
        take.flag("charged", False),
        take.texts("schemes"),
        take.word("compounding", COMPOUNDINGS),
        take.word("until", INTEREST_UNTIL),
        take.word("rounding", ROUNDINGS),
        take.text("source"),
        take.word("status", v.STATUSES),
    )


def _undeclared(take: Take) -> Undeclared:
    return Undeclared(
        take.flag("assessed", False),
        take.word("after", UNDECLARED_AFTER),
        take.word("base", UNDECLARED_BASES),
        take.word("rounding", ROUNDINGS),
        take.text("title"),
        take.text("source"),
        take.word("status", v.STATUSES),
    )


def _debit_file(take: Take) -> DebitFormat:
    encoding, shape = take.word("encoding", ENCODINGS), take.word("shape", SHAPES)
    delimiter = take.text("delimiter", "|")
    if shape == "delimited" and (len(delimiter) != 1 or not delimiter.isascii() or not delimiter.isprintable()):
        take.say("delimiter", "应是一个 ASCII 字符，如 |")
    out = _debit_columns(take, "out", OUT_COLUMNS, NEEDED_OUT, shape)
    back = _debit_columns(take, "back", BACK_COLUMNS, NEEDED_BACK, shape)
    results: dict[str, Result] = {}
    inner = Take(take.raw("results", needed=True), f"{take.name}.results", take.content.where("results"), take.problems)
    for code, content in inner.content.items():
        one = Take(content, f"{inner.name}.{code}", inner.content.where(code), take.problems)
        results[str(code)] = Result(one.word("says", SAYS), one.text("reason", ""))
        one.done()
    if not take.broken and not {"succeeded", "refused"} <= {one.says for one in results.values()}:
        take.say("results", "至少写扣款成功（succeeded）和没有扣款（refused）各一个代码")
    take.text("source"), take.word("status", v.STATUSES)
    take.done()
    return DebitFormat(encoding, shape, delimiter, out, back, MappingProxyType(results))


def _debit_columns(
    take: Take, key: str, words: Mapping[str, str], needed: tuple[str, ...], shape: str
) -> tuple[tuple[str, int], ...]:
    inner = Take(take.raw(key, needed=True), f"{take.name}.{key}", take.content.where(key), take.problems)
    found = tuple((column, inner.whole(column, 0)) for column in inner.content)
    for column, width in found:
        if column not in words:
            inner.say(column, f"没有这一栏，可用：{'、'.join(words)}")
        elif shape == "fixed" and not width:
            inner.say(column, "定长文件的每一栏要写宽度（字节）")
    if missing := [column for column in needed if column not in dict(found)]:
        take.say(key, f"缺少：{'、'.join(words[column] for column in missing)}")
    return found


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
