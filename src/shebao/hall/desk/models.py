"""The agency's side of what was submitted (审核台): who has it in hand, who signed, what waits to take effect.

What stands here is about one version of a thing: what is taken back and submitted anew has another version, and holds,
signatures and approvals that were about the old one mean nothing any more. Declarations are kept here; what else waits
at the desk has tables of the same shape beside it.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from ..scopes import ScopedQuerySet, scoped


class InHand(models.Model):
    """A thing as the desk has it. `holder` works on it (领取); nobody: it is there to be claimed.

    `held_on` stops the clock (挂起) of the version `held_version`. `effective_at` is when the approval of the version
    `pending_version` takes effect; until then it can be taken back. `failure` tells why an approval came to nothing.
    """

    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField("领取时间", null=True)
    held_on = models.DateField("挂起日期", null=True)
    held_version = models.PositiveIntegerField("挂起时的版本", null=True)
    pending_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    pending_version = models.PositiveIntegerField("待生效的版本", null=True)
    pending_note = models.CharField("审核意见", max_length=300, blank=True)
    effective_at = models.DateTimeField("生效时间", null=True)
    failure = models.CharField("没有生效的原因", max_length=300, blank=True)

    class Meta:
        abstract = True


class Signature(models.Model):
    """One signature under one step of a review (初审、复审). One that was taken back stays, with the time."""

    version = models.PositiveIntegerField("版本")
    step = models.CharField("环节", max_length=20)
    role = models.CharField("角色", max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField("意见", max_length=300, blank=True)
    at = models.DateTimeField("时间")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]


class NoteKind(models.TextChoices):
    CLAIM = "claim", "领取"
    GIVE_BACK = "give_back", "放回待领"
    TAKE_OVER = "take_over", "接手"
    TRANSFER = "transfer", "转办"
    HOLD = "hold", "挂起"
    RESUME = "resume", "恢复"
    NOTE = "note", "备注"
    FAILED = "failed", "没有生效"
    UNDO = "undo", "撤回通过"


class InternalNote(models.Model):
    """What happened inside the agency, and what its people wrote to each other; nobody else sees it.

    `by` is None where nobody did it: an approval that could not take effect.
    """

    kind = models.CharField("种类", max_length=12, choices=NoteKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.CharField("内容", max_length=300, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        abstract = True
        ordering = ["at", "pk"]


class DeskCase(InHand):
    """A declaration as the desk has it."""

    declaration = models.OneToOneField(
        "declarations.Declaration", on_delete=models.PROTECT, primary_key=True, related_name="desk"
    )

    objects = scoped("declaration__employer").as_manager()

    class Meta:
        verbose_name = "审核台办件"
        constraints = [
            models.CheckConstraint(
                name="a_held_case_is_in_somebodys_hands",
                condition=Q(held_on__isnull=True) | Q(holder__isnull=False),
                violation_error_message="挂起的办件必须有人负责。",
            ),
            models.CheckConstraint(
                name="what_takes_effect_was_approved_by_somebody",
                condition=Q(effective_at__isnull=True) | Q(pending_by__isnull=False, pending_version__isnull=False),
                violation_error_message="待生效的办件必须有审核人。",
            ),
        ]
        indexes = [models.Index(fields=["holder"], name="desk_by_holder")]


class Approval(Signature):
    """A signature under a declaration. `declarer` is who entered it: another person."""

    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="approvals")
    declarer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = scoped("declaration__employer").as_manager()

    class Meta(Signature.Meta):
        verbose_name = "审核签署"
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "version", "by"],
                condition=Q(withdrawn_at__isnull=True),
                name="nobody_signs_a_declaration_twice",
                violation_error_message="同一件您已经签过，复审须由另一人办理。",
            ),
            models.CheckConstraint(
                name="who_declared_does_not_sign",
                condition=~Q(by=F("declarer")),
                violation_error_message="录入这笔申报的人不能自己审核。",
            ),
        ]


class DeskNote(InternalNote):
    """What happened to a declaration inside the agency; the employer does not see it."""

    declaration = models.ForeignKey("declarations.Declaration", on_delete=models.PROTECT, related_name="desk_notes")

    objects = scoped("declaration__employer").as_manager()

    class Meta(InternalNote.Meta):
        verbose_name = "内部备注"


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Where the desk keeps what it knows of one kind of thing; `about` is the column that leads to the thing.

    `this` and `noun` are what its people call one; `maker` is the column of who entered it, "" where nobody did who has
    an account.
    """

    about: str
    case: type[models.Model]
    signature: type[models.Model]
    note: type[models.Model]
    this: str
    noun: str
    maker: str = ""

    def key(self, row) -> int:
        """The key of the thing that a row of these tables is about."""
        return getattr(row, f"{self.about}_id")

    def at(self, row):
        """The thing itself that such a row is about."""
        return getattr(row, self.about)


DECLARED = Tables(
    about="declaration", case=DeskCase, signature=Approval, note=DeskNote, this="这笔", noun="申报",
    maker="declared_by",
)  # fmt: skip


class SampleQuerySet(ScopedQuerySet):
    def visible_to(self, actor):
        """One's own: what was drawn for somebody is to be opened by them."""
        return self.filter(drawn_for=actor) if actor.is_desk else self.none()


class Sample(models.Model):
    """Cases of one batch, some of them drawn by lot (抽查): those are opened before the batch is approved."""

    drawn_for = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("抽取时间")
    chosen = models.JSONField("整批", default=list)
    drawn = models.JSONField("抽中", default=list)
    opened = models.JSONField("已打开", default=list)

    objects = SampleQuerySet.as_manager()

    class Meta:
        verbose_name = "批量抽查"

    @property
    def left(self) -> list[int]:
        """Which of those drawn are still to be opened."""
        return [pk for pk in self.drawn if pk not in self.opened]
