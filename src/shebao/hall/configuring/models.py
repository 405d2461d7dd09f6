"""A file of a region's folder as somebody proposed it; in force it is only in the folder."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from shebao.rules.proposals import VALUES


class ProposalState(models.TextChoices):
    PROPOSED = "proposed", "待审批"
    DECLINED = "declined", "未同意"
    APPROVED = "approved", "已同意，待启用"
    ACTIVE = "active", "已启用"


class ProposalQuerySet(models.QuerySet):
    def visible_to(self, actor):
        """The agency's of one's own region; nothing for an employer's people."""
        return self.filter(region=actor.region) if actor.is_desk else self.none()

    def awaiting(self, region: str, operator: int):
        """Those of a region that an operator of its agency may agree to: proposed by somebody else."""
        return self.filter(region=region, state=ProposalState.PROPOSED).exclude(proposed_by=operator)


class FolderProposal(models.Model):
    """What a file of the region's folder is to say (修改方案). `fingerprint` is of the region it was made for,
    `made_from` what the file said there; where the folder changed meanwhile, both and `text` are as was agreed to.

    `proposed_by` and `decided_by` are two people. Once it is active the folder says it, and this row only tells how
    that came about: `changed` is what was shown to whoever agreed, in words, for the folder no longer says it.
    """

    region = models.CharField("地区方案", max_length=40)
    file = models.CharField("文件", max_length=80, default=VALUES)
    text = models.TextField("拟定的内容")
    made_from = models.TextField("提出时的内容", blank=True, default="")
    changed = models.JSONField("改了什么", default=list)
    reason = models.CharField("说明", max_length=200)
    fingerprint = models.CharField("提出时的指纹", max_length=12)
    state = models.CharField("状态", max_length=10, choices=ProposalState, default=ProposalState.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True)
    note = models.CharField("审批意见", max_length=200, blank=True)
    active_at = models.DateTimeField("启用时间", null=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = "地区方案修改"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="new_values_take_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                violation_error_message="提出的人不能自己审批。",
            ),
            models.CheckConstraint(
                name="decided_values_were_decided_by_somebody",
                condition=Q(state=ProposalState.PROPOSED) | Q(decided_by__isnull=False),
                violation_error_message="审批过的方案必须有审批人。",
            ),
        ]
