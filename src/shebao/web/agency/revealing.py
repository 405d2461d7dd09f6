"""One case of the desk whole (查看完整号码): at one press where it is in one's hands, else why is asked first."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from shebao.hall.declarations.states import State
from shebao.hall.desk.queries import desk_view

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
