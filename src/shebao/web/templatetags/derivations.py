"""How an amount of a bill came about, as it was kept with a doubt about it."""

from django import template

from ..explained import derivation_rows

register = template.Library()
register.filter("derivation_rows", derivation_rows)
