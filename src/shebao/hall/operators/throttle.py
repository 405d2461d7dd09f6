"""What may be tried only so often, counted in the database: one count for all processes."""

from datetime import timedelta

from .. import clock
from ..crypto import blind_index
from .models import Attempt


def may_try(purpose: str, who: str, *, limit: int, within: timedelta) -> bool:
    """Count one try of `who` (say, an address) and tell whether it is among the `limit` allowed `within` a time.

    Only a digest of `who` is kept. What is refused is not counted, so that waiting always helps.
    """
    now, digest = clock.now(), blind_index(f"attempt:{purpose}", who)
    Attempt.objects.filter(purpose=purpose, at__lte=now - within).delete()
    if Attempt.objects.filter(purpose=purpose, who=digest).count() >= limit:
        return False
    Attempt.objects.create(purpose=purpose, who=digest, at=now)
    return True
