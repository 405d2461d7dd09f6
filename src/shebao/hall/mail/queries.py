"""The letters of an employer (发件记录)."""

from django.db.models import QuerySet

from .models import Mail


def letters(actor) -> QuerySet[Mail]:
    """The actor's letters with their papers, newest first."""
    rows = Mail.objects.visible_to(actor).select_related("document", "written_by")
    return rows.order_by("-written_at", "-pk")


def last_address(actor) -> str:
    """Where the last letter went, so that it need not be typed again."""
    last = letters(actor).first()
    return last.to if last else ""
