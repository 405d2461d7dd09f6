"""Papers that prove what was declared (申报材料), the files they are kept in, and the employer's own collection."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import MonthField
from ..scopes import ScopedQuerySet, scoped

UNSEEN = ("draft", "deleted")
"""States of a declaration that the agency was not given yet."""


class FileKind(models.TextChoices):
    """What a file is, told by its content."""

    JPEG = "jpeg", "JPG 图片"
    PNG = "png", "PNG 图片"
    PDF = "pdf", "PDF 文件"


class StoredFile(models.Model):
    """A file as it was uploaded; never changed. `place` is a random name, the content on disk is encrypted.

    `is_unclear`: a picture that is too small or too blurred to be read, as far as a machine can tell.
    A file of somebody who registers belongs to no employer yet, and nobody is signed in.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField("文件名", max_length=120)
    kind = models.CharField("类型", max_length=10, choices=FileKind)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("摘要", max_length=64)
    place = models.CharField("存放位置", max_length=40, unique=True)
    has_thumbnail = models.BooleanField("有缩略图", default=False)
    is_unclear = models.BooleanField("不清晰", default=False)
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    stored_at = models.DateTimeField("上传时间")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "存放的文件"

    @property
    def is_picture(self) -> bool:
        """Whether it can be looked at in one of our pages."""
        return self.kind in (FileKind.JPEG, FileKind.PNG)


class EvidenceQuerySet(scoped("employer", people="declaration__employee", maker="added_by")):
    """The agency sees what was submitted to it, not what an employer still prepares."""

    def visible_to(self, actor):
        """Own employer's, or of one's own region what belongs to a submitted declaration or to a whole month."""
        rows = super().visible_to(actor)
        return rows.exclude(declaration__state__in=UNSEEN) if actor.is_agency else rows


class Evidence(models.Model):
    """One file for one paper that a service asks for (申报材料): of a declaration, or of a service's whole month."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="evidence")
    service = models.CharField("事项", max_length=60)
    title = models.CharField("材料名称", max_length=120)
    declaration = models.ForeignKey(
        "declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="evidence"
    )
    month = MonthField("业务年月", null=True)
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField("添加时间")
    removed_at = models.DateTimeField("移除时间", null=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "申报材料"
        constraints = [
            models.CheckConstraint(
                name="evidence_is_of_a_declaration_or_of_a_month",
                condition=Q(declaration__isnull=True, month__isnull=False)
                | Q(declaration__isnull=False, month__isnull=True),
                violation_error_message="材料要么属于一笔申报，要么属于一个月的申报。",
            )
        ]
        indexes = [models.Index(fields=["employer", "service", "month"], name="evidence_by_month")]


class EmployerPaper(models.Model):
    """One of the employer's own papers (社保资料), kept so that it need not be uploaded with every declaration."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="kept_papers")
    title = models.CharField("资料名称", max_length=120)
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField("更新时间")
    removed_at = models.DateTimeField("删除时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "社保资料"
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "title"],
                condition=Q(removed_at__isnull=True),
                name="one_paper_by_a_title",
                violation_error_message="已有同名的资料，请换个名称，或替换原来的文件。",
            )
        ]
