"""Who signs in: an employer's people and the agency's, each with one role."""

from datetime import datetime

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from .. import clock
from ..prepared import prepared
from ..regions import region

PERMISSIONS = {
    "clerk": {"declare", "confirm", "settle", "pay", "print", "see_roster", "unmask"},
    "employer_admin": {
        *("declare", "confirm", "settle", "pay", "print", "see_roster", "unmask", "manage_operators", "see_audit"),
    },
    "reviewer": {"review", "see_roster", "keep_accounts", "reset_accounts", "enter_at_counter", "unmask"},
    "agency_admin": {
        *("review", "see_roster", "keep_accounts", "try_values", "reconcile", "reset_accounts"),
        *("enter_at_counter", "approve_privileged", "publish_notices", "monitor", "configure", "unmask"),
    },
    # 三员分立: who runs the system, who gives the rights and who reads the records are three, and none does business.
    "system_admin": {"run_system"},
    "security_admin": {"manage_operators", "see_alerts"},
    "audit_admin": {"see_audit"},
}


class Role(models.TextChoices):
    CLERK = "clerk", "社保专管员"
    EMPLOYER_ADMIN = "employer_admin", "单位管理员"
    REVIEWER = "reviewer", "审核人员"
    AGENCY_ADMIN = "agency_admin", "经办机构管理员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDIT_ADMIN = "audit_admin", "审计管理员"


class Duty(models.TextChoices):
    """What part of the employer's business an operator has (岗位); the ticks of the menu tree refine it."""

    ALL = "all", "全部业务"
    ENTRY = "entry", "录入"
    CHECK = "check", "复核"
    FINANCE = "finance", "财务"
    READ = "read", "查询"


DUTIES = {
    Duty.ALL: PERMISSIONS["clerk"],
    Duty.ENTRY: {"declare", "see_roster", "unmask"},
    Duty.CHECK: {"declare", "confirm", "see_roster", "print", "unmask"},
    Duty.FINANCE: {"settle", "pay", "print", "see_roster"},
    Duty.READ: {"see_roster", "print"},
}
"""What each duty leaves of a clerk's permissions. Everybody sees the people they work for."""
NARROW = {"declare", "confirm", "see_roster", "unmask"}
"""What is left to whoever has some departments or schemes only: bills and papers are of the whole employer."""
SERVICE = "service:"
"""How the key of a function that is a service of the region begins; the others are keys of `web/rights.py`."""

DESK_ROLES = (Role.REVIEWER, Role.AGENCY_ADMIN)
"""Who decides about employers' business at the agency."""
OFFICER_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)
"""The three officers (三员) of an agency: they see nobody's business."""
AGENCY_ROLES = (*DESK_ROLES, *OFFICER_ROLES)
ADMINISTRATOR_ROLES = (Role.EMPLOYER_ADMIN, Role.AGENCY_ADMIN, *OFFICER_ROLES)
"""Who can give others rights, or change what all of them work with: a password alone is not enough for them."""
EMERGENCY = "manage_operators"
"""What an emergency may lend to somebody who is no officer: the accounts, so that the agency can work again."""
PRIVILEGED = "query_with_privilege"
"""What nobody has by their role: somebody of the desk has it once they were named for it (特权查询)."""
EVERY_PERMISSION = frozenset().union(*PERMISSIONS.values(), {PRIVILEGED})


class OperatorManager(BaseUserManager.from_queryset(models.QuerySet)):
    def visible_to(self, actor):
        """Operators of one's own employer, or of one's own agency."""
        if actor.is_agency:
            return self.filter(region=actor.region, role__in=AGENCY_ROLES)
        return self.filter(employer=actor.employer_id) if actor.employer_id else self.none()


class Operator(AbstractBaseUser):
    """A person who signs in (操作员). The role says what they may do; where they work, whose data they see.

    At an employer, `duty` narrows the role, `withheld` are functions of the menu that are not open to them, and
    `departments` and `schemes` (names and keys) whose people they see; nothing named is no limit. At the agency
    `divisions` (codes of the region's agency_divisions) limit whose employers a reviewer has to do with.
    """

    username = models.CharField("账号", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=60)
    role = models.CharField("角色", max_length=20, choices=Role)
    employer = models.ForeignKey(
        "employers.Employer", on_delete=models.PROTECT, null=True, blank=True, related_name="operators"
    )
    region = models.CharField("地区方案", max_length=40)
    is_active = models.BooleanField("启用", default=True)
    duty = models.CharField("岗位", max_length=10, choices=Duty, default=Duty.ALL)
    withheld = models.JSONField("不开放的功能", default=list, blank=True)
    departments = models.JSONField("负责的部门", default=list, blank=True)
    schemes = models.JSONField("负责的险种", default=list, blank=True)
    divisions = models.JSONField("经办区划范围", default=list, blank=True)
    must_change_password = models.BooleanField("须改密码", default=False)
    previous_login = models.DateTimeField("上次登录", null=True, blank=True)

    objects = OperatorManager()
    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = "操作员"
        constraints = [
            models.CheckConstraint(
                name="operator_works_for_an_employer_or_the_agency",
                condition=Q(role__in=AGENCY_ROLES, employer__isnull=True)
                | (~Q(role__in=AGENCY_ROLES) & Q(employer__isnull=False)),
                violation_error_message="单位的操作员须属于一个单位，经办机构的不得属于单位。",
            ),
            models.CheckConstraint(
                name="only_a_clerk_has_less_than_the_whole",
                condition=Q(role="clerk") | Q(duty="all", withheld=[], departments=[], schemes=[]),
                violation_error_message="管理员和经办机构人员不能限定岗位、功能或范围。",
            ),
            models.CheckConstraint(
                name="only_a_reviewer_is_limited_to_divisions",
                condition=Q(role="reviewer") | Q(divisions=[]),
                violation_error_message="只有审核人员可以限定经办区划。",
            ),
        ]

    def __str__(self):
        return self.name

    def get_session_auth_hash(self) -> str:
        """What an open session must know: it ends with another password, role, place or a closed account."""
        stands_for = f"{self.password}|{self.role}|{self.employer_id}|{self.region}|{self.is_active}"
        return salted_hmac("shebao.operator.session", stands_for, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self):
        """None: keys of the installation are not rotated in place."""
        yield from ()

    @property
    def is_agency(self) -> bool:
        """Works at the agency (经办机构), not for an employer."""
        return self.role in AGENCY_ROLES

    @property
    def is_narrow(self) -> bool:
        """Sees some departments or schemes of the employer only."""
        return bool(self.departments or self.schemes)

    @property
    def sees_wages(self) -> bool:
        """Whether people's declared wages and bases are shown to this operator: not to whoever only looks (查询)."""
        return self.duty != Duty.READ

    @property
    def sees_bills(self) -> bool:
        """Whether the amounts of the month are for this operator of an employer: by permission and by ticks."""
        return self.may("settle") and self.may_use("bills")

    @property
    def is_officer(self) -> bool:
        """One of the three officers (三员), who see nobody's business."""
        return self.role in OFFICER_ROLES

    @property
    def is_desk(self) -> bool:
        """Works on employers' business at the agency (经办岗), and therefore sees the business of the region."""
        return self.role in DESK_ROLES

    def may(self, permission: str) -> bool:
        """Whether role, duty and scope give `permission`. Raises KeyError for one nobody has: a typing mistake."""
        if permission not in EVERY_PERMISSION:
            raise KeyError(permission)
        if not self.is_active:
            return False
        if self.role == Role.CLERK and not self._has_duty(permission):
            return False
        return permission in PERMISSIONS[self.role] or self._is_granted(permission)

    def may_use(self, function: str) -> bool:
        """Whether a function of the employer's menu is open to this operator, and to their employer at all."""
        return function not in self.withheld and not self.is_closed(function)

    def is_closed(self, function: str) -> bool:
        """Whether the function belongs to a business area that the employer has not opened (未开通)."""
        return bool(self.employer_id) and function in self.employer.closed_functions

    def withheld_services(self) -> list[str]:
        """The services whose declarations this operator does not see; a question about a bill tells what is on it."""
        named = [one.removeprefix(SERVICE) for one in self.withheld if one.startswith(SERVICE)]
        if self.employer_id and not self.sees_bills:
            named += [one.key for one in region(self.region).services.values() if one.subject == "amount"]
        return named

    def _has_duty(self, permission: str) -> bool:
        return permission in DUTIES[self.duty] and (not self.is_narrow or permission in NARROW)

    def _is_granted(self, permission: str) -> bool:
        """Whether an emergency gave this permission, until its hour is over, or whether somebody named them for it;
        asked at every request anew.
        """
        if permission not in (EMERGENCY, PRIVILEGED) or not self.is_desk:
            return False
        known = self.__dict__.setdefault("_granted", {})
        if permission not in known:
            if permission == PRIVILEGED:
                known[permission] = apps.get_model("privileged", "NamedOperator").names(self)
            else:
                known[permission] = bool(_grants(self.pk, permission, clock.now()))
        return known[permission]


class EmergencyGrant(models.Model):
    """What an agency's account may do beyond its role for at most an hour (应急授权), and why. Nobody prolongs it."""

    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="emergency_grants")
    permission = models.CharField("权限", max_length=40)
    reason = models.CharField("原因", max_length=200)
    opened_at = models.DateTimeField("开始时间")
    until = models.DateTimeField("有效期至")

    class Meta:
        verbose_name = "应急授权"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="an_emergency_grant_ends_after_it_begins",
                condition=Q(until__gt=models.F("opened_at")),
                violation_error_message="应急授权的结束时间须晚于开始时间。",
            )
        ]


@prepared
def _grants(operator: int, permission: str, at: datetime) -> models.QuerySet:
    grants = EmergencyGrant.objects.filter(operator=operator, permission=permission, until__gt=at)
    return grants.order_by().values_list("pk")


class Attempt(models.Model):
    """One try at something that may be tried only so often (限次), by whom as a digest; kept for the window only."""

    purpose = models.CharField("用途", max_length=20)
    who = models.CharField("来源索引", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "限次记录"
        indexes = [models.Index(fields=["purpose", "who", "at"], name="attempt_by_purpose_and_who")]
