"""What a proposed file must not take away, because months, cases and registers rely on it.

Why each: docs/decisions/0021.
"""

from collections.abc import Iterator
from datetime import date

from shebao.rules.code_lists import CodeList
from shebao.rules.months import Month, months_between
from shebao.rules.region import Region

from .. import clock
from ..settlement.late_decisions import LONGEST
from ..settlement.models import Bill

AHEAD = 12
"""So many months to come are looked at."""
MINUTE = "%Y-%m-%d %H:%M"
PARTS = (("declare_until", "申报"), ("pay_until", "缴费"))


def relied_on(here: Region, proposed: Region) -> list[str]:
    """Every sentence about what must stay as it is; empty where the proposal takes nothing away."""
    lists = (_codes(one, proposed.codes.get(key)) for key, one in here.codes.items())
    found = [text for one in lists for text in one]
    return [*found, *_values(here, proposed), *_days(here, proposed), *_months(here, proposed)]


def _codes(old: CodeList, new: CodeList | None) -> Iterator[str]:
    """What was answered, registered and printed says a code only; sealed answers cannot be asked who used it."""
    for item in old.items:
        now = new.get(item.code) if new else None
        if now is None:
            told = f"{old.title}：代码 {item.code}（{item.title}）不能去掉，花名册、办件和单据里可能用着它"
            yield f"{told}；不再使用的，请写 retired: true 停用"
        elif (now.kind, now.is_transfer, now.national) != (item.kind, item.is_transfer, item.national):
            yield f"{old.title}：代码 {item.code}（{item.title}）的性质、转移、全国代码不能改，请另加一个代码"


def _values(here: Region, proposed: Region) -> Iterator[str]:
    """What was known on a day is asked for again whenever a month is adjusted."""
    for key, one in here.parameters.items():
        now = proposed.parameters.get(key)  # None where it would be closed
        kept = {(value.since, value.known): value.value for value in now.values} if now else {}
        for value in one.values:
            if value.known < clock.today() and kept.get((value.since, value.known)) != value.value:
                told = f"{one.title}：{value.since} 起、{value.known} 公布的数值不能去掉或改动"
                yield f"{told}；要更正，请另加一个公布日期更晚的"


def _days(here: Region, proposed: Region) -> Iterator[str]:
    """Time limits were counted by the days that are over."""
    for day in _other_days(here, proposed):
        if day <= clock.today():
            yield f"{day} 已经过去，是上班还是休息不能再改，办结时限是按它算的"


def _other_days(here: Region, proposed: Region) -> list[date]:
    old, new = here.calendar.workdays, proposed.calendar.workdays
    asked = (old.holidays ^ new.holidays) | (old.make_up_days ^ new.make_up_days)
    return sorted(day for day in asked if old.is_working_day(day) != new.is_working_day(day))


def _months(here: Region, proposed: Region) -> Iterator[str]:
    """A time that has ended is not opened again nor ended at another day; one that is open does not end in the past."""
    now, ended = clock.local_now(), []
    for month in _other_months(here, proposed):
        old, new = here.calendar.window(month), proposed.calendar.window(month)
        if old.opens_at <= now < min(new.opens_at, old.pay_until):
            yield f"{month.label}的申报已经开始，不能改成 {new.opens_at:%Y-%m-%d} 才开始"
        for part, title in PARTS:
            was, would = getattr(old, part), getattr(new, part)
            if was <= now and (was.date() != would.date() or would > now):
                yield f"{month.label}的{title}已于 {was:{MINUTE}} 截止，不能改成 {would:{MINUTE}}"
                ended.append((month, old))
            elif was > now >= would:
                yield f"{month.label}的{title}截止不能改到已经过去的 {would:{MINUTE}}"
    if ended:
        days = (
            f"{month} 写 {' '.join(f'{part}: {getattr(old, part).date()}' for part, _ in PARTS)}"
            for month, old in ended
        )
        yield f"只改以后各月的，请在 months 里照原样写明已经截止的月份：{'；'.join(dict.fromkeys(days))}"


def _other_months(here: Region, proposed: Region) -> list[Month]:
    """Months that end otherwise: those that may still be open or come, and those that either names."""
    this = Month.of(clock.today())
    named = {*here.calendar.months, *proposed.calendar.months}
    asked = sorted({*months_between(this.previous(LONGEST), this.next(AHEAD)), *named})
    return [one for one in asked if here.calendar.window(one) != proposed.calendar.window(one)]


def told_beforehand(here: Region, proposed: Region) -> list[str]:
    """What the proposal does not do, which whoever agrees has to know."""
    found = []
    months = [one for one in _other_months(here, proposed) if one >= Month.of(clock.today())]
    if months and (count := Bill.objects.live().filter(employer__region=here.code, month__in=months).count()):
        found.append(f"已经开出 {count} 张账单，这些账单仍按原来的缴费截止日")
    if _other_days(here, proposed):
        found.append("正在办理的办件，办结时限仍是提交时算好的那一天")
    pairs = [
        (item, now)
        for key, one in here.codes.items()
        for item in one.items
        if (list_now := proposed.codes.get(key)) and (now := list_now.get(item.code))
    ]
    if retired := [f"{old.code}（{old.title}）" for old, now in pairs if now.is_retired and not old.is_retired]:
        text = "以前登记的照样显示，在册人员可以保留；草稿和退回的申报用到它的，提交时要另选一个"
        found.append(f"代码 {'、'.join(retired)} 停用：{text}")
    if titles := [f"{old.code}（{old.title}）" for old, now in pairs if now.title != old.title]:
        found.append(f"代码 {'、'.join(titles)} 改名：以前用它登记的从此显示新名称，已经写进退回意见的仍是原来的文字")
    return found
