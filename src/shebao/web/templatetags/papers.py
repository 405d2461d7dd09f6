"""What a field that takes papers says of them to the browser."""

from django import template
from django.forms.utils import flatatt

from ..sent_files import TAKEN, TAKES

register = template.Library()


@register.simple_tag
def takes_papers(**other: str) -> str:
    """The kinds that are taken, and the most bytes of a document and of a picture (uploading.js)."""
    return flatatt(TAKES | other)


@register.simple_tag
def taken_papers() -> str:
    """The kinds and sizes that are taken, in words."""
    return TAKEN
