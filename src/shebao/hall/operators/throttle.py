"""What may be tried only so often, counted in the database: one count for all processes."""

from datetime import timedelta

from django.db.models import Count, QuerySet

from .. import clock
from ..bulk import insert_rows
from ..crypto import blind_index
from ..prepared import prepared
from .models import Attempt


def may_try(purpose: str, who: str, *, limit: int, within: timedelta) -> bool:
    """Count one try of `who` (say, an address) and tell whether it is among the `limit` allowed `within` a time.

    Only a digest of `who` is kept. What is refused is not counted, so that waiting always helps.
    """
    now, digest = clock.now(), blind_index(f"attempt:{purpose}", who)
    Attempt.objects.filter(purpose=purpose, at__lte=now - within).delete()
    if sum(_tried(purpose, digest)) >= limit:
        return False
    insert_rows([Attempt(purpose=purpose, who=digest, at=now)])
    return True


@prepared
def _tried(purpose: str, who: str) -> QuerySet:
    """How often, in one row; none where it was never tried."""
    tries = Attempt.objects.filter(purpose=purpose, who=who).order_by().values("who")
    return tries.annotate(times=Count("pk")).values_list("times", flat=True)
