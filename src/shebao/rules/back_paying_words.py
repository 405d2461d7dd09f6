"""The words by which a region says how it pays back (补缴) and what that bears (滞纳金、利息)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BACK_VALUES: Mapping[str, str] = MappingProxyType(
    {
        "own_month": "按各月份自己的上下限和费率",
        "declared_month": "按核定当月的上下限和费率",
    }
)
BACK_FEES: Mapping[str, str] = MappingProxyType(
    {
        "with_bill": "与补缴计入同一张账单",
        "apart": "另行申报，生成自己的账单",
        "none": "本事项的补缴不加收",
    }
)
COMPOUNDINGS: Mapping[str, str] = MappingProxyType(
    {
        "yearly": "按年复利：每年末本息并入下年本金，年内按月计单利",
        "simple": "单利：各年利率与月数之积相加，利息不再生息",
    }
)
INTEREST_UNTIL: Mapping[str, str] = MappingProxyType(
    {
        "payment_month": "计到核定当月以前",
        "last_year": "计到核定的上一年末，当年的利率还没有公布",
    }
)
UNDECLARED_AFTER: Mapping[str, str] = MappingProxyType(
    {
        "declaration": "申报截止以后",
        "payment": "缴费截止以后",
    }
)
UNDECLARED_BASES: Mapping[str, str] = MappingProxyType(
    {
        "month_before": "上一个月的应缴额（上月也是暂核定的，按上月暂核定的）",
        "last_settled": "最近一次申报核定的月份的应缴额",
    }
)
BACK_BILLS: Mapping[str, str] = MappingProxyType(
    {
        "next": "随下一次月度结算计入账单",
        "own": "单独核定，生效时就生成自己的账单",
        "on_request": "由单位另行办理单独核定，才生成自己的账单",
    }
)
REFUNDS: Mapping[str, str] = MappingProxyType(
    {
        "next_bill": "抵减以后月份的账单",
        "credit": "缴清的账单退入待转金，抵缴以后的账单",
        "paid_out": "缴清的账单直接退到单位账户",
    }
)
BACK_OPERATIONS = frozenset(
    {
        "make_back_payments",
        "withdraw_back_payments",
        "assess_back_payments",
        "assess_late_fees",
        "refund_leavers",
        "correct_wages",
    }
)
"""Operations about the months from `first_month` to `last_month` of their form."""
PAID_ONCE = BACK_OPERATIONS | {"cover_year"}
"""Operations whose cost is paid once and not each month."""
MOST_BACK = 24
"""So many months back a settled month may be corrected on line: more than two years is a case for people."""
