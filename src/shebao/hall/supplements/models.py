"""Insurance that is joined by the year (补充医疗), and the personal accounts from which it may be paid."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..fields import MonthField
from ..scopes import people_served, scoped


class AccountsOfTheAgency(models.QuerySet):
    def visible_to(self, actor):
        """Those of the agency's region, of the people whose employers the actor serves; an employer sees nobody's."""
        if not actor.is_desk:
            return self.none()
        rows = self.filter(region=actor.region)
        return rows.filter(person__in=people_served(actor)) if actor.divisions else rows


class MedicalAccount(models.Model):
    """A person's medical account as the agency has put it on record (个人账户), in fen. Nobody computes a balance."""

    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="medical_accounts")
    region = models.CharField("地区方案", max_length=40)
    balance_fen = models.BigIntegerField("余额（分）")
    stated_on = models.DateField("余额截至")

    objects = AccountsOfTheAgency.as_manager()

    class Meta:
        verbose_name = "个人账户"
        constraints = [
            models.UniqueConstraint(fields=["person", "region"], name="one_medical_account_for_a_person_and_region"),
            models.CheckConstraint(
                name="a_medical_account_is_never_overdrawn",
                condition=Q(balance_fen__gte=0),
                violation_error_message="个人账户余额不足。",
            ),
        ]


class EntryKind(models.TextChoices):
    STATED = "stated", "登记余额"
    DRAWN = "drawn", "个账划转"
    RETURNED = "returned", "撤销划转"


class AccountEntry(models.Model):
    """One movement of a medical account (个人账户明细); the database refuses to change or remove it."""

    account = models.ForeignKey(MedicalAccount, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField("种类", max_length=10, choices=EntryKind)
    amount_fen = models.BigIntegerField("变动（分）")
    balance_fen = models.BigIntegerField("变动后余额（分）")
    cover = models.ForeignKey("supplements.YearlyCover", on_delete=models.PROTECT, null=True, related_name="entries")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "个人账户明细"
        ordering = ["-pk"]


class YearlyCover(models.Model):
    """A person insured for a year in a scheme that is joined by the year (按年参保).

    What is paid by transfer is charged once, with the bill of `charged_in`; what the account paid has none.
    """

    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, related_name="covers")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, related_name="+")
    region = models.CharField("地区方案", max_length=40)
    scheme = models.CharField("险种", max_length=40)
    year = models.PositiveSmallIntegerField("年度")
    pay_by = models.CharField("缴费方式", max_length=10)
    amount_fen = models.BigIntegerField("金额（分）")
    charged_in = MonthField("列入账单的年月", null=True)
    declared_in = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="+")
    is_voided = models.BooleanField("已撤销", default=False)

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "按年参保"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "region", "scheme", "year"],
                condition=Q(is_voided=False),
                name="one_cover_for_a_person_scheme_and_year",
                violation_error_message="该人员这一年度已经申报过。",
            ),
        ]
        indexes = [models.Index(fields=["charged_in", "scheme"], name="cover_by_charged_month")]
