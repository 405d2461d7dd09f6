"""The month's money: assessment, bill, evidence, and the double-entry ledger. Amounts are whole fen."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ..fields import MonthField
from ..scopes import ScopedQuerySet, scoped, voidable
from .evidence_models import TERMS, Evidence  # noqa: F401
from .kinds import ADJUSTING, BEARING, CHARGING, DUE_OF, DUES, INCOME, Account, Booking, LineKind, VoidState  # noqa: F401
from .lines_by_month import BillReading, LineQuerySet, SameMonthKey
from .provisional_models import ProvisionalLine, UndeclaredRun  # noqa: F401
from .sandbox_run import SandboxRun  # noqa: F401


class Assessment(models.Model):
    """The agency's determination of one employer's month (核定).

    `series` 0 is the month's own settlement, one in force for an employer and month; a back payment that is assessed
    apart (补缴单独核定) counts on from 1. A voided one (作废) stays readable with its bill; being voided is the only
    change that the database lets through. `made_by` is None where the agency assessed everybody in one run (集中核定).
    `basis_month` is set where the month was not declared (暂核定): the month whose amount it is a multiple of.
    `monthly_schemes` are those in which a settlement charges everybody who is insured: the database sees to it (I-8).
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="assessments")
    month = MonthField("费款所属期")
    series = models.PositiveIntegerField("当月第几次单独核定", default=0)
    kind = models.CharField("结算种类", max_length=40)
    number = models.CharField("核定编号", max_length=30, unique=True)
    fingerprint = models.CharField("规则指纹", max_length=12)
    known_on = models.DateField("依据截至")
    changes = models.JSONField("本月变动", default=dict)
    monthly_schemes = models.JSONField("按月核定的险种", null=True)
    basis_month = MonthField("暂核定所按月份", null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("核定时间")
    voided_at = models.DateTimeField("作废时间", null=True)

    objects = voidable("employer", voided_at=None).as_manager()

    class Meta:
        verbose_name = "核定"
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "month", "series"],
                condition=Q(voided_at=None),
                name="one_live_assessment_for_an_employer_and_month",
                violation_error_message="本月已经核定过。",
            ),
            models.UniqueConstraint(
                fields=["employer", "month"],
                condition=Q(voided_at=None) & (Q(series=0) | Q(basis_month__isnull=False)),
                name="a_month_is_settled_or_assessed_provisionally",
                violation_error_message="本月已经结算或暂核定过。",
            ),
        ]

    @property
    def maker(self) -> str:
        """Who assessed, in words."""
        return self.made_by.name if self.made_by else "经办机构（集中核定）"


class Bill(BillReading, models.Model):
    """What the employer owes for a month (账单): by definition the sum of its lines. Paid is a query of the ledger.

    `first_month` is the earliest month that its lines are for, `last_month` the latest that could be assessed when it
    was made: the database holds its own month against that (I-12). None of bills of before that was written down.
    """

    assessment = models.OneToOneField(Assessment, on_delete=models.PROTECT, related_name="bill")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="bills")
    month = MonthField("费款所属期")
    series = models.PositiveIntegerField("当月第几次单独核定", default=0)
    number = models.CharField("账单号", max_length=30, unique=True)
    employer_due = models.BigIntegerField("单位应缴（分）")
    employee_due = models.BigIntegerField("个人应缴（分）")
    total_due = models.BigIntegerField("应缴合计（分）")
    head_count = models.IntegerField("人数")
    pay_until = models.DateTimeField("缴费截止")
    illustrative = models.JSONField("示例值", default=list)
    basis_month = MonthField("暂核定所按月份", null=True)
    first_month = MonthField("最早所属期", null=True)
    last_month = MonthField("当时最晚可核定的月份", null=True)

    objects = voidable("employer", assessment__voided_at=None).as_manager()

    class Meta:
        verbose_name = "账单"
        ordering = ["-month", "series"]
        constraints = [
            models.CheckConstraint(
                name="bill_total_is_the_sum_of_its_parts",
                condition=Q(total_due=F("employer_due") + F("employee_due")),
                violation_error_message="账单合计须等于单位与个人之和。",
            )
        ]


class BackPayment(models.Model):
    """A month of a scheme that an employee pays later (补缴), by a declaration in force; its line comes with a bill.

    Until then it can be taken back: voided, by the declaration in `withdrawn_in` or because its own was undone.
    `values_month` is the month whose limits and rates charge it. `is_on_request`: no settlement takes it, it is billed
    when the employer asks (None of those of before that was written down: their service says).
    """

    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, related_name="back_payments")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="+")
    region = models.CharField("地区方案", max_length=40)
    scheme = models.CharField("险种", max_length=40)
    month = MonthField("费款所属期")
    values_month = MonthField("数值所属月份")
    declared_wage = models.BigIntegerField("申报工资（分）")
    is_exclusive = models.BooleanField("排他", default=True)
    is_voided = models.BooleanField("已撤销", default=False)
    is_on_request = models.BooleanField("另行办理才核定", null=True)
    declared_in = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="back_payments")
    withdrawn_in = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "补缴"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "scheme", "month"],
                condition=Q(is_voided=False, is_exclusive=True),
                name="one_back_payment_for_a_person_scheme_and_month",
                violation_error_message="该人员此险种当月已申报补缴。",
            ),
            models.UniqueConstraint(
                fields=["employee", "scheme", "month"],
                condition=Q(is_voided=False),
                name="one_back_payment_for_an_employee_scheme_and_month",
                violation_error_message="该人员此险种当月已在本单位申报补缴。",
            ),
            models.CheckConstraint(
                name="a_withdrawn_back_payment_is_voided",
                condition=Q(withdrawn_in__isnull=True) | Q(is_voided=True),
                violation_error_message="回退的补缴须作废。",
            ),
        ]


class Refund(models.Model):
    """A month whose charges an employee gets back, having left before it (离职退费), by a declaration in force.

    Its lines, one for each charge, come with the next bill, or at once on a bill of their own whose sum becomes credit.
    """

    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, related_name="refunds")
    month = MonthField("费款所属期")
    is_voided = models.BooleanField("已撤销", default=False)
    declared_in = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="refunds")

    objects = scoped("employee__employer").as_manager()

    class Meta:
        verbose_name = "退费"
        constraints = [
            models.UniqueConstraint(
                fields=["employee", "month"],
                condition=Q(is_voided=False),
                name="one_refund_for_an_employee_and_month",
                violation_error_message="该人员当月已申报退费。",
            )
        ]


class BillLine(models.Model):
    """One person, one scheme, one month (账单明细). Posted once; never changed but voided with its bill (the database
    refuses everything else).

    An adjustment (补差) corrects the charge that it names in `adjusts`, the regular line or the adjustment before it:
    its amounts are the difference, its wage is that charge's, its base and evidence are those of the corrected charge.
    A back payment (补缴) names the declared month that it charges. A late fee or interest names the back payment that
    bears it in `principal`; it has no wage and no base. A charge that was given back whole (离职退费) leaves its month
    to whoever charges it next.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", related_query_name="lines")
    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, related_name="lines")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="+")
    region = models.CharField("地区方案", max_length=40)
    scheme = models.CharField("险种", max_length=40)
    month = MonthField("费款所属期")
    booking_month = MonthField("做账期")
    kind = models.CharField("应缴类型", max_length=2, choices=LineKind, default=LineKind.REGULAR)
    adjusts = SameMonthKey("self", on_delete=models.PROTECT, null=True, related_name="adjusted_by")
    back_payment = models.ForeignKey(BackPayment, on_delete=models.PROTECT, null=True, related_name="lines")
    principal = SameMonthKey("self", on_delete=models.PROTECT, null=True, related_name="borne")
    is_exclusive = models.BooleanField("排他", default=True)
    declared_wage = models.BigIntegerField("申报工资（分）")
    contribution_base = models.BigIntegerField("缴费基数（分）")
    limit = models.SmallIntegerField("上下限", default=0)
    employer_due = models.BigIntegerField("单位应缴（分）")
    employee_due = models.BigIntegerField("个人应缴（分）")
    employer_evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")
    employee_evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")

    is_voided = models.BooleanField("已作废", default=False)
    is_given_back = models.BooleanField("已全额退回", default=False)

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = "账单明细"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "scheme", "month"],
                condition=Q(kind__in=CHARGING, is_exclusive=True, is_voided=False, is_given_back=False),
                name="one_charge_for_a_person_scheme_and_month",
                violation_error_message="该人员此险种当月已经核定过。",
            ),
            models.UniqueConstraint(
                fields=["employee", "scheme", "month"],
                condition=Q(kind__in=CHARGING, is_voided=False, is_given_back=False),
                name="one_charge_for_an_employee_scheme_and_month",
                violation_error_message="该人员此险种当月已在本单位核定过。",
            ),
            # The month is that of the line they name (I-8): PostgreSQL, with lines by month, wants it in every index.
            models.UniqueConstraint(
                fields=["adjusts", "month"],
                condition=Q(is_voided=False, adjusts__isnull=False),
                name="a_charge_is_adjusted_once",
                violation_error_message="这一行已经补差过。",
            ),
            models.UniqueConstraint(
                fields=["principal", "kind", "month"],
                condition=Q(is_voided=False, principal__isnull=False),
                name="a_back_payment_bears_one_late_fee_and_one_interest",
                violation_error_message="这笔补缴的滞纳金或利息已经核定过。",
            ),
            models.CheckConstraint(
                name="a_late_fee_or_interest_and_no_other_line_names_its_principal",
                condition=Q(
                    kind__in=BEARING,
                    principal__isnull=False,
                    month__lt=F("booking_month"),
                    declared_wage=0,
                    contribution_base=0,
                    employer_due__gte=0,
                    employee_due__gte=0,
                )
                | (~Q(kind__in=BEARING) & Q(principal__isnull=True)),
                violation_error_message="滞纳金和利息须对应补缴的明细，且不能是负数。",
            ),  # fmt: skip
            models.CheckConstraint(
                name="an_adjustment_and_no_other_line_names_what_it_adjusts",
                condition=Q(kind__in=ADJUSTING, adjusts__isnull=False)
                | (~Q(kind__in=ADJUSTING) & Q(adjusts__isnull=True)),
                violation_error_message="补差须对应原来的账单明细。",
            ),
            models.CheckConstraint(
                name="a_line_is_for_no_month_after_it_is_booked",
                condition=Q(month__lte=F("booking_month")),
                violation_error_message="费款所属期不能晚于做账期。",
            ),
            models.CheckConstraint(
                name="a_regular_charge_is_not_negative",
                condition=~Q(kind="1") | Q(employer_due__gte=0, employee_due__gte=0),
                violation_error_message="正常应缴不能是负数。",
            ),
            models.CheckConstraint(
                name="an_adjustment_is_for_a_month_before_it_is_booked",
                condition=Q(adjusts__isnull=True) | Q(month__lt=F("booking_month")),
                violation_error_message="补差只能补以前月份。",
            ),
            models.CheckConstraint(
                name="a_back_payment_and_no_other_line_names_what_was_declared",
                condition=Q(kind=LineKind.BACK_PAYMENT, back_payment__isnull=False, month__lt=F("booking_month"))
                | (~Q(kind=LineKind.BACK_PAYMENT) & Q(back_payment__isnull=True)),
                violation_error_message="补缴须对应生效的补缴申报，且只能补以前月份。",
            ),
        ]


class VoidRequest(models.Model):
    """The wish to undo an assessment (核定回退、申报作废), why, and who decided. One waits for an assessment.

    `decided_by` is whoever carried it out: the one who asked where the region's data asks nobody else.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="void_requests")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="void_requests")
    state = models.CharField("状态", max_length=10, choices=VoidState, default=VoidState.ASKED)
    reason = models.CharField("原因", max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("办结时间", null=True)
    note = models.CharField("审核意见", max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "作废申请"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(state="asked"),
                name="one_void_request_waits_for_an_assessment",
                violation_error_message="这次核定的作废申请正在审核。",
            ),
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(state="voided"),
                name="an_assessment_is_voided_once",
                violation_error_message="这次核定已经作废。",
            ),
            models.CheckConstraint(
                name="what_was_voided_says_who_and_why",
                condition=~Q(state="voided") | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                violation_error_message="作废要有办结人和原因。",
            ),
        ]


class LedgerTransaction(models.Model):
    """One booking (记账), balanced, append-only.

    `reverses` is the booking that a void mirrors entry by entry. Money that nobody knows whose it is has no employer.
    `value_at` is the moment from which money counts where it was paid before for another bill (起息).
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="transactions")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, related_name="transactions")
    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, null=True, related_name="transactions")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    suspense = models.ForeignKey(
        "payments.SuspenseItem", on_delete=models.PROTECT, null=True, related_name="transactions"
    )
    kind = models.CharField("种类", max_length=20, choices=Booking)
    booked_at = models.DateTimeField("记账时间")
    value_at = models.DateTimeField("起息时间", null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "记账"
        constraints = [
            models.UniqueConstraint(fields=["bill"], condition=Q(kind="assessed"), name="a_bill_is_booked_once"),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(payment__isnull=False), name="a_payment_is_booked_once"
            ),
            models.UniqueConstraint(
                fields=["suspense"], condition=Q(kind="suspended"), name="unmatched_money_is_booked_once"
            ),
            models.UniqueConstraint(
                fields=["suspense"], condition=Q(kind="cleared"), name="unmatched_money_is_cleared_once"
            ),
            models.CheckConstraint(
                name="a_void_and_no_other_booking_mirrors_one",
                condition=Q(kind="voided", reverses__isnull=False) | (~Q(kind="voided") & Q(reverses__isnull=True)),
                violation_error_message="作废须对应原来的记账。",
            ),
        ]


class LedgerEntry(models.Model):
    """One side of a booking, in fen: debit positive, credit negative."""

    transaction = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField("科目", max_length=20, choices=Account)
    scheme = models.CharField("险种", max_length=40, blank=True)
    part = models.CharField("部分", max_length=10, blank=True)
    month = MonthField("费款所属期")
    amount_fen = models.BigIntegerField("金额（分）")

    objects = scoped("transaction__employer").as_manager()

    class Meta:
        verbose_name = "分录"
        indexes = [models.Index(fields=["transaction", "account"], name="entry_by_account")]
