"""An address that lets a telephone send pictures into one paper of one draft (手机上传), for a few minutes."""

from django.conf import settings
from django.db import models
from django.db.models import Q

MOST = 5
"""How many files one address takes."""


class PhoneUpload(models.Model):
    """What a code on the screen stands for: which paper of which draft, and whose right it is used with.

    The draft is a registration, whose applicant has no account; a declaration; or the month of a `service`, whose
    declarations share the paper. The right is that of an `operator`, while the `session` lasts in which it was asked
    for. The address is the signed `code`; `phone` tells which telephone used it first: no other may from then on.
    """

    code = models.CharField("编号", max_length=32, unique=True)
    registration = models.ForeignKey("registration.Registration", on_delete=models.CASCADE, null=True, related_name="+")
    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.CASCADE, null=True, related_name="+")
    service = models.CharField("事项", max_length=60, blank=True)
    title = models.CharField("材料名称", max_length=120)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    session = models.ForeignKey("sign_in.OpenSession", on_delete=models.CASCADE, null=True, related_name="+")
    made_at = models.DateTimeField("生成时间")
    until = models.DateTimeField("有效期至")
    used = models.PositiveSmallIntegerField("已传文件数", default=0)
    phone = models.CharField("手机索引", max_length=32, blank=True, default="")

    class Meta:
        verbose_name = "手机上传"
        constraints = [
            models.CheckConstraint(
                name="a_phone_sends_for_an_applicant_or_in_an_operators_session",
                condition=Q(registration__isnull=False, operator__isnull=True, session__isnull=True)
                & Q(declaration__isnull=True, service="")
                | Q(registration__isnull=True, operator__isnull=False, session__isnull=False)
                & (Q(declaration__isnull=False, service="") | Q(declaration__isnull=True) & ~Q(service="")),
                violation_error_message="手机上传要么属于一份注册申请，要么属于操作员的一笔申报或一个月的材料。",
            ),
            models.CheckConstraint(
                name="a_phone_sends_only_so_many",
                condition=Q(used__lte=MOST),
                violation_error_message=f"一个二维码最多传 {MOST} 个文件。",
            ),
        ]
