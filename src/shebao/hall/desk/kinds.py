"""What waits at the desk: how one kind of thing is read and locked, and who may not decide it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from .. import clock
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.pipe import locked
from ..declarations.queries import desk
from ..declarations.review import finish_declarations, makers_of
from ..scopes import serves
from .models import DECLARED, Tables
from .tasks import effect_in_background


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of thing at the desk, over the tables `of`.

    `locked(pks, by=…)` locks them in the order asked, `waiting(actor, **chosen)` are those that wait, the most urgent
    first; `makers(things)` the keys of those who made each; `served(thing)` is what carries the region and the division
    that a colleague must serve; `finish(thing, by=…, note=…)` lets an approval take effect, in a
    transaction that holds the thing; `later(keys, at)` queues the job for it. `tell(thing, step, by=…, note=…)` keeps a
    step that whoever gave it in reads too.
    """

    of: Tables
    locked: Callable[..., list]
    waiting: Callable[..., QuerySet]
    makers: Callable[[list], dict[int, set[int]]]
    served: Callable[[Any], Any]
    finish: Callable[..., None]
    later: Callable[[list[int], datetime], None]
    tell: Callable[..., None]

    def own(self, things: list, actor) -> set[int]:
        """The keys of those that the actor made: they are for somebody else to decide."""
        return {pk for pk, made_by in self.makers(things).items() if actor.pk in made_by}

    def is_for(self, colleague, thing) -> bool:
        """Whether somebody does the business of where it comes from."""
        return serves(colleague, self.served(thing))


def _tell(declaration: Declaration, step: str, *, by, note: str) -> None:
    at, state = clock.now(), declaration.state
    DeclarationEvent.objects.create(
        declaration=declaration, move=step, from_state=state, to_state=state, by=by, at=at, note=note
    )


DECLARATIONS = Kind(
    of=DECLARED,
    locked=locked,
    waiting=desk,
    makers=makers_of,
    served=lambda declaration: declaration.employer,
    finish=lambda declaration, *, by, note: finish_declarations([declaration], by=by, note=note),
    later=effect_in_background,
    tell=_tell,
)
