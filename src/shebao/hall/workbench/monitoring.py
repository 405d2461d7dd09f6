"""What the agency's administrator looks at once a day: what waits, what was done, what went wrong.

Declarations and registrations are counted together, since the same people do them; how many are registrations is said.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import TruncDate

from shebao.rules.months import Month
from shebao.rules.region import Region

from .. import clock
from ..declarations.declared_month import declared_month
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.states import State
from ..employers.models import Employer
from ..payments.models import Payment, PaymentState
from ..regions import region
from ..registration.models import Registration, RegistrationEvent
from ..roster.models import Spell
from ..roster.queries import covering
from ..settlement.arrears import arrears
from ..settlement.models import Assessment

DAYS, MONTH = 14, 30
AGES = ((0, 1, "当天、次日"), (2, 3, "2–3 天"), (4, 5, "4–5 天"), (6, 10, "6–10 天"), (11, None, "10 天以上"))
"""Ages of cases in days: from, to, and what a chart calls them."""
EVENTS = ((DeclarationEvent, "return_reasons"), (RegistrationEvent, "registration_return_reasons"))
"""What happened to declarations and to registrations, each with the region's list of reasons for a return."""
SHOWN = 10
SENT = (State.SUBMITTED, State.RETURNED, State.APPROVED, State.REJECTED)
"""States of a declaration that its employer sent in."""


@dataclass(frozen=True)
class Bar:
    """One bar of a chart of numbers; how many of them are registrations."""

    label: str
    count: int
    registrations: int = 0


@dataclass(frozen=True)
class Day:
    """What came and what was decided on one day; `registrations` are those among them."""

    day: date
    submitted: int
    decided: int
    registrations: tuple[int, int] = (0, 0)


def waiting_by_age(actor) -> list[Bar]:
    """The cases that wait, by the days since they were submitted."""
    today = clock.today()

    def ages(model) -> Counter[int]:
        rows = model.objects.visible_to(actor).filter(state=State.SUBMITTED, submitted_at__isnull=False)
        counted = rows.order_by().values_list(TruncDate("submitted_at")).annotate(Count("pk"))
        return Counter({(today - day).days: count for day, count in counted})

    return by_age(ages(Declaration), ages(Registration))


def decided_ages(actor) -> tuple[Counter[int], Counter[int]]:
    """How many declarations and registrations were decided in the last month, by the days from the last submission."""
    since = clock.now() - timedelta(days=MONTH)

    def ages(model) -> Counter[int]:
        rows = model.objects.visible_to(actor).filter(decided_at__gte=since, decided_by__isnull=False)
        # What came back after it was returned waits again: it was not decided since.
        rows = rows.filter(decided_at__gte=F("submitted_at")).order_by()
        found: Counter[int] = Counter()
        counted = rows.values_list(TruncDate("submitted_at"), TruncDate("decided_at")).annotate(Count("pk"))
        for came, done, count in counted:
            found[(done - came).days] += count
        return found

    return ages(Declaration), ages(Registration)


def decided_by_age(actor) -> list[Bar]:
    """The cases decided in the last month, by the days from when they were last submitted to the decision."""
    return by_age(*decided_ages(actor))


def average_days(declared: Counter[int], registered: Counter[int]) -> float | None:
    """How many days a decision took on average, of numbers of cases by days; None where nothing was decided."""
    both = declared + registered
    return sum(age * count for age, count in both.items()) / both.total() if both else None


@dataclass(frozen=True)
class Share:
    """Of `whole` employers in force in a month, those who `declared` for it."""

    month: Month
    declared: int
    whole: int

    @property
    def percent(self) -> int | None:
        """In percent, rounded down: all is said only of all. None where no employer is in force."""
        return self.declared * 100 // self.whole if self.whole else None


def declared_share(actor) -> Share:
    """Of the region's employers with people insured in the month that is declared for, those that submitted a
    declaration for it or settled it (申报率). One query.
    """
    month = declared_month(region(actor.region))
    insured = Spell.objects.filter(covering(month), employee__employer=OuterRef("pk"), project=None)
    sent = Declaration.objects.filter(employer=OuterRef("pk"), month=month, state__in=SENT)
    settled = Assessment.objects.live().filter(employer=OuterRef("pk"), month=month, series=0)
    rows = Employer.objects.visible_to(actor).filter(Exists(insured), region=actor.region, first_month__lte=month)
    counted = rows.aggregate(whole=Count("pk"), declared=Count("pk", filter=Exists(sent) | Exists(settled)))
    return Share(month, counted["declared"], counted["whole"])


def by_age(declared: Counter[int], registered: Counter[int]) -> list[Bar]:
    """Numbers of cases by days as the bars of a chart."""

    def within(ages: Counter[int], first: int, last: int | None) -> int:
        return sum(n for age, n in ages.items() if age >= first and (last is None or age <= last))

    both = declared + registered
    return [Bar(label, within(both, first, last), within(registered, first, last)) for first, last, label in AGES]


def throughput(actor) -> list[Day]:
    """What was submitted and decided on each of the last days."""
    since = clock.today() - timedelta(days=DAYS - 1)

    def counted(model, *moves: str) -> dict[date, int]:
        rows = model.objects.visible_to(actor).filter(at__date__gte=since, move__in=moves).order_by()
        return dict(rows.values_list(TruncDate("at")).annotate(Count("pk")))

    declared, registered = (
        (counted(model, "submit"), counted(model, "approve", "return", "reject")) for model, _ in EVENTS
    )
    found = []
    for day in (since + timedelta(days=n) for n in range(DAYS)):
        new, done = (side.get(day, 0) for side in registered)
        found.append(Day(day, declared[0].get(day, 0) + new, declared[1].get(day, 0) + done, (new, done)))
    return found


def return_reasons(actor) -> list[Bar]:
    """Why cases were returned or refused in the last month, by the reasons of the region's lists."""
    found: Counter[str] = Counter()
    registered: Counter[str] = Counter()
    for model, catalogue in EVENTS:
        said = _reasons(model.objects.visible_to(actor), catalogue, region(actor.region))
        found += said
        registered += said if model is RegistrationEvent else Counter()
    return [Bar(label, count, registered[label]) for label, count in found.most_common()]


def _reasons(events: QuerySet, catalogue: str, here: Region) -> Counter[str]:
    titles = [item.title for item in here.codes[catalogue].items]
    found: Counter[str] = Counter()
    rows = events.filter(move__in=("return", "reject"), at__gte=clock.now() - timedelta(days=MONTH))
    for marks in rows.order_by().values_list("marks", flat=True).iterator(chunk_size=2000):
        said = {next((t for t in titles if str(text).startswith(t)), "自己写的意见") for text in marks.values()}
        found.update(said or {"只写了总的意见"})
    return found


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
