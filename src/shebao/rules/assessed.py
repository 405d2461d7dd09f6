"""未按规定申报：社会保险法第六十二条，按照该单位上月缴费额的百分之一百一十确定应当缴纳数额。"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from shebao.rules.back_fees import cited
from shebao.rules.back_paying_words import UNDECLARED_BASES
from shebao.rules.columns import Column, locked, ratio, scaled, whole
from shebao.rules.evidence import Evidence, Step
from shebao.rules.money import ROUNDINGS, yuan
from shebao.rules.months import Month
from shebao.rules.region_collection import UNDECLARED_FACTOR
from shebao.rules.region_model import NoValue, Region


def assessed_amounts(last_month: Mapping[str, Column], *, factor: Decimal, rounding: str) -> dict[str, Column]:
    """What each employer owes for a month it did not declare, by scheme, in fen.

    `last_month` holds per scheme one row for each employer: the amount of the month before, employer and
    employee parts together. `factor` is 1.1 by 社会保险法第六十二条. Every scheme is rounded once, and the
    amount due is the sum of the schemes. After the employer has declared, its declaration is settled and the
    difference returned or collected.

    Raises NoValue for an employer without any amount last month: by 社会保险费征缴暂行条例第十条 the agency
    then decides from its business and head-count, which is a decision and no formula.
    """
    times = ratio(factor)
    columns = {scheme: whole(column, scheme) for scheme, column in last_month.items()}
    if len({column.shape for column in columns.values()}) > 1:
        raise ValueError("every scheme must have one row for each employer")
    total = sum(columns.values(), np.zeros(1, dtype=np.int64))
    if not columns or not (total > 0).all():
        raise NoValue("单位上月没有缴费额，不能按 110% 核定，请由经办机构按经营状况、职工人数等情况确定")
    return {
        scheme: locked(scaled(column, times.numerator, times.denominator, rounding))
        for scheme, column in columns.items()
    }


def assessed_shares(
    employer: Mapping[str, Column], employee: Mapping[str, Column], *, factor: Decimal, rounding: str
) -> dict[str, tuple[Column, Column]]:
    """As `assessed_amounts`, by scheme as (the employer's part, the people's part), fen.

    A scheme is rounded once as a whole, the people's part by the same rule, and the employer owes the rest: both parts
    together are always the whole. Raises NoValue as there.
    """
    schemes = employer.keys() | employee.keys()
    nothing = np.zeros_like(next(iter((employer or employee).values()), np.zeros(1, dtype=np.int64)))
    sums = {key: employer.get(key, nothing) + employee.get(key, nothing) for key in sorted(schemes)}
    totals, times = assessed_amounts(sums, factor=factor, rounding=rounding), ratio(factor)
    found = {}
    for key, total in totals.items():
        own = scaled(whole(employee.get(key, nothing), key), times.numerator, times.denominator, rounding)
        found[key] = locked(total - own), locked(own)
    return found


def undeclared_evidence(region: Region, scheme: str, month: Month, base_month: Month, known_on: date) -> Evidence:
    """What the assessment of a scheme of a month that was not declared rests on, by the amount of `base_month`.

    Raises NoValue where the factor is not published for the month.
    """
    rule, value = region.collection.undeclared, region.value(UNDECLARED_FACTOR, month, known_on=known_on)
    title = region.scheme_title(scheme)
    return Evidence(
        {
            "assessed": "undeclared",
            "region_title": region.title,
            "scheme": scheme,
            "scheme_title": title,
            "month": str(month),
            "base": rule.base,
            "base_month": str(base_month),
            "factor": cited(region, value),
            "rounding": rule.rounding,
            "source": rule.source,
            "status": rule.status,
        }
    )


def shares_by(data: Mapping[str, Any], employer: int, employee: int) -> tuple[int, int]:
    """(the employer's part, the people's part) of an assessment by this evidence, from those of the base month, fen."""
    found = assessed_shares(
        {"one": np.array([employer], dtype=np.int64)},
        {"one": np.array([employee], dtype=np.int64)},
        factor=Decimal(data["factor"]["value"]),
        rounding=data["rounding"],
    )["one"]
    return int(found[0][0]), int(found[1][0])


def explain_assessed(data: Mapping[str, Any], employer: int, employee: int, share: str) -> list[Step]:
    """The rows that answer 「为什么是这个数」 for one share of an undeclared month; the base month's amounts in fen."""
    both, base, factor = employer + employee, Month.parse(data["base_month"]), data["factor"]
    due = dict(zip(("employer", "employee"), shares_by(data, employer, employee), strict=True))
    percent = f"{Fraction(factor['value']) * 100}%"
    told = f"{factor['source']}（{factor['from']} 起，{factor['known']} 公布）"
    amounts = {"employer": yuan(employer), "employee": yuan(employee)}
    total, rounding = sum(due.values()), ROUNDINGS[data["rounding"]].title
    own = f"{amounts['employee']} × {percent} → {yuan(due['employee'])} 元"
    steps = [
        Step("为什么暂核定", f"{Month.parse(data['month']).label}没有按时申报", "申报核定以后按实际结清，多退少补"),
        Step("缴费额", f"{yuan(both)} 元", f"{base.label}，单位 {amounts['employer']} + 个人 {amounts['employee']}"),
        Step("取哪个月", base.label, UNDECLARED_BASES[data["base"]]),
        Step("倍数", percent, factor["title"], told, factor["status"]),
        Step("险种应缴", f"{yuan(both)} × {percent} → {yuan(total)} 元", rounding),
        Step("其中个人", own, rounding),
    ]
    if share == "employer":
        steps.append(Step("其中单位", f"{yuan(total)} − {yuan(due['employee'])} = {yuan(due['employer'])} 元", "其余"))
    basis = f"{data['region_title']} {data['scheme_title']}"
    return [*steps, Step("依据", basis, "", data["source"], data["status"])]
