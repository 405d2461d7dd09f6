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
    """One attempt to pay a bill (缴费). At most one is undecided for a bill.

    `amount_fen` is what was asked for: what was open, with `late_fee_fen` until `valid_until`. `part` is "employer" or
    "employee" where both are collected apart. `paid_fen` is what arrived.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="payments")
    bill = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, related_name="payments")
    number = models.CharField("缴费流水", max_length=40, unique=True)
    channel = models.CharField("缴费方式", max_length=30)
    part = models.CharField("部分", max_length=10, blank=True)
    amount_fen = models.BigIntegerField("金额（分）")
    late_fee_fen = models.BigIntegerField("其中滞纳金（分）", default=0)
    paid_fen = models.BigIntegerField("到账金额（分）", default=0)
    valid_until = models.DateTimeField("付款有效至", null=True)
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


class Clearing(models.TextChoices):
    """What becomes of unmatched money."""

    BILL = "bill", "入账到账单"
    CREDIT = "credit", "转入待转金"
    REFUND = "refund", "退回付款人"


class SuspenseItems(models.QuerySet):
    def visible_to(self, actor):
        """The agency's own; money that names no employer is for every agency of the installation to look at."""
        return self.filter(region__in=(actor.region, "")) if actor.is_desk else self.none()


class SuspenseItem(models.Model):
    """Money that arrived and fits no order (待查款): visible until the agency says what becomes of it."""

    region = models.CharField("地区方案", max_length=40, blank=True)
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="suspense_items")
    bank_serial = models.CharField("银行流水", max_length=60)
    amount_fen = models.BigIntegerField("金额（分）")
    payer = models.CharField("付款人", max_length=120, blank=True)
    reason = models.CharField("原因", max_length=200)
    arrived_at = models.DateTimeField("到账时间")
    clearing = models.CharField("处理", max_length=10, choices=Clearing, blank=True)
    note = models.CharField("处理说明", max_length=200, blank=True)
    cleared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    cleared_at = models.DateTimeField("处理时间", null=True)

    objects = SuspenseItems.as_manager()

    class Meta:
        verbose_name = "待查款"
        ordering = ["-arrived_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["bank_serial"],
                name="money_is_suspended_once_for_a_bank_serial",
                violation_error_message="这笔到账已经登记为待查款。",
            ),
            models.CheckConstraint(
                name="unmatched_money_is_an_amount",
                condition=Q(amount_fen__gt=0),
                violation_error_message="待查款须大于零。",
            ),
            models.CheckConstraint(
                name="unmatched_money_is_cleared_by_somebody",
                condition=Q(clearing="", cleared_by__isnull=True) | (~Q(clearing="") & Q(cleared_by__isnull=False)),
                violation_error_message="已处理的待查款须有处理人。",
            ),
        ]


class Reconciliation(models.Model):
    """The bank's statement of a day against the ledger (对账): what differs, in sentences; made as often as asked."""

    region = models.CharField("地区方案", max_length=40)
    day = models.DateField("对账日")
    bank_count = models.IntegerField("银行笔数")
    bank_fen = models.BigIntegerField("银行金额（分）")
    ledger_count = models.IntegerField("账上笔数")
    ledger_fen = models.BigIntegerField("账上金额（分）")
    differences = models.JSONField("差异", default=list)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = "对账"
        ordering = ["-day", "-pk"]
