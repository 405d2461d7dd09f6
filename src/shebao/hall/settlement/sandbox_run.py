"""One use of the sandbox (规则沙盘), kept while its owner looks at it."""

from django.conf import settings
from django.db import models

from ..fields import MonthField


class SandboxRuns(models.QuerySet):
    def visible_to(self, actor):
        """What one tried oneself; nobody needs to see another's thoughts."""
        return self.filter(asked_by=actor)


class SandboxRun(models.Model):
    """Proposed values tried on the bills of a month (规则沙盘): scratch paper, true of nothing, and thrown away.

    `outcome` is None until the work is done; `failure` says in words why it cannot be.
    """

    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("时间")
    month = MonthField("费款所属期")
    proposal = models.TextField("拟定的数值")
    employers_total = models.IntegerField("单位数", default=0)
    employers_done = models.IntegerField("已算单位数", default=0)
    outcome = models.JSONField("结果", null=True)
    failure = models.TextField("不能计算的原因", blank=True)

    objects = SandboxRuns.as_manager()

    class Meta:
        verbose_name = "规则沙盘"
        ordering = ["-pk"]
