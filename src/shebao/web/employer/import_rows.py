"""The grid of the import wizard: which columns there are, how a row's cells look."""

import json

from shebao.hall.declarations.seconding import waits
from shebao.hall.sheets.models import Batch, BatchRow, BatchState
from shebao.hall.sheets.operations import RowEdit
from shebao.hall.sheets.queries import Tidied, title_of
from shebao.hall.sheets.rows import COUNTED
from shebao.rules.forms import when_confirmed
from shebao.rules.identity import check_id_number, id_check_digit
from shebao.rules.money import BadMoney, parse_fen, yuan

from ..chosen import MOST_ROWS
from ..templatetags.ui import mask_id, mask_phone

EMPTY = "空"
STEPS = ["上传表格", "匹配列", "修正问题"]
WIDTHS = {
    "id_number": "w-162",
    "money": "w-96",
    "month": "w-84",
    "date": "w-120",
    "phone": "w-120",
    "text": "w-84",
    "choice": "w-120",
}


def steps_of(waits: bool) -> list[str]:
    """The steps of the wizard; the last by whether the rows wait to be submitted or take effect at once."""
    return [*STEPS, "核对并加入" if waits else "核对并办理"]


def told_of(batch: Batch, here, employer) -> tuple[Batch, str, str]:
    """A batch, the name of its business and its state in words."""
    state, spec = batch.get_state_display(), here.services.get(batch.service)
    if spec is None:
        return batch, batch.service, state
    at_once = batch.state == BatchState.DONE and not waits(spec, employer)
    return batch, spec.batch_title or spec.title, "已生效" if at_once else state


def columns_of(form, here) -> list[dict]:
    """Columns of the grid from the form: id, label, kind, width class, options (code, title) for choices."""
    columns = []
    for field in sorted(form.fields, key=_place):
        options = here.codes[field.options].choices() if field.options else []
        columns.append(
            {
                "id": field.id,
                "label": field.label,
                "kind": field.kind,
                "required": field.required,
                "width": WIDTHS.get(field.kind, "w-96"),
                "options": options,
                "numeric": field.kind == "money",
                "css": "n" if field.kind == "money" else "stk s3" if field.identity and field.kind == "text" else "",
            }
        )
    return columns


def _place(field) -> int:
    """Who it is comes first, by name and number, then what is paid and from when: seen without scrolling, on a phone
    too. The rest as on the form.
    """
    if field.identity and field.kind in ("text", "id_number"):
        return 0 if field.kind == "text" else 1
    return 2 if field.kind in ("money", "month") and field.required else 3


def edits_in(said: str) -> list[RowEdit]:
    """The changes that the grid sends. Raises ValueError, KeyError or TypeError where it is anything else."""
    edits = [RowEdit(one["number"], one["version"], {**one["changes"]}) for one in json.loads(said)]
    for edit in edits:
        texts = [*edit.changes, *edit.changes.values()]
        if type(edit.number) is not int or type(edit.version) is not int or not 0 < edit.number < 2 * MOST_ROWS:
            raise ValueError(edit.number)
        if b"\0" in "".join(texts).encode():  # half a character cannot be encoded
            raise ValueError(edit.number)
    return edits


def grid_rows(rows: list[BatchRow], columns: list[dict]) -> list[dict]:
    """Rows for the template: number, version, state, cells with text, shown text, classes and findings."""
    return [
        {
            "number": row.number,
            "version": row.version,
            "state": row.state,
            "state_label": row.get_state_display(),
            "note": row.note,
            "is_closed": row.state not in COUNTED,
            "cells": [_cell(row, column) for column in columns],
        }
        for row in rows
    ]


def _cell(row: BatchRow, column: dict) -> dict:
    notes = row.original.get("notes", {})
    text = row.original.get("tidied", {}).get(column["id"], "") or row.cells.get(column["id"], "")
    own = [p for p in row.problems if p["field"] == column["id"]]
    levels = {p["level"] for p in own if p["level"] != "confirm" or p["code"] not in row.confirmed}
    css = [column["css"], "e" if "error" in levels else "q" if "confirm" in levels else ""]
    if column["id"] in notes:
        css.append("f")
    label = {column["id"]: column["label"]}
    said = [_said(p, label, row.confirmed.get(p["code"], "")) for p in own]
    return {
        "field": column["id"],
        "text": text,
        "shown": _shown(text, column),
        "css": " ".join(part for part in css if part),
        "invalid": "error" in levels,
        "blank": "读不准" if any(p["code"] == "cell_refused" for p in own) else "未填写",
        "problems": json.dumps(said, ensure_ascii=False) if said else "",
        "segments": json.dumps(_segments(text), ensure_ascii=False) if column["kind"] == "id_number" and said else "",
        "original": _was(notes[column["id"]], column) if column["id"] in notes else "",
    }


def _said(problem: dict, label: dict, reason: str) -> dict:
    """A finding for the page; what it asked for is left out once the reason is given."""
    message = when_confirmed(problem["message"]) if reason else problem["message"]
    return problem | {"title": title_of(problem, label), "reason": reason, "message": message}


def tidied_words(counts: dict[str, int], first: list[Tidied], columns: list[dict]) -> dict:
    """What was tidied silently, for the list of problems: how many cells of which column, and the first of them."""
    known = {column["id"]: column for column in columns}
    shown = [
        {
            "number": one.number,
            "field": one.field,
            "label": known[one.field]["label"],
            "was": _was(one.was, known[one.field]),
            "now": _shown(one.now, known[one.field]),
        }
        for one in first
    ]
    return {
        "count": sum(counts.values()),
        "columns": [(known[name]["label"], count) for name, count in counts.items()],
        "first": shown,
    }


def _was(text: str, column: dict) -> str:
    """What the file says, as far as the page may show it."""
    return (_shown(text, column) if column["kind"] in ("id_number", "phone") else text) or EMPTY


def _shown(text: str, column: dict) -> str:
    if column["kind"] == "id_number":
        return mask_id(text) if len(text) >= 15 else text
    if column["kind"] == "phone":
        return mask_phone(text)
    if column["kind"] == "money":
        return _yuan(text)
    for code, title in column["options"]:
        if text == code:
            return title
    return text


def _yuan(text: str) -> str:
    try:
        return yuan(parse_fen(text))
    except BadMoney:
        return text


def _segments(text: str) -> list[dict]:
    """The parts of an 18-digit number, each with its meaning and whether it is the one that does not hold."""
    known = check_id_number(text)
    parts = known.segments
    if "check" not in parts:
        return []
    expected = id_check_digit("".join(parts[key] for key in ("division", "birth", "order")))
    wrong = parts["check"] != expected
    birth, sex = parts["birth"], {"1": "男", "2": "女"}[known.sex]
    return [
        {"text": parts["division"], "name": "地区", "wrong": False},
        {
            "text": f"{birth[:4]} {birth[4:6]} {birth[6:]}",
            "name": "出生日期" if known.born_on else "没有这一天",
            "wrong": known.born_on is None,
        },
        {"text": parts["order"], "name": f"顺序码，{sex}", "wrong": False},
        {"text": parts["check"], "name": f"应为 {expected}" if wrong else "校验位", "wrong": wrong},
    ]
