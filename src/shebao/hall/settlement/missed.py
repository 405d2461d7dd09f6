"""A month that was not settled in its time (错过结算): whether it is too late, and what the employer can do now."""

from decimal import Decimal

from shebao.rules.months import Month
from shebao.rules.region import NoValue, Region
from shebao.rules.region_collection import UNDECLARED_FACTOR
from shebao.rules.settling_words import settling
from shebao.rules.unit_words import in_percent

from ..clock import local_now, today
from ..regions import region
from .late_decisions import extensions

OF_BASE = {"month_before": "上月应缴额", "last_settled": "最近一次核定的应缴额"}


def is_missed(employer, month: Month, *, is_provisional: bool) -> bool:
    """Whether an employer's month that is not settled can no longer be: its time is over, nothing was decided late, and
    no provisional assessment (暂核定) lets it be declared still. One query at most, and only once the time is over.
    """
    until = region(employer.region).calendar.window(month).pay_until
    if is_provisional or month < employer.first_month or local_now() <= until:
        return False
    return employer.pk not in extensions([employer], month)


def what_now(spec: Region, month: Month) -> list[str]:
    """What happens to a month that was missed, when the next one is settled, and whom to ask, in sentences."""
    window, coming = spec.calendar.window(month), spec.calendar.window(month.next())
    told = [f"{month.label}的结算已于 {window.pay_until:%Y-%m-%d %H:%M} 截止，现在不能在网上办理。"]
    rule = spec.collection.undeclared
    if rule.assessed:
        basis = f"{OF_BASE[rule.base]}{_times(spec, month)}"
        told.append(
            f"没有按时申报的，经办机构按{basis} 暂核定（没有可用作基数的，另行确定），"
            f"账单出现在“{spec.term('menu.bills')}”；暂核定以后可以在这里补办申报结算，多退少补。"
        )
    else:
        told.append("要补办的，请到经办窗口办理。")
    told.append(
        f"下一次结算是 {month.next().label}，{coming.opens_at:%Y-%m-%d} 至 {coming.pay_until:%Y-%m-%d %H:%M} 办理。"
    )
    return [settling(spec.terms, one) for one in told]


def _times(spec: Region, month: Month) -> str:
    try:
        factor = spec.value(UNDECLARED_FACTOR, month, known_on=today()).value
    except NoValue:
        return "的规定倍数"
    return f"的 {in_percent(Decimal(factor))}"
