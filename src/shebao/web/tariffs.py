"""A choice that decides a rate, such as the class of industry, says which, wherever it is asked."""

from shebao.hall import clock
from shebao.rules.base_rates import base_rates
from shebao.rules.months import Month
from shebao.rules.region import Region
from shebao.rules.region_model import Form

from .employer.fields import Shown, page_fields


def priced_fields(form: Form, here: Region, shown: Shown) -> list[dict]:
    """The questions of a form; a choice that decides a rate shows today's, and what each code stands for."""
    lists = {one.id: here.codes[one.options] for one in form.fields if one.options}
    today = clock.today()
    found = []
    for field in page_fields(form, here, shown):
        rates = base_rates(here, field["name"], Month.of(today), known_on=today) if field["name"] in lists else {}
        if rates:
            notes = {item.code: item.note for item in lists[field["name"]].items}
            field["options"] = [(code, _said(label, rates.get(code), notes[code])) for code, label in field["options"]]
        found.append(field)
    return found


def _said(label: str, rate: str | None, note: str) -> str:
    return " ".join(filter(None, (label, rate, f"（{note}）" if note else "")))
