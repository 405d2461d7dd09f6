"""What the agency tells employers (公告、通知、政策), for whom and until when, and who has read it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from .. import clock
from ..scopes import ScopedQuerySet


class Kind(models.TextChoices):
    ANNOUNCEMENT = "announcement", "公告"
    NOTICE = "notice", "通知"
    POLICY = "policy", "政策"


class AnnouncementState(models.TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已撤下"


class Audience(models.TextChoices):
    """By what the readers are told apart."""

    ALL = "", "所有单位"
    ACCOUNT_KIND = "account_kind", "按参保户类型"
    INDUSTRY_CLASS = "industry_class", "按工伤行业类别"


# Every page of an employer counts by it: put together by Django, the same question takes longer than its answer.
UNREAD = """
    NOT EXISTS (
        SELECT 1 FROM notices_reading AS done
        WHERE done.announcement_id = notices_announcement.id AND done.version = notices_announcement.version
        AND done.operator_id = %s AND (NOT notices_announcement.must_confirm OR done.confirmed_at IS NOT NULL)
    )
"""


class AnnouncementQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """All of the agency's own region; an employer's people see what is published to their employer."""
        rows = self.filter(region=actor.region)
        if actor.is_agency:
            return rows
        if not actor.employer_id:
            return self.none()
        return rows.published(clock.now()).meant_for(actor.employer.account_kind, actor.employer.industry_class)

    def meant_for(self, account_kind: str, industry_class: str):
        """What is meant for such an employer."""
        meant = Q(audience=Audience.ALL)
        for fact, code in ((Audience.ACCOUNT_KIND, account_kind), (Audience.INDUSTRY_CLASS, industry_class)):
            meant |= Q(audience=fact, codes__code=code)
        return self.filter(meant)

    def published(self, at: datetime):
        """What is published and has begun."""
        return self.filter(state=AnnouncementState.PUBLISHED, from_at__lte=at)

    def current(self, at: datetime):
        """What has not ended."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at))

    def unread_by(self, operator: int):
        """What the operator has not read as it stands now, or not confirmed where that is asked."""
        return self.filter(RawSQL(UNREAD, [operator], models.BooleanField()))  # noqa: S611 - words of ours


class Announcement(models.Model):
    """One announcement, notice or policy. `text` is plain text with few marks; see `web/templatetags/notices.py`.

    A changed text of what is published is a new version, which is read, and confirmed where that is asked, again.
    """

    region = models.CharField("地区方案", max_length=40)
    kind = models.CharField("种类", max_length=20, choices=Kind, default=Kind.ANNOUNCEMENT)
    title = models.CharField("标题", max_length=80)
    text = models.TextField("正文", max_length=10_000)
    from_at = models.DateTimeField("生效时间")
    until_at = models.DateTimeField("失效时间", null=True, blank=True)
    audience = models.CharField("发给", max_length=20, choices=Audience, blank=True, default=Audience.ALL)
    must_confirm = models.BooleanField("须确认阅读", default=False)
    state = models.CharField("状态", max_length=12, choices=AnnouncementState, default=AnnouncementState.DRAFT)
    version = models.PositiveIntegerField("版本", default=1)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField("修改时间")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = "公告通知"
        constraints = [
            models.CheckConstraint(
                name="an_announcement_ends_after_it_begins",
                condition=Q(until_at__isnull=True) | Q(until_at__gt=models.F("from_at")),
                violation_error_message="失效时间必须晚于生效时间。",
            ),
            models.CheckConstraint(
                name="what_is_published_has_a_time",
                condition=~Q(state=AnnouncementState.PUBLISHED) | Q(published_at__isnull=False),
                violation_error_message="已发布的必须有发布时间。",
            ),
        ]
        indexes = [models.Index(fields=["region", "state", "from_at"], name="announcement_by_region")]

    def __str__(self):
        return self.title

    @property
    def edition(self) -> str:
        """What it was when somebody opened it: every change is another, also one that its readers need not read."""
        return f"{self.version}.{self.changed_at:%Y%m%d%H%M%S%f}"


class AnnouncementCode(models.Model):
    """One kind of employers that an announcement is for (发给哪一类)."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField("代码", max_length=20)

    class Meta:
        verbose_name = "发给的种类"
        constraints = [models.UniqueConstraint(fields=["announcement", "code"], name="a_kind_is_addressed_once")]


class AnnouncementFile(models.Model):
    """A file that goes with an announcement (附件)."""

    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="files")
    stored = models.ForeignKey("evidence.StoredFile", on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField("移除时间", null=True)

    class Meta:
        verbose_name = "附件"
        ordering = ["pk"]


class Reading(models.Model):
    """That somebody read a version of an announcement (阅读记录), and confirmed it where that is asked."""

    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="readings")
    version = models.PositiveIntegerField("版本")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField("阅读时间")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "阅读记录"
        constraints = [
            models.UniqueConstraint(
                fields=["announcement", "version", "operator"],
                name="a_version_is_read_once_by_a_person",
            )
        ]
