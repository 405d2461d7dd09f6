"""逾期办结: a month whose employer still waited for the agency when its time ended stays open a while longer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from shebao.rules.months import Month, months_between
from shebao.rules.region import Region
from shebao.rules.settling_words import settling

from ..clock import day_of, local_now, today
from ..declarations.models import DeclarationEvent
from ..declarations.states import State
from ..employers.models import Employer
from ..prepared import prepared
from ..regions import region
from .declared import declared, whose
from .models import Assessment

DECIDED = (State.APPROVED, State.RETURNED, State.REJECTED)
LONGEST = 3
"""So many months back a month may have stayed open."""


@dataclass(frozen=True)
class Extension:
    """Why a month is open after its time: so many cases are `waiting` still, or all were decided and `until` when."""

    waiting: int
    until: datetime | None


def extensions(employers: Sequence[Employer], month: Month, after: datetime | None = None) -> dict[int, Extension]:
    """Of employers of one region those whose month is open although its time is over, and why; two queries at most.

    It is for who had submitted in time what the agency had not decided when the time ended: at the end of the
    payment or, where another moment is named, `after` that. What is submitted later opens nothing.
    """
    if not employers:
        return {}
    calendar = region(employers[0].region).calendar
    end = after or calendar.window(month).pay_until
    if local_now() <= end or calendar.open_after(end.date()) is None:
        return {}
    waiting = _waiting(employers, month, end)
    found = {pk: Extension(count, None) for pk, count in waiting.items()}
    for pk, at in _last_decisions(employers, end).items():
        until = calendar.open_after(day_of(at))
        if pk not in found and until and local_now() <= until:
            found[pk] = Extension(0, until)
    return found


def _state_at(end: datetime, path: str):
    """In which state a declaration was at that moment."""
    before = DeclarationEvent.objects.filter(declaration=OuterRef(path), at__lte=end)
    return Subquery(before.order_by("-at", "-pk").values("to_state")[:1])


def _waiting(employers: Sequence[Employer], month: Month, end: datetime) -> Mapping[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for pk in _waited(*whose(employers), month, timezone.make_aware(end)):
        counts[pk] += 1
    return counts


@prepared
def _waited(employers: list[int], aside: list[str], month: Month, end: datetime) -> QuerySet:
    rows = declared(employers, aside).filter(month__lte=month, state=State.SUBMITTED)
    rows = rows.annotate(then=_state_at(end, "pk")).filter(then=State.SUBMITTED)
    return rows.order_by().values_list("employer", flat=True)


def _last_decisions(employers: Sequence[Employer], end: datetime) -> Mapping[int, datetime]:
    """The last of the decisions by employer, each the first about its case: submitted anew, it is of a new month."""
    found: dict[int, datetime] = {}
    for pk, _, at in _first_decisions(*whose(employers), timezone.make_aware(end)):
        found[pk] = max(at, found.get(pk, at))
    return found


@prepared
def _first_decisions(employers: list[int], aside: list[str], end: datetime) -> QuerySet:
    rows = DeclarationEvent.objects.filter(
        declaration__in=declared(employers, aside), at__gt=end, from_state=State.SUBMITTED, to_state__in=DECIDED
    )
    rows = rows.annotate(then=_state_at(end, "declaration")).filter(then=State.SUBMITTED)
    return rows.order_by().values_list("declaration__employer", "declaration").annotate(Min("at"))


def extended_months(employer: Employer, current: Month) -> dict[Month, Extension]:
    """The employer's earlier months that are open still, because the agency decided late or has not decided."""
    calendar = region(employer.region).calendar
    rule = calendar.late_decisions
    if rule is None or not rule.settle_within:
        return {}
    since = datetime.combine(calendar.add_working_days(today(), -rule.settle_within - 1), time.min)
    if not _late(*whose([employer]), current, timezone.make_aware(since)):
        return {}
    first = max(employer.first_month, current.previous(LONGEST))
    done = set(_settled_since(employer.pk, first))
    months = [month for month in months_between(first, current.previous()) if month not in done]
    found = {month: extensions([employer], month).get(employer.pk) for month in months}
    return {month: one for month, one in found.items() if one}


@prepared
def _late(employers: list[int], aside: list[str], current: Month, since: datetime) -> QuerySet:
    """One declaration that waits since an earlier month, or was decided lately, where there is one."""
    late = Q(state=State.SUBMITTED, month__lt=current) | Q(decided_at__gte=since)
    return declared(employers, aside).filter(late).values_list("pk", flat=True)[:1]


@prepared
def _settled_since(employer: int, first: Month) -> QuerySet:
    settled = Assessment.objects.live().filter(employer=employer, series=0, month__gte=first)
    return settled.values_list("month", flat=True)


def due_moments(employers: Sequence[Employer], month: Month) -> dict[int, datetime]:
    """Until when (naive local) those pay whose payment's last day moves with the decision; nobody, where it stays."""
    rule = region(employers[0].region).calendar.late_decisions
    if rule is None or rule.due != "moved":
        return {}
    return {pk: one.until for pk, one in extensions(employers, month).items() if one.until}


def extension_words(spec: Region, month: Month, one: Extension) -> str:
    """Why the month is open, until when, and when it is due, as the employer reads it."""
    rule, until = spec.calendar.late_decisions, spec.calendar.window(month).pay_until
    assert rule is not None
    days = f"{rule.settle_within} 个工作日"
    if one.until is None:
        open_words = settling(spec.terms, f"截止时有申报还在审核（现有 {one.waiting} 笔），办结后 {days}内可以结算")
    else:
        open_words = settling(spec.terms, f"截止时还在审核的申报已经办结，可以结算到 {one.until:%Y-%m-%d %H:%M}")
    if rule.due == "moved":
        return f"{open_words}，缴费截止同时顺延"
    fee = "，之后缴费的按规定加收滞纳金" if spec.collection.late_fee.charged else ""
    return f"{open_words}；缴费截止仍是 {until:%Y-%m-%d %H:%M}{fee}"


def late_decision_words(spec: Region, month: Month) -> str:
    """What an employer may do whose case of the month is decided only now, after the month's time; "" before it."""
    end = spec.calendar.window(month).pay_until
    if local_now() <= end:
        return ""
    rule, ended = spec.calendar.late_decisions, settling(spec.terms, f"{month.label}的结算已于 {end:%Y-%m-%d} 截止")
    if rule is None or not rule.settle_within:
        return settling(spec.terms, f"{ended}。办结后单位不能再在网上结算这个月。")
    return settling(spec.terms, f"{ended}。截止前提交的全部办结后，单位有 {rule.settle_within} 个工作日可以结算。")
