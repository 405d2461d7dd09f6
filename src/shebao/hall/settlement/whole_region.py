"""The month of a whole region (集中核定) as pieces of work: who is still to be assessed, in ranges of employers."""

from collections.abc import Sequence

from django.db.models import Count, Exists, OuterRef

from shebao.rules.months import Month

from ..employers.models import Employer
from .models import Assessment
from .operations import settle_employers
from .partitions import Finished, Partition

PEOPLE, EMPLOYERS = 5_000, 500
"""How many people and employers one transaction takes at most; a larger employer is a partition of its own."""


def partitions(code: str, month: Month, *, people: int = PEOPLE, employers: int = EMPLOYERS) -> list[Partition]:
    """The employers of a region whose month is not assessed yet, by id; after an interruption those are the rest.

    At-most-once does not rest on this list: whoever works a partition twice finds its employers settled.
    """
    settled = Assessment.objects.live().filter(employer=OuterRef("pk"), month=month, series=0)
    waiting = Employer.objects.filter(~Exists(settled), region=code, first_month__lte=month).order_by("pk")
    found: list[Partition] = []
    ids: list[int] = []
    heads = 0
    for pk, count in waiting.values_list("pk").annotate(Count("employees")):
        if ids and (heads + count > people or len(ids) >= employers):
            found.append(Partition(code, tuple(ids), heads))
            ids, heads = [], 0
        ids.append(pk)
        heads += count
    return [*found, Partition(code, tuple(ids), heads)] if ids else found


def settle_partition(partition: Partition, month: Month) -> Finished:
    """Assess one partition as `settle_employers` does, as the system."""
    run = settle_employers(partition.employer_ids, month)
    return Finished(
        len(run.bills),
        partition.people,
        sum(bill.head_count for bill in run.bills.values()),
        sum(bill.total_due for bill in run.bills.values()),
        tuple(_named(run.skipped)),
    )


def _named(skipped: dict[int, str]) -> Sequence[tuple[str, str, str]]:
    rows = Employer.objects.filter(pk__in=skipped).order_by("pk").values_list("pk", "employer_number", "name")
    return [(number, name, skipped[pk]) for pk, number, name in rows]
