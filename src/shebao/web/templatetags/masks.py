"""What is personal on a page that shows it whole: on the screen for whoever asked, and on no paper."""

from django import template
from django.utils.html import format_html

from shebao.hall.personal_data import masked_answer

register = template.Library()


@register.filter
def mask_on_paper(text: str, kind: str) -> str:
    """An answer of this kind, whole on the screen and masked on paper; one that needs no mask or has it, as it is."""
    behind = masked_answer(kind, text)
    if behind == text:
        return text
    return format_html('<span class="no-print">{}</span><span class="print-only">{}</span>', text, behind)
