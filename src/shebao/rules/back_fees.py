"""What a back payment bears: a late fee by the day (滞纳金) and interest by the year (利息), as the region's data says.

Both are functions of the principal, the days and dated rates alone. Their evidence is the same for everybody whose
month, day and rule are the same, and computes the amount again without the region.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from shebao.rules.back_paying_words import COMPOUNDINGS
from shebao.rules.borne import DAY, INTEREST, LATE_FEE, borne_by, yearly
from shebao.rules.day_counts import DAY_COUNTS
from shebao.rules.evidence import Evidence, Step, sourced
from shebao.rules.interest import growth
from shebao.rules.money import ROUNDINGS, yuan
from shebao.rules.months import Month, months_between
from shebao.rules.region_collection import INTEREST_RATE, RATE
from shebao.rules.region_model import Region, Value


def late_fee_evidence(region: Region, month: Month, until: date) -> Evidence | None:
    """What the late fee of a month that is assessed on the day `until` rests on; None where none is due.

    It counts from the last day of payment of that month, but from no day before the region's rule began. Raises
    NoValue for a day without a rate.
    """
    rule, how = region.collection.back_late_fee, region.collection.late_fee
    if not rule.charged:
        return None
    due_on = region.calendar.window(month).pay_until.date()
    first = max(due_on, rule.first.first_day - DAY)
    if first >= until + DAY * DAY_COUNTS[how.day_count].last:
        return None
    rates = dated_rates(region, first + DAY, until)
    return Evidence(
        {
            "bears": LATE_FEE,
            "region_title": region.title,
            "month": str(month),
            "due_on": str(due_on),
            "first_on": str(first + DAY),
            "until": str(until),
            "rates": rates,
            "day_count": how.day_count,
            "rounding": how.rounding,
            "capped": how.capped_at_principal,
            "source": rule.source,
            "status": rule.status,
        }
    )


def dated_rates(region: Region, first: date, until: date) -> list[dict[str, str]]:
    """The daily rates of a late fee from `first` to `until` as evidence names them, each with the day it counts from.

    Raises NoValue for a month without a rate.
    """
    rates: list[dict[str, str]] = []
    for month in months_between(Month.of(first), Month.of(until)):
        value = region.value(RATE, month, known_on=until)
        if not rates or rates[-1]["value"] != str(value.number):
            rates.append({"since": str(month.first_day), **cited(region, value)})
    return rates


def interest_evidence(region: Region, scheme: str, month: Month, until: date) -> Evidence | None:
    """What the interest of a month of a scheme that is assessed on the day `until` rests on; None where none is due.

    Raises NoValue for a year whose rate is not published.
    """
    rule = region.collection.back_interest
    if not rule.charged or (rule.schemes and scheme not in rule.schemes):
        return None
    paid_in = Month(until.year, 1) if rule.until == "last_year" else Month.of(until)
    if month >= paid_in:
        return None
    years = range(month.year, paid_in.previous().year + 1)
    rates = {str(y): cited(region, region.value(INTEREST_RATE, Month(y, 1), known_on=until)) for y in years}
    return Evidence(
        {
            "bears": INTEREST,
            "region_title": region.title,
            "month": str(month),
            "until": str(until),
            "paid_in": str(paid_in),
            "rates": rates,
            "compounding": rule.compounding,
            "rounding": rule.rounding,
            "source": rule.source,
            "status": rule.status,
        }
    )


def cited(region: Region, value: Value) -> dict[str, str]:
    """A parameter's value as evidence names it: what, from when, known since when, by which source."""
    return {
        "parameter": value.parameter,
        "title": region.parameters[value.parameter].title,
        "value": str(value.number),
        "from": str(value.since),
        "known": str(value.known),
        "source": value.source,
        "status": value.status,
    }


def explain_borne(data: Mapping[str, Any], principal: int) -> list[Step]:
    """The rows that answer 「为什么是这个数」 for a late fee or interest of a principal, fen."""
    steps = _late_fee_steps(data, principal) if data["bears"] == LATE_FEE else _interest_steps(data, principal)
    got = Step("进位", f"{yuan(borne_by(data, principal))} 元", ROUNDINGS[data["rounding"]].title)
    word = "滞纳金" if data["bears"] == LATE_FEE else "利息"
    basis = f"{data['region_title']} {Month.parse(data['month']).label} 补缴{word}"
    return [*steps, got, Step("依据", basis, f"按 {data['until']} 已公布的数值", data["source"], data["status"])]


def _late_fee_steps(data: Mapping[str, Any], principal: int) -> list[Step]:
    first, until = date.fromisoformat(data["first_on"]), date.fromisoformat(data["until"])
    convention = DAY_COUNTS[data["day_count"]]
    days = (until - first).days + 1 + convention.last
    steps = [
        Step("补缴本金", f"{yuan(principal)} 元", "单位部分与个人部分之和；滞纳金由单位承担"),
        Step("缴费截止", data["due_on"], f"{Month.parse(data['month']).label}的缴费期限"),
        Step("逾期天数", f"{days} 天", f"{first} 至 {until}（补缴核定日），{convention.title}"),
    ]
    for one in data["rates"]:
        steps.append(rate_step(one))
    if len(data["rates"]) == 1:
        rate = data["rates"][0]["value"]
        exactly = Fraction(principal) * Fraction(rate) * days / 100
        steps.append(Step("计算", f"{yuan(principal)} × {percent(rate)} × {days} = {decimals(exactly)} 元"))
    if data["capped"]:
        steps.append(Step("封顶", f"{yuan(principal)} 元", "滞纳金不超过本金"))
    return steps


def rate_step(one: Mapping[str, str]) -> Step:
    """A daily rate of a late fee, and where it is written."""
    return Step("每日加收", percent(one["value"]), one["title"], **sourced(one))


def _interest_steps(data: Mapping[str, Any], principal: int) -> list[Step]:
    month, paid_in = Month.parse(data["month"]), Month.parse(data["paid_in"])
    steps = [
        Step("补缴本金", f"{yuan(principal)} 元", "本部分的补缴金额"),
        Step("计息期间", f"{month} 至 {paid_in.previous()}", COMPOUNDINGS[data["compounding"]]),
    ]
    for year, one in sorted(data["rates"].items()):
        steps.append(Step(f"{year} 年记账利率", percent(one["value"]), one["title"], **sourced(one)))
    factor = growth(month, paid_in, rates=yearly(data), compounding=data["compounding"]) - 1
    steps.append(Step("计算", f"{yuan(principal)} × {decimals(factor)} = {decimals(factor * principal / 100)} 元"))
    return steps


def percent(value: str) -> str:
    """A rate as a percentage."""
    return f"{decimals(Fraction(value) * 100)}%"


def decimals(number: Fraction, places: int = 8) -> str:
    """As plain decimals, cut after so many places; what goes on says so."""
    digits = number.numerator * 10**places // number.denominator
    whole, rest = divmod(digits, 10**places)
    text = f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")
    return text if Fraction(digits, 10**places) == number else f"{text}…"
