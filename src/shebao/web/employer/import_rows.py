"""The grid of the import wizard: which columns there are, how a row's cells look."""

import json

from shebao.hall.sheets.models import BatchRow
from shebao.rules.identity import check_id_number

from ..templatetags.ui import mask_id, mask_phone

WIDTHS = {"id_number": "w-162", "money": "w-96", "month": "w-84", "date": "w-96", "phone": "w-120", "text": "w-84"}


def columns_of(form, here) -> list[dict]:
    """Columns of the grid from the form: id, label, kind, width class, options (code, title) for choices."""
    columns = []
    for field in form.fields:
        options = [(c.code, c.title) for c in here.codes[field.options].items] if field.options else []
        columns.append(
            {
                "id": field.id,
                "label": field.label,
                "kind": field.kind,
                "required": field.required,
                "width": WIDTHS.get(field.kind, "w-96"),
                "options": options,
                "numeric": field.kind == "money",
            }
        )
    return columns


def grid_rows(rows: list[BatchRow], columns: list[dict]) -> list[dict]:
    """Rows for the template: number, version, state, cells with text, shown text, classes and findings."""
    return [
        {
            "number": row.number,
            "version": row.version,
            "state": row.state,
            "state_label": row.get_state_display(),
            "note": row.note,
            "cells": [_cell(row, column) for column in columns],
        }
        for row in rows
    ]


def _cell(row: BatchRow, column: dict) -> dict:
    text = row.cells.get(column["id"], "")
    own = [p for p in row.problems if p["field"] == column["id"]]
    levels = {p["level"] for p in own if p["level"] != "confirm" or p["code"] not in row.confirmed}
    css = [column["numeric"] and "n", "e" if "error" in levels else "q" if "confirm" in levels else ""]
    if column["id"] in row.original.get("notes", {}):
        css.append("f")
    return {
        "field": column["id"],
        "text": text,
        "shown": _shown(text, column),
        "css": " ".join(part for part in css if part),
        "invalid": "error" in levels,
        "problems": json.dumps(own, ensure_ascii=False) if own else "",
        "segments": json.dumps(_segments(text), ensure_ascii=False) if column["kind"] == "id_number" and own else "",
        "original": row.original.get("notes", {}).get(column["id"], ""),
    }


def _shown(text: str, column: dict) -> str:
    if column["kind"] == "id_number":
        return mask_id(text) if len(text) >= 15 else text
    if column["kind"] == "phone":
        return mask_phone(text)
    for code, title in column["options"]:
        if text == code:
            return title
    return text


def _segments(text: str) -> list[list[str]]:
    parts = check_id_number(text).segments
    names = {"division": "地区", "birth": "出生日期", "order": "顺序码", "check": "校验位"}
    return [[parts[key], names[key]] for key in names if key in parts]
