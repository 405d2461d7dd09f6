"""One row of a code list changed in the text of its file: every other row, the order and the comments stay as typed."""

from __future__ import annotations

from typing import Any

import yaml


def retired(text: str, code: str) -> str:
    """The file of a code list with one code retired (停用); as it was, where it has no such code."""
    row, keys = _row(text, code)
    if "retired" in keys:
        return _with(text, keys["retired"][1], "true")
    if "code" not in keys:
        return text
    said = keys["code"][1].end_mark.index
    if row.flow_style:
        return f"{text[:said]}, retired: true{text[said:]}"
    end = (text + "\n").index("\n", said)  # what is written behind the code stays with it
    return f"{text[:end]}\n{' ' * keys['code'][0].start_mark.column}retired: true{text[end:]}"


def restored(text: str, code: str) -> str:
    """The file of a code list with one code in use again (恢复使用); as it was, where it is not retired."""
    row, keys = _row(text, code)
    if "retired" not in keys:
        return text
    key, value = keys["retired"]
    before, after = text[: key.start_mark.index], text[value.end_mark.index :]
    blank = " \t\n" if row.flow_style else " \t"
    head, tail = before.rstrip(blank), after.lstrip(" \t")
    if row.flow_style and head.endswith(","):
        return head[:-1] + after
    if row.flow_style and tail.startswith(","):
        return before + tail[1:].lstrip(blank)
    if not row.flow_style and head.endswith("\n") and tail[:1] in ("", "\n"):
        return head[:-1] + tail
    return _with(text, value, "false")  # with a comment beside it, or where the row begins


def _row(text: str, code: str) -> tuple[Any, dict[str, tuple[Any, Any]]]:
    """The node of the row with this code, and its keys."""
    top: Any = yaml.compose(text, Loader=yaml.SafeLoader)  # the faster one does not count a byte order mark
    rows: Any = next((value.value for key, value in top.value if key.value == "items"), [])
    for row in rows:
        keys = {key.value: (key, value) for key, value in row.value}
        if "code" in keys and keys["code"][1].value == code:
            return row, keys
    return top, {}


def _with(text: str, node: Any, word: str) -> str:
    return text[: node.start_mark.index] + word + text[node.end_mark.index :]
