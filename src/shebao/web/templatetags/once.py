"""What every form that posts carries, drawn in one place."""

import secrets

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from shebao.hall.audit.once import KEY

register = template.Library()


class _TokenAndKey(CsrfTokenNode):
    def render(self, context):
        key = format_html('<input type="hidden" name="{}" value="{}">', KEY, secrets.token_urlsafe(18))
        return super().render(context) + key


@register.tag
def csrf_token(parser, token):
    """Django's own token, and the key with which this form does its deed once (docs/decisions/0022)."""
    return _TokenAndKey()
