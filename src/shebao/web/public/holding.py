"""What a browser is filling in that has no account: known to its session, told by no address."""

from shebao.hall.registration import operations, queries
from shebao.hall.registration.joining import own_join
from shebao.hall.registration.models import JoinRequest, Registration
from shebao.rules.region import Region

HELD = "registration"
JOINING = "join_request"


def held(request, here: Region | None = None) -> Registration | None:
    """The registration that this browser is filling in."""
    made = queries.own_registration(request.session.get(HELD))
    return made if made and here in (None, operations.wizard_region(made.region)) else None


def hold(request, made: Registration) -> None:
    """Let this browser go on with a registration; the address never tells which."""
    request.session.cycle_key()
    request.session[HELD] = made.pk


def held_join(request) -> JoinRequest | None:
    """The request to join an employer that this browser is making, or looks after."""
    return own_join(request.session.get(JOINING))


def hold_join(request, made: JoinRequest) -> None:
    """Let this browser go on with a request to join."""
    request.session.cycle_key()
    request.session[JOINING] = made.pk
