"""The employer's own confirmation (内部复核): what one operator submits goes out once another has confirmed it."""

from django.db import transaction

from .. import clock
from ..bulk import insert_rows, update_rows
from ..errors import Conflict, Refused, permit
from .models import Declaration, DeclarationEvent
from .pipe import audit, locked

WRITING = ("save", "repair", "copy")
OPEN_FOR = ("draft", "returned")
"""States in which a declaration may wait for a second person."""
SAME_PERSON = "内部复核须由另一位操作员办理：您录入、修改或送过这一笔。"
NOT_A_CHECKER = "已送复核，等有“复核”权限的操作员确认后才会提交。"


def waits(service, employer) -> bool:
    """Whether what is saved waits to be submitted: by the region's service, or because a second person confirms it."""
    return service.waits or employer.needs_second


def ready_to_go(ready: list[Declaration], *, by, refused: list[tuple[Declaration, str]]):
    """Which of the checked declarations go out now, and which are only handed to a second person; (going, proposed).

    Who wrote, changed or proposed one is refused; so is whoever may not confirm (复核). Nothing is refused where no
    second person is asked for.
    """
    asking = [] if by.is_agency else [one for one in ready if one.asks_second]
    if not asking:
        return ready, []
    own = _written_by(by, asking)
    going, proposed = [one for one in ready if not one.asks_second], []
    for one in asking:
        if one.proposed_by_id is None:
            proposed.append(one)
        elif one.pk in own or by.pk in (one.proposed_by_id, one.declared_by_id):
            refused.append((one, SAME_PERSON))
        elif not by.may("confirm"):
            refused.append((one, NOT_A_CHECKER))
        else:
            going.append(one)
    if proposed:
        _propose(proposed, by)
    return going, proposed


def _written_by(by, declarations: list[Declaration]) -> set[int]:
    events = DeclarationEvent.objects.filter(declaration__in=declarations, by=by, move__in=WRITING)
    return set(events.values_list("declaration", flat=True))


def for_another(declarations: list[Declaration], *, by) -> set[int]:
    """Which declarations wait for somebody else than `by` to confirm them."""
    proposed = [one for one in declarations if one.proposed_by_id and one.asks_second]
    own = _written_by(by, proposed) if proposed else set()
    return {
        one.pk
        for one in proposed
        if one.pk in own or by.pk in (one.proposed_by_id, one.declared_by_id) or not by.may("confirm")
    }


def _propose(declarations: list[Declaration], by) -> None:
    for one in declarations:
        one.proposed_by, one.proposed_at = by, clock.now()
    update_rows(declarations, "proposed_by", "proposed_at")
    _keep("propose", declarations, by)
    audit("declaration.proposed", declarations, by=by)


@transaction.atomic
def send_back(pks: list[int], note: str, *, by) -> list[Declaration]:
    """Give what waits for confirmation back to whoever prepared it, with the reason (复核退回).

    Raises Refused without a reason or permission, Conflict for one that does not wait any more.
    """
    permit(by, "confirm", "复核")
    if not note.strip():
        raise Refused("reason_missing", "请写明退回的原因，录入人会看到。", field="note")
    declarations = locked(pks, by=by)
    if gone := [one.subject_name for one in declarations if one.proposed_by_id is None or one.state not in OPEN_FOR]:
        raise Conflict("not_proposed", f"{'、'.join(gone[:5])}的申报已不在待复核，请刷新后再看。")
    for one in declarations:
        one.proposed_by = one.proposed_at = None
    update_rows(declarations, "proposed_by", "proposed_at")
    _keep("send_back", declarations, by, note.strip()[:300])
    audit("declaration.sent_back", declarations, by=by)
    return declarations


def sent_back(declarations: list[Declaration]) -> dict[int, str]:
    """Of those that the second person gave back and nobody changed or proposed since: the reason, by key."""
    open_again = [one for one in declarations if one.proposed_by_id is None and one.asks_second]
    if not open_again:
        return {}
    events = DeclarationEvent.objects.filter(declaration__in=open_again).order_by("at", "pk")
    last = {key: (move, note) for key, move, note in events.values_list("declaration", "move", "note")}
    return {key: note for key, (move, note) in last.items() if move == "send_back"}


def _keep(move: str, declarations: list[Declaration], by, note: str = "") -> None:
    same = {"move": move, "by_id": by.pk, "at": clock.now(), "note": note}
    insert_rows(
        [DeclarationEvent(declaration=one, from_state=one.state, to_state=one.state, **same) for one in declarations]
    )
