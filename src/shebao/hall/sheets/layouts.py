"""Which columns a template has, in which order: those of the form, or the order that the region published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shebao.rules.region_model import Field, Form, Sheet

from .headers import normal_header, sheet_fields

UNREAD = "-"
"""How the id begins of a published column that no field carries."""


@dataclass(frozen=True)
class Layout:
    """The columns of a template. `head_row` counts from 0; above it stands `title`. `source` says who published it."""

    fields: tuple[Field, ...]
    head_row: int = 0
    title: str = ""
    source: str = ""


def form_layout(form: Form) -> Layout:
    """Every field of the form in its order, the heading in the first row."""
    return Layout(sheet_fields(form))


def published_layout(form: Form, sheet: Sheet | None) -> Layout | None:
    """The published order, then what the form needs besides; None where nothing was published.

    A published column that no field carries is there to be recognised: its field has an id that no form knows.
    """
    if sheet is None or not sheet.published:
        return None
    names = _names(form, sheet)
    found = [names.get(normal_header(heading)) for heading in sheet.published]
    columns = [
        replace(field, label=heading, required=field.required)
        if field
        else Field(f"{UNREAD}{heading}", "text", heading, False)
        for heading, field in zip(sheet.published, found, strict=True)
    ]
    known = {field.id for field in found if field}
    derived = {name for field in found if field for name in field.derive}
    needed = [
        f for f in sheet_fields(form) if f.required and not f.default and f.id not in known and f.id not in derived
    ]
    return Layout((*columns, *needed), sheet.published_row - 1, sheet.title, sheet.published_source)


def unread_headings(form: Form, sheet: Sheet | None) -> dict[str, str]:
    """Published headings that no field carries, as remembered choices: known, and not imported."""
    names = _names(form, sheet) if sheet else {}
    headings = (normal_header(heading) for heading in (sheet.published if sheet else ()))
    return {heading: "" for heading in headings if heading not in names}


def _names(form: Form, sheet: Sheet) -> dict[str, Field]:
    by_id = {field.id: field for field in sheet_fields(form)}
    names = {normal_header(name): by_id[id] for id, some in sheet.aliases.items() if id in by_id for name in some}
    return names | {normal_header(field.label): field for field in by_id.values()}
