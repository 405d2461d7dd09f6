"""Letters that the hall sends to employers: written with the deed they tell of, sent once it is done."""

from django.conf import settings
from django.db import models

from ..fields import EncryptedTextField
from ..scopes import ScopedQuerySet


class MailState(models.TextChoices):
    WAITING = "waiting", "等待发送"
    SENDING = "sending", "正在发送"
    SENT = "sent", "已发送"
    KEPT = "kept", "留在网厅，没有外发"
    FAILED = "failed", "没有发出"


class Channel(models.TextChoices):
    MAIL = "mail", "邮件"
    SMS = "sms", "短信"


class Mail(models.Model):
    """One letter (邮件), or a short message to a telephone (短信).

    `occasion` is what it is about: of one occasion there is one letter. An installation without a mail server, or
    without a gateway for messages, keeps them: the outbox is this table. `document` is the paper that goes with it.
    `secret` stands in for `{secret}` in the text when the letter goes out and is forgotten then; of a letter that is
    kept where the outbox is for trying, ten minutes later. A letter to somebody
    who registers belongs to no employer, and nobody need be signed in. `region` is the one whose employer, account or
    applicant it concerns: only whoever runs that one finds it in the outbox. Of none nobody does: so are letters of
    before of which nothing tells it any more.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    region = models.CharField("地区方案", max_length=40, blank=True, default="")
    channel = models.CharField("方式", max_length=10, choices=Channel, default=Channel.MAIL)
    to = EncryptedTextField("收件人", owner="employer_id")
    subject = models.CharField("主题", max_length=160)
    text = models.TextField("正文")
    secret = EncryptedTextField("一次性内容", owner="employer_id", blank=True, default="")
    document = models.ForeignKey("documents.Document", on_delete=models.PROTECT, null=True, related_name="mails")
    occasion = models.CharField("事由", max_length=120, unique=True)
    state = models.CharField("状态", max_length=10, choices=MailState, default=MailState.WAITING)
    said = models.CharField("没有发出的原因", max_length=200, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField("写信时间")
    sent_at = models.DateTimeField("发送时间", null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "邮件"
        indexes = [
            models.Index(fields=["employer", "written_at"], name="mail_of_an_employer"),
            models.Index(fields=["region", "written_at"], name="mail_of_a_region"),
        ]


class MessageTemplate(models.Model):
    """The words of a letter in a region (消息模板), one row for each version; an empty text: the hall's own."""

    region = models.CharField("地区方案", max_length=40)
    key = models.CharField("用途", max_length=40)
    version = models.PositiveIntegerField("版本")
    subject = models.CharField("主题", max_length=100, blank=True)
    text = models.TextField("正文", blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField("修改时间")

    class Meta:
        verbose_name = "消息模板"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "key", "version"],
                name="one_version_of_a_template",
                violation_error_message="模板刚被别人改过，请看过最新内容再改。",
            )
        ]
