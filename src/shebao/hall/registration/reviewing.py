"""Registrations at the desk (审核台): the same hands, clock and signatures as a declaration has."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from .. import clock
from ..desk.kinds import Kind
from .checks import credit_digest
from .models import NAME, REGISTERED, Registration, RegistrationEvent
from .registering import finish_registration
from .states import State, advance
from .tasks import register_in_background


def waiting(actor, state: str = State.SUBMITTED, *, number: str = "", named: str = "") -> QuerySet[Registration]:
    """The registrations in a state ("" = all) that the actor serves, the most urgent first.

    `number`: how the number of the application begins; `named`: part of a name that the employer gave or has, or its
    whole credit code.
    """
    rows = Registration.objects.visible_to(actor)
    if number:
        rows = rows.filter(number__startswith=number.upper())
    if named:
        said = RegistrationEvent.objects.filter(registration=OuterRef("pk"), name__icontains=named)
        about = Q(employer__name__icontains=named) | Q(credit_digest=credit_digest(named.upper().replace(" ", "")))
        rows = rows.filter(Exists(said) | about)
    return (rows.filter(state=state) if state else rows).order_by("due_on", "submitted_at", "pk")


def locked(pks: list[int], *, by) -> list[Registration]:
    """The registrations, locked, in the order asked. Raises DoesNotExist when any is not the actor's to see."""
    rows = Registration.objects.visible_to(by).filter(pk__in=pks).select_for_update(of=("self",))
    found = {one.pk: one for one in rows}
    if missing := set(pks) - set(found):
        raise Registration.DoesNotExist(f"registrations not found: {sorted(missing)[:5]}")
    return [found[pk] for pk in dict.fromkeys(pks)]


def _makers_of(registrations: list[Registration]) -> dict[int, set[int]]:
    """Who of the agency entered or repaired each of these, by the keys of the operators; one query."""
    made_by: dict[int, set[int]] = {one.pk: set() for one in registrations}
    events = RegistrationEvent.objects.filter(registration__in=list(made_by), move__in=["submit", "complete"])
    for pk, by in events.exclude(by=None).values_list("registration_id", "by_id"):
        made_by[pk].add(by)
    return made_by


def _finish(made: Registration, *, by, note: str) -> None:
    advance(made, "approve", by=by)
    finish_registration(made, by=by)


def _tell(made: Registration, step: str, *, by, note: str) -> None:
    name = made.subject_name[:NAME]
    RegistrationEvent.objects.create(registration=made, move=step, by=by, at=clock.now(), name=name, note=note)


REGISTRATIONS = Kind(
    of=REGISTERED,
    locked=locked,
    waiting=waiting,
    makers=_makers_of,
    served=lambda registration: registration,
    finish=_finish,
    later=register_in_background,
    tell=_tell,
)
