"""申报缴费方式选择: who computes an employer's months, the employer by its wages or the office by its assessment."""

from django.db import transaction

from shebao.rules.months import Month
from shebao.rules.vocabulary import COMPUTED_BY

from ..audit.operations import record
from ..clock import now
from ..employers.locking import locked_employer
from ..employers.models import Employer, EmployerChange
from ..errors import Refused, permit
from ..regions import region
from .models import Assessment
from .progress import ways_to_compute, who_computes

LABEL = "申报缴费方式"


def computed_month(employer: Employer, month: Month, *, by) -> str | None:
    """Who computed a month that is settled; None where it is not, so that whoever is chosen now computes it."""
    settled = Assessment.objects.visible_to(by).live().filter(employer=employer, month=month, series=0)
    kinds = region(employer.region).settlements
    return next((kinds[kind].computed_by for kind in settled.values_list("kind", flat=True) if kind in kinds), None)


@transaction.atomic
def choose_who_computes(employer_id: int, way: str, *, by) -> Employer:
    """Choose who computes from the next settlement on; the same again changes nothing.

    Raises Refused for a way that the region does not have. What is settled stays as it is.
    """
    permit(by, "settle", "选择申报缴费方式")
    employer = locked_employer(employer_id, by=by)
    ways = ways_to_compute(region(employer.region))
    if len(ways) < 2 or way not in ways:
        raise Refused("no_such_way", "请选择一种申报缴费方式。", field="way")
    before = who_computes(employer)
    if way == before:
        return employer
    employer.computed_by = way
    employer.save(update_fields=["computed_by"])
    EmployerChange.objects.create(
        employer=employer, field="computed_by", label=LABEL, old=COMPUTED_BY[before], new=COMPUTED_BY[way], by=by,
        at=now(),
    )  # fmt: skip
    record("employer.way_chosen", employer, by=by, employer=employer, kind=way)
    return employer
