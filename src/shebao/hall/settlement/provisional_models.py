"""What the agency assesses of a month that was not declared (暂核定), and its work on many employers at once."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import MonthField
from ..scopes import scoped


class ProvisionalLine(models.Model):
    """One scheme of a provisional bill (暂核定明细): about nobody in particular, posted once and never changed.

    `employer_base` and `employee_base` are what `basis`, the bill of the month it is a multiple of, demanded for that
    month of the scheme.
    """

    bill = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, related_name="provisional_lines")
    basis = models.ForeignKey("settlement.Bill", on_delete=models.PROTECT, related_name="+")
    scheme = models.CharField("险种", max_length=40)
    employer_base = models.BigIntegerField("所按月份单位缴费额（分）")
    employee_base = models.BigIntegerField("所按月份个人缴费额（分）")
    employer_due = models.BigIntegerField("单位应缴（分）")
    employee_due = models.BigIntegerField("个人应缴（分）")
    evidence = models.ForeignKey("settlement.Evidence", on_delete=models.PROTECT, related_name="+")

    objects = scoped("bill__employer").as_manager()

    class Meta:
        verbose_name = "暂核定明细"
        constraints = [
            models.UniqueConstraint(
                fields=["bill", "scheme"],
                name="a_provisional_bill_has_one_line_for_a_scheme",
                violation_error_message="这个险种已经暂核定过。",
            ),
            models.CheckConstraint(
                name="a_provisional_line_is_not_negative",
                condition=Q(employer_base__gte=0, employee_base__gte=0, employer_due__gte=0, employee_due__gte=0),
                violation_error_message="暂核定的金额不能是负数。",
            ),
        ]

    @property
    def total(self) -> int:
        """Both parts, fen."""
        return self.employer_due + self.employee_due

    @property
    def base(self) -> int:
        """Both parts of the base, fen."""
        return self.employer_base + self.employee_base


class UndeclaredRuns(models.QuerySet):
    def visible_to(self, actor):
        """The agency's own region's; to whom some divisions are given, one's own: a run names employers of any."""
        if not actor.is_agency:
            return self.none()
        rows = self.filter(region=actor.region)
        return rows.filter(asked_by=actor) if actor.divisions else rows


class UndeclaredRun(models.Model):
    """One deed of the agency for a month that employers did not declare (暂核定批次), and how far it is.

    `employers` are those that were chosen, `skipped` rows of (number, name, why) of those that were left aside.
    """

    region = models.CharField("地区方案", max_length=40)
    month = MonthField("费款所属期")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("办理时间")
    employers = models.JSONField("单位", default=list)
    employers_done = models.IntegerField("已办单位数", default=0)
    made = models.IntegerField("已暂核定单位数", default=0)
    total_fen = models.BigIntegerField("应缴合计（分）", default=0)
    skipped = models.JSONField("没有办的单位", default=list)
    finished_at = models.DateTimeField("办完时间", null=True)

    objects = UndeclaredRuns.as_manager()

    class Meta:
        verbose_name = "暂核定批次"
        ordering = ["-pk"]

    @property
    def employers_total(self) -> int:
        """How many were chosen."""
        return len(self.employers)
