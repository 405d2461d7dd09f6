"""Handing over (交接): what an operator has open, and moving it to another of the same employer."""

from dataclasses import dataclass

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..bulk import insert_rows
from ..declarations.models import Declaration, DeclarationEvent, FormDraft
from ..declarations.states import OPEN
from ..errors import Refused
from ..operators.models import Operator
from ..operators.operations import must_manage
from ..sheets.models import Batch, BatchState

ENDED = (BatchState.DONE, BatchState.UNDONE, BatchState.DISCARDED, BatchState.UNREADABLE)


@dataclass(frozen=True)
class Kit:
    """What somebody leaves (交接清单): open declarations, unfinished sheets, and forms typed but never saved."""

    operator: Operator
    declarations: list[Declaration]
    batches: list[Batch]
    typed: list[FormDraft]

    @property
    def is_empty(self) -> bool:
        """Nothing to move."""
        return not (self.declarations or self.batches)


def kit_of(operator_id: int, *, by) -> Kit:
    """What the operator has open, the oldest first. Raises Operator.DoesNotExist for another employer's."""
    operator = Operator.objects.visible_to(by).get(pk=operator_id)
    cases = Declaration.objects.visible_to(by).filter(declared_by=operator, state__in=OPEN)
    batches = Batch.objects.visible_to(by).filter(created_by=operator).exclude(state__in=ENDED)
    typed = FormDraft.objects.visible_to(by).filter(operator=operator).order_by("saved_at")
    return Kit(operator, list(cases.order_by("declared_at", "pk")), list(batches.order_by("pk")), list(typed))


def may_take_over(kit: Kit, *, by) -> list[Operator]:
    """Who can be given the kit: those in use who declare, and not the one who leaves."""
    others = Operator.objects.visible_to(by).filter(is_active=True).exclude(pk=kit.operator.pk).order_by("username")
    return [one for one in others if one.may("declare")]


@transaction.atomic
def hand_over(operator_id: int, to_id: int, *, by) -> tuple[int, int]:
    """Move the open declarations and sheets of one operator to another; returns how many of each.

    Who did what stays in the history. What waits for a second person waits again: the new owner may not confirm it.
    Raises Refused for somebody who cannot take over (field named).
    """
    must_manage(by=by)
    kit = kit_of(operator_id, by=by)
    heir = next((one for one in may_take_over(kit, by=by) if one.pk == to_id), None)
    if heir is None:
        raise Refused("cannot_take_over", "请选择一位在用、能办申报的操作员接手。", field="to")
    keys = [one.pk for one in kit.declarations]
    moved = Declaration.objects.filter(pk__in=keys, declared_by=operator_id, state__in=OPEN).update(declared_by=heir)
    same = {"move": "hand_over", "by_id": by.pk, "at": clock.now(), "note": f"{kit.operator.name} → {heir.name}"}
    insert_rows(
        [
            DeclarationEvent(declaration=one, from_state=one.state, to_state=one.state, **same)
            for one in kit.declarations
        ]
    )
    sheets = Batch.objects.filter(pk__in=[one.pk for one in kit.batches], created_by=operator_id)
    count = sheets.update(created_by=heir)
    record("operator.handed_over", kit.operator, by=by, account=heir.username, drafts=moved, batches=count)
    return moved, count
