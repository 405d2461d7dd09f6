"""The kinds of what is demanded and booked: lines of a bill, accounts of the ledger, bookings, wishes to void."""

from django.db import models


class LineKind(models.TextChoices):
    """What a line demands (应缴类型), by the codes of the national list AAE143; what it has no code for bears F and a
    number.
    """

    REGULAR = "1", "正常应缴"
    BACK_PAYMENT = "2", "补收"
    CORRECTED = "4", "调整补收"
    BASE = "13", "补基数"
    RETURNED = "18", "退收"
    RATE = "20", "补比例"
    LATE_FEE = "F1", "滞纳金"
    INTEREST = "F2", "利息"


ADJUSTING = (LineKind.CORRECTED, LineKind.BASE, LineKind.RETURNED, LineKind.RATE)
CHARGING = (LineKind.REGULAR, LineKind.BACK_PAYMENT)
"""Kinds of which a person, scheme and month has one line at most; an adjustment only corrects such a line."""
BEARING = (LineKind.LATE_FEE, LineKind.INTEREST)
"""Kinds that a back payment bears (随补缴加收): a function of the line that is paid back, never principal."""


class Account(models.TextChoices):
    """Accounts of the ledger. The entries of a transaction add up to zero.

    Receivable: the principal that employers owe. What a back payment bears is owed on accounts of its own; the late fee
    of a bill that is paid late is booked when it arrives.
    """

    RECEIVABLE = "receivable", "应收"
    LATE_FEES_DUE = "late_fees_due", "应收滞纳金"
    INTEREST_DUE = "interest_due", "应收利息"
    CONTRIBUTIONS = "contributions", "基金收入"
    LATE_FEES = "late_fees", "滞纳金"
    INTEREST = "interest", "利息"
    BANK = "bank", "到账"
    CREDIT = "credit", "待转金"
    SUSPENSE = "suspense", "待查款"


DUES = (Account.RECEIVABLE, Account.LATE_FEES_DUE, Account.INTEREST_DUE)
"""What a bill demands, and money for it settles."""
INCOME = {
    Account.RECEIVABLE: Account.CONTRIBUTIONS,
    Account.LATE_FEES_DUE: Account.LATE_FEES,
    Account.INTEREST_DUE: Account.INTEREST,
}
"""What each demand is income of."""
DUE_OF = {LineKind.LATE_FEE: Account.LATE_FEES_DUE, LineKind.INTEREST: Account.INTEREST_DUE}
"""The account on which a line is owed, where it is not the receivable."""


class Booking(models.TextChoices):
    """Kinds of bookings."""

    ASSESSED = "assessed", "核定"
    VOIDED = "voided", "作废"
    PAID = "paid", "缴费"
    CREDIT_USED = "credit_used", "待转金抵扣"
    SUSPENDED = "suspended", "待查款到账"
    CLEARED = "cleared", "待查款处理"
    REFUNDED = "refunded", "退费"
    CREDITED = "credited", "退费转待转金"
    RELEASED = "released", "暂核定结清转出"
    CARRIED = "carried", "暂核定已缴转入"


class VoidState(models.TextChoices):
    """Where a wish to void stands."""

    ASKED = "asked", "待审核"
    VOIDED = "voided", "已作废"
    DECLINED = "declined", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
    CLOSED = "closed", "已缴费，申请结束"
