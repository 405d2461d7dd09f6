"""How operators prove who they are: second factors, certificates, one-time codes, sessions, linked employers."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import EncryptedJSONField, EncryptedTextField
from ..scopes import ScopedQuerySet, scoped

ME = settings.AUTH_USER_MODEL


class OwnQuerySet(models.QuerySet):
    """What belongs to one operator and is nobody else's to see."""

    def visible_to(self, actor):
        """One's own."""
        return self.filter(operator=actor)


class FactorKind(models.TextChoices):
    TOTP = "totp", "动态验证码（验证器应用）"
    PASSKEY = "passkey", "通行密钥"
    CODE = "code", "短信或邮件验证码"
    RECOVERY = "recovery", "备用码"


class Factor(models.Model):
    """One way of proving it is really you besides the password (二次验证).

    `secret` holds what the kind needs: the key of a TOTP, the credential of a passkey, digests of recovery codes.
    `counter` is the last step of a TOTP, or the last count of a passkey, that was accepted: none is taken twice.
    """

    operator = models.ForeignKey(ME, on_delete=models.CASCADE, related_name="factors")
    kind = models.CharField("方式", max_length=10, choices=FactorKind)
    label = models.CharField("名称", max_length=60, blank=True)
    secret = EncryptedJSONField("内容", owner="operator.employer_id")
    counter = models.BigIntegerField("已用次序", default=0)
    digest = models.CharField("凭据索引", max_length=32, blank=True, db_index=True)
    made_at = models.DateTimeField("设置时间")
    used_at = models.DateTimeField("最近使用", null=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "二次验证"
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "kind"],
                condition=~Q(kind=FactorKind.PASSKEY),
                name="one_factor_of_a_kind_but_many_passkeys",
                violation_error_message="这种方式已经设置过。",
            )
        ]


class Contact(models.Model):
    """Where an operator is reached with a one-time code (联系方式)."""

    operator = models.OneToOneField(ME, on_delete=models.CASCADE, related_name="contact")
    phone = EncryptedTextField("手机号码", owner="operator.employer_id", blank=True, default="")
    mail_address = EncryptedTextField("电子邮箱", owner="operator.employer_id", blank=True, default="")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "联系方式"


class SentCode(models.Model):
    """A one-time code on its way (验证码): six digits, once, ten minutes, five tries. Only a digest.

    It goes to an operator, or to somebody who has no account yet: who registers an employer, or asks to join one.
    """

    operator = models.ForeignKey(ME, on_delete=models.CASCADE, null=True, related_name="+")
    registration = models.ForeignKey("registration.Registration", on_delete=models.CASCADE, null=True, related_name="+")
    join_request = models.ForeignKey("registration.JoinRequest", on_delete=models.CASCADE, null=True, related_name="+")
    purpose = models.CharField("用途", max_length=20)
    digest = models.CharField("摘要", max_length=32)
    until = models.DateTimeField("有效至")
    tries = models.PositiveSmallIntegerField("试过次数", default=0)
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = "验证码"
        constraints = [
            models.CheckConstraint(
                name="a_code_goes_to_one_operator_or_applicant",
                condition=Q(operator__isnull=False, registration__isnull=True, join_request__isnull=True)
                | Q(operator__isnull=True, registration__isnull=False, join_request__isnull=True)
                | Q(operator__isnull=True, registration__isnull=True, join_request__isnull=False),
                violation_error_message="验证码应发给操作员、注册申请人或加入申请人之一。",
            )
        ]


class SecurityQuestion(models.Model):
    """The question for a forgotten password (密码遗忘设定), where the region keeps it. The answer is only hashed."""

    operator = models.OneToOneField(ME, on_delete=models.CASCADE, related_name="security_question")
    question = models.CharField("问题", max_length=100)
    answer = models.CharField("答案摘要", max_length=128)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "密码遗忘设定"


class Why(models.TextChoices):
    """Why a session was ended before its time, as the sign-in page says it to whoever was in it."""

    RIGHTS = "rights", "您的权限有变动，请重新登录。"
    PASSWORD = "password", "您的密码已修改或重置，请用新密码登录。"
    FACTOR = "factor", "您的账号新设了二次验证，请重新登录。"
    OWNER = "owner", "您在别处结束了这次登录，请重新登录。"


class OpenSession(models.Model):
    """One session of an operator (登录记录): from where, how, since when; `ended_at` when it was ended.

    `ended_why` is empty while it is open, and where it was left or ran out. `owner` is whose sign-in opened it where
    somebody switched from another account, `opened_by` the way of that sign-in; else the session's own way.

    `key_digest` tells which session it is; the key itself is nowhere but in Django's own table and the cookie.
    """

    operator = models.ForeignKey(ME, on_delete=models.CASCADE, related_name="sessions")
    key = EncryptedTextField("会话", owner="operator.employer_id")
    key_digest = models.CharField("会话索引", max_length=32, db_index=True)
    way = models.CharField("登录方式", max_length=20)
    owner = models.ForeignKey(ME, on_delete=models.CASCADE, null=True, related_name="sessions_elsewhere")
    opened_by = models.CharField("由何种登录打开", max_length=20)
    address = EncryptedTextField("来源地址", owner="operator.employer_id", blank=True, default="")
    device = models.CharField("设备", max_length=120, blank=True)
    began_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近活动")
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_why = models.CharField("结束原因", max_length=10, choices=Why, blank=True, default="")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "登录记录"
        ordering = ["-began_at", "-pk"]
        indexes = [models.Index(fields=["operator", "ended_at"], name="session_of_an_operator")]


class LinkedAccountQuerySet(models.QuerySet):
    """The links that an operator made."""

    def visible_to(self, actor):
        """Links that lead from one's own account."""
        return self.filter(owner=actor)


class LinkedAccount(models.Model):
    """An account at another employer that its owner may enter without its password (关联单位), having shown it once."""

    owner = models.ForeignKey(ME, on_delete=models.CASCADE, related_name="links")
    operator = models.ForeignKey(ME, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField("添加时间")

    objects = LinkedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "关联单位"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "operator"],
                name="an_account_is_linked_once",
                violation_error_message="这个单位已经添加过。",
            ),
            models.CheckConstraint(
                name="an_account_is_not_linked_to_itself",
                condition=~Q(owner=models.F("operator")),
                violation_error_message="不能添加当前账号自己。",
            ),
        ]


class CertificateQuerySet(scoped("operator__employer")):
    """Certificates of an employer's people; those of the agency's own people are for whoever manages its accounts."""

    def visible_to(self, actor):
        """As for everything else, and of one's own agency for its security administrator."""
        rows = super().visible_to(actor)
        if actor.is_agency and actor.may("manage_operators"):
            rows |= self.filter(operator__employer=None, operator__region=actor.region)
        return rows


class OperatorCertificate(models.Model):
    """A digital certificate bound to an operator (数字证书): who holds its key signs in and signs as that operator."""

    operator = models.ForeignKey(ME, on_delete=models.PROTECT, related_name="certificates")
    fingerprint = models.CharField("指纹", max_length=64)
    holder = models.CharField("持有者", max_length=200)
    issuer = models.CharField("颁发者", max_length=200)
    serial = models.CharField("序列号", max_length=50)
    good_from = models.DateTimeField("有效期起")
    good_until = models.DateTimeField("有效期止")
    bound_by = models.ForeignKey(ME, on_delete=models.PROTECT, related_name="+")
    bound_at = models.DateTimeField("绑定时间")
    ended_at = models.DateTimeField("解除时间", null=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = "数字证书"
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=Q(ended_at__isnull=True),
                name="a_certificate_is_bound_to_one_operator",
                violation_error_message="这张证书已经绑定。",
            )
        ]


class SignedSubmission(models.Model):
    """What was signed when it was submitted (签名): the content word for word, and the detached CMS over it."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    operator = models.ForeignKey(ME, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(OperatorCertificate, on_delete=models.PROTECT, related_name="+")
    content = EncryptedTextField("签名内容", owner="employer_id")
    digest = models.CharField("内容摘要", max_length=64)
    signature = EncryptedTextField("签名", owner="employer_id")
    signed_at = models.DateTimeField("签名时间")
    declarations = models.ManyToManyField("declarations.Declaration", related_name="signed", verbose_name="申报")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "签名"
        ordering = ["-signed_at", "-pk"]
