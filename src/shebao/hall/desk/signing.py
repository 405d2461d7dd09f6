"""Whose turn it is: in whose hands a case is, who signed which step, and whether that is enough."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.timezone import make_naive

from shebao.rules.region_reviews import ReviewStep

from .. import clock
from ..bulk import insert_rows
from ..errors import Conflict, Refused
from ..prepared import prepared
from ..services.scene import chunks
from .models import DECLARED, InHand, Signature, Tables


def desk_cases(things: Iterable, of: Tables = DECLARED) -> dict[int, InHand]:
    """What the desk knows of these things, by key; those it never touched are not there."""
    pks = [d.pk for d in things]
    return {one.pk: one for part in chunks(pks) for one in _in_hand(of, part)}


@prepared
def _in_hand(of: Tables, pks: list[int]) -> QuerySet[InHand]:
    return of.case.objects.select_related("holder", "pending_by").filter(pk__in=pks)


def signatures(things: Iterable, of: Tables = DECLARED) -> dict[int, list[Signature]]:
    """The signatures in force under the present version of each."""
    versions = {d.pk: d.version for d in things}
    found: dict[int, list[Signature]] = defaultdict(list)
    for part in chunks(versions):
        for one in _in_force(of, part):
            if one.version == versions[of.key(one)]:
                found[of.key(one)].append(one)
    return found


@prepared
def _in_force(of: Tables, pks: list[int]) -> QuerySet[Signature]:
    return of.signature.objects.filter(**{f"{of.about}__in": pks}, withdrawn_at=None).select_related("by")


def open_step(steps: Iterable[ReviewStep], signed: list[Signature]) -> ReviewStep | None:
    """The first step that lacks a signature; None where all are met."""
    roles: dict[str, list[str]] = defaultdict(list)
    for one in signed:
        roles[one.step].append(one.role)
    return next((step for step in steps if not step.is_met(roles[step.key])), None)


def for_others_to_sign(things: Iterable, by, of: Tables = DECLARED) -> set[int]:
    """The keys of those whose open step is not theirs to sign: signed by them already, or for another role."""
    rows = list(things)
    signed = signatures(rows, of)
    return {one.pk for one in rows if why_not(one, signed.get(one.pk, []), by)}


def why_not(thing, before: list[Signature], by) -> str:
    """ "signed": they signed it before; "role": its open step is for others; "" where they may sign."""
    step = open_step(thing.review_steps, before)
    if step is None:
        return ""
    if any(one.by_id == by.pk for one in before):
        return "signed"
    return "" if step.may_sign(by.role, [one.role for one in before if one.step == step.key]) else "role"


def is_pending(case: InHand | None, thing) -> bool:
    """Approved, and not in effect yet."""
    return bool(case and case.effective_at) and case.pending_version == thing.version


def is_held(case: InHand | None, thing) -> bool:
    """Its clock stands still."""
    return bool(case and case.held_on and case.held_version == thing.version)


def free_to_decide(things: list, by, of: Tables = DECLARED) -> None:
    """Refuse what a colleague has in hand, what is held, and what was approved a moment ago."""
    cases = desk_cases(things, of)
    for one in things:
        case = cases.get(one.pk)
        if case is None:
            continue
        if is_pending(case, one):
            who = "您" if case.pending_by_id == by.pk else case.pending_by.name
            text = f"{one.subject_name}的{of.noun}{who}已经通过，几秒后生效。要改请先撤回通过。"
            raise Conflict("already_approved", text)
        if case.holder_id not in (None, by.pk):
            at = f"（{make_naive(case.claimed_at):%m-%d %H:%M} 领取）" if case.claimed_at else ""
            text = f"{one.subject_name}的{of.noun}在{case.holder.name}手里{at}，没有办理。"
            raise Conflict("in_other_hands", f"{text}确需由您办的，请先接手并写明原因。")
        if is_held(case, one):
            raise Conflict("held", f"{one.subject_name}的{of.noun}已挂起。请先恢复，再办理。")


def sign(things: list, *, by, note: str, of: Tables = DECLARED, **also) -> list:
    """Put one's name under the open step of each; returns those that need no further signature.

    `also` are further columns of the signatures. Raises Refused where the open step is not the actor's, or they signed
    this version before.
    """
    signed, now, rows, done = signatures(things, of), clock.now(), [], []
    for one in things:
        steps, before = one.review_steps, signed.get(one.pk, [])
        step = open_step(steps, before)
        if step is None:
            done.append(one)
            continue
        _may_sign(one, step, before, by, of)
        maker = {"declarer_id": getattr(one, f"{of.maker}_id")} if of.maker else {}
        mine = of.signature(
            **{of.about: one}, version=one.version, step=step.key, role=by.role, by=by, note=note.strip()[:300], at=now,
            **maker, **also,
        )  # fmt: skip
        rows.append(mine)
        if open_step(steps, [*before, mine]) is None:
            done.append(one)
    insert_rows(rows)
    return done


def _may_sign(thing, step: ReviewStep, before: list[Signature], by, of: Tables) -> None:
    why = why_not(thing, before, by)
    if why == "signed":
        text = f"{thing.subject_name}的{of.noun}您已经签过，还须由另一人办理（{step.words}）。"
        raise Refused("signed_already", text, status=403)
    if why:
        text = f"{thing.subject_name}的{of.noun}现在由{step.words}办理，您的角色不能签这一步。"
        raise Refused("not_your_step", text, status=403)
