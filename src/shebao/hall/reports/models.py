"""Conditions that somebody asks for again and again, and long tables that are made in the background."""

from django.conf import settings
from django.db import models

from ..fields import EncryptedJSONField, EncryptedTextField


class ExportState(models.TextChoices):
    """How far an export is."""

    RUNNING = "running", "正在生成"
    DONE = "done", "可以下载"
    FAILED = "failed", "没有完成"


class SavedViews(models.QuerySet):
    def visible_to(self, actor):
        """One's own only."""
        return self.filter(operator=actor)


class SavedView(models.Model):
    """A query's conditions under a name (常用查询), its maker's own. They are those of the address, and may name a
    person.
    """

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    query = models.CharField("查询", max_length=60)
    name = models.CharField("名称", max_length=30)
    conditions = EncryptedJSONField("条件", owner="operator.employer_id", default=dict)

    objects = SavedViews.as_manager()

    class Meta:
        verbose_name = "常用查询"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "query", "name"],
                name="a_saved_view_has_a_name_of_its_own",
                violation_error_message="已有同名的常用查询。",
            )
        ]


class ExportRun(models.Model):
    """A long table made as a workbook in the background (导出表格), its maker's own.

    `attempt` counts the jobs: one that was cut off begins anew, and only the last one may finish. After `expires_at`
    the file is forgotten.
    """

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    query = models.CharField("查询", max_length=60)
    title = models.CharField("名称", max_length=80)
    asked_line = EncryptedTextField("条件", owner="employer_id")
    conditions = EncryptedJSONField("条件", owner="employer_id", default=dict)
    asked_at = models.DateTimeField("时间")
    rows_total = models.PositiveIntegerField("行数")
    rows_done = models.PositiveIntegerField("已写行数", default=0)
    attempt = models.PositiveSmallIntegerField("第几次", default=1)
    state = models.CharField("状态", max_length=10, choices=ExportState, default=ExportState.RUNNING)
    failure = models.CharField("没有完成的原因", max_length=300, blank=True)
    size = models.PositiveBigIntegerField("字节数", default=0)
    busy_at = models.DateTimeField("最近进展")
    expires_at = models.DateTimeField("保留到")

    objects = SavedViews.as_manager()

    class Meta:
        verbose_name = "导出"
        ordering = ["-pk"]


class ExportPart(models.Model):
    """A piece of the workbook, encrypted: so much as a page needs in memory when the file is fetched."""

    run = models.ForeignKey(ExportRun, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField("第几块")
    content = models.BinaryField("内容")

    class Meta:
        verbose_name = "导出的一块"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="a_part_of_an_export_is_kept_once")]
