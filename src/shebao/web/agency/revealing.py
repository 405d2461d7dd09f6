"""One case of the desk whole (查看完整号码): at one press where it is in one's hands, else why is asked first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse

from shebao.hall.declarations.states import State
from shebao.hall.desk.queries import desk_view
from shebao.hall.personal_data import class_of_question
from shebao.hall.roster.unmasking import note_whole
from shebao.rules.region_model import Field

from ..unmasking import TITLE, whole_or_asking
from .handling import CHECKING, Pages, back_to


def whole_or_question(
    request, at: Pages, case, others: Sequence[str], whole: Callable[[str], Any], *, about: str, queue: str
) -> tuple[Any, HttpResponse | None]:
    """The case whole, or the page that asks for the reason; `others` are reasons besides the comparing of papers.

    `about` says whose numbers they are, `queue` is the title of the page with all cases.
    """
    back = back_to(request, at, case.pk)
    desk = desk_view(request.user, case, at.kind)
    return whole_or_asking(
        request,
        (CHECKING, *others),
        whole,
        is_in_hand=case.state == State.SUBMITTED and desk.is_in_hand_of(request.user),
        about=about,
        back_url=back,
        crumbs=[
            {"label": queue, "url": reverse(at.queue)},
            {"label": case.subject_name, "url": back},
            {"label": TITLE},
        ],
    )


def note_brought_back(subject: Model, fields: Iterable[Field], raw: Mapping, why: str, *, by, employer) -> None:
    """A form of the counter brings back what is on file or was entered, whole, for nobody can repair a mask: where that
    is personal it is a look like any other. Raises Refused without the right or too often.
    """
    if any(raw.get(one.id) and class_of_question(one.kind) != "plain" for one in fields):
        note_whole(subject, why, by=by, employer=employer)
