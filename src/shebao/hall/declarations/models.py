"""The declaration (申报): everything an employer asks for takes this one shape."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from shebao.rules.forms import when_confirmed
from shebao.rules.identity import masked_name
from shebao.rules.region_reviews import ReviewStep

from ..fields import EncryptedJSONField, MonthField
from ..regions import region
from ..scopes import ScopedQuerySet, scoped
from .states import OPEN, TITLES, State, label_of


def _unsent(path: str = "") -> Q:
    """Whether a declaration never went out of its employer's hands: a draft that was not submitted yet, or ever."""
    state = Q(**{f"{path}state__in": (State.DRAFT, State.DELETED)})
    return state & Q(**{f"{path}revision": 0, f"{path}at_counter": False})


class DeclarationQuerySet(scoped("employer", people="employee", maker="declared_by")):
    """Declarations; of the services that are withheld from an operator, none."""

    def visible_to(self, actor):
        """As for everything else: not the services that this operator may not use; for the desk, what was submitted."""
        rows = super().visible_to(actor)
        rows = rows.exclude(_unsent()) if actor.is_desk else rows
        return rows.exclude(service__in=hidden) if (hidden := actor.withheld_services()) else rows


class EventQuerySet(scoped("declaration__employer", people="declaration__employee", maker="declaration__declared_by")):
    """The steps of the declarations that one may see."""

    def visible_to(self, actor):
        """As for the declarations themselves."""
        rows = super().visible_to(actor)
        rows = rows.exclude(_unsent("declaration__")) if actor.is_desk else rows
        return rows.exclude(declaration__service__in=hidden) if (hidden := actor.withheld_services()) else rows


class Declaration(models.Model):
    """One employer's request about one person or about itself (申报). Never removed; what happened is in its events.

    `subject_name` and `subject_digest` tell whom it is about: a person's name and number, or the employer's.
    `answers` is the cleaned form; `before` what the roster said when it was saved; `problems` the findings of the
    checks; `confirmed` the reasons the clerk gave for findings that need one; `marks` what the reviewer marked, of a
    copy what was marked in the case that it was made from. `at_counter`: the agency entered it for the employer, so
    that somebody else of the agency reviews it whatever the route says. `proposed_by` submitted it where another of the
    employer's own people must confirm it first (内部复核); until then it is a draft.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="declarations")
    region = models.CharField("地区方案", max_length=40)
    service = models.CharField("事项", max_length=60)
    state = models.CharField("状态", max_length=20, choices=State, default=State.DRAFT)
    case_number = models.CharField("办件号", max_length=30, unique=True, null=True)
    month = MonthField("业务年月")
    first_month = MonthField("生效年月")
    employee = models.ForeignKey("roster.Employee", on_delete=models.PROTECT, null=True, related_name="declarations")
    subject_name = models.CharField("姓名", max_length=120)
    subject_digest = models.CharField("证件索引", max_length=32)
    answers = EncryptedJSONField("申报内容", owner="employer_id")
    before = EncryptedJSONField("申报前", owner="employer_id", default=dict)
    problems = models.JSONField("核验结果", default=list)
    confirmed = models.JSONField("已确认", default=dict)
    marks = models.JSONField("退回标注", default=dict)
    note = models.CharField("审核意见", max_length=300, blank=True)
    effect_fen = models.BigIntegerField("每月影响（分）", default=0)
    at_counter = models.BooleanField("窗口录入", default=False)
    copied_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="copies")
    batch = models.ForeignKey("sheets.Batch", on_delete=models.PROTECT, null=True, related_name="declarations")
    revision = models.PositiveIntegerField("第几次提交", default=0)
    version = models.PositiveIntegerField("版本", default=1)
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    declared_at = models.DateTimeField("录入时间")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField("送复核时间", null=True)
    submitted_at = models.DateTimeField("提交时间", null=True)
    due_on = models.DateField("办结时限", null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("办结时间", null=True)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "申报"
        constraints = [
            models.CheckConstraint(
                name="a_reviewed_declaration_has_a_reviewer",
                condition=~Q(state__in=[State.APPROVED, State.REJECTED, State.RETURNED]) | Q(decided_by__isnull=False),
                violation_error_message="已办结的申报必须有办理人。",
            ),
            models.UniqueConstraint(
                fields=["employer", "service", "subject_digest"],
                condition=Q(state__in=OPEN),
                name="one_open_declaration_for_a_person_and_service",
                violation_error_message="该人员已有同一事项的申报尚未办结。",
            ),
        ]
        indexes = [
            models.Index(fields=["employer", "month", "state"], name="declaration_by_month"),
            models.Index(fields=["region", "state", "submitted_at"], name="declaration_for_desk"),
            models.Index(
                fields=["employer", "decided_at"],
                condition=Q(state=State.APPROVED),
                name="declaration_by_decision",
            ),
        ]

    def __str__(self):
        return f"{self.subject_name} · {self.service}"

    @property
    def findings(self) -> list[dict]:
        """What the checks found, each with the reason that was given; what it asked for is then left out."""
        return [
            p | {"reason": reason, "message": when_confirmed(p["message"]) if reason else p["message"]}
            for p in self.problems
            for reason in [self.confirmed.get(p["code"], "")]
        ]

    @property
    def spec(self):
        """The region's service this declaration asks for."""
        return region(self.region).services[self.service]

    @property
    def subject_masked(self) -> str:
        """Whom it is about, for lists that need name no person: an employer and a project are named whole."""
        is_named = self.spec.subject in ("person", "operator")
        return masked_name(self.subject_name) if is_named else self.subject_name

    @property
    def form(self):
        """The questions that its answers answer."""
        return region(self.region).forms[self.spec.form]

    @property
    def opinion(self) -> str:
        """What the reviewer said (审核意见): the general remark, or else what was written beside the fields."""
        return self.note or "；".join(str(text) for text in self.marks.values() if text)

    @property
    def state_label(self) -> str:
        """The word for its state; what nobody reviews is not called reviewed."""
        return label_of(self.state, self)

    @property
    def is_listed(self) -> bool:
        """Whether its service stands in the menu."""
        return self.spec.is_listed

    @property
    def is_copied(self) -> bool:
        """Whether what is refused is copied into a new one, by the region's route."""
        return self.spec.is_copied

    @property
    def is_direct(self) -> bool:
        """Takes effect without a human review, by the region's route; what the counter entered never does."""
        return self.spec.is_direct and not self.at_counter

    @property
    def waits(self) -> bool:
        """Whether it waits to be submitted."""
        return self.spec.waits or self.at_counter or self.employer.needs_second

    @property
    def asks_second(self) -> bool:
        """Whether another operator of the employer must confirm it (内部复核).

        Not a question about an amount: that changes nothing, and whoever only confirms sees no bill.
        """
        return self.employer.needs_second and self.spec.subject != "amount"

    @property
    def review_steps(self) -> tuple[ReviewStep, ...]:
        """Who has to sign it, in order; where nobody does by the route, one reviewer signs what the counter entered."""
        return self.spec.review_steps or ((ReviewStep("first_review"),) if self.at_counter else ())


class DeclarationEvent(models.Model):
    """One step of a declaration (办件轨迹). `answers` keeps what was submitted, for the difference shown later."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="events")
    move = models.CharField("动作", max_length=20)
    from_state = models.CharField("原状态", max_length=20, blank=True)
    to_state = models.CharField("新状态", max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("时间")
    note = models.CharField("说明", max_length=300, blank=True)
    marks = models.JSONField("标注", default=dict)
    answers = EncryptedJSONField("当时内容", owner="declaration.employer_id", default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "办件轨迹"
        ordering = ["at", "pk"]

    @property
    def title(self) -> str:
        """What was done, in words; where refused cases are declared anew, a rejection is the only way to fail."""
        if self.move == "reject":
            return label_of(State.REJECTED, self.declaration.spec)
        return TITLES.get(self.move, self.move)


class CounterBusiness(models.Model):
    """Something that an employer does at the agency's counter (前台业务); a month is not settled before it is done.

    The agency enters it when it is brought in, and says when it is done.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="counter_business")
    month = MonthField("业务年月")
    title = models.CharField("业务", max_length=60)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField("受理时间")
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField("办结时间", null=True)
    outcome = models.CharField("办理结果", max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "前台业务"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="counter_business_that_is_done_says_by_whom",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False, done_by__isnull=False),
                violation_error_message="办结的前台业务要有经办人。",
            ),
        ]


class FormDraft(models.Model):
    """What was typed but not yet saved (草稿), kept for its writer so that nothing is lost.

    `declaration`: the one that is being repaired; none for a new one.
    """

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="+")
    service = models.CharField("事项", max_length=60)
    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, null=True, related_name="+")
    answers = EncryptedJSONField("内容", owner="employer_id")
    saved_at = models.DateTimeField("保存时间")

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "草稿"
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "employer", "service"],
                condition=Q(declaration__isnull=True),
                name="one_draft_for_an_operator_and_service",
            ),
            models.UniqueConstraint(
                fields=["operator", "declaration"],
                condition=Q(declaration__isnull=False),
                name="one_draft_for_an_operator_and_repair",
            ),
        ]
