"""Keeping the evidence of amounts: each kind once in the whole installation."""

from collections.abc import Collection, Mapping, Sequence, Set

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import QuerySet

from shebao.rules.contributions import Evidence as Told
from shebao.rules.terms import Terms

from ..prepared import prepared
from .models import TERMS, Evidence

BATCH = 1000
APART = "evidence"
"""The connection over which a process of a region's run keeps evidence."""


def keep_evidence(kinds: Sequence[Told]) -> list[int]:
    """Ids of the evidence rows in this order; each kind is stored once in the whole installation."""
    told = {one.digest: one for one in kinds}
    ids = _known(told)
    if missing := sorted(set(told) - set(ids)):
        # In one order, always: two settlements that store the same kinds wait for each other, and never both ways.
        there = Evidence.objects.using(APART if APART in connections.settings else DEFAULT_DB_ALIAS)
        rows = [Evidence(digest=one, data=dict(told[one].data), **_in_columns(told[one])) for one in missing]
        there.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
        ids |= _known(missing)
    return [ids[one.digest] for one in kinds]


def _in_columns(told: Told) -> dict[str, int | str | bool | None]:
    """The terms as an evidence's row keeps them."""
    return dict(zip(TERMS, stated(told), strict=True))


def stated(told: Told) -> tuple[int | str | bool | None, ...]:
    """The terms as `TERMS` names them; None of what charges no base and is borne by nothing."""
    return *(told.terms or (None,) * len(Terms._fields)), told.bears, told.is_capped


def data_of(pks: Set[int | None]) -> dict[int, Mapping]:
    """The data of these evidences by id; no query where there are none."""
    wanted = pks - {None}
    return dict(_data(list(wanted))) if wanted else {}


@prepared
def _data(pks: list[int]) -> QuerySet:
    return Evidence.objects.filter(pk__in=pks).values_list("pk", "data")


def _known(digests: Collection[str]) -> dict[str, int]:
    return dict(_stored(list(digests)))


@prepared
def _stored(digests: list[str]) -> QuerySet:
    return Evidence.objects.filter(digest__in=digests).values_list("digest", "pk")


def keep_evidence_apart() -> None:
    """Let this process commit evidence by itself, at once (PostgreSQL).

    Processes that begin a region together keep the same kinds: in their long transactions each would wait until the
    first one ends. What a run that fails leaves behind is evidence of nothing yet, and serves the next one.
    """
    if connection.vendor == "postgresql":
        connections.settings[APART] = connections.settings[DEFAULT_DB_ALIAS].copy()
