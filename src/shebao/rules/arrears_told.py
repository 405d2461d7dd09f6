"""为什么是这个数, of the late fee (滞纳金) of a bill: every part of its principal, its days, and one rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from shebao.rules.back_fees import dated_rates, decimals, percent, rate_step
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.evidence import Step
from shebao.rules.late_fees import days_by_rate
from shebao.rules.money import ROUNDINGS, rounded, yuan
from shebao.rules.region_model import Region

DAY = timedelta(days=1)


@dataclass(frozen=True)
class LatePart:
    """Principal (fen) that is late until a day: on which it was paid or, while it is open, today."""

    fen: int
    until: date
    is_paid: bool


def late_fee_steps(region: Region, due: date, parts: Sequence[LatePart], known_on: date) -> list[Step]:
    """The rows from principal and days to the late fee of a whole bill that was due on `due`, rounded once.

    `known_on` is the day whose knowledge of the rates counts. Raises NoValue for a day without a rate.
    """
    rule, rates = region.collection.late_fee, dated_rates(region, due, known_on)
    sums = [one for part in parts if (one := _Reckoned(part, due, rule.day_count, rates)).under]
    principal = " + ".join(yuan(one.part.fen) for one in sums)
    if len(sums) > 1:
        principal = f"{principal} = {yuan(sum(one.part.fen for one in sums))}"
    steps = [
        Step("本金", f"{principal} 元", "到期没有缴的应缴额，单位部分和个人部分；滞纳金由单位承担，不再计收滞纳金"),
        Step("缴费截止", str(due), DAY_COUNTS[rule.day_count].title),
        *(rate_step(one) for one in rates if any(one is used for each in sums for used, _ in each.under)),
        *(one.step() for one in sums),
    ]
    exact = sum((one.exact for one in sums), Fraction(0))
    if len(sums) > 1:
        steps.append(
            Step("相加", f"{' + '.join(decimals(one.exact / 100) for one in sums)} = {decimals(exact / 100)} 元")
        )
    fee = rounded(exact.numerator, exact.denominator, rule.rounding)
    steps.append(Step("进位", f"{yuan(fee)} 元", f"{ROUNDINGS[rule.rounding].title}，整张账单只进位一次"))
    most = sum(part.fen for part in parts)
    if rule.capped_at_principal and fee > most:
        steps.append(Step("封顶", f"{yuan(most)} 元", "滞纳金不超过本金"))
    basis = Step("依据", f"{region.title} 滞纳金", f"按 {known_on} 已公布的数值", rule.source, rule.status)
    return [*steps, basis]


class _Reckoned:
    """A part with its exact late fee, in fen before any rounding."""

    def __init__(self, part: LatePart, due: date, day_count: str, rates: Sequence[Mapping[str, str]]) -> None:
        self.part, self.first, self.end = part, due + DAY, part.until + timedelta(days=DAY_COUNTS[day_count].last)
        since = [date.fromisoformat(one["since"]) for one in rates]
        counted = days_by_rate(due, part.until, since, day_count=day_count)
        self.under = [(one, int(days[0])) for one, days in zip(rates, counted, strict=True) if days[0]]
        self.exact = sum((Fraction(one["value"]) * days for one, days in self.under), Fraction(0)) * part.fen

    def step(self) -> Step:
        label, when = ("已缴部分", f"{self.part.until} 缴，") if self.part.is_paid else ("未缴部分", "")
        times = [f"{percent(one['value'])} × {days} 天" for one, days in self.under]
        factor = times[0] if len(times) == 1 else f"（{' + '.join(times)}）"
        days = sum(days for _, days in self.under)
        value = f"{yuan(self.part.fen)} × {factor} = {decimals(self.exact / 100)} 元"
        return Step(label, value, f"{when}{self.first} 至 {self.end}，逾期 {days} 天")
