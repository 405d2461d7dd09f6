"""请看一眼: what on a bill somebody should look at once more. Signals, never errors; they hold nothing up."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef

from shebao.rules.money import yuan
from shebao.rules.vocabulary import SHARES

from ..regions import region
from .models import CHARGING, Bill, BillLine, LineKind
from .queries import rates_of

JUMP, LEAST = 5, 3
"""A head count that moved by more than one part in five, and by three people at least, is shown."""
MOST = 5
"""So many people are named; the rest are counted."""


@dataclass(frozen=True)
class Flag:
    """One thing to look at: a sentence that says what, and the view of the bill that says where."""

    text: str
    tab: str


def flags(bill: Bill) -> list[Flag]:
    """What stands out on a bill against the month before, and months that are charged twice; constant queries."""
    if bill.is_provisional:
        return []
    found = []
    if not bill.series:
        months = Bill.objects.live().filter(employer=bill.employer_id, month=bill.month.previous(), series=0)
        before = months.exclude(assessment__basis_month__isnull=False).first()
        if before is not None:
            found = [*_head_count(bill, before), *_rates(bill, before)]
    return found + _paid_back_twice(bill)


def _head_count(bill: Bill, before: Bill) -> list[Flag]:
    moved = bill.head_count - before.head_count
    if abs(moved) < LEAST or abs(moved) * JUMP <= before.head_count:
        return []
    word = f"{'多' if moved > 0 else '少'} {abs(moved)} 人"
    text = f"缴费 {bill.head_count} 人，上月 {before.head_count} 人，{word}，请核对增员和减员是否都报对了。"
    return [Flag(text, "changes")]


def _rates(bill: Bill, before: Bill) -> list[Flag]:
    """Rates that are another than last month's, scheme by scheme; where people differ, nothing is told."""
    now, then = rates_of(bill, before)
    schemes, found = region(bill.employer.region).schemes, []
    for share, rates in now.items():
        for scheme, rate in rates.items():
            last = then[share].get(scheme, "")
            if last and rate and rate != last:
                title = schemes[scheme].title if scheme in schemes else scheme
                text = f"{title}{SHARES[share]}的费率由 {last} 变为 {rate}，文件见“计算依据”。"
                found.append(Flag(text, "rules"))
    return found


def _paid_back_twice(bill: Bill) -> list[Flag]:
    """Months that are paid back though this employer charged them before.

    The database refuses a second charge of one person, scheme and month; what it lets through is a month that was given
    back (退费) since.
    """
    own = {"employee": OuterRef("employee"), "scheme": OuterRef("scheme"), "month": OuterRef("month")}
    others = BillLine.objects.live().filter(kind__in=CHARGING, **own).exclude(pk=OuterRef("pk"))
    lines = bill.lines.filter(kind=LineKind.BACK_PAYMENT).filter(Exists(others))
    people = defaultdict(list)
    rows = lines.annotate(fen=F("employer_due") + F("employee_due")).order_by("employee__name_pinyin", "month")
    for name, pk, month, fen in rows.values_list("employee__name", "employee", "month", "fen"):
        people[pk, name].append((month, fen))
    found = []
    for (_, name), months in list(people.items())[:MOST]:
        told = "、".join(str(month) for month in dict.fromkeys(month for month, _ in months))
        paid = yuan(sum(fen for _, fen in months))
        text = f"{name}补缴的 {told} 以前缴过并已退费，这里又补缴 {paid} 元，请核对是否重复。"
        found.append(Flag(text, "back"))
    if len(people) > MOST:
        found.append(Flag(f"另有 {len(people) - MOST} 人也补缴了缴过并已退费的月份。", "back"))
    return found
