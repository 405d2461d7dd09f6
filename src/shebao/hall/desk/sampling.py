"""Batches: some cases are drawn by lot and opened before the rest is approved with them (抽查)."""

import secrets

from django.db import transaction

from .. import clock
from ..declarations.models import Declaration
from ..declarations.review import Seen
from ..declarations.states import State
from ..errors import Refused, permit
from ..regions import region
from .effects import approve_cases
from .models import Sample


@transaction.atomic
def draw_sample(pks: list[int], *, by) -> Sample:
    """Draw the cases of a batch that have to be opened first; how many, the region says. Raises Refused."""
    permit(by, "review", "通过")
    rows = Declaration.objects.visible_to(by).filter(pk__in=pks, state=State.SUBMITTED, problems=[])
    chosen = sorted(rows.values_list("pk", flat=True))
    if not chosen:
        raise Refused("nothing_chosen", "勾选的申报已经不在待审核里了。")
    size = region(by.region).agency.sampling.size(len(chosen))
    drawn = sorted(secrets.SystemRandom().sample(chosen, size)) if len(chosen) > 1 else []
    return Sample.objects.create(drawn_for=by, at=clock.now(), chosen=chosen, drawn=drawn)


def approve_batch(sample_id: int, pks: list[int], *, by, seen: Seen | None = None) -> list[Declaration]:
    """Approve cases of a batch, once every case that was drawn has been opened. Raises Refused.

    Nothing can be approved that the lot was not drawn over.
    """
    sample = Sample.objects.visible_to(by).get(pk=sample_id)
    if strangers := set(pks) - set(sample.chosen):
        raise Refused("not_in_the_batch", f"有 {len(strangers)} 笔不在这一批里，请重新勾选。")
    if not pks:
        raise Refused("nothing_chosen", "还没有勾选要通过的申报。")
    there = Declaration.objects.visible_to(by).filter(pk__in=sample.left, state=State.SUBMITTED)
    if left := list(there):
        raise Refused("sample_not_opened", f"抽中的还有 {len(left)} 笔没有打开看过，请先逐笔打开。")
    return approve_cases(pks, by=by, seen=seen)  # the lot is the agency's own business
