"""Who signs in: an employer's people and the agency's, each with one role."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

PERMISSIONS = {
    "clerk": {"declare", "settle", "pay", "print", "see_roster"},
    "employer_admin": {"declare", "settle", "pay", "print", "see_roster", "manage_operators", "see_audit"},
    "reviewer": {"review", "see_roster", "keep_accounts", "enter_at_counter", "query_with_privilege"},
    "agency_admin": {
        *("review", "see_roster", "keep_accounts", "manage_operators", "see_audit", "try_values", "reconcile"),
        *("enter_at_counter", "query_with_privilege", "publish_notices", "monitor", "configure"),
    },
}


class Role(models.TextChoices):
    CLERK = "clerk", "社保专管员"
    EMPLOYER_ADMIN = "employer_admin", "单位管理员"
    REVIEWER = "reviewer", "审核人员"
    AGENCY_ADMIN = "agency_admin", "经办机构管理员"


AGENCY_ROLES = (Role.REVIEWER, Role.AGENCY_ADMIN)


class OperatorManager(BaseUserManager.from_queryset(models.QuerySet)):
    def visible_to(self, actor):
        """Operators of one's own employer, or of one's own agency."""
        if actor.is_agency:
            return self.filter(region=actor.region, role__in=AGENCY_ROLES)
        return self.filter(employer=actor.employer_id) if actor.employer_id else self.none()


class Operator(AbstractBaseUser):
    """A person who signs in (操作员). The role says what they may do; where they work, whose data they see."""

    username = models.CharField("账号", max_length=60, unique=True)
    name = models.CharField("姓名", max_length=60)
    role = models.CharField("角色", max_length=20, choices=Role)
    employer = models.ForeignKey(
        "employers.Employer", on_delete=models.PROTECT, null=True, blank=True, related_name="operators"
    )
    region = models.CharField("地区方案", max_length=40)
    is_active = models.BooleanField("启用", default=True)
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
            )
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

    def may(self, permission: str) -> bool:
        """Whether the role gives `permission`. Raises KeyError for a permission nobody has: a typing mistake."""
        if not any(permission in given for given in PERMISSIONS.values()):
            raise KeyError(permission)
        return self.is_active and permission in PERMISSIONS[self.role]


class Attempt(models.Model):
    """One try at something that may be tried only so often (限次), by whom as a digest; kept for the window only."""

    purpose = models.CharField("用途", max_length=20)
    who = models.CharField("来源索引", max_length=32)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "限次记录"
        indexes = [models.Index(fields=["purpose", "who", "at"], name="attempt_by_purpose_and_who")]
