"""Where a deed comes from: the request that this thread answers. Jobs and commands come from no request."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The visitor's address, as far as a trusted proxy told it, and the number by which the log knows the request."""

    address: str = ""
    request: str = ""


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def come_from(origin: Origin) -> None:
    """From here on, what this thread records comes from there."""
    _origin.set(origin)


def origin() -> Origin:
    """Where what this thread records comes from."""
    return _origin.get()
