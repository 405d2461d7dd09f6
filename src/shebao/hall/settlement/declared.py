"""What an employer declared about people: what a month's bill is the first to count, and what is undecided."""

from collections.abc import Sequence

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from shebao.rules.months import Month

from ..declarations.models import Declaration
from ..declarations.states import OPEN, State
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region
from .models import Assessment

LONGEST_REVIEW = 12
"""Months: what waited longer than this for its decision when a month was settled is no change of the next. It keeps the
question to the last year's declarations, of the hundreds of thousands that a large employer has.
"""


def about_people(employers: Sequence[Employer]):
    """What a settlement has to wait for, of employers of one region: declarations that charge nobody are left aside."""
    return declared(*whose(employers))


def whose(employers: Sequence[Employer]) -> tuple[list[int], list[str]]:
    """The keys of employers of one region, and the services there that charge nobody."""
    services = region(employers[0].region).services.values()
    return [employer.pk for employer in employers], [service.key for service in services if service.is_aside]


def declared(employers: list[int], aside: list[str]) -> QuerySet[Declaration]:
    """What these employers declared, but of the services aside."""
    return Declaration.objects.filter(employer__in=employers).exclude(service__in=aside)


def changes_of(employer, month: Month) -> dict[str, int]:
    """How many declarations about people this month's bill is the first to count, by service."""
    return changes_of_many([employer], month)[employer.pk]


def changes_of_many(employers: Sequence[Employer], month: Month) -> dict[int, dict[str, int]]:
    """As `changes_of`, by employer; employers of one region, two queries."""
    return _counted(_approved(*_since([one.pk for one in employers], month), whose(employers)[1], month), employers)


def changes_told(employer, month: Month, *, by) -> QuerySet[Declaration]:
    """The declarations that `changes_of` counts and one may see, the first declared first."""
    theirs, aside = _theirs(*_since([employer.pk], month)), whose([employer])[1]
    rows = Declaration.objects.visible_to(by).filter(theirs).exclude(service__in=aside)
    return first_counted(rows, month).order_by("month", "decided_at", "pk")


def first_counted(rows: QuerySet[Declaration], month: Month) -> QuerySet[Declaration]:
    """Of these declarations those in force that count for the first time in the bill of this month.

    That is what takes effect by this month and no bill before could count: declared for this month, or decided after
    the month that it begins in was settled, in whatever month it was declared. Of a month that is settled, what had
    been decided by then.
    """
    settled = Assessment.objects.live().filter(employer=OuterRef("employer"), series=0)
    before = settled.filter(month__lt=month, month__gte=OuterRef("first_month"), made_at__gte=OuterRef("decided_at"))
    too_late = settled.filter(month=month, made_at__lt=OuterRef("decided_at"))
    return rows.filter(~Exists(before), ~Exists(too_late), state=State.APPROVED, first_month__lte=month)


def open_counts(employer, month: Month) -> dict[str, int]:
    """Undecided declarations about people by state, up to and including the month."""
    return open_counts_of_many([employer], month)[employer.pk]


def open_counts_of_many(employers: Sequence[Employer], month: Month) -> dict[int, dict[str, int]]:
    """As `open_counts`, by employer; employers of one region, one query."""
    return _counted(_open(*whose(employers), month), employers)


def _since(employers: list[int], month: Month) -> tuple[list[int], list[int], Month | None]:
    """Who settled a month before this, who never did, and the earliest month in which the former (if any) may have
    declared what no bill has counted.
    """
    last = dict(_last_settled(employers, month))
    since = min(last.values()).previous(LONGEST_REVIEW) if last else None
    return list(last), [pk for pk in employers if pk not in last], since


def _theirs(settled: list[int], new: list[int], since: Month | None) -> Q:
    return Q(employer__in=new) | Q(employer__in=settled, month__gte=since) if since else Q(employer__in=new)


@prepared
def _last_settled(employers: list[int], month: Month) -> QuerySet:
    settled = Assessment.objects.live().filter(employer__in=employers, series=0, month__lt=month)
    return settled.order_by().values_list("employer").annotate(Max("month"))


@prepared
def _approved(settled: list[int], new: list[int], since: Month | None, aside: list[str], month: Month) -> QuerySet:
    rows = Declaration.objects.filter(_theirs(settled, new, since)).exclude(service__in=aside)
    approved = first_counted(rows, month).order_by("service")
    return approved.values_list("employer", "service").annotate(Count("pk"))


@prepared
def _open(employers: list[int], aside: list[str], month: Month) -> QuerySet:
    undecided = declared(employers, aside).filter(month__lte=month, state__in=OPEN).order_by("state")
    return undecided.values_list("employer", "state").annotate(Count("pk"))


def _counted(rows: list, employers: Sequence[Employer]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {employer.pk: {} for employer in employers}
    for employer, key, count in rows:
        found[employer][key] = count
    return found
