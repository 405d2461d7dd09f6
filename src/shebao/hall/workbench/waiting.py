"""How much waits at several employers at once, for whoever chooses between them."""

from django.db.models import Count

from ..declarations.models import Declaration
from ..declarations.states import State


def waiting_counts(employer_ids: list[int]) -> dict[int, int]:
    """Declarations that the employer must act on, by employer: one query. The caller says which it may see."""
    rows = Declaration.objects.filter(employer__in=employer_ids, state__in=(State.DRAFT, State.RETURNED))
    return dict(rows.order_by().values_list("employer").annotate(Count("pk")))
