"""Reading announcements: what is new to somebody, what everybody may read, and who has read what."""

from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from ..clock import now
from ..prepared import counted, prepared
from ..regions import region
from .models import Announcement, Reading


def listed(actor, kind: str = "") -> QuerySet[Announcement]:
    """What concerns the actor now, the newest first; for the agency everything it wrote."""
    rows = Announcement.objects.visible_to(actor)
    rows = rows if actor.is_agency else rows.current(now())
    rows = rows.filter(kind=kind) if kind else rows
    return rows.select_related("written_by").order_by(F("published_at").desc(nulls_first=True), "-pk")


def unread_keys(actor) -> set[int]:
    """Which announcements are new to the actor, or wait for their confirmation."""
    rows = Announcement.objects.visible_to(actor).current(now()).unread_by(actor.pk)
    return set(rows.values_list("pk", flat=True))


def unread_count(actor) -> int:
    """How many those are of an employer's operator: for the bell."""
    mine = actor.employer
    return sum(_unread_count(actor.region, mine.account_kind, mine.industry_class, actor.pk, now()))


@prepared
def _unread_count(region: str, account_kind: str, industry_class: str, operator: int, at: datetime) -> QuerySet:
    rows = Announcement.objects.filter(region=region).published(at).meant_for(account_kind, industry_class)
    return counted(rows.current(at).unread_by(operator))


def to_confirm(actor) -> Announcement | None:
    """The oldest that the actor has to confirm."""
    rows = Announcement.objects.visible_to(actor).current(now()).filter(must_confirm=True).unread_by(actor.pk)
    return rows.order_by("published_at").first()


def public_announcements(code: str) -> QuerySet[Announcement]:
    """What whoever is not signed in may read of a region: the kinds that it says, meant for all employers."""
    kinds = region(code).agency.public_kinds
    rows = Announcement.objects.filter(region=code, kind__in=kinds, audience="").published(now()).current(now())
    return rows.order_by("-published_at", "-pk")


def readers(actor, announcement: Announcement) -> QuerySet[Reading]:
    """Who read the present version, for its writers."""
    rows = Reading.objects.visible_to(actor).filter(announcement=announcement, version=announcement.version)
    return rows.select_related("employer", "operator").order_by("-read_at")


def with_readers(rows: QuerySet[Announcement]) -> QuerySet[Announcement]:
    """Each with how many people read its present version, and how many confirmed it."""
    same = Q(readings__version=F("version"))
    return rows.annotate(
        read_count=Count("readings", filter=same),
        confirmed_count=Count("readings", filter=same & Q(readings__confirmed_at__isnull=False)),
    )
