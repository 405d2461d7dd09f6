"""单位参保登记 at the agency's counter: entered on the employer's behalf, with the questions and checks of the wizard.

Nobody at the counter decides what they entered: where the region's route asks for a review, a colleague signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from shebao.rules.region import Region

from .. import clock
from ..errors import Conflict, Refused, permit
from ..scopes import serves
from . import checks
from .models import Registration
from .operations import give_in, keep_answers, new_number, note_agreement, wizard_region
from .states import State


@dataclass(frozen=True)
class Entry:
    """What was brought to the counter: `raw` are the answers of every form, `areas` the business to be opened.

    `has_agreed`: the agreement was signed on paper; `seen` are the titles of the papers that were shown, `kept_at`
    where they are kept.
    """

    raw: Mapping[str, str]
    areas: tuple[str, ...] = ()
    has_agreed: bool = False
    seen: tuple[str, ...] = ()
    kept_at: str = ""


class Unfinished(Refused):
    """Something is missing or wrong; `faults` are all of it."""

    def __init__(self, faults: list[checks.Fault]):
        super().__init__("incomplete", f"还有 {len(faults)} 处没有填好。")
        self.faults = faults


@transaction.atomic
def enter_registration(entry: Entry, *, by) -> Registration:
    """Enter an employer's registration and submit it at once (窗口录入): the counter keeps no drafts.

    Where nobody reviews, the employer is on file then. Raises Unfinished with all that is wrong, Conflict when the
    employer has another registration; nothing is kept in either case.
    """
    permit(by, "enter_at_counter", "窗口录入")
    here = wizard_region(by.region)
    made = Registration(region=here.code, number=new_number(), entered_by=by)
    return _entered(made, here, entry, by)


@transaction.atomic
def repair_at_counter(pk: int, entry: Entry, *, by) -> Registration:
    """Repair what was entered at the counter and came back (窗口补正); whoever does so decides it as little."""
    permit(by, "enter_at_counter", "窗口录入")
    made = Registration.objects.visible_to(by).select_for_update(of=("self",)).get(pk=pk)
    if not may_repair(made):
        raise Conflict("wrong_state", f"申请 {made.number} 现在是“{made.state_label}”，不能在窗口补正。")
    made.entered_by = by
    return _entered(made, wizard_region(made.region), entry, by)


def may_repair(made: Registration) -> bool:
    """Whether it was entered at the counter and was returned."""
    return made.entered_by_id is not None and made.state == State.RETURNED


def _entered(made: Registration, here: Region, entry: Entry, by) -> Registration:
    spec, answers = here.registration, {}
    for number, step in enumerate(spec.steps):
        if step.kind == "form":
            answers |= checks.judged(here, number, entry.raw, at_counter=True)[0]
    keep_answers(made, answers)
    made.areas = [area.key for area in spec.areas if area.key in entry.areas]
    made.seen_papers = [paper.title for paper in spec.papers if paper.keep == "upload" and paper.title in entry.seen]
    made.kept_at, made.touched_at = entry.kept_at.strip()[:120], clock.now()
    made.save()
    if entry.has_agreed and checks.asks_agreement(made, here) and answers.get("clerk_name"):
        note_agreement(made, spec.agreement, by=by)
    if faults := checks.faults(made, here):
        raise Unfinished(faults)
    if not serves(by, made):
        text = "您只办理部分经办区划，这个区划的单位请交给办理它的同事录入。"
        raise Refused("not_permitted", text, field="agency_division", status=403)
    return give_in(made, here, keeps_marked=True, by=by)
