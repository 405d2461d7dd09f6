"""Approving so that it can be taken back: nothing happens for ten seconds, then all of it (decision 0013)."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import F

from .. import clock
from ..audit.operations import record
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.review import Seen, approve_declarations, sign_declarations
from ..declarations.states import State
from ..errors import Conflict, Refused, permit
from ..rehearsing import rehearsal
from .kinds import DECLARATIONS, Kind
from .models import DeskCase, NoteKind, Sample, Tables
from .operations import LONGEST, touch
from .signing import is_pending


def approve_cases(pks: list[int], *, by, note: str = "", seen: Seen | None = None) -> list[Declaration]:
    """Approve; in ten seconds it takes effect (通过). Until then `undo_approval` leaves no trace of an effect.

    It is rehearsed at once, so that what is not possible is refused now. Where the installation allows no time to
    take back, it takes effect now. Raises as `approve_declarations`.
    """
    if not settings.SHEBAO_UNDO_SECONDS:
        return approve_declarations(pks, by=by, note=note, seen=seen)
    with rehearsal():
        approve_declarations(pks, by=by, note=note, seen=seen)
    return _schedule(pks, by=by, note=note, seen=seen)


@transaction.atomic
def _schedule(pks: list[int], *, by, note: str, seen: Seen | None) -> list[Declaration]:
    declarations, done = sign_declarations(pks, by=by, note=note, seen=seen)
    touch(declarations)
    wait_for_effect(done, by=by, note=note)
    for one in declarations:
        if one not in done:
            # Somebody else signs next.
            DeskCase.objects.filter(pk=one.pk).update(holder=None, claimed_at=None)
    return declarations


def wait_for_effect(done: list, *, by, note: str = "", kind: Kind = DECLARATIONS) -> None:
    """Let what nobody else has to sign take effect when it cannot be taken back any more.

    The desk knows these things, and the caller's transaction holds them.
    """
    at = clock.now() + timedelta(seconds=settings.SHEBAO_UNDO_SECONDS)
    for one in done:
        kind.of.case.objects.filter(pk=one.pk).update(
            pending_by=by, pending_version=one.version, pending_note=note.strip()[:LONGEST], effective_at=at,
            failure="", holder=by, claimed_at=clock.now(),
        )  # fmt: skip
        record("desk.approved", one, by=by, employer=one.employer, case=one.case_number)
    if done:
        transaction.on_commit(partial(kind.later, [one.pk for one in done], at))


@transaction.atomic
def undo_approval(pks: list[int], *, by, kind: Kind = DECLARATIONS) -> list:
    """Take an approval back while it has not taken effect (撤回通过). Raises Conflict when it is too late."""
    permit(by, "review", "撤回通过")
    things, now, of = kind.locked(pks, by=by), clock.now(), kind.of
    earliest = now - timedelta(seconds=settings.SHEBAO_UNDO_SECONDS)
    for one in things:
        stopped = _stop(one, by, now, of)
        # A first signature waits for a second one and can be taken back as long as nobody signed after it.
        rows = of.signature.objects.filter(**{of.about: one}, version=one.version, withdrawn_at=None)
        mine, later = rows.filter(by=by, at__gt=earliest), rows.exclude(by=by).filter(at__gte=earliest)
        if not stopped and mine.exists() and later.exists():
            raise Conflict("too_late_to_undo", f"{one.subject_name}的{of.noun}已由别人接着办理，不能再撤回。")
        if not mine.update(withdrawn_at=now) and not stopped:
            raise Conflict("too_late_to_undo", f"{one.subject_name}的{of.noun}{_why_not(one, by, of)}")
        of.note.objects.create(**{of.about: one}, kind=NoteKind.UNDO, by=by, at=now)
        record("desk.undo", one, by=by, employer=one.employer, case=one.case_number)
    if kind is DECLARATIONS:
        DeclarationEvent.objects.filter(declaration__in=things, move="sign", by=by, at__gt=earliest).delete()
    return things


def _why_not(thing, by, of: Tables) -> str:
    """Why there is nothing that the actor could take back, in words."""
    case = of.case.objects.select_related("pending_by").filter(pk=thing.pk).first()
    if case and is_pending(case, thing) and case.pending_by_id != by.pk:
        return f"是{case.pending_by.name}通过的，只能由本人撤回。"
    if thing.state != State.SUBMITTED or is_pending(case, thing):
        return "已经生效，不能再撤回。"
    signed = of.signature.objects.filter(**{of.about: thing}, version=thing.version, withdrawn_at=None, by=by)
    if signed.exists():
        return f"您签过已超过 {settings.SHEBAO_UNDO_SECONDS} 秒，不能再撤回。"
    return "现在没有等着生效的通过，不用撤回。"


def _stop(thing, by, now: datetime, of: Tables) -> int:
    """Let an approval that waits take no effect; returns how many there were."""
    waits = of.case.objects.filter(pk=thing.pk, pending_by=by, pending_version=thing.version)
    return waits.filter(effective_at__gt=now).update(
        effective_at=None, pending_by=None, pending_version=None, pending_note=""
    )


def take_effect(pks: list[int], kind: Kind = DECLARATIONS) -> int:
    """Let what was approved take effect, now that nobody can take it back; returns how many did.

    One by one: what fails goes back to the desk with the reason and stops nothing else.
    """
    return sum(_take_effect(pk, kind) for pk in pks)


def _take_effect(pk: int, kind: Kind) -> bool:
    try:
        with transaction.atomic():
            return _in_force(pk, kind)
    except Refused as no:
        _came_to_nothing(pk, no.message, kind.of)
        return False


def _in_force(pk: int, kind: Kind) -> bool:
    cases = kind.of.case.objects
    case = cases.select_related("pending_by").get(pk=pk)
    if case.effective_at is None or case.effective_at > clock.now():
        return False
    # The thing before its case, as everybody else at the desk does: two orders would wait for each other.
    try:
        (thing,) = kind.locked([pk], by=case.pending_by)
    except ObjectDoesNotExist:
        raise Conflict("not_theirs_any_more", "通过的人不再经办这个单位，通过没有生效。") from None
    case = cases.select_for_update(of=("self",)).select_related("pending_by").get(pk=pk)
    if case.effective_at is None:
        return False
    by, version = case.pending_by, case.pending_version
    # Whoever empties it first carries it out: a second worker, or an undo, finds nothing to do.
    taken = cases.filter(pk=pk, effective_at=case.effective_at, pending_version=version)
    if not taken.update(effective_at=None, pending_by=None, pending_version=None, pending_note="", holder=by):
        return False
    if thing.version != version:
        return False  # taken back by the employer, who was told nothing else; the approval was of another version
    if not by.may("review"):
        raise Conflict("no_reviewer_any_more", f"{by.name}的账号已停用，通过没有生效。")
    kind.finish(thing, by=by, note=case.pending_note)
    return True


@transaction.atomic
def _came_to_nothing(pk: int, why: str, of: Tables) -> None:
    """Put the case back on the desk, unsigned, with the reason."""
    one, why = of.at(of.case.objects.select_related(of.about).get(pk=pk)), why[:LONGEST]
    of.case.objects.filter(pk=pk).update(
        effective_at=None, pending_by=None, pending_version=None, pending_note="", failure=why
    )
    signed = of.signature.objects.filter(**{of.about: one}, version=one.version, withdrawn_at=None)
    signed.update(withdrawn_at=clock.now())
    of.note.objects.create(**{of.about: one}, kind=NoteKind.FAILED, text=why, at=clock.now())
    record("desk.failed", one, by=None, employer=one.employer, case=one.case_number)


def overdue_effects(kind: Kind = DECLARATIONS) -> list[int]:
    """Approvals whose time has come and that nobody carried out."""
    rows = kind.of.case.objects.filter(effective_at__lte=clock.now(), pending_version=F(f"{kind.of.about}__version"))
    return list(rows.order_by("effective_at").values_list("pk", flat=True))


@transaction.atomic
def open_drawn(sample_id: int, pk: int, *, by) -> Sample:
    """Note that a case drawn for somebody was opened by them (抽查)."""
    sample = Sample.objects.visible_to(by).select_for_update(of=("self",)).get(pk=sample_id)
    if pk in sample.drawn and pk not in sample.opened:
        sample.opened = [*sample.opened, pk]
        sample.save(update_fields=["opened"])
        one = Declaration.objects.visible_to(by).get(pk=pk)
        record("desk.sample_opened", one, by=by, employer=one.employer, case=one.case_number)
    return sample
