"""特权查询: what is masked, shown whole to a named person, for a reason, for a while, because another person agreed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .. import clock
from ..prepared import prepared
from ..scopes import ScopedQuerySet


class PrivilegedQuerySet(models.QuerySet):
    """What was asked for: one's own, and everybody's for whoever agrees to it."""

    def visible_to(self, actor):
        """Of one's own region; nothing for an employer's people."""
        if not actor.is_desk:
            return self.none()
        rows = self.filter(region=actor.region)
        return rows if actor.may("approve_privileged") else rows.filter(asked_by=actor)

    def awaiting(self, region: str, operator: int):
        """Those of a region that an operator of its agency may agree to: asked by somebody else."""
        return self.filter(region=region, state=QueryState.ASKED).exclude(asked_by=operator)


class NamedQuerySet(models.QuerySet):
    """Who is named: the security administrator names, and everybody at the desk may know."""

    def visible_to(self, actor):
        """The agency's of one's own region, for its desk and whoever manages its accounts."""
        may_know = actor.is_desk or (actor.is_agency and actor.may("manage_operators"))
        return self.filter(region=actor.region) if may_know else self.none()


class NamedOperator(models.Model):
    """Somebody who may ask for privileged queries (指定的操作员), named by another; `ended_at` None: still."""

    region = models.CharField("地区方案", max_length=40)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField("指定时间")
    ended_at = models.DateTimeField("取消时间", null=True)

    objects = NamedQuerySet.as_manager()

    class Meta:
        verbose_name = "特权查询操作员"
        constraints = [
            models.UniqueConstraint(
                fields=["operator"],
                condition=Q(ended_at__isnull=True),
                name="an_operator_is_named_once",
                violation_error_message="已经指定过这位操作员。",
            ),
            models.CheckConstraint(
                name="nobody_names_themselves",
                condition=~Q(operator=F("named_by")),
                violation_error_message="不能指定自己。",
            ),
        ]

    @classmethod
    def names(cls, operator) -> bool:
        """Whether somebody is named now."""
        return bool(_named(operator.pk, operator.region))


@prepared
def _named(operator: int, region: str) -> models.QuerySet:
    return NamedOperator.objects.filter(operator=operator, region=region, ended_at=None).values_list("pk")


class QueryState(models.TextChoices):
    ASKED = "asked", "待批准"
    APPROVED = "approved", "已批准"
    DECLINED = "declined", "未批准"
    ENDED = "ended", "已结束"


class Scope(models.TextChoices):
    """What is asked for."""

    EMPLOYER = "employer", "一个单位：登记资料、操作员、在保人员"
    PERSON = "person", "一个人：身份资料、各单位的参保和缴费"


class PrivilegedQuery(models.Model):
    """One request (特权查询). `asked_by` and `decided_by` are two people; it can be looked at until `until`."""

    region = models.CharField("地区方案", max_length=40)
    scope = models.CharField("范围", max_length=10, choices=Scope)
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey("roster.Person", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField("查询原因", max_length=200)
    basis = models.CharField("依据文书", max_length=100, blank=True)
    state = models.CharField("状态", max_length=10, choices=QueryState, default=QueryState.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("批准时间", null=True)
    note = models.CharField("批准意见", max_length=200, blank=True)
    until = models.DateTimeField("查到什么时候", null=True)

    objects = PrivilegedQuerySet.as_manager()

    class Meta:
        verbose_name = "特权查询"
        constraints = [
            models.CheckConstraint(
                name="a_privileged_query_takes_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                violation_error_message="申请人不能批准自己的查询。",
            ),
            models.CheckConstraint(
                name="an_approved_query_was_approved_and_ends",
                condition=~Q(state=QueryState.APPROVED) | Q(decided_by__isnull=False, until__isnull=False),
                violation_error_message="批准的查询必须有批准人和期限。",
            ),
            models.CheckConstraint(
                name="a_privileged_query_is_about_one_thing",
                condition=Q(scope=Scope.EMPLOYER, employer__isnull=False, person__isnull=True)
                | Q(scope=Scope.PERSON, employer__isnull=True, person__isnull=False),
                violation_error_message="一次只查一个单位或一个人。",
            ),
        ]
        indexes = [models.Index(fields=["region", "state"], name="privileged_by_state")]

    @property
    def is_open(self) -> bool:
        """Whether it may be looked at now."""
        return self.state == QueryState.APPROVED and self.until is not None and self.until > clock.now()


class PrivilegedLook(models.Model):
    """One look (查看记录): what an employer's data was shown for, kept where the employer can read it.

    A look at a person is one row for each employer that has the person.
    """

    query = models.ForeignKey(PrivilegedQuery, on_delete=models.PROTECT, related_name="looks")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("查看时间")
    what = models.CharField("看了什么", max_length=120)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "特权查询查看记录"
        ordering = ["-at", "-pk"]
