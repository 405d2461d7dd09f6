"""Approving so that it can be taken back: nothing happens for ten seconds, then all of it (decision 0013)."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F

from .. import clock
from ..audit.operations import record
from ..declarations.models import Declaration, DeclarationEvent
from ..declarations.pipe import locked
from ..declarations.review import Seen, approve_declarations, finish_declarations, sign_declarations
from ..errors import Conflict, Refused, permit
from .kinds import DECLARATIONS, Kind
from .models import Approval, DeskCase, DeskNote, NoteKind, Sample
from .operations import LONGEST, touch
from .tasks import effect_in_background


class _Rehearsed(Exception):
    """The rehearsal went well; whatever it did is rolled back."""


def approve_cases(pks: list[int], *, by, note: str = "", seen: Seen | None = None) -> list[Declaration]:
    """Approve; in ten seconds it takes effect (通过). Until then `undo_approval` leaves no trace of an effect.

    It is rehearsed at once, so that what is not possible is refused now. Where the installation allows no time to
    take back, it takes effect now. Raises as `approve_declarations`.
    """
    if not settings.SHEBAO_UNDO_SECONDS:
        return approve_declarations(pks, by=by, note=note, seen=seen)
    try:
        with transaction.atomic():
            approve_declarations(pks, by=by, note=note, seen=seen)
            raise _Rehearsed
    except _Rehearsed:
        return _schedule(pks, by=by, note=note, seen=seen)


@transaction.atomic
def _schedule(pks: list[int], *, by, note: str, seen: Seen | None) -> list[Declaration]:
    declarations, done = sign_declarations(pks, by=by, note=note, seen=seen)
    touch(declarations)
    at = clock.now() + timedelta(seconds=settings.SHEBAO_UNDO_SECONDS)
    for one in declarations:
        case = DeskCase.objects.filter(pk=one.pk)
        if one in done:
            case.update(
                pending_by=by, pending_version=one.version, pending_note=note.strip()[:LONGEST], effective_at=at,
                failure="", holder=by, claimed_at=clock.now(),
            )  # fmt: skip
            record("desk.approved", one, by=by, employer=one.employer, case=one.case_number)
        else:
            # Somebody else signs next.
            case.update(holder=None, claimed_at=None)
    if done:
        transaction.on_commit(partial(effect_in_background, [one.pk for one in done], at))
    return declarations


@transaction.atomic
def undo_approval(pks: list[int], *, by, kind: Kind = DECLARATIONS) -> list:
    """Take an approval back while it has not taken effect (撤回通过). Raises Conflict when it is too late."""
    permit(by, "review", "撤回通过")
    things, now, of = kind.locked(pks, by=by), clock.now(), kind.of
    earliest = now - timedelta(seconds=settings.SHEBAO_UNDO_SECONDS)
    for one in things:
        stopped = _stop(one, by, now) if of.waits else 0
        # A first signature waits for a second one and can be taken back as long as nobody signed after it.
        rows = of.signature.objects.filter(**{of.about: one}, version=one.version, withdrawn_at=None)
        mine, later = rows.filter(by=by, at__gt=earliest), rows.exclude(by=by).filter(at__gte=earliest)
        if not stopped and later.exists():
            raise Conflict("too_late_to_undo", f"{one.subject_name}的{of.noun}已由别人接着办理，不能再撤回。")
        if not mine.update(withdrawn_at=now) and not stopped:
            raise Conflict("too_late_to_undo", f"{one.subject_name}的{of.noun}已经生效，不能再撤回。")
        of.note.objects.create(**{of.about: one}, kind=NoteKind.UNDO, by=by, at=now)
        record("desk.undo", one, by=by, employer=one.employer, case=one.case_number)
    if kind is DECLARATIONS:
        DeclarationEvent.objects.filter(declaration__in=things, move="sign", by=by, at__gt=earliest).delete()
    return things


def _stop(declaration: Declaration, by, now: datetime) -> int:
    """Let an approval that waits take no effect; returns how many there were."""
    waits = DeskCase.objects.filter(pk=declaration.pk, pending_by=by, pending_version=declaration.version)
    return waits.filter(effective_at__gt=now).update(
        effective_at=None, pending_by=None, pending_version=None, pending_note=""
    )


def take_effect(pks: list[int]) -> int:
    """Let what was approved take effect, now that nobody can take it back; returns how many did.

    One by one: what fails goes back to the desk with the reason and stops nothing else.
    """
    return sum(_take_effect(pk) for pk in pks)


def _take_effect(pk: int) -> bool:
    try:
        with transaction.atomic():
            return _in_force(pk)
    except Refused as no:
        _came_to_nothing(pk, no.message)
        return False
    except Declaration.DoesNotExist:
        _came_to_nothing(pk, "通过的人不再经办这个单位，通过没有生效。")
        return False


def _in_force(pk: int) -> bool:
    case = DeskCase.objects.select_related("pending_by").get(pk=pk)
    if case.effective_at is None or case.effective_at > clock.now():
        return False
    # The declaration before its case, as everybody else at the desk does: two orders would wait for each other.
    (declaration,) = locked([pk], by=case.pending_by)
    case = DeskCase.objects.select_for_update(of=("self",)).select_related("pending_by").get(pk=pk)
    if case.effective_at is None:
        return False
    by, version = case.pending_by, case.pending_version
    # Whoever empties it first carries it out: a second worker, or an undo, finds nothing to do.
    taken = DeskCase.objects.filter(pk=pk, effective_at=case.effective_at, pending_version=version)
    if not taken.update(effective_at=None, pending_by=None, pending_version=None, pending_note="", holder=by):
        return False
    if declaration.version != version:
        return False  # taken back by the employer, who was told nothing else; the approval was of another version
    if not by.may("review"):
        raise Conflict("no_reviewer_any_more", f"{by.name}的账号已停用，通过没有生效。")
    finish_declarations([declaration], by=by, note=case.pending_note)
    return True


@transaction.atomic
def _came_to_nothing(pk: int, why: str) -> None:
    """Put the case back on the desk, unsigned, with the reason."""
    case = DeskCase.objects.select_related("declaration__employer").get(pk=pk)
    one, why = case.declaration, why[:LONGEST]
    DeskCase.objects.filter(pk=pk).update(
        effective_at=None, pending_by=None, pending_version=None, pending_note="", failure=why
    )
    Approval.objects.filter(declaration=one, version=one.version, withdrawn_at=None).update(withdrawn_at=clock.now())
    DeskNote.objects.create(declaration=one, kind=NoteKind.FAILED, text=why, at=clock.now())
    record("desk.failed", one, by=None, employer=one.employer, case=one.case_number)


def overdue_effects() -> list[int]:
    """Approvals whose time has come and that nobody carried out."""
    rows = DeskCase.objects.filter(effective_at__lte=clock.now(), pending_version=F("declaration__version"))
    return list(rows.order_by("effective_at").values_list("pk", flat=True))


@transaction.atomic
def open_drawn(sample_id: int, pk: int, *, by) -> Sample:
    """Note that a case drawn for somebody was opened by them (抽查)."""
    sample = Sample.objects.visible_to(by).select_for_update().get(pk=sample_id)
    if pk in sample.drawn and pk not in sample.opened:
        sample.opened = [*sample.opened, pk]
        sample.save(update_fields=["opened"])
        one = Declaration.objects.visible_to(by).get(pk=pk)
        record("desk.sample_opened", one, by=by, employer=one.employer, case=one.case_number)
    return sample
