"""Papers that were issued: what they said, and the code by which anyone can check them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import EncryptedJSONField, MonthField
from ..scopes import scoped


class DocumentState(models.TextChoices):
    """Whether a paper still stands."""

    VALID = "valid", "有效"
    SUPERSEDED = "superseded", "已被新件替代"
    REVOKED = "revoked", "已作废"


class Document(models.Model):
    """An issued paper (单据). `content` is what it says; the PDF regenerates from it byte for byte.

    A paper that is not of one bill, such as the plan of a year, has none; `month` is then the one it was issued in.

    `layout` is the name of a layout and `layout_version` which edition of it printed the paper: both are kept for
    ever. A statement has no bill; `asked` is what was asked for, `said` a keyed digest of what it answers on a day,
    of a bill's paper a digest of its figures.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="documents")
    bill = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, null=True, related_name="documents")
    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, null=True, related_name="documents")
    kind = models.CharField("种类", max_length=40)
    title = models.CharField("名称", max_length=80)
    month = MonthField("费款所属期")
    asked = models.CharField("查询条件", max_length=200, blank=True)
    said = models.CharField("内容摘要", max_length=32, blank=True)
    number = models.CharField("编号", max_length=40, unique=True)
    verification_code = models.CharField("验证码", max_length=20, unique=True)
    layout = models.CharField("版式", max_length=40)
    layout_version = models.PositiveSmallIntegerField("版式版本", default=1)
    content = EncryptedJSONField("内容", owner="employer_id")
    total_fen = models.BigIntegerField("金额（分）")
    pdf_digest = models.CharField("文件摘要", max_length=64)
    downloaded_at = models.DateTimeField("首次下载", null=True)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField("开具时间")
    state = models.CharField("状态", max_length=10, choices=DocumentState, default=DocumentState.VALID)
    state_reason = models.CharField("作废、替代的原因", max_length=200, blank=True)
    state_at = models.DateTimeField("作废、替代时间", null=True)

    objects = scoped("employer", people="employee").as_manager()

    class Meta:
        verbose_name = "单据"
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "kind"], condition=Q(state="valid"), name="one_document_for_a_bill_and_kind"
            ),
            models.UniqueConstraint(
                fields=["employer", "kind", "said"],
                condition=Q(bill__isnull=True, state="valid") & ~Q(said=""),
                name="one_valid_statement_for_what_it_says",
                violation_error_message="内容相同的单据已经开具。",
            ),
            models.CheckConstraint(
                name="a_paper_that_no_longer_stands_says_since_when",
                condition=Q(state="valid", state_at__isnull=True) | (~Q(state="valid") & Q(state_at__isnull=False)),
                violation_error_message="作废或替代的单据要有时间。",
            ),
        ]


class SignedPaper(models.Model):
    """A paper as the agency signed it: made once, never again; its first `plain_size` bytes are the unsigned paper."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="signature")
    file = models.ForeignKey("evidence.StoredFile", on_delete=models.PROTECT, related_name="+")
    plain_size = models.PositiveIntegerField("未签名的字节数")
    signer = models.CharField("签名人", max_length=200)
    certificate = models.CharField("证书序列号", max_length=64)
    is_test = models.BooleanField("测试证书", default=False)
    signed_at = models.DateTimeField("签名时间")

    objects = scoped("document__employer").as_manager()

    class Meta:
        verbose_name = "已签名的单据"


class PrintState(models.TextChoices):
    """How far a batch print is."""

    RUNNING = "running", "正在生成"
    DONE = "done", "可以下载"
    FAILED = "failed", "没有完成"


class PrintRun(models.Model):
    """Several papers printed at once (批量打印): what was asked, how far it is, and the papers when it is done.

    `requests` are what each paper asks; `documents` the papers issued so far. The files are made from the papers when
    they are fetched, so nothing personal is stored twice; after `expires_at` the list is no longer offered.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="print_runs")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("时间")
    title = models.CharField("名称", max_length=80)
    requests = models.JSONField("要打印的", default=list)
    papers_total = models.PositiveIntegerField("份数")
    papers_done = models.PositiveIntegerField("已生成份数", default=0)
    busy_at = models.DateTimeField("最近进展")
    state = models.CharField("状态", max_length=10, choices=PrintState, default=PrintState.RUNNING)
    failure = models.CharField("没有完成的原因", max_length=300, blank=True)
    expires_at = models.DateTimeField("保留到")
    documents = models.ManyToManyField(Document, related_name="+")

    objects = scoped("employer", maker="asked_by").as_manager()

    class Meta:
        verbose_name = "批量打印"
        ordering = ["-pk"]

    @property
    def kinds(self) -> set[str]:
        """What kinds of paper were asked for."""
        return {one.get("statement") or one["kind"] for one in self.requests}
