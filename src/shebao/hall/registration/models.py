"""An employer that registers (单位注册): its application, what it agreed to, its papers, and the way to its account."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from shebao.rules.region import Registration as Wizard
from shebao.rules.region_reviews import ReviewStep

from .. import clock
from ..desk.models import InHand, InternalNote, Signature, Tables
from ..fields import EncryptedJSONField, EncryptedTextField
from ..regions import region
from ..scopes import served_by
from .join_states import JoinState
from .states import TITLES, UNDECIDED, State


class RegistrationQuerySet(models.QuerySet):
    """What an applicant still prepares is nobody else's; the agency sees what was given to it."""

    def visible_to(self, actor):
        """Of one's own region and divisions, once submitted; an employer's people see none."""
        return self.filter(served_by(actor)).exclude(state=State.DRAFT)


class Registration(models.Model):
    """One application (注册申请). Who prepares it is known by its number and the clerk's telephone.

    `answers` holds every form's answers; `before` those of the last return, so that a repair shows; `areas` what is to
    be opened; `marks` what the reviewer marked; `proved_digest` which telephone was proved with a code, so that another
    one is asked anew; `agency_division` which part of the agency the applicant chose. `entered_by` is who of the agency
    entered it at the counter on the employer's behalf, `seen_papers` the papers they had in hand, `kept_at` where those
    are kept. Drafts left alone are forgotten.
    """

    region = models.CharField("地区方案", max_length=40)
    number = models.CharField("申请号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=20, choices=State, default=State.DRAFT)
    answers = EncryptedJSONField("填写内容", default=dict)
    before = EncryptedJSONField("退回前", default=dict)
    areas = models.JSONField("开通的业务", default=list)
    agency_division = models.CharField("经办区划", max_length=12, blank=True, default="")
    credit_digest = models.CharField("信用代码索引", max_length=32, blank=True)
    phone_digest = models.CharField("手机号码索引", max_length=32, blank=True)
    proved_digest = models.CharField("验证过的手机号码索引", max_length=32, blank=True, default="")
    marks = models.JSONField("退回标注", default=dict)
    note = models.CharField("审核意见", max_length=300, blank=True)
    revision = models.PositiveIntegerField("第几次提交", default=0)
    version = models.PositiveIntegerField("版本", default=1)
    touched_at = models.DateTimeField("最后填写时间")
    submitted_at = models.DateTimeField("提交时间", null=True)
    due_on = models.DateField("办结时限", null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("办结时间", null=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    seen_papers = models.JSONField("窗口核对的纸质材料", default=list)
    kept_at = models.CharField("纸质材料存放", max_length=120, blank=True, default="")
    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, null=True, related_name="+")
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = "单位注册申请"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "credit_digest"],
                condition=Q(state__in=UNDECIDED),
                name="one_undecided_registration_for_a_credit_code",
                violation_error_message="该单位已有注册申请在审核。",
            ),
            models.CheckConstraint(
                name="an_approved_registration_has_an_employer_and_an_account",
                condition=~Q(state=State.APPROVED) | Q(employer__isnull=False, operator__isnull=False),
                violation_error_message="审核通过的注册申请必须有单位和账号。",
            ),
            models.CheckConstraint(
                name="a_refused_registration_has_a_reviewer",
                condition=~Q(state__in=[State.RETURNED, State.REJECTED]) | Q(decided_by__isnull=False),
                violation_error_message="退回和不予办理的注册申请必须有审核人。",
            ),
        ]
        indexes = [models.Index(fields=["region", "state", "submitted_at"], name="registration_for_desk")]

    def __str__(self):
        return self.number

    @property
    def spec(self) -> Wizard:
        """The region's wizard."""
        return region(self.region).registration

    @property
    def state_label(self) -> str:
        """The state in one word."""
        if self.state == State.APPROVED and self.decided_by_id is None:
            return "已注册"
        return State(self.state).label

    @property
    def subject_name(self) -> str:
        """Whom it is about, as the desk names it: the employer that registers."""
        return self.answers.get("name", "")

    @property
    def case_number(self) -> str:
        """What the desk records it by."""
        return self.number

    @property
    def review_steps(self) -> tuple[ReviewStep, ...]:
        """Who has to sign it, in order; one person where nobody does else, as of an employer that is on file."""
        return self.spec.review_steps or (ReviewStep("first_review"),)


class DeskQuerySet(models.QuerySet):
    """What the agency knows of registrations: for those who serve their region and division."""

    def visible_to(self, actor):
        """As for the registrations themselves."""
        return self.filter(served_by(actor, "registration"))


class RegistrationCase(InHand):
    """A registration as the desk has it."""

    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, primary_key=True, related_name="desk")

    objects = DeskQuerySet.as_manager()

    class Meta:
        verbose_name = "注册办件"
        constraints = [
            models.CheckConstraint(
                name="a_held_registration_is_in_somebodys_hands",
                condition=Q(held_on__isnull=True) | Q(holder__isnull=False),
                violation_error_message="挂起的注册申请必须有人负责。",
            ),
            models.CheckConstraint(
                name="a_registration_that_takes_effect_was_approved_by_somebody",
                condition=Q(effective_at__isnull=True) | Q(pending_by__isnull=False, pending_version__isnull=False),
                violation_error_message="待生效的注册申请必须有审核人。",
            ),
        ]


class RegistrationSignature(Signature):
    """A signature under a registration. `decided` is what this reviewer would register with it (通过时登记).

    `declarer` is who of the agency entered it, another person; None where the applicant did.
    """

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="signatures")
    declarer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided = models.JSONField("通过时登记", default=dict)

    objects = DeskQuerySet.as_manager()

    class Meta(Signature.Meta):
        verbose_name = "注册审核签署"
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "version", "by"],
                condition=Q(withdrawn_at__isnull=True),
                name="nobody_signs_a_registration_twice",
                violation_error_message="同一份申请您已经签过，复审须由另一人办理。",
            ),
            models.CheckConstraint(
                name="who_entered_a_registration_does_not_sign_it",
                condition=Q(declarer__isnull=True) | ~Q(by=models.F("declarer")),
                violation_error_message="在窗口录入这份申请的人不能自己审核。",
            ),
        ]


class RegistrationNote(InternalNote):
    """What happened to a registration inside the agency; the applicant does not see it."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="desk_notes")

    objects = DeskQuerySet.as_manager()

    class Meta(InternalNote.Meta):
        verbose_name = "注册内部备注"


NAME = 120


class RegistrationEvent(models.Model):
    """One step of a registration (注册轨迹): submitted, returned, approved, rejected; what was said then stays here.

    `name` is what the employer called itself at that moment. `by` is None for the applicant, who has no account.
    """

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="events")
    move = models.CharField("动作", max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("时间")
    name = models.CharField("单位名称", max_length=NAME, blank=True)
    note = models.CharField("审核意见", max_length=300, blank=True)
    marks = models.JSONField("退回标注", default=dict)

    objects = DeskQuerySet.as_manager()

    class Meta:
        verbose_name = "注册轨迹"
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["by", "at"], name="registrations_decided_by")]

    @property
    def title(self) -> str:
        """What was done, in words."""
        return TITLES[self.move]


REGISTERED = Tables(
    about="registration", case=RegistrationCase, signature=RegistrationSignature, note=RegistrationNote,
    this="这份", noun="注册申请", maker="entered_by",
)  # fmt: skip


class Agreement(models.Model):
    """What was agreed to (电子协议): the text itself with its version and digest, by whom and when. Never changed."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="agreements")
    title = models.CharField("协议名称", max_length=120)
    version = models.CharField("版本", max_length=40)
    digest = models.CharField("正文摘要", max_length=64)
    text = models.TextField("正文")
    agreed_by = EncryptedTextField("同意人")
    agreed_at = models.DateTimeField("同意时间")

    class Meta:
        verbose_name = "电子协议"
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "digest"],
                name="a_text_is_agreed_to_once",
                violation_error_message="这份协议已经同意过。",
            )
        ]


class RegistrationPaper(models.Model):
    """One file of a registration for one of the papers that the region asks for."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="papers")
    title = models.CharField("材料名称", max_length=120)
    stored = models.ForeignKey("evidence.StoredFile", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "注册材料"
        ordering = ["pk"]


class Activation(models.Model):
    """A link that lets the owner of a new account set its password, once and not for long (激活链接).

    Only a digest of what the link holds is kept.
    """

    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField("链接摘要", max_length=64, unique=True)
    made_at = models.DateTimeField("生成时间")
    until = models.DateTimeField("有效期至")
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = "激活链接"


class JoinQuerySet(models.QuerySet):
    """Who asks for an account is the business of those who give accounts at that employer, and of nobody else."""

    def visible_to(self, actor):
        """Of one's own employer, once submitted, for whoever may manage its operators; the agency sees none."""
        if not (actor.employer_id and actor.may("manage_operators")):
            return self.none()
        return self.filter(employer=actor.employer_id).exclude(state=JoinState.DRAFT)


class JoinRequest(models.Model):
    """Somebody asks for an account of their own at an employer that has some (加入申请).

    `answers` are those of the region's form `join_request`. A draft is one whose telephone is not proved yet: nobody
    sees it. Once submitted it waits until `until`; `note` is what the administrator said who declined it. `operator` is
    the account that it led to.
    """

    employer = models.ForeignKey("employers.Employer", on_delete=models.PROTECT, related_name="join_requests")
    number = models.CharField("申请号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=20, choices=JoinState, default=JoinState.DRAFT)
    answers = EncryptedJSONField("填写内容", owner="employer_id", default=dict)
    phone_digest = models.CharField("手机号码索引", max_length=32)
    proved_digest = models.CharField("验证过的手机号码索引", max_length=32, blank=True, default="")
    note = models.CharField("不同意的原因", max_length=300, blank=True)
    started_at = models.DateTimeField("填写时间")
    submitted_at = models.DateTimeField("提交时间", null=True)
    until = models.DateTimeField("有效期至", null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField("办结时间", null=True)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = JoinQuerySet.as_manager()

    class Meta:
        verbose_name = "加入申请"
        constraints = [
            models.UniqueConstraint(
                fields=["employer", "phone_digest"],
                condition=Q(state=JoinState.SUBMITTED),
                name="one_open_join_request_of_a_telephone_at_an_employer",
                violation_error_message="这个手机号在这个单位已有一份待处理的加入申请。",
            ),
            models.CheckConstraint(
                name="a_submitted_join_request_has_an_end",
                condition=Q(state=JoinState.DRAFT) | Q(submitted_at__isnull=False, until__isnull=False),
                violation_error_message="已提交的加入申请必须有提交时间和有效期。",
            ),
            models.CheckConstraint(
                name="an_accepted_join_request_has_an_account",
                condition=~Q(state=JoinState.APPROVED) | Q(operator__isnull=False, decided_by__isnull=False),
                violation_error_message="已同意的加入申请必须有账号和同意的管理员。",
            ),
            models.CheckConstraint(
                name="a_declined_join_request_says_who_and_why",
                condition=~Q(state=JoinState.REJECTED) | (Q(decided_by__isnull=False) & ~Q(note="")),
                violation_error_message="未同意的加入申请必须有管理员和原因。",
            ),
        ]
        indexes = [models.Index(fields=["employer", "state", "submitted_at"], name="join_request_of_an_employer")]

    def __str__(self):
        return self.number

    @property
    def state_label(self) -> str:
        """The state in one word."""
        return JoinState(self.standing).label

    @property
    def standing(self) -> str:
        """The state as of now: what nobody decided in its time has run out, whether or not the chore came by."""
        is_late = self.state == JoinState.SUBMITTED and self.until <= clock.now()
        return JoinState.EXPIRED if is_late else self.state

    @property
    def is_proved(self) -> bool:
        """Whether the telephone was proved with a code."""
        return self.proved_digest == self.phone_digest
