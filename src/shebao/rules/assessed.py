"""未按规定申报：社会保险法第六十二条，按照该单位上月缴费额的百分之一百一十确定应当缴纳数额。"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from shebao.rules.columns import Column, locked, ratio, scaled, whole
from shebao.rules.region_model import NoValue


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
