"""Sentences of a page about settling, in the region's own word for it: `"结算以后…"|settling:shell.terms`."""

from collections.abc import Mapping

from django import template

from shebao.rules.settling_words import settling as worded

register = template.Library()


@register.filter(is_safe=True)
def settling(words: str, terms: Mapping[str, str]) -> str:
    """The words as this region says them; as they are on a page of no region."""
    return worded(terms or {}, words)
