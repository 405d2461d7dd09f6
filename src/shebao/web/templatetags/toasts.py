"""What a message says besides its words."""

from django import template

register = template.Library()


@register.filter
def undo_seconds(tags: str) -> str:
    """For how many seconds what a message tells of can be undone, of its tag `undo-10`; "" where it does not say."""
    return tags.partition("undo-")[2].partition(" ")[0]
