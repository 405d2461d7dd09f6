"""Papers that were issued: what they said, and the code by which anyone can check them."""

from django.conf import settings
from django.db import models

from ..fields import EncryptedJSONField, MonthField
from ..scopes import ScopedQuerySet


class Document(models.Model):
    """An issued paper (单据). `content` is what it says; the PDF regenerates from it byte for byte.

    A paper that is not of one bill, such as the plan of a year, has none; `month` is then the one it was issued in.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="documents")
    bill = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, null=True, related_name="documents")
    kind = models.CharField("种类", max_length=40)
    title = models.CharField("名称", max_length=80)
    month = MonthField("费款所属期")
    number = models.CharField("编号", max_length=40, unique=True)
    verification_code = models.CharField("验证码", max_length=20, unique=True)
    layout = models.CharField("版式", max_length=40)
    content = EncryptedJSONField("内容")
    total_fen = models.BigIntegerField("金额（分）")
    pdf_digest = models.CharField("文件摘要", max_length=64)
    downloaded_at = models.DateTimeField("首次下载", null=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField("开具时间")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "单据"
        constraints = [models.UniqueConstraint(fields=["bill", "kind"], name="one_document_for_a_bill_and_kind")]
