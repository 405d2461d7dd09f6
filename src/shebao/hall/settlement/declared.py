"""What an employer declared in a month about people: what took effect, and what is undecided."""

from collections.abc import Sequence

from django.db.models import Count, QuerySet

from shebao.rules.months import Month

from ..declarations.models import Declaration
from ..declarations.states import OPEN, State
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region


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
    """How many declarations of the month about people took effect, by service."""
    return changes_of_many([employer], month)[employer.pk]


def changes_of_many(employers: Sequence[Employer], month: Month) -> dict[int, dict[str, int]]:
    """As `changes_of`, by employer; employers of one region, one query."""
    return _counted(_approved(*whose(employers), month), employers)


def open_counts(employer, month: Month) -> dict[str, int]:
    """Undecided declarations about people by state, up to and including the month."""
    return open_counts_of_many([employer], month)[employer.pk]


def open_counts_of_many(employers: Sequence[Employer], month: Month) -> dict[int, dict[str, int]]:
    """As `open_counts`, by employer; employers of one region, one query."""
    return _counted(_open(*whose(employers), month), employers)


@prepared
def _approved(employers: list[int], aside: list[str], month: Month) -> QuerySet:
    approved = declared(employers, aside).filter(month=month, state=State.APPROVED).order_by("service")
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
