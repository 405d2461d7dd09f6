"""A decided case declared anew (复制重报): its answers, its papers and what the reviewer said, in a new draft."""

from django.db import transaction

from .. import clock
from ..errors import Conflict, Refused, permit_service
from ..evidence.operations import copy_evidence
from ..regions import region
from .declared_month import declared_month
from .models import Declaration, DeclarationEvent
from .pipe import audit, locked, races_become_conflicts
from .preview import previews, raw_answers
from .seconding import waits
from .states import COPIED, State


@transaction.atomic
def copy_declaration(pk: int, *, by) -> Declaration:
    """Make a new draft from a decided case; the old one stays as it is.

    What the checks find now is kept with the draft: it is judged whole when it is submitted. Raises Refused for a
    case that is not decided, Conflict when the person has an undecided declaration of the service already.
    """
    (source,) = locked([pk], by=by)
    permit_service(by, source.spec)
    if source.state not in COPIED:
        text = f"这笔申报现在是“{source.state_label}”，还没有办结，不能复制。"
        raise Refused("not_decided", text)
    if not waits(source.spec, source.employer):
        raise Refused("not_copied_here", f"“{source.spec.title}”保存即生效，请直接录入新的申报。")
    found = _found(source, by)
    copy = Declaration(
        employer=source.employer,
        region=source.region,
        service=source.service,
        month=declared_month(region(source.region)),
        first_month=found.first_month or source.first_month,
        employee=found.known or source.employee,
        subject_name=source.subject_name,
        subject_digest=source.subject_digest,
        answers=source.answers,
        before=found.old_side,
        problems=[problem.kept() for problem in found.problems],
        confirmed=source.confirmed,
        marks=source.marks if source.state == State.REJECTED else {},
        note=source.note if source.state == State.REJECTED else "",
        effect_fen=found.effect_fen,
        copied_from=source,
        declared_by=by,
        declared_at=clock.now(),
    )
    with races_become_conflicts():
        copy.save()
    DeclarationEvent.objects.create(
        declaration=copy, move="copy", to_state=State.DRAFT, by=by, at=copy.declared_at, note=_from(source)
    )
    audit("declaration.copied", [copy], by=by)
    copy_evidence(source, copy, by=by)
    return copy


def _found(source: Declaration, by):
    """What the checks say of the old answers today. Raises Conflict when one is being declared already."""
    form = source.form
    (found,) = previews(
        source.employer, source.service, [raw_answers(form, source.answers)], by=by, confirmed=[source.confirmed]
    )
    for problem in found.problems:
        if problem.code == "already_declared":
            raise Conflict("already_declared", problem.message)
    return found


def _from(source: Declaration) -> str:
    return f"由办件 {source.case_number or source.pk} 复制"
