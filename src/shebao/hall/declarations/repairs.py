"""What changed between one submission and the next: a returned declaration is repaired before it goes again."""

from collections.abc import Iterable
from datetime import datetime

from ..evidence.models import Evidence
from ..services.scene import chunks
from .models import Declaration, DeclarationEvent

UNREPAIRED = "还没有按审核意见修改。请先修改；内容确实无误的，请在修改页写明说明，再提交。"


def unrepaired(declarations: Iterable[Declaration]) -> set[int]:
    """Of these, the returned ones that since then neither changed, in an answer or a paper, nor were explained."""
    known = {d.pk: d for d in declarations if d.revision}
    sent: dict[int, dict] = {}
    returned: dict[int, datetime] = {}
    explained: set[int] = set()
    for part in chunks(known):
        rows = DeclarationEvent.objects.filter(declaration__in=part, move__in=("submit", "return", "repair"))
        for event in rows.order_by("at", "pk"):
            pk = event.declaration_id
            if event.move == "submit":
                sent[pk] = event.answers
                returned.pop(pk, None)
            elif event.move == "return":
                returned[pk] = event.at
                explained.discard(pk)
            elif event.note:
                explained.add(pk)
    same = {pk for pk in returned.keys() - explained if known[pk].answers == sent.get(pk)}
    return same - {pk for pk, at in _papers_changed(same) if at > returned[pk]}


def _papers_changed(pks: set[int]) -> list[tuple[int, datetime]]:
    """When a paper was added to a declaration or taken from it."""
    moments = []
    for part in chunks(pks):
        rows = Evidence.objects.filter(declaration__in=part)
        for pk, added_at, removed_at in rows.values_list("declaration_id", "added_at", "removed_at"):
            moments += [(pk, added_at), *([(pk, removed_at)] if removed_at else [])]
    return moments


def submissions(events: Iterable[DeclarationEvent]) -> list[dict]:
    """What was sent to review, first to last."""
    return [event.answers for event in events if event.move == "submit"]


def changed_fields(form, earlier: dict, later: dict) -> list[str]:
    """The labels of the answers that differ, in the order of the form."""
    return [one.label for one in form.fields if blank(earlier.get(one.id)) != blank(later.get(one.id))]


def blank(value):
    """An answer, where none and an empty one are the same."""
    return None if value == "" else value


def explanation(events: Iterable[DeclarationEvent]) -> str:
    """What the employer wrote to the reviewer with the last repair since the last return."""
    said = ""
    for event in events:
        if event.move == "return":
            said = ""
        elif event.move == "repair" and event.note:
            said = event.note
    return said
