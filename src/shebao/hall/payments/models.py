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
    VOIDED = "voided", "已作废"
    CLEARED = "cleared", "已由经办机构处理"


UNDECIDED = (PaymentState.CREATED, PaymentState.SENT, PaymentState.UNKNOWN)


MISMATCH = "mismatch"
"""The reason of an attempt whose money moved otherwise than ordered: the bank or a person clears it up."""


CLOSED, WITHDRAWN = "closed", "withdrawn"
"""The reasons of an attempt that the hall took back before any money moved: its order was closed at the bank; it was
taken out of what waits for a debit file, and no file takes it any more.
"""


class DebitState(models.TextChoices):
    """How far a debit file is."""

    MADE = "made", "待报送"
    SENT = "sent", "已报送"
    ANSWERED = "answered", "已回盘"


class DebitFiles(models.QuerySet):
    def visible_to(self, actor):
        """The agency's own region; no employer sees a file with others' accounts."""
        return self.filter(region=actor.region) if actor.is_agency else self.none()


class DebitFile(models.Model):
    """A file of debits for the bank (代扣文件) and its return (回盘), both encrypted; written once.

    `form` is how it looks, kept with it. `differences` says in sentences what of the return did not fit.
    """

    region = models.CharField("地区方案", max_length=40)
    number = models.CharField("文件号", max_length=24, unique=True)
    form = models.JSONField("格式")
    count = models.PositiveIntegerField("笔数")
    total_fen = models.BigIntegerField("金额（分）")
    content = models.BinaryField("文件")
    state = models.CharField("状态", max_length=10, choices=DebitState, default=DebitState.MADE)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("生成时间")
    sent_at = models.DateTimeField("报送时间", null=True)
    answer = models.BinaryField("回盘", null=True)
    answered_at = models.DateTimeField("回盘时间", null=True)
    differences = models.JSONField("差异", default=list)

    objects = DebitFiles.as_manager()

    class Meta:
        verbose_name = "代扣文件"
        ordering = ["-pk"]


class Payment(models.Model):
    """One attempt to pay a bill (缴费). At most one is undecided for a bill.

    `amount_fen` is what was asked for: what was open, with `late_fee_fen` until `valid_until`. `part` is "employer" or
    "employee" where both are collected apart. `people` are the employees it is for, none of them: the whole bill;
    then `voucher_to` is where its voucher is mailed. `paid_fen` is what arrived.
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
    people = models.JSONField("所缴人员", default=list)
    voucher_to = models.EmailField("凭证发往", max_length=120, blank=True)
    debit_file = models.ForeignKey(DebitFile, on_delete=models.PROTECT, null=True, related_name="payments")
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

    @property
    def is_taken_back(self) -> bool:
        """Whether it was closed before any money moved, by its payer or because its bill was undone."""
        return self.state == PaymentState.REFUSED and self.reason_code in (CLOSED, WITHDRAWN)


class ReceiptKind(models.TextChoices):
    """How money came to the counter."""

    CASH = "cash", "现金"
    TRANSFER = "transfer", "转账"
    CHEQUE = "cheque", "支票"
    CARD = "card", "刷卡"


class CounterReceipt(models.Model):
    """Money that the agency took at its counter for a bill (窗口收款), by the number of the paper it gave for it.

    The number is the receipt's identity in its region: entered again with the same words it is the same receipt.
    Voided by a mirror in the ledger; the row stays.
    """

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="receipt")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="receipts")
    region = models.CharField("地区方案", max_length=40)
    number = models.CharField("收据号", max_length=40)
    kind = models.CharField("收款方式", max_length=10, choices=ReceiptKind)
    received_on = models.DateField("收款日期")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间")
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "窗口收款"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "number"],
                condition=Q(voided_at=None),
                name="a_receipt_is_entered_once",
                violation_error_message="这个收据号已经登记。",
            ),
            models.CheckConstraint(
                name="a_voided_receipt_says_who_and_why",
                condition=Q(voided_at=None, voided_by=None)
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
                violation_error_message="作废的收款要有经办人和原因。",
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
    """What becomes of unmatched money. Corrected is what the bank misreported: no money, and nobody chooses it."""

    BILL = "bill", "入账到账单"
    CREDIT = "credit", "转入待转金"
    REFUND = "refund", "退回付款人"
    CORRECTED = "corrected", "金额按银行更正"


CHOSEN = (Clearing.BILL, Clearing.CREDIT, Clearing.REFUND)
"""What a person of the agency may choose."""


class SuspenseItems(models.QuerySet):
    def visible_to(self, actor):
        """The agency's own; money that names no employer is for every agency of the installation to look at."""
        return self.filter(region__in=(actor.region, "")) if actor.is_desk else self.none()

    def that_came(self):
        """Without the amounts that the bank misreported: they never were money."""
        return self.exclude(clearing=Clearing.CORRECTED)


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
    earlier = models.CharField("更正前的处理", max_length=300, blank=True, default="")
    corrected_by = models.CharField("更正人", max_length=120, blank=True, default="")

    objects = SuspenseItems.as_manager()

    class Meta:
        verbose_name = "待查款"
        ordering = ["-arrived_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["bank_serial"],
                condition=~Q(clearing=Clearing.CORRECTED),
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
                condition=Q(clearing__in=("", Clearing.CORRECTED), cleared_by__isnull=True)
                | (~Q(clearing__in=("", Clearing.CORRECTED)) & Q(cleared_by__isnull=False)),
                violation_error_message="已处理的待查款须有处理人。",
            ),
        ]


class Reconciliation(models.Model):
    """The bank's statement of a day against the ledger (对账): what differs, in sentences; made as often as asked.

    `lines` are what the statement said, {serial: fen}: `check-ledger` holds the books against them.
    """

    region = models.CharField("地区方案", max_length=40)
    day = models.DateField("对账日")
    bank_count = models.IntegerField("银行笔数")
    bank_fen = models.BigIntegerField("银行金额（分）")
    ledger_count = models.IntegerField("账上笔数")
    ledger_fen = models.BigIntegerField("账上金额（分）")
    differences = models.JSONField("差异", default=list)
    lines = models.JSONField("银行明细", default=dict)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = "对账"
        ordering = ["-day", "-pk"]
