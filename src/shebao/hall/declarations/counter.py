"""Business at the agency's counter (前台业务): entered when it is brought in, done when it is done."""

from django.db import transaction
from django.db.models import QuerySet

from shebao.rules.months import Month
from shebao.rules.region import Region
from shebao.rules.settling_words import settling

from ..audit.operations import record
from ..clock import now
from ..employers.locking import locked_employer
from ..errors import Conflict, Refused, permit
from ..regions import region
from .models import CounterBusiness

LONGEST = CounterBusiness._meta.get_field("title").max_length
CONDITION = "counter_done"
"""The precondition that waits for it."""


def waits_for_counter(spec: Region) -> bool:
    """Whether any settlement here waits for the business at the counter."""
    return any(CONDITION in one.preconditions for one in spec.settlements.values())


def counter_business(actor) -> QuerySet[CounterBusiness]:
    """What was brought to the counter, the newest first."""
    return CounterBusiness.objects.visible_to(actor).select_related("employer", "opened_by", "done_by")


@transaction.atomic
def open_counter_business(employer_id: int, title: str, month: Month, *, by) -> CounterBusiness:
    """Enter business that an employer brought to the counter (受理); its month waits for it.

    Raises Refused without a title, and for a month that is settled.
    """
    permit(by, "review", "受理前台业务")
    employer = locked_employer(employer_id, by=by)
    title = " ".join(title.split())
    if not waits_for_counter(region(employer.region)):
        raise Refused(
            "no_counter_business",
            settling(region(employer.region).terms, "本地结算不以前台业务为前提，不用登记。"),
            status=404,
        )
    if not title or len(title) > LONGEST:
        raise Refused("no_title", f"请填写业务名称，最多 {LONGEST} 个字。", field="title")
    if employer.assessments.live().filter(month=month, series=0).exists():
        raise Refused("settled", f"{month.label}已经核定，请登记在以后的月份。", field="month")
    held = CounterBusiness.objects.filter(employer=employer, month=month, title=title, done_at=None).first()
    if held:
        return held  # a second press
    made = CounterBusiness.objects.create(employer=employer, month=month, title=title, opened_by=by, opened_at=now())
    record("counter_business.opened", made, by=by, employer=employer, title=title, month=str(month))
    return made


@transaction.atomic
def finish_counter_business(pk: int, outcome: str, *, by) -> CounterBusiness:
    """Say that business at the counter is done (办结), and how it ended. Raises Conflict when it was done before."""
    permit(by, "review", "办结前台业务")
    found = CounterBusiness.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if found.done_at:
        raise Conflict("already_done", f"“{found.title}”已经办结。")
    found.done_by, found.done_at, found.outcome = by, now(), outcome.strip()[:200]
    found.save(update_fields=["done_by", "done_at", "outcome"])
    record("counter_business.done", found, by=by, employer=found.employer, title=found.title, month=str(found.month))
    return found
