"""calendar.yaml: the declaration window, the payment day, the holiday shift, months back; and what differs once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shebao.rules import vocabulary as v
from shebao.rules.calendar import NATIONAL, Calendar, LateDecisions, YearlyWindow
from shebao.rules.months import BadMonth, Month
from shebao.rules.region_files import Folder, Mapped, Problems
from shebao.rules.region_take import Take
from shebao.rules.workdays import Workdays

NEEDED, OPTIONAL = ("declaration", "payment", "back_dating"), ("months", "days", "yearly_wages", "late_decisions")


def read_calendar(folder: Folder, problems: Problems) -> Calendar:
    """The calendar of a folder; `months` corrects the last days of single months, `days` single working days."""
    parts = folder.parts["calendar"]
    takes: dict[str, Take] = {}
    for key in NEEDED:
        where = folder.where("calendar", key)
        if key not in parts:
            problems.add(f"{folder.code}/calendar.yaml:1", key, "必须填写")
        takes[key] = Take(parts.get(key, Mapped(where.rpartition(":")[0], 1)), key, where, problems)
        takes[key].broken = takes[key].broken or key not in parts
    for key in parts:
        if key not in NEEDED + OPTIONAL:
            problems.add(folder.where("calendar", key), key, f"不认识的键，可用：{'、'.join(NEEDED + OPTIONAL)}")
    declare, pay, back = takes["declaration"], takes["payment"], takes["back_dating"]
    calendar = Calendar(
        declare.whole("from_day"),
        declare.whole("until_day"),
        declare.clock("until_time", "23:59"),
        pay.whole("until_day"),
        pay.clock("until_time", "23:59"),
        declare.word("shift", v.SHIFTS),
        back.whole("months"),
        declare.text("source"),
        declare.word("status", v.STATUSES),
        {key: folder.where("calendar", key) for key in NEEDED},
        _months(folder, problems),
        _days(folder, problems),
        _yearly_wages(folder, problems),
        _late_decisions(folder, problems),
        declare.word("after_close", v.AFTER_CLOSE, "wait"),
    )
    pay.text("source"), pay.word("status", v.STATUSES), back.text("source"), back.word("status", v.STATUSES)
    for take in takes.values():
        take.done()
    for take, key in ((declare, "from_day"), (declare, "until_day"), (pay, "until_day")):
        if not take.broken and not 1 <= take.whole(key, 1) <= 31:
            take.say(key, "应在 1 到 31 之间")
    return calendar


def _yearly_wages(folder: Folder, problems: Problems) -> YearlyWindow | None:
    """The window of wages that are declared once a year: from and until, each "07-01"."""
    written = folder.parts["calendar"].get("yearly_wages")
    if written is None:
        return None
    take = Take(written, "yearly_wages", folder.where("calendar", "yearly_wages"), problems)
    days: list[tuple[int, int]] = []
    for key in ("from", "until"):
        text = take.text(key)
        try:
            day = date.fromisoformat(f"2024-{text}")
        except ValueError:
            take.say(key, f"应是月和日，如 07-01，实际为“{text}”")
            day = date(2024, 1, 1)
        days.append((day.month, day.day))
    if days[1] < days[0] and not take.broken:
        take.say("until", "应不早于 from，申报期不跨年")
    window = YearlyWindow(days[0], days[1], take.text("source"), take.word("status", v.STATUSES))
    take.done()
    return window


def _late_decisions(folder: Folder, problems: Problems) -> LateDecisions | None:
    """How long a month stays open for who waited for the agency."""
    written = folder.parts["calendar"].get("late_decisions")
    if written is None:
        return None
    take = Take(written, "late_decisions", folder.where("calendar", "late_decisions"), problems)
    days = take.whole("settle_within")
    if not take.broken and not 0 <= days <= 60:
        take.say("settle_within", "应在 0 到 60 个工作日之间；0 是不延长")
    rule = LateDecisions(days, take.word("due", v.LATE_DUE), take.text("source"), take.word("status", v.STATUSES))
    take.done()
    return rule


def _months(folder: Folder, problems: Problems) -> Mapping[Month, tuple[date, date]]:
    """Single months whose last days were announced otherwise: month → (declare until, pay until)."""
    written = folder.parts["calendar"].get("months")
    if written is None:
        return {}
    found: dict[Month, tuple[date, date]] = {}
    for key, content in Take(written, "months", folder.where("calendar", "months"), problems).content.items():
        one = Take(content, f"months.{key}", folder.where("calendar", "months"), problems)
        declare, pay = one.day("declare_until"), one.day("pay_until")
        one.text("source"), one.word("status", v.STATUSES)
        one.done()
        try:
            month = Month.parse(key)
        except BadMonth as bad:
            one.say("", bad.message)
            continue
        if not one.broken and (declare < month.first_day or pay < declare):
            one.say("declare_until", "应不早于当月一日，且不晚于缴费截止日")
        found[month] = declare, pay
    return found


def _days(folder: Folder, problems: Problems) -> Workdays:
    """The published calendar with the days that this folder corrects: "2027-01-04": rest, or work."""
    written = folder.parts["calendar"].get("days")
    if written is None:
        return NATIONAL
    take = Take(written, "days", folder.where("calendar", "days"), problems)
    said: dict[date, str] = {}
    for key in take.content:
        word = take.word(key, v.DAYS)
        try:
            said[date.fromisoformat(key)] = word
        except ValueError:
            take.say(key, "应是日期，如 2027-01-04")
    rest = {day for day, word in said.items() if word == "rest"}
    return NATIONAL.corrected(rest, set(said) - rest)
