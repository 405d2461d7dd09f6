"""Looking at a whole identity number (查看完整号码): a right of its own, with a reason, not too often, on record."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Model

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..errors import Refused, permit
from ..operators.models import Attempt
from ..operators.throttle import may_try
from .models import Employee

REASONS = ("核对本人证件", "办理社保业务", "核对或更正资料", "答复职工本人")
"""What the page offers; anything else is written out."""
REASON_LENGTH = 100
HOUR = timedelta(hours=1)
MOST_IN_AN_HOUR = 100
ALERT_ABOVE = 50
PURPOSE = "unmask"
RIGHT, TITLE = "unmask", "查看完整号码"
SHEETS_IN_AN_HOUR, SHEETS_ALERT_ABOVE = 10, 5
SHEETS = "unmask-sheet"
PAPERS, PAPERS_IN_AN_HOUR = "papers", 500
"""On a photographed card stands a number: so many papers of cases are opened in an hour, five of each of a hundred."""


@transaction.atomic
def reveal_id_number(employee_pk: int, reason: str, *, by) -> str:
    """The whole identity number of one of the actor's employees; look and reason are on record, the number is not.

    More than fifty in an hour raise an alert, more than a hundred are refused. Raises Employee.DoesNotExist for anybody
    else's, Refused without the right, without a reason, or too often.
    """
    permit(by, RIGHT, TITLE)
    employee = Employee.objects.visible_to(by).select_related("person", "employer").get(pk=employee_pk)
    note_whole(employee, reason, by=by, employer=employee.employer)
    return employee.person.id_number


@transaction.atomic
def note_whole(subject: Model, reason: str, *, by, employer) -> None:
    """Whoever shows a whole number, whatever it belongs to, asks here first: the right, the reason, how often, record.

    How often counts the looks: a case is one, with all that is hidden on it. Raises Refused.
    """
    permit(by, RIGHT, TITLE)
    reason = _stated(reason)
    if not may_try(PURPOSE, str(by.pk), limit=MOST_IN_AN_HOUR, within=HOUR):
        text = f"一小时内查看完整号码不能超过 {MOST_IN_AN_HOUR} 次，请稍后再试；要批量核对的，请导出名单。"
        raise Refused("unmasked_too_often", text, status=429)
    record("reveal_id_number", subject, by=by, employer=employer, reason=reason)
    if looks_in_an_hour(by) == ALERT_ABOVE + 1:
        record("alert.unmasking", by, by=by, employer=employer, count=ALERT_ABOVE + 1)


def let_open_paper(*, by) -> None:
    """Whoever of the agency opens the paper of a case asks here first how often. Raises Refused."""
    if not may_try(PAPERS, str(by.pk), limit=PAPERS_IN_AN_HOUR, within=HOUR):
        text = f"一小时内打开的材料不能超过 {PAPERS_IN_AN_HOUR} 份，请稍后再看。"
        raise Refused("papers_too_often", text, status=429)


@transaction.atomic
def note_sheet(employer, reason: str, *, by, service: str, heads: int) -> None:
    """Somebody takes a sheet with the whole numbers of everybody along (在册人员模板): on record with the reason.

    More than five in an hour raise an alert, more than ten are refused. Raises Refused as `reveal_id_number` does.
    """
    permit(by, RIGHT, TITLE)
    reason = _stated(reason)
    if not may_try(SHEETS, str(by.pk), limit=SHEETS_IN_AN_HOUR, within=HOUR):
        text = f"一小时内下载在册人员不能超过 {SHEETS_IN_AN_HOUR} 次，请稍后再试。"
        raise Refused("unmasked_too_often", text, status=429)
    record("roster.template_made", employer, by=by, employer=employer, service=service, heads=heads, reason=reason)
    if looks_in_an_hour(by, SHEETS) == SHEETS_ALERT_ABOVE + 1:
        record("alert.unmasking_sheets", by, by=by, employer=employer, count=SHEETS_ALERT_ABOVE + 1)


def _stated(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("reason_missing", "请选择或填写查看完整号码的原因。", field="reason")
    if len(reason) > REASON_LENGTH:
        raise Refused("reason_too_long", f"原因最多 {REASON_LENGTH} 个字，请写短一些。", field="reason")
    return reason


def looks_in_an_hour(operator, purpose: str = PURPOSE) -> int:
    """How many whole numbers, or sheets of them, the operator looked at within the last hour."""
    digest = blind_index(f"attempt:{purpose}", str(operator.pk))
    return Attempt.objects.filter(purpose=purpose, who=digest, at__gt=clock.now() - HOUR).count()
