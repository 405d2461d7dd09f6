"""A batch: one uploaded spreadsheet on its way to declarations (报盘)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import EncryptedJSONField, MonthField
from ..scopes import ScopedQuerySet, scoped


class BatchState(models.TextChoices):
    READING = "reading", "正在读取"
    UNREADABLE = "unreadable", "无法读取"
    MATCHING = "matching", "匹配列"
    CHECKING = "checking", "正在核对"
    FIXING = "fixing", "修正问题"
    CONFIRMING = "confirming", "正在加入"
    UNDOING = "undoing", "正在撤销"
    DONE = "done", "已加入"
    UNDONE = "undone", "已撤销"
    DISCARDED = "discarded", "已放弃"


BUSY = (BatchState.CHECKING, BatchState.CONFIRMING, BatchState.UNDOING)
"""A background job has the batch; nobody edits it until the job is done."""


class RowState(models.TextChoices):
    PASSED = "passed", "通过"
    ERROR = "error", "有错误"
    CONFIRM = "confirm", "需确认"
    REMOVED = "removed", "已移出"
    IMPORTED = "imported", "已加入"
    IGNORED = "ignored", "未导入"


class BatchManager(models.Manager.from_queryset(scoped("employer", maker="created_by"))):
    """Leaves the kept sheet in the database until it is asked for: of 20,000 rows it takes seconds to decrypt."""

    def get_queryset(self):
        """Batches without their sheets."""
        return super().get_queryset().defer("file_content")


class Batch(models.Model):
    """An uploaded sheet (报盘批次). Nothing outside it is written before it is confirmed."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="batches")
    service = models.CharField("事项", max_length=60)
    month = MonthField("业务年月")
    state = models.CharField("状态", max_length=20, choices=BatchState, default=BatchState.READING)
    file_name = models.CharField("文件名", max_length=200)
    file_digest = models.CharField("文件摘要", max_length=64)
    file_content = EncryptedJSONField("原始行", owner="employer_id", default=dict)
    columns = EncryptedJSONField("列匹配", owner="employer_id", default=list)
    header_row = models.IntegerField("表头行", default=0)
    rows_read = models.IntegerField("读取行数", default=0)
    rows_checked = models.IntegerField("已核对行数", default=0)
    message = models.CharField("提示", max_length=500, blank=True)
    fingerprint = models.CharField("规则指纹", max_length=12, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField("上传时间")
    confirmed_at = models.DateTimeField("加入时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)
    busy_at = models.DateTimeField("后台处理最近动静", null=True)
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField("最近修改时间", null=True)

    objects = BatchManager()

    class Meta:
        verbose_name = "报盘批次"
        indexes = [models.Index(fields=["employer", "file_digest"], name="batch_by_digest")]


class BatchRow(models.Model):
    """One row of a batch: the cells as typed, what was tidied, and what is wrong with it.

    `asked_digest` finds the rows that ask for the same new identity number.
    `tidied_fields` are the ids of the fields that were tidied, comma after comma: counted without decrypting anything.
    """

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows")
    number = models.IntegerField("表中行号")
    cells = EncryptedJSONField("单元格", owner="batch.employer_id")
    original = EncryptedJSONField("原内容", owner="batch.employer_id", default=dict)
    problems = models.JSONField("问题", default=list)
    confirmed = models.JSONField("已确认", default=dict)
    state = models.CharField("状态", max_length=20, choices=RowState, default=RowState.PASSED)
    note = models.CharField("说明", max_length=200, blank=True)
    subject_digest = models.CharField("证件索引", max_length=32, blank=True)
    asked_digest = models.CharField("变更后证件索引", max_length=32, blank=True)
    tidied_fields = models.CharField("已整理的项", max_length=1000, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField("版本", default=1)

    objects = scoped("batch__employer", maker="batch__created_by").as_manager()

    class Meta:
        verbose_name = "报盘行"
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_row_for_a_batch_and_number")]
        indexes = [
            models.Index(fields=["batch", "state", "number"], name="batch_row_by_state"),
            models.Index(fields=["batch", "subject_digest"], name="batch_row_by_subject"),
            models.Index(fields=["batch", "asked_digest"], name="batch_row_by_asked", condition=Q(asked_digest__gt="")),
            # Read instead of the rows, whose encrypted columns make them long.
            models.Index(fields=["batch", "tidied_fields", "state"], name="batch_row_by_tidied"),
        ]


class RememberedColumn(models.Model):
    """How this employer's own column heading was matched before (列匹配记忆)."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    service = models.CharField("事项", max_length=60)
    heading = models.CharField("列名", max_length=80)
    field = models.CharField("字段", max_length=60)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "列匹配记忆"
        constraints = [
            models.UniqueConstraint(fields=["employer", "service", "heading"], name="one_memory_for_a_heading")
        ]
