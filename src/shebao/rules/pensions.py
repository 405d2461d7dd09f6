"""基本养老金预计算：国务院关于完善企业职工基本养老保险制度的决定（国发〔2005〕38号）第六条及附件。

基础养老金 and 个人账户养老金 are national; 过渡性养老金 and local supplements are not, and are not estimated.
An estimate: the agency's assessment decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from shebao.rules.columns import ratio
from shebao.rules.money import rounded
from shebao.rules.months import Month
from shebao.rules.region_model import NoValue

_MONTHS_FROM_40 = (
    *(233, 230, 226, 223, 220, 216, 212, 208, 204, 199),
    *(195, 190, 185, 180, 175, 170, 164, 158, 152, 145),
    *(139, 132, 125, 117, 109, 101, 93, 84, 75, 65, 56),
)
#: 国发〔2005〕38号附件 个人账户养老金计发月数表: age in years → months.
PAYOUT_MONTHS: Mapping[int, int] = MappingProxyType(dict(enumerate(_MONTHS_FROM_40, start=40)))

#: What an age between two rows of the table means.
PAYOUT_CONVENTIONS: Mapping[str, str] = MappingProxyType(
    {
        "interpolated": "按月在相邻两档间折算，四舍五入到一位小数（2025 年起非整岁退休的经办口径）",
        "whole_years": "按已满周岁取值（2024 年及以前）",
    }
)


@dataclass(frozen=True)
class MonthlyPension:
    """Fen a month: the base pension, the pension of the personal account, and their sum."""

    base: int
    account: int

    @property
    def total(self) -> int:
        """What both come to."""
        return self.base + self.account


def payout_months(age_months: int, *, convention: str) -> Fraction:
    """By how many months the account is divided for who retires at this age in months (计发月数).

    Raises NoValue outside the table (40 to 70 years), KeyError for an unknown convention.
    """
    PAYOUT_CONVENTIONS[convention]
    years, months = divmod(age_months, 12)
    between = convention == "interpolated" and months > 0
    if years not in PAYOUT_MONTHS or (between and years + 1 not in PAYOUT_MONTHS):
        raise NoValue(f"计发月数表没有 {years} 岁 {months} 个月这一档")
    row = PAYOUT_MONTHS[years]
    if not between:
        return Fraction(row)
    exact = row - Fraction((row - PAYOUT_MONTHS[years + 1]) * months, 12)
    return Fraction((exact * 10 + Fraction(1, 2)) // 1, 10)


def average_index(bases: Mapping[Month, int], wages: Mapping[int, int]) -> Fraction:
    """The average contribution index: the mean of base ÷ the previous year's average monthly wage, exactly.

    `bases` is month → contribution base in fen, `wages` year → average monthly wage in fen. Raises NoValue
    where there is no month at all or a year's wage is missing.
    """
    if not bases:
        raise NoValue("没有缴费月份，不能计算平均缴费指数")
    total = Fraction(0)
    for month, base in bases.items():
        wage = wages.get(month.year - 1, 0)
        if wage <= 0:
            raise NoValue(f"缺少 {month.year - 1} 年的月平均工资，不能计算缴费指数")
        total += Fraction(base, wage)
    return total / len(bases)


def monthly_pension(
    *,
    reference_wage: int,
    index: Fraction | Decimal,
    contribution_months: int,
    account_balance: int,
    payout: Fraction,
    rounding: str,
) -> MonthlyPension:
    """The pension of one person, each part rounded once by the named rule; amounts in fen.

    基础养老金 =（全省上年度在岗职工月平均工资 + 本人指数化月平均缴费工资）÷ 2 × 缴费年限 × 1%, where the
    indexed wage is reference_wage × index and the years are contribution_months ÷ 12; 个人账户养老金 =
    储存额 ÷ 计发月数. Whether the months suffice is `retirement.missing_months`'s question.
    """
    if min(reference_wage, contribution_months, account_balance) < 0 or payout <= 0:
        raise ValueError("wages, months and balances must not be negative")
    base = reference_wage * (1 + ratio(index)) / 2 * Fraction(contribution_months, 12) / 100
    account = Fraction(account_balance) / payout
    return MonthlyPension(
        rounded(base.numerator, base.denominator, rounding), rounded(account.numerator, account.denominator, rounding)
    )
