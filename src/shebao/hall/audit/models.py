"""Who did what: append-only and chained, so that a changed, missing or reordered record shows."""

from django.conf import settings
from django.db import models

from ..fields import EncryptedTextField
from ..scopes import ScopedQuerySet


class AuditQuerySet(ScopedQuerySet):
    """Records of one's own employer; at the agency, every record of the region, for who may read records."""

    def visible_to(self, actor):
        """The employer's own; the region's for the agency, also what is of no employer; else nothing.

        Which of them an actor may read is asked before: the audit administrator's all, the security administrator's
        alerts.
        """
        return self.filter(region=actor.region) if actor.is_agency else super().visible_to(actor)


class AuditHead(models.Model):
    """The end of the chain: one row, locked by every writer, so that records have one order."""

    sequence = models.BigIntegerField("最后序号", default=0)
    digest = models.CharField("最后摘要", max_length=64, default="")

    class Meta:
        verbose_name = "操作记录链尾"


class Result(models.TextChoices):
    """How it ended (结果)."""

    DONE = "done", "成功"
    REFUSED = "refused", "被拒绝"
    FAILED = "failed", "未成功"


class AuditEntry(models.Model):
    """One thing somebody did (操作记录), written in the same transaction as the deed; never changed.

    `digest` = HMAC(audit key, previous digest + the record). Raw SQL cannot change a row either: triggers refuse.
    `form` is what the digest is of: 1 for entries of the time before `result`, `address`, `request` and `content`.
    """

    sequence = models.BigIntegerField("序号", unique=True)
    at = models.DateTimeField("时间")
    action = models.CharField("动作", max_length=60)
    subject = models.CharField("对象", max_length=80)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField("操作人", max_length=120)
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    region = models.CharField("地区方案", max_length=40, blank=True)
    detail = models.JSONField("明细", default=dict)
    form = models.PositiveSmallIntegerField("摘要格式", default=1)
    result = models.CharField("结果", max_length=8, choices=Result, blank=True, default="")
    address = EncryptedTextField("来源地址", owner="employer_id", blank=True, default="")
    request = models.CharField("请求编号", max_length=20, blank=True, default="")
    content = models.CharField("内容摘要", max_length=32, blank=True, default="")
    previous_digest = models.CharField("前一摘要", max_length=64, blank=True)
    digest = models.CharField("摘要", max_length=64)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "操作记录"
        ordering = ["-sequence"]
        indexes = [models.Index(fields=["employer", "-sequence"], name="audit_by_employer")]


class SpentKey(models.Model):
    """A one-time key (一次性编号) with which a form did its deed; written in the same transaction as the deed.

    `digest` is of the account, the address and the key; `fingerprint` of what was sent. `status` and `location` are the
    answer that the deed got; 0 while it is not known: the request goes on, or its process died.
    """

    digest = models.CharField("编号摘要", max_length=32, primary_key=True)
    fingerprint = models.CharField("内容摘要", max_length=32)
    at = models.DateTimeField("时间")
    status = models.PositiveSmallIntegerField("答复", default=0)
    location = EncryptedTextField("去处", blank=True)

    class Meta:
        verbose_name = "用过的一次性编号"
