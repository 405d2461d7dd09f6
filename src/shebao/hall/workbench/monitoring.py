"""What the agency's administrator looks at once a day: what waits, what was done, what went wrong."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from .. import clock
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.states import State
from ..payments.models import Payment, PaymentState
from ..regions import region
from ..settlement.arrears import arrears

DAYS, MONTH = 14, 30
AGES = ((0, 1, "当天、次日"), (2, 3, "2–3 天"), (4, 5, "4–5 天"), (6, 10, "6–10 天"), (11, None, "10 天以上"))
"""Ages of waiting cases in days: from, to, and what a chart calls them."""
SHOWN = 10


@dataclass(frozen=True)
class Bar:
    """One bar of a chart of numbers."""

    label: str
    count: int


@dataclass(frozen=True)
class Day:
    """What came and what was decided on one day."""

    day: date
    submitted: int
    decided: int


def waiting_by_age(actor) -> list[Bar]:
    """The cases that wait, by the days since they were submitted."""
    today, ages = clock.today(), Counter()
    rows = Declaration.objects.visible_to(actor).filter(state=State.SUBMITTED, submitted_at__isnull=False)
    for day, count in rows.order_by().values_list(TruncDate("submitted_at")).annotate(Count("pk")):
        ages[(today - day).days] += count
    return [
        Bar(label, sum(n for age, n in ages.items() if age >= first and (last is None or age <= last)))
        for first, last, label in AGES
    ]


def throughput(actor) -> list[Day]:
    """What was submitted and decided on each of the last days."""
    today = clock.today()
    since = today - timedelta(days=DAYS - 1)
    rows = DeclarationEvent.objects.visible_to(actor).filter(at__date__gte=since)
    counted = {
        name: dict(rows.filter(move__in=moves).order_by().values_list(TruncDate("at")).annotate(Count("pk")))
        for name, moves in (("in", ["submit"]), ("out", ["approve", "return", "reject"]))
    }
    days = (since + timedelta(days=n) for n in range(DAYS))
    return [Day(day, counted["in"].get(day, 0), counted["out"].get(day, 0)) for day in days]


def return_reasons(actor) -> list[Bar]:
    """Why cases were returned or refused in the last month, by the reasons of the region's list."""
    titles = [item.title for item in region(actor.region).codes["return_reasons"].items]
    found: Counter[str] = Counter()
    rows = DeclarationEvent.objects.visible_to(actor).filter(
        move__in=("return", "reject"), at__gte=clock.now() - timedelta(days=MONTH)
    )
    for marks in rows.order_by().values_list("marks", flat=True).iterator(chunk_size=2000):
        said = {next((t for t in titles if str(text).startswith(t)), "自己写的意见") for text in marks.values()}
        found.update(said or {"只写了总的意见"})
    return [Bar(label, count) for label, count in found.most_common()]


@dataclass(frozen=True)
class Late:
    """An employer in arrears: how much (fen), how many bills, and since how many days."""

    employer: object
    open: int
    bills: int
    days: int


def late_employers(actor) -> tuple[list[Late], int]:
    """(the employers that owe most after the day of payment, how many there are)."""
    by_employer: dict[int, list] = {}
    for one in arrears(actor)[0]:
        by_employer.setdefault(one.bill.employer_id, []).append(one)
    rows = [
        Late(bills[0].bill.employer, sum(one.open for one in bills), len(bills), max(one.days for one in bills))
        for bills in by_employer.values()
    ]
    rows.sort(key=lambda row: (-row.open, row.employer.pk))
    return rows[:SHOWN], len(rows)


def unknown_payments(actor) -> list[Payment]:
    """Payments whose outcome the bank has not told, the oldest first."""
    rows = Payment.objects.visible_to(actor).filter(state=PaymentState.UNKNOWN)
    return list(rows.select_related("employer", "bill").order_by("pk")[:SHOWN])
