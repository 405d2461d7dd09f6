"""The employer (用人单位) as the agency knows it."""

from django.db import models

from ..fields import EncryptedTextField, MonthField
from ..scopes import ScopedQuerySet


class EmployerQuerySet(ScopedQuerySet):
    """Employers themselves: one's own, or those of the agency's region."""

    def visible_to(self, actor):
        """As for everything else, one step nearer."""
        if actor.is_agency:
            return self.filter(region=actor.region)
        return self.filter(pk=actor.employer_id) if actor.employer_id else self.none()


class Employer(models.Model):
    """An insured employer (参保单位) in one region."""

    region = models.CharField("地区方案", max_length=40)
    employer_number = models.CharField("单位编号", max_length=30)
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=120)
    employer_kind = models.CharField("单位类型", max_length=10, default="10")
    industry_class = models.CharField("工伤行业类别", max_length=20)
    float_grade = models.CharField("工伤浮动档次", max_length=20)
    legal_representative = models.CharField("法定代表人", max_length=60)
    address = models.CharField("地址", max_length=200, blank=True)
    phone = EncryptedTextField("联系电话", blank=True, default="")
    bank_name = models.CharField("开户银行", max_length=100, blank=True)
    bank_account = EncryptedTextField("银行账号", blank=True, default="")
    first_month = MonthField("参保起始年月")

    objects = EmployerQuerySet.as_manager()

    class Meta:
        verbose_name = "参保单位"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "employer_number"],
                name="employer_number_is_unique_in_a_region",
                violation_error_message="该单位编号已登记。",
            ),
            models.UniqueConstraint(
                fields=["region", "credit_code"],
                name="credit_code_is_unique_in_a_region",
                violation_error_message="该统一社会信用代码已登记。",
            ),
        ]

    def __str__(self):
        return self.name
