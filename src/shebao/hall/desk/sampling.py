"""Batches: some cases are drawn by lot and opened before the rest is approved with them (抽查)."""

from datetime import date

from django.db import transaction

from .. import clock
from ..audit.operations import record
from ..crypto import blind_index
from ..declarations.models import Declaration
from ..declarations.review import Seen, declared_by_actor
from ..declarations.states import State
from ..errors import Refused, permit
from ..regions import region
from .effects import approve_cases
from .models import Sample

LONGEST_REASON = 200


@transaction.atomic
def draw_sample(pks: list[int], *, by) -> Sample:
    """Draw the cases of a batch that have to be opened first; how many, the region says. Raises Refused.

    What has to be looked at one by one, for its findings or by the region's word, is in no batch, nor what the actor
    declared.
    """
    permit(by, "review", "通过")
    here = region(by.region)
    batched = [key for key, service in here.services.items() if service.is_batched]
    rows = Declaration.objects.visible_to(by).filter(pk__in=pks, state=State.SUBMITTED, problems=[])
    there = list(rows.filter(service__in=batched))
    own = declared_by_actor(there, by)
    chosen = sorted(one.pk for one in there if one.pk not in own)
    if not chosen:
        raise Refused("nothing_chosen", "勾选的申报已经不在待审核里，要逐笔打开审核，或是您自己录入的。")
    size = here.agency.sampling.size(len(chosen))  # one alone too: else all could be approved unseen, one by one
    drawn = sorted(sorted(chosen, key=lambda pk: _lot(pk, clock.today()))[:size])
    return Sample.objects.create(drawn_for=by, at=clock.now(), chosen=chosen, drawn=drawn)


def _lot(pk: int, day: date) -> str:
    """A case's lot of the day, which nobody foresees and nobody changes by drawing again, alone or among others."""
    return blind_index("sample", f"{day}:{pk}")


@transaction.atomic
def approve_batch(sample_id: int, pks: list[int], *, by, reason: str, seen: Seen | None = None) -> list[Declaration]:
    """Approve cases of a batch, once every case that was drawn has been opened. Raises Refused.

    Nothing can be approved that the lot was not drawn over. The batch has a record of its own: the draw, and why.
    """
    sample, reason = Sample.objects.visible_to(by).get(pk=sample_id), " ".join(reason.split())
    if strangers := set(pks) - set(sample.chosen):
        raise Refused("not_in_the_batch", f"有 {len(strangers)} 笔不在这一批里，请重新勾选。")
    if not pks:
        raise Refused("nothing_chosen", "还没有勾选要通过的申报。")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused("reason_missing", f"请写明批量通过的理由，最多 {LONGEST_REASON} 个字。", field="reason")
    there = Declaration.objects.visible_to(by).filter(pk__in=sample.left, state=State.SUBMITTED)
    if left := list(there):
        raise Refused("sample_not_opened", f"抽中的还有 {len(left)} 笔没有打开看过，请先逐笔打开。")
    approved = approve_cases(pks, by=by, seen=seen)  # the lot and the reason are the agency's own business
    record(
        "desk.batch_approved", sample, by=by, count=len(approved), drawn=sample.drawn, chosen=sorted(pks), reason=reason
    )
    return approved
