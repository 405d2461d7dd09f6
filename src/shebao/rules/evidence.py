"""The evidence of one kind of charge: enough to recompute and explain the number without any region
folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import sha256
from typing import Any

from shebao.rules.borne import terms_of_borne
from shebao.rules.money import LARGEST_FEN, ROUNDINGS, rounded, yuan
from shebao.rules.months import Month
from shebao.rules.terms import Terms

SAMPLE = "示例值"
_SIDES = {"employer": "单位", "employee": "个人"}


@dataclass(frozen=True)
class Evidence:
    """JSON-able data of one scheme, share and kind of person; see docs/decisions for the keys."""

    data: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """16 hex digits that name this evidence: equal data, equal digest, on every machine."""
        text = json.dumps(self.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def terms(self) -> Terms | None:
        """What it charges, in whole numbers: a base, or a principal that bears it; None of evidence of neither."""
        return terms_of(self.data) if "has_base" in self.data else terms_of_borne(self.data)

    @property
    def bears(self) -> str | None:
        """What a principal bears by it: "late_fee", "interest"; None of evidence that charges a base."""
        return self.data.get("bears") if self.terms else None

    @property
    def is_capped(self) -> bool | None:
        """Whether what a principal bears is at most the principal; None of evidence that charges a base."""
        return bool(self.data.get("capped")) if self.bears else None


@dataclass(frozen=True)
class Amount:
    """One person's share: the base in fen, whether a limit moved it (−1 raised, +1 cut), the amount in
    fen.
    """

    base: int
    limit: int
    amount: int


@dataclass(frozen=True)
class Step:
    """One row of an explanation."""

    label: str
    value: str
    note: str = ""
    source: str = ""
    status: str = ""


def sample_words(step: Step) -> str:
    """The warning that a step rests on a value without a public document; "" where its source says so already."""
    return SAMPLE if step.status == "illustrative" and SAMPLE not in step.source else ""


def terms_of(data: Mapping[str, Any]) -> Terms:
    """The terms of the evidence of a share. A scheme without any rate has no base: its highest is nothing."""
    lowest, highest = _span(data) if data["has_base"] else (0, 0)
    if data["fixed"] is not None:
        return Terms(lowest, highest, 0, 0, 1, 1, int(data["fixed"]["value"]))
    ratio, rounding = _ratio(data), ROUNDINGS[data["rounding"]]
    times, carry, divisor = rounding.division(ratio.denominator)
    plus = int(data["plus"]["value"]) if data["plus"] else 0
    return Terms(lowest, highest, ratio.numerator * times, carry, divisor, rounding.unit, plus)


def _span(data: Mapping[str, Any]) -> tuple[int, int]:
    """The lowest and the highest base within the limits, and within the tier where there are tiers; fen."""
    lowest, highest = [0], [LARGEST_FEN]
    if data["floor"]:
        lowest.append(data["floor"]["value"])
    if data["ceiling"]:
        highest.append(data["ceiling"]["value"])
    if data["tier"]:
        lowest.append(data["tier"]["from_fen"])
        highest += [data["tier"]["below_fen"] - 1] if data["tier"]["below_fen"] else []
    return max(lowest), min(highest)


def recompute(data: Mapping[str, Any], wage_fen: int, months: int = 1) -> Amount:
    """The share of a covered person with this declared wage, from the evidence alone."""
    terms, wage = terms_of(data), wage_fen if data["has_base"] else 0
    if data["base_rounding"]:
        wage = rounded(wage, 1, data["base_rounding"])
    base, limit = terms.held(wage)
    return Amount(base, limit, terms.amount(base, months, together=data["months"] == "together"))


def _ratio(data: Mapping[str, Any]) -> Fraction:
    ratio = Fraction(data["rate"]["value"])
    return ratio * Fraction(data["multiplier"]["value"]) if data["multiplier"] is not None else ratio


def explain(data: Mapping[str, Any], wage_fen: int) -> list[Step]:
    """The rows that answer 「为什么是这个数」 for one month, in reading order."""
    got, side = recompute(data, wage_fen), _SIDES[data["share"]]
    fixed = data["fixed"]
    if fixed is not None and data["tier"] is None:
        often = "每年" if data.get("per") == "year" else "每月"
        steps = [Step("定额", f"{yuan(got.amount)} 元", f"每人{often}{side}定额", **sourced(fixed))]
        return [*steps, _basis(data)]
    steps = [*_base_steps(data, wage_fen, got)]
    if fixed is not None:
        steps.append(Step("分档定额", f"{yuan(got.amount)} 元", tier_words(data["tier"]), **sourced(fixed)))
    else:
        steps += _rate_steps(data, got)
    return [*steps, _basis(data)]


def _base_steps(data: Mapping[str, Any], wage_fen: int, got: Amount) -> list[Step]:
    wage = wage_fen
    steps = [Step(data["base_term"], f"{yuan(wage_fen)} 元", "单位申报")]
    if data["base_rounding"]:
        wage = rounded(wage_fen, 1, data["base_rounding"])
        steps.append(Step("基数取整", f"{yuan(wage)} 元", ROUNDINGS[data["base_rounding"]].title))
    steps += _limit_steps(data, wage, got)
    moved = {-1: "按下限计算", 0: "按申报工资计算", 1: "按上限计算"}[got.limit]
    return [*steps, Step("缴费基数", f"{yuan(got.base)} 元", moved)]


def _rate_steps(data: Mapping[str, Any], got: Amount) -> list[Step]:
    rate, times, plus = data["rate"], data["multiplier"], data["plus"]
    kind = f"{rate['title']}" + (f"（{data['key_title']}）" if data["key"] is not None else "")
    steps = [Step("费率", _percent(rate["value"]), kind, **sourced(rate))]
    formula = f"{yuan(got.base)} × {_percent(rate['value'])}"
    if times is not None:
        note = f"{times['title']}（{times['key_title']}）" if times.get("key_title") else times["title"]
        steps.append(Step("浮动倍数", f"× {times['value']}", note, **sourced(times)))
        formula = f"{formula} × {times['value']}"
    rated = got.amount - (int(plus["value"]) if plus else 0)
    steps.append(Step("计算", f"{formula} = {_unrounded(got.base * _ratio(data) / 100)} 元"))
    steps.append(Step("进位", f"{yuan(rated)} 元", ROUNDINGS[data["rounding"]].title))
    if plus:
        steps.append(Step("另加定额", f"{yuan(int(plus['value']))} 元", plus["title"], **sourced(plus)))
        steps.append(Step("合计", f"{yuan(got.amount)} 元"))
    return steps


def tier_words(tier: Mapping[str, Any]) -> str:
    """Which base a tier is for."""
    below = f"、不到 {yuan(tier['below_fen'])} 元" if tier["below_fen"] is not None else ""
    return f"缴费基数从 {yuan(tier['from_fen'])} 元起{below}的一档"


def _limit_steps(data: Mapping[str, Any], wage_fen: int, got: Amount) -> list[Step]:
    steps = []
    for side, name, moved in (("floor", "下限", -1), ("ceiling", "上限", 1)):
        if (limit := data[side]) is not None:
            note = f"申报工资{'低于下限' if moved < 0 else '高于上限'}" if got.limit == moved else "未触及"
            steps.append(Step(name, f"{yuan(limit['value'])} 元", note, **sourced(limit)))
    if not steps:
        steps.append(Step("上下限", "无", "本险种不设缴费基数上下限"))
    return steps


def sourced(value: Mapping[str, Any]) -> dict[str, str]:
    """Where a value comes from and since when; without a public document nobody made it public (公布)."""
    deed = "采用" if value["status"] == "illustrative" else "公布"
    return {
        "source": f"{value['source']}（{value['from']} 起，{value['known']} {deed}）",
        "status": value["status"],
    }


def _basis(data: Mapping[str, Any]) -> Step:
    month = Month.parse(data["month"]).label
    value = f"{data['region_title']} {month} {data['scheme_title']}{_SIDES[data['share']]}部分"
    return Step("依据", value, f"按 {data['known_on']} 已公布的数值")


def _percent(value: str) -> str:
    """ "0.0105" → "1.05%"; exact, without float."""
    return f"{_exact(Fraction(value) * 100)}%"


def _unrounded(amount: Fraction) -> str:
    """An amount before it is rounded: as amounts are written, with as many decimals as it needs and two at least."""
    whole, _, decimals = _exact(amount).partition(".")
    return f"{int(whole):,}.{decimals.ljust(2, '0')}"


def _exact(number: Fraction) -> str:
    """A terminating fraction as plain decimals, at least as many as needed."""
    places, rest = 0, number.denominator
    while rest % 10 == 0:
        rest, places = rest // 10, places + 1
    while rest % 2 == 0 or rest % 5 == 0:
        rest, places = (rest // 2 if rest % 2 == 0 else rest // 5), places + 1
    digits = f"{abs(number.numerator) * 10**places // number.denominator:0{places + 1}d}"
    return (
        f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}".rstrip("0").rstrip(".")
        if places
        else digits
    )
