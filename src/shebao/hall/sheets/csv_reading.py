"""Delimited text: decode strictly, find the delimiter, split. Never guess an encoding, never lose a quote."""

from __future__ import annotations

import csv
import io
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
DELIMITERS = (",", "\t", ";")


class BadText(Exception):
    """Text that cannot be read as a table; `code` and `message` as in UnreadableSheet."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code, self.message = code, message


def decode(data: bytes) -> str:
    """Bytes as text: a byte order mark decides, else strict utf-8, else strict gb18030; raises BadText.

    gb18030 and never gbk, because gbk lacks rare characters of names.
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ("utf-16",) if marked else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if _CONTROL.search(text):
            raise BadText("not_a_sheet", "这不是表格文件（内容含有控制字符）。请上传 .xlsx、.xls 或 .csv 文件。")
        return text
    raise BadText(
        "encoding",
        "看不懂这份 CSV 的文字编码。请在 Excel 或 WPS 中打开它，“另存为”选择 .xlsx 后再上传。",
    )


def delimiter_of(text: str) -> str | None:
    """The delimiter most used in the first 20 lines; None where there is none."""
    head = "\n".join(text.splitlines()[:20])
    counts = {d: head.count(d) for d in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: counts[d])
    return best if counts[best] else None


def split(text: str) -> list[list[str]]:
    """Rows of a delimited text; raises BadText naming the line where the quotes break."""
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text) or ",", strict=True)
    try:
        for row in reader:
            while row and not row[-1].strip():
                row.pop()
            rows.append(row)
    except csv.Error:
        raise BadText(
            "csv_quotes",
            f"CSV 第 {reader.line_num} 行附近的双引号不配对或内容过长，无法确定单元格的界线。"
            "请在 Excel 或 WPS 中打开，另存为 .xlsx 后再上传。",
        ) from None
    while rows and not rows[-1]:
        rows.pop()
    return rows
