"""Medical costs of a work injury that the agency paid back by hand (工伤医疗手工报销)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ..scopes import voidable


class Reimbursement(models.Model):
    """One claim as the agency settled it, by the number of its slip; amounts in fen.

    The number is the claim's identity in its region: entered again with the same words it is the same claim. The
    database lets nobody change one: it is paid once, or voided with a reason and entered anew.
    """

    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, related_name="reimbursements")
    region = models.CharField("地区方案", max_length=40)
    number = models.CharField("报销单号", max_length=60)
    accident_on = models.DateField("事故日期")
    hospital = models.CharField("就诊医院", max_length=60)
    treated_from = models.DateField("治疗开始")
    treated_until = models.DateField("治疗结束")
    invoices = models.PositiveSmallIntegerField("发票张数")
    claimed_fen = models.BigIntegerField("费用总额（分）")
    approved_fen = models.BigIntegerField("核定报销（分）")
    approved_on = models.DateField("核定日期")
    paid_on = models.DateField("支付日期", null=True)
    payee = models.CharField("收款人", max_length=10)
    note = models.CharField("备注", max_length=500, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间")
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    voided_at = models.DateTimeField("作废时间", null=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    objects = voidable("employee__employer", people="employee", voided_at=None).as_manager()

    class Meta:
        verbose_name = "工伤医疗手工报销"
        ordering = ["-approved_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "number"],
                condition=Q(voided_at=None),
                name="a_reimbursement_is_entered_once",
                violation_error_message="这个报销单号已经登记。",
            ),
            models.CheckConstraint(
                name="no_more_is_reimbursed_than_was_claimed",
                condition=Q(claimed_fen__gt=0, approved_fen__gte=0, approved_fen__lte=F("claimed_fen"), invoices__gt=0),
                violation_error_message="核定报销不能多于费用总额。",
            ),
            models.CheckConstraint(
                name="the_days_of_a_reimbursement_are_in_order",
                condition=Q(accident_on__lte=F("treated_from"))
                & Q(treated_from__lte=F("treated_until"))
                & Q(treated_until__lte=F("approved_on"))
                & (Q(paid_on=None) | Q(paid_on__gte=F("approved_on"), approved_fen__gt=0)),
                violation_error_message="事故、治疗、核定、支付的日期须依次在后。",
            ),
            models.CheckConstraint(
                name="a_voided_reimbursement_says_who_and_why",
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
                violation_error_message="作废的报销要有经办人和原因。",
            ),
        ]

    @property
    def not_covered_fen(self) -> int:
        """What the fund does not bear (自费和不予支付), in fen."""
        return self.claimed_fen - self.approved_fen
