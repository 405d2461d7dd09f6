"""The registration that a browser is filling in: known to its session, told by no address."""

from shebao.hall.registration import operations, queries
from shebao.hall.registration.models import Registration
from shebao.rules.region import Region

HELD = "registration"


def held(request, here: Region | None = None) -> Registration | None:
    """The registration that this browser is filling in."""
    made = queries.own_registration(request.session.get(HELD))
    return made if made and here in (None, operations.wizard_region(made.region)) else None


def hold(request, made: Registration) -> None:
    """Let this browser go on with a registration; the address never tells which."""
    request.session.cycle_key()
    request.session[HELD] = made.pk
