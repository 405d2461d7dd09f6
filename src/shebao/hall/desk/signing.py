"""Whose turn it is: in whose hands a case is, who signed which step, and whether that is enough."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils.timezone import make_naive

from shebao.rules.region_reviews import ReviewStep

from .. import clock
from ..bulk import insert_rows
from ..errors import Conflict, Refused
from ..services.scene import chunks
from .models import Approval, DeskCase


def desk_cases(declarations: Iterable) -> dict[int, DeskCase]:
    """What the desk knows of these declarations, by key; those it never touched are not there."""
    pks = [d.pk for d in declarations]
    rows = DeskCase.objects.select_related("holder", "pending_by")
    return {one.pk: one for part in chunks(pks) for one in rows.filter(pk__in=part)}


def signatures(declarations: Iterable) -> dict[int, list[Approval]]:
    """The signatures in force under the present version of each declaration."""
    versions = {d.pk: d.version for d in declarations}
    found: dict[int, list[Approval]] = defaultdict(list)
    for part in chunks(versions):
        for one in Approval.objects.filter(declaration__in=part, withdrawn_at=None).select_related("by"):
            if one.version == versions[one.declaration_id]:
                found[one.declaration_id].append(one)
    return found


def open_step(steps: Iterable[ReviewStep], signed: list[Approval]) -> ReviewStep | None:
    """The first step that lacks a signature; None where all are met."""
    roles: dict[str, list[str]] = defaultdict(list)
    for one in signed:
        roles[one.step].append(one.role)
    return next((step for step in steps if not step.is_met(roles[step.key])), None)


def is_pending(case: DeskCase | None, declaration) -> bool:
    """Approved, and not in effect yet."""
    return bool(case and case.effective_at and case.pending_version == declaration.version)


def is_held(case: DeskCase | None, declaration) -> bool:
    """Its clock stands still."""
    return bool(case and case.held_on and case.held_version == declaration.version)


def free_to_decide(declarations: list, by) -> None:
    """Refuse what a colleague has in hand, what is held, and what was approved a moment ago."""
    cases = desk_cases(declarations)
    for one in declarations:
        case = cases.get(one.pk)
        if case is None:
            continue
        if is_pending(case, one):
            who = "您" if case.pending_by_id == by.pk else case.pending_by.name
            text = f"{one.subject_name}的申报{who}已经通过，几秒后生效。要改请先撤回通过。"
            raise Conflict("already_approved", text)
        if case.holder_id not in (None, by.pk):
            at = f"（{make_naive(case.claimed_at):%m-%d %H:%M} 领取）" if case.claimed_at else ""
            text = f"{one.subject_name}的申报在{case.holder.name}手里{at}，没有办理。确需由您办的，请先接手并写明原因。"
            raise Conflict("in_other_hands", text)
        if is_held(case, one):
            raise Conflict("held", f"{one.subject_name}的申报已挂起。请先恢复，再办理。")


def sign(declarations: list, *, by, note: str) -> list:
    """Put one's name under the open step of each; returns those that need no further signature.

    Raises Refused where the open step is not the actor's, or they signed this version before.
    """
    signed, now, rows, done = signatures(declarations), clock.now(), [], []
    for one in declarations:
        steps, before = one.review_steps, signed.get(one.pk, [])
        step = open_step(steps, before)
        if step is None:
            done.append(one)
            continue
        _may_sign(one, step, before, by)
        mine = Approval(
            declaration=one, version=one.version, step=step.key, role=by.role, by=by, declarer_id=one.declared_by_id,
            note=note.strip()[:300], at=now,
        )  # fmt: skip
        rows.append(mine)
        if open_step(steps, [*before, mine]) is None:
            done.append(one)
    insert_rows(rows)
    return done


def _may_sign(declaration, step: ReviewStep, before: list[Approval], by) -> None:
    if any(one.by_id == by.pk for one in before):
        text = f"{declaration.subject_name}的申报您已经签过，还须由另一人办理（{step.words}）。"
        raise Refused("signed_already", text, status=403)
    if not step.may_sign(by.role, [one.role for one in before if one.step == step.key]):
        text = f"{declaration.subject_name}的申报现在由{step.words}办理，您的角色不能签这一步。"
        raise Refused("not_your_step", text, status=403)
