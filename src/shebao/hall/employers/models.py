"""The employer (用人单位) as the agency knows it."""

from django.conf import settings
from django.db import models

from ..fields import EncryptedTextField, MonthField
from ..regions import region
from ..scopes import ScopedQuerySet, served_by


class EmployerQuerySet(ScopedQuerySet):
    """Employers themselves: one's own, or those that the agency's actor serves."""

    def visible_to(self, actor):
        """As for everything else, one step nearer."""
        if actor.is_desk:
            return self.filter(served_by(actor))
        return self.filter(pk=actor.employer_id) if actor.employer_id else self.none()


class Employer(models.Model):
    """An insured employer (参保单位) in one region.

    `areas` are the business areas opened when it registered; None where nobody was asked, and everything is open.
    `needs_second`: what one operator submits goes out once another has confirmed it (内部复核). `agency_division` says
    which part of the agency has it in hand, by a code of the region's list of that name; "" where nobody has said.
    """

    region = models.CharField("地区方案", max_length=40)
    employer_number = models.CharField("单位编号", max_length=30)
    credit_code = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=120)
    employer_kind = models.CharField("单位类型", max_length=10, default="10")
    economic_kind = models.CharField("经济类型", max_length=10, blank=True, default="")
    industry_class = models.CharField("工伤行业类别", max_length=20)
    float_grade = models.CharField("工伤浮动档次", max_length=20)
    legal_representative = models.CharField("法定代表人", max_length=60)
    address = models.CharField("地址", max_length=200, blank=True)
    mailing_address = models.CharField("通讯地址", max_length=200, blank=True, default="")
    postcode = models.CharField("邮政编码", max_length=6, blank=True, default="")
    contact_name = models.CharField("联系人", max_length=60, blank=True, default="")
    phone = EncryptedTextField("联系电话", owner="pk", blank=True, default="")
    bank_name = models.CharField("开户银行", max_length=120, blank=True)
    bank_account = EncryptedTextField("银行账号", owner="pk", blank=True, default="")
    first_month = MonthField("参保起始年月")
    computed_by = models.CharField("谁来核定", max_length=10, blank=True, default="")
    taxpayer_number = models.CharField("总机构缴费人识别号", max_length=20, blank=True, default="")
    account_kind = models.CharField("参保户类型", max_length=10, blank=True, default="")
    agency_division = models.CharField("经办区划", max_length=12, blank=True, default="")
    areas = models.JSONField("开通的业务", null=True, blank=True)
    needs_second = models.BooleanField("内部复核", default=False)

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
        indexes = [models.Index(fields=["region", "agency_division"], name="employer_by_division")]

    def __str__(self):
        return self.name

    @property
    def closed_functions(self) -> frozenset[str]:
        """The functions of the menu that belong to business areas which this employer has not opened."""
        if self.areas is None or (here := region(self.region).registration) is None:
            return frozenset()
        opened = {one for area in here.areas if area.key in self.areas for one in area.opens}
        return frozenset(one for area in here.areas for one in area.opens) - opened

    def save(self, **kwargs):
        """Save; a new employer's data are written once more, with the key that it has only now."""
        is_new = self._state.adding
        super().save(**kwargs)
        if is_new:
            super().save(update_fields=["phone", "bank_account"], using=kwargs.get("using"))

    @property
    def taxpayer(self) -> str:
        """Who pays (缴费人识别号): the head office's number where that pays for a branch, else one's own code."""
        return self.taxpayer_number or self.credit_code


class EmployerChange(models.Model):
    """One changed field of an employer (单位变更信息): what it said, what it says now. Rows are never changed.

    `declaration` is the case that asked for it; `by` made it take effect.
    """

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="changes")
    field = models.CharField("字段", max_length=40)
    label = models.CharField("变更事项", max_length=60)
    old = EncryptedTextField("变更前", owner="employer_id", blank=True, default="")
    new = EncryptedTextField("变更后", owner="employer_id", blank=True, default="")
    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("生效时间")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "单位变更信息"
        ordering = ["-at", "-pk"]


class Department(models.Model):
    """A department (部门) in the employer's own list; `rank` orders it. People carry its name."""

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="departments")
    name = models.CharField("部门名称", max_length=60)
    rank = models.PositiveIntegerField("次序")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "部门"
        ordering = ["rank", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "name"],
                name="a_department_is_named_once_at_an_employer",
                violation_error_message="已有同名的部门。",
            )
        ]

    def __str__(self):
        return self.name


class Project(models.Model):
    """A construction project (工程项目) whose workers are insured against injury for as long as it lasts.

    The contribution follows the contract sum and is assessed once, with the rate and its source kept beside it.
    """

    employer = models.ForeignKey(Employer, on_delete=models.PROTECT, related_name="projects")
    number = models.CharField("项目编号", max_length=60)
    name = models.CharField("项目名称", max_length=120)
    address = models.CharField("项目地址", max_length=120, blank=True)
    contract_fen = models.BigIntegerField("合同总造价（分）")
    first_on = models.DateField("开工日期")
    last_on = models.DateField("计划竣工日期")
    rate = models.CharField("费率", max_length=20)
    rate_source = models.CharField("费率依据", max_length=300, blank=True)
    injury_due = models.BigIntegerField("项目工伤保险费（分）")
    is_voided = models.BooleanField("已撤销", default=False)
    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "工程项目"
        ordering = ["-first_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "number"],
                condition=models.Q(is_voided=False),
                name="a_project_is_registered_once_by_an_employer",
                violation_error_message="该项目编号已登记。",
            ),
            models.CheckConstraint(
                name="a_project_ends_after_it_starts",
                condition=models.Q(last_on__gte=models.F("first_on")),
                violation_error_message="竣工日期不能早于开工日期。",
            ),
        ]

    def __str__(self):
        return self.name
