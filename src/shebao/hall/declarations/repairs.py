"""What changed between one submission and the next: a returned declaration is repaired before it goes again."""

from collections.abc import Iterable

from ..services.scene import chunks
from .models import Declaration, DeclarationEvent

UNREPAIRED = "还没有按审核意见修改。请先修改；内容确实无误的，请在修改页写明说明，再提交。"


def unrepaired(declarations: Iterable[Declaration]) -> set[int]:
    """Of these, the ones that were returned and since then neither changed nor explained in words."""
    known = {d.pk: d for d in declarations if d.revision}
    sent: dict[int, dict] = {}
    returned: set[int] = set()
    explained: set[int] = set()
    for part in chunks(known):
        rows = DeclarationEvent.objects.filter(declaration__in=part, move__in=("submit", "return", "repair"))
        for event in rows.order_by("at", "pk"):
            pk = event.declaration_id
            if event.move == "submit":
                sent[pk] = event.answers
                returned.discard(pk)
            elif event.move == "return":
                returned.add(pk)
                explained.discard(pk)
            elif event.note:
                explained.add(pk)
    return {pk for pk in returned - explained if known[pk].answers == sent.get(pk)}


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
