"""Reading is on record too: whose data somebody looked at and why, what was taken along, and what was refused."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import models, transaction

from ..operators.throttle import may_try
from .models import AuditHead
from .operations import record
from .origin import origin

LOOKS = (
    *("data.looked_at", "person.looked_at", "privileged.asked", "privileged.looked", "evidence.looked_at"),
    *("reveal_id_number", "roster.template_made"),
    *("data.exported", "export.started", "document.downloaded"),
)
"""Who read an employer's data, at the agency or among its own people: the employer reads this (查阅记录).

Looks at pages and papers, whole numbers one by one or in a sheet, and what was taken along.
"""
MARK = 200
"""Characters of a watermark: a page header of a workbook holds no more."""
GLANCE, AN_HOUR = "glance", timedelta(hours=1)


@transaction.atomic
def note_look(subject: models.Model, reason: str, *, by, employer, action: str = "data.looked_at") -> None:
    """Somebody looked at an employer's data (查阅), in the words of why."""
    record(action, subject, by=by, employer=employer, reason=reason)


@transaction.atomic
def note_glance(subject: models.Model, title: str, *, by, employer) -> None:
    """Somebody was shown the small picture of a paper: on record once an hour, however often a page draws it."""
    if may_try(GLANCE, f"{by.pk}:{subject._meta.model_name}:{subject.pk}", limit=1, within=AN_HOUR):
        note_look(subject, f"缩略图：{title}", by=by, employer=employer, action="evidence.looked_at")


@transaction.atomic
def note_export(subject: models.Model, title: str, *, by) -> None:
    """A table with people's data was downloaded (导出)."""
    record("data.exported", subject, by=by, employer=by.employer, kind=title)


@transaction.atomic
def note_refusal(place: str, status: int, *, by) -> None:
    """Somebody was refused a page or an object (越权访问): its name in the list of addresses, never what was typed."""
    record("access.refused", by, by=by, kind=place, state=str(status))


def watermark(by, at, serial: str = "") -> str:
    """Who takes a file along, for which employer, when, and by what number the record knows it: on every sheet of it.

    The number is the request's where no other is given.
    """
    owner = by.employer.name if by.employer_id else by.region
    number = serial or origin().request
    told = f" {by.name}（{by.username}）{at:%Y-%m-%d %H:%M} 导出" + (f" 编号 {number}" if number else "")
    return owner[: MARK - len(told)] + told


@transaction.atomic
def note_failed_sign_in(username: str) -> None:
    """A sign-in that failed (登录失败). What was typed is not kept: it may be anything, also somebody's number.

    An account that does not exist costs the same question and the same record, so that the time tells nothing.
    """
    operator = get_user_model().objects.filter(username=username).select_related("employer").first()
    record("operator.sign_in_failed", operator or AuditHead(pk=1), by=None)
