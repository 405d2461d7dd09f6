"""Keeping the evidence of amounts: each kind once in the whole installation."""

from collections.abc import Sequence

from shebao.rules.contributions import Evidence as Told

from .models import Evidence

BATCH = 1000


def keep_evidence(kinds: Sequence[Told]) -> list[int]:
    """Ids of the evidence rows in this order; each kind is stored once in the whole installation."""
    rows = {one.digest: Evidence(digest=one.digest, data=dict(one.data)) for one in kinds}
    # In one order, always: two settlements that store the same kinds wait for each other, and never both ways.
    Evidence.objects.bulk_create([rows[one] for one in sorted(rows)], ignore_conflicts=True, batch_size=BATCH)
    ids = dict(Evidence.objects.filter(digest__in=list(rows)).values_list("digest", "pk"))
    return [ids[one.digest] for one in kinds]
