"""What an employer declared about people: what a month's bill is the first to count, and what is undecided."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from shebao.rules.months import Month

from ..declarations.models import Declaration
from ..declarations.states import OPEN, State
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region
from .models import Assessment

AHEAD = 3
"""Months: nothing is declared so long before the month that it begins in (one month ahead is taken). The question reads
the declarations since then and what was decided since the last month was settled, however long ago that was declared,
of the hundreds of thousands that a large employer has.
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


Since = tuple[list[int], list[int], Month | None, Month | None, datetime | None]


def _since(employers: list[int], month: Month) -> Since:
    """Who settled a month before this, who never did, and of the former (if any) the last month that all settled,
    since when they may have declared what begins after it, and since when it may have been decided.
    """
    last = {pk: (settled, at) for pk, settled, at in _last_settled(employers, month)}
    new = [pk for pk in employers if pk not in last]
    if not last:
        return [], new, None, None, None
    months, moments = zip(*last.values(), strict=True)
    return list(last), new, min(months), min(months).previous(AHEAD), min(moments)


def _theirs(settled: list[int], new: list[int], last: Month | None, since: Month | None, after: datetime | None) -> Q:
    """What one of these may have declared for the first bill: of whoever settled what begins after the last settled
    month, or was decided after that; the rest is on its bill, however long it had waited.
    """
    if last is None:
        return Q(employer__in=new)
    lately = Q(employer__in=settled, month__gte=since, first_month__gt=last)
    decided = Q(employer__in=settled, state=State.APPROVED, decided_at__gt=after)
    return Q(employer__in=new) | lately | decided


@prepared
def _last_settled(employers: list[int], month: Month) -> QuerySet:
    """The last month that each settled before this one, and when."""
    settled = Assessment.objects.live().filter(series=0, month__lt=month)
    later = settled.filter(employer=OuterRef("employer"), month__gt=OuterRef("month"))
    rows = settled.filter(~Exists(later), employer__in=employers)
    return rows.order_by().values_list("employer", "month", "made_at")


@prepared
def _approved(
    settled: list[int],
    new: list[int],
    last: Month | None,
    since: Month | None,
    after: datetime | None,
    aside: list[str],
    month: Month,
) -> QuerySet:
    rows = Declaration.objects.filter(_theirs(settled, new, last, since, after)).exclude(service__in=aside)
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
