"""Attempts to pay a bill, and what the bank said about them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..scopes import ScopedQuerySet


class PaymentState(models.TextChoices):
    CREATED = "created", "待付款"
    SENT = "sent", "等待银行结果"
    SUCCEEDED = "succeeded", "缴费成功"
    REFUSED = "refused", "银行未扣款"
    UNKNOWN = "unknown", "结果待查"


UNDECIDED = (PaymentState.CREATED, PaymentState.SENT, PaymentState.UNKNOWN)


class Payment(models.Model):
    """One attempt to pay a bill (缴费). At most one is undecided and at most one succeeds for a bill."""

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="payments")
    bill = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, related_name="payments")
    number = models.CharField("缴费流水", max_length=40, unique=True)
    channel = models.CharField("缴费方式", max_length=30)
    amount_fen = models.BigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=20, choices=PaymentState, default=PaymentState.CREATED)
    reason_code = models.CharField("原因代码", max_length=40, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    bank_serial = models.CharField("银行流水", max_length=60, blank=True)
    pay_url = models.CharField("付款页面", max_length=300, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField("发起时间")
    finished_at = models.DateTimeField("结果时间", null=True)
    paid_at = models.DateTimeField("到账时间", null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "缴费"
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(state__in=UNDECIDED),
                name="one_undecided_payment_for_a_bill",
                violation_error_message="这张账单正在缴费，请先等结果。",
            ),
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(state=PaymentState.SUCCEEDED),
                name="a_bill_is_paid_once",
                violation_error_message="这张账单已经缴清。",
            ),
        ]


class BankNotice(models.Model):
    """A call-back of the bank (银行通知), kept whole; the same message counts once."""

    message_id = models.CharField("消息号", max_length=60, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="notices")
    body = models.JSONField("内容")
    outcome = models.CharField("处理", max_length=30)
    received_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = "银行通知"
