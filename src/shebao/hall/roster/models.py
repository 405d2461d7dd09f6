"""Persons, the employees they are at an employer, and the months they are insured."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ..fields import EncryptedJSONField, EncryptedTextField, MonthField
from ..scopes import scoped


class PreEntryQuerySet(models.QuerySet):
    """What the agency entered at its counter: only the agency of the region looks at the list."""

    def visible_to(self, actor):
        """The rows of the actor's own region; none for an employer's people."""
        return self.filter(region=actor.region) if actor.is_desk else self.none()


class Person(models.Model):
    """A natural person, once in the whole installation. Reached only through one's own employees."""

    id_kind = models.CharField("证件类型", max_length=10)
    id_number = EncryptedTextField("证件号码")
    id_digest = models.CharField("证件索引", max_length=32, unique=True)
    name = models.CharField("姓名", max_length=60)
    sex = models.CharField("性别", max_length=1, blank=True)
    born_on = models.DateField("出生日期", null=True, blank=True)

    class Meta:
        verbose_name = "自然人"


class Employee(models.Model):
    """A person at an employer (职工). One row for ever; coming and going is in the spells.

    `facts` are asked by rules; `details` are answers that nobody calculates with, by the field they answer.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="employees")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="employees")
    person_number = models.CharField("个人编号", max_length=30)
    name = models.CharField("姓名", max_length=60)
    name_pinyin = models.CharField("姓名拼音", max_length=160, blank=True)
    department = models.CharField("部门", max_length=60, blank=True)
    position = models.CharField("岗位", max_length=40, blank=True)
    household = models.CharField("户口性质", max_length=10, blank=True)
    employment_kind = models.CharField("用工形式", max_length=10, blank=True)
    contract_from = models.DateField("合同起始", null=True, blank=True)
    phone = EncryptedTextField("手机号码", owner="employer_id", blank=True, default="")
    facts = models.JSONField("其他事实", default=dict)
    details = EncryptedJSONField("其他资料", owner="employer_id", default=dict)

    objects = scoped("employer", people="").as_manager()

    class Meta:
        verbose_name = "职工"
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "person"],
                name="a_person_is_one_employee_of_an_employer",
                violation_error_message="该人员已在本单位花名册中。",
            ),
            models.UniqueConstraint(
                fields=["employer", "person_number"], name="person_number_is_unique_at_an_employer"
            ),
        ]
        indexes = [models.Index(fields=["employer", "name_pinyin"], name="employee_by_pinyin")]

    def __str__(self):
        return self.name


class Spell(models.Model):
    """One unbroken stretch of insurance of an employee in a scheme (参保期间); `last_month` None = still insured.

    A voided spell was undone before it was billed and counts for nothing. A spell on a `project` is paid for with
    the project, not by the month.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="spells")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    region = models.CharField("地区方案", max_length=40)
    scheme = models.CharField("险种", max_length=40)
    first_month = MonthField("起始年月")
    last_month = MonthField("终止年月", null=True, blank=True)
    kind = models.CharField("参保类型", max_length=20, blank=True)
    end_reason = models.CharField("终止原因", max_length=10, blank=True)
    is_exclusive = models.BooleanField("排他", default=True)
    project = models.ForeignKey("employers.Project", on_delete=models.PROTECT, null=True, related_name="spells")
    is_voided = models.BooleanField("已撤销", default=False)
    opened_by = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "参保期间"
        constraints = [
            models.CheckConstraint(
                name="spell_ends_after_it_starts",
                condition=Q(last_month__isnull=True) | Q(last_month__gte=F("first_month")) | Q(is_voided=True),
                violation_error_message="参保终止年月不能早于起始年月。",
            ),
            models.UniqueConstraint(
                fields=["person", "scheme"],
                condition=Q(last_month__isnull=True, is_exclusive=True, is_voided=False),
                name="one_open_spell_for_a_person_and_scheme",
                violation_error_message="该人员此险种正在参保。",
            ),
            models.UniqueConstraint(
                fields=["employee", "scheme"],
                condition=Q(last_month__isnull=True, is_voided=False),
                name="one_open_spell_for_an_employee_and_scheme",
                violation_error_message="该人员已在本单位参保。",
            ),
        ]


class DeclaredWage(models.Model):
    """The monthly wage declared for an employee from a month on (申报工资), in fen, unclamped.

    A correction (工资更正) is of its one month, which was charged before: what counted before it is declared anew for
    the month after. What the month was charged is corrected by the next bill. `facts` are those that it says otherwise
    of that month, such as the tier (缴费档次); NULL where none is.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="wages")
    first_month = MonthField("起始年月")
    amount_fen = models.BigIntegerField("申报工资（分）")
    is_correction = models.BooleanField("更正", default=False)
    facts = models.JSONField("更正的档次等资料", null=True)
    is_voided = models.BooleanField("已撤销", default=False)
    declared_in = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")
    declared_at = models.DateTimeField("申报时间")

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "申报工资"
        constraints = [
            models.CheckConstraint(
                name="declared_wage_is_not_negative",
                condition=Q(amount_fen__gte=0),
                violation_error_message="申报工资不能为负数。",
            ),
            models.UniqueConstraint(
                fields=["employee", "first_month"],
                condition=Q(is_voided=False),
                name="one_declared_wage_for_an_employee_and_month",
                violation_error_message="该人员当月已有申报工资。",
            ),
        ]


class LabourRegistration(models.Model):
    """An employment registered with the labour authority (劳动用工备案); `last_on` None = still employed.

    A voided registration was undone and counts for nothing.
    """

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="labour_registrations")
    region = models.CharField("地区方案", max_length=40)
    first_on = models.DateField("用工开始日期")
    last_on = models.DateField("用工终止日期", null=True, blank=True)
    contract_until = models.DateField("合同终止日期", null=True, blank=True)
    work = models.CharField("工种或岗位", max_length=60, blank=True)
    end_reason = models.CharField("终止原因", max_length=10, blank=True)
    is_voided = models.BooleanField("已撤销", default=False)
    opened_by = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")
    closed_by = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, null=True, related_name="+")

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "劳动用工备案"
        constraints = [
            models.CheckConstraint(
                name="labour_ends_after_it_starts",
                condition=Q(last_on__isnull=True) | Q(last_on__gte=F("first_on")) | Q(is_voided=True),
                violation_error_message="用工终止日期不能早于开始日期。",
            ),
            models.UniqueConstraint(
                fields=["employee"],
                condition=Q(last_on__isnull=True, is_voided=False),
                name="one_open_labour_registration_of_an_employee",
                violation_error_message="该人员已在本单位备案。",
            ),
        ]


class PreEntry(models.Model):
    """A person whose original papers the agency saw before the first insurance in the region (信息预录入)."""

    region = models.CharField("地区方案", max_length=40)
    id_number = EncryptedTextField("证件号码")
    id_digest = models.CharField("证件索引", max_length=32)
    name = models.CharField("姓名", max_length=60)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("录入时间")

    objects = PreEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "信息预录入"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "id_digest"],
                name="a_person_is_entered_once_in_a_region",
                violation_error_message="该人员已做过信息预录入。",
            )
        ]


class AccountLetter(models.Model):
    """The word to a person about their social-insurance account (社保账号告知书): by mail, or on paper by hand."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="letters")
    address = EncryptedTextField("电子邮箱", owner="employee.employer_id", blank=True, default="")
    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("生成时间")
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    is_by_hand = models.BooleanField("当面交付", default=False)
    tries = models.PositiveIntegerField("发送次数", default=0)

    objects = scoped("employee__employer", people="employee").as_manager()

    class Meta:
        verbose_name = "社保账号告知书"
        ordering = ["-made_at", "-pk"]
