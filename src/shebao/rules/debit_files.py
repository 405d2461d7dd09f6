"""Batch debit files (银行代扣): lines out and back, delimited or of fixed width, in the bank's encoding.

Pure: text and bytes in, values and sentences out. Amounts are whole fen; in the file they are fen without a point.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

ENCODINGS: Mapping[str, str] = MappingProxyType(
    {"gb18030": "GB18030：所有汉字都能写", "gbk": "GBK：有的生僻字写不出来，报送前列出"}
)
SHAPES: Mapping[str, str] = MappingProxyType({"delimited": "分隔符", "fixed": "定长，宽度按字节"})
OUT_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "order": "缴费流水",
        "account": "付款账号",
        "payer": "户名",
        "amount": "金额（分）",
        "bill": "账单号",
        "note": "附言：费款所属期",
    }
)
BACK_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "order": "缴费流水",
        "account": "付款账号",
        "payer": "户名",
        "amount": "金额（分）",
        "result": "结果代码",
        "serial": "银行流水",
        "paid_at": "扣款时间，年月日时分秒 14 位",
    }
)
SAYS: Mapping[str, str] = MappingProxyType(
    {"succeeded": "扣款成功", "refused": "没有扣款", "unknown": "结果待查，等对账"}
)
NEEDED_OUT = ("order", "account", "payer", "amount")
NEEDED_BACK = ("order", "amount", "result", "serial", "paid_at")
HEAD = "H"
HEAD_WIDTHS = (1, 24, 8, 16)
LINE_END = "\r\n"
TELLS = 50
"""So many problems of a file are told at once; more are counted."""


@dataclass(frozen=True)
class Result:
    """What a code of the bank says."""

    says: str
    reason: str


@dataclass(frozen=True)
class DebitFormat:
    """How the files of a region's bank look. Columns are (word, width in bytes); 0 where the width is free."""

    encoding: str
    shape: str
    delimiter: str
    out: tuple[tuple[str, int], ...]
    back: tuple[tuple[str, int], ...]
    results: Mapping[str, Result]


@dataclass(frozen=True)
class BackLine:
    """One line of a return file, understood: `line` as it stands there, amounts in fen."""

    number: int
    line: str
    order: str
    amount_fen: int
    says: str
    reason: str
    serial: str
    paid_at: str
    payer: str


@dataclass(frozen=True)
class Back:
    """A return file, read whole: its lines, or everything that is wrong with it."""

    lines: tuple[BackLine, ...]
    problems: tuple[str, ...]


def not_encodable(text: str, encoding: str) -> str:
    """The characters of a text that an encoding lacks, each once."""
    return "".join(sign for sign in dict.fromkeys(text) if not _fits(sign, encoding))


def _fits(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def line_problems(form: DebitFormat, row: Mapping[str, str]) -> list[str]:
    """Why a row cannot go into the file, in words; empty where it can."""
    found = []
    for key, width in form.out:
        value, title = row.get(key, ""), OUT_COLUMNS[key]
        if lost := not_encodable(value, form.encoding):
            signs = "、".join(f"“{sign}”（U+{ord(sign):04X}）" for sign in lost)
            found.append(f"{title}“{value}”里的{signs}不在 {form.encoding.upper()} 字集里")
        elif width and len(value.encode(form.encoding)) > width:
            found.append(f"{title}“{value}”超过 {width} 字节")
        elif form.shape == "delimited" and form.delimiter in value or any(end in value for end in "\r\n"):
            found.append(f"{title}“{value}”里有分隔符或换行")
        elif not value and key in NEEDED_OUT:
            found.append(f"没有{title}")
    return found


def write_file(form: DebitFormat, number: str, rows: Sequence[Mapping[str, str]]) -> bytes:
    """The file to send: a head with its number, count and sum, then the rows. Each row was found without problems."""
    total = sum(int(row["amount"]) for row in rows)
    head = _line(form, list(zip((HEAD, number, str(len(rows)), str(total)), HEAD_WIDTHS, strict=True)))
    lines = [_line(form, [(row.get(key, ""), width) for key, width in form.out]) for row in rows]
    return b"".join(line + LINE_END.encode() for line in [head, *lines])


def _line(form: DebitFormat, cells: Iterable[tuple[str, int]]) -> bytes:
    if form.shape == "delimited":
        return form.delimiter.join(text for text, _ in cells).encode(form.encoding)
    return b"".join(_padded(text.encode(form.encoding), width) for text, width in cells)


def _padded(content: bytes, width: int) -> bytes:
    return content + b" " * (width - len(content))


def read_back(form: DebitFormat, number: str, content: bytes) -> Back:
    """Read a return file of the file `number`: every line, or every problem with its line number.

    A file with a problem is not taken at all: half a file says nothing about the other half.
    """
    problems: list[str] = []
    rows = [row for row in content.replace(b"\r\n", b"\n").split(b"\n") if row.strip()]
    if not rows:
        return Back((), ("回盘是空文件，请重新取回。",))
    head = _cells(form, rows[0], HEAD_WIDTHS)
    lines = [_read(form, place, row, problems) for place, row in enumerate(rows[1:], 2)]
    found = tuple(line for line in lines if line is not None)
    if not isinstance(head, list) or head[0] != HEAD:
        problems.insert(0, "第 1 行应是文件头：H、文件号、笔数、金额。")
    else:
        problems[:0] = _head_problems(number, head, found, len(rows) - 1)
    if len(problems) > TELLS:
        problems[TELLS:] = [f"另外还有 {len(problems) - TELLS} 处问题。"]
    return Back(found, tuple(problems))


def _head_problems(number: str, head: list[str], lines: Sequence[BackLine], count: int) -> list[str]:
    found = []
    if head[1] != number:
        found.append(f"第 1 行：文件号是“{head[1]}”，应是“{number}”，请核对是不是别的文件的回盘。")
    if head[2] != str(count):
        found.append(f"第 1 行：写明 {head[2]} 笔，文件里有 {count} 笔，文件可能不完整。")
    if len(lines) == count and head[3] != str(total := sum(line.amount_fen for line in lines)):
        found.append(f"第 1 行：写明金额 {head[3]} 分，各笔相加是 {total} 分。")
    return found


def _cells(form: DebitFormat, row: bytes, widths: Sequence[int]) -> list[str] | str:
    """The cells of a line, or what is wrong with it."""
    try:
        if form.shape == "delimited":
            cells = row.decode(form.encoding).split(form.delimiter)
            return [cell.strip() for cell in cells] if len(cells) == len(widths) else (
                f"有 {len(cells)} 栏，应为 {len(widths)} 栏"
            )  # fmt: skip
        if len(row.rstrip(b" ")) > sum(widths):
            return f"长 {len(row)} 字节，应为 {sum(widths)} 字节"
        cells, start = [], 0
        for width in widths:
            cells.append(row[start : start + width].decode(form.encoding).strip())
            start += width
    except UnicodeDecodeError:
        return f"不是 {form.encoding.upper()} 编码的文字"
    return cells


def _read(form: DebitFormat, place: int, row: bytes, problems: list[str]) -> BackLine | None:
    cells = _cells(form, row, [width for _, width in form.back])
    if isinstance(cells, str):
        problems.append(f"第 {place} 行：{cells}。")
        return None
    said = dict(zip((key for key, _ in form.back), cells, strict=True))
    result = form.results.get(said["result"])
    wrong = _wrong(said, result)
    problems += [f"第 {place} 行：{one}。" for one in wrong]
    if wrong or result is None:
        return None
    paid_at = _moment(said["paid_at"]).isoformat() if said["paid_at"] else ""
    line = codecs.decode(row, form.encoding)
    amount = int(said["amount"])
    return BackLine(
        place,
        line,
        said["order"],
        amount,
        result.says,
        result.reason,
        said["serial"],
        paid_at,
        said.get("payer", ""),
    )


def _wrong(said: Mapping[str, str], result: Result | None) -> list[str]:
    found = []
    if not said["order"] or len(said["order"]) > 40:
        found.append(f"缴费流水“{said['order']}”不对")
    if not (said["amount"].isascii() and said["amount"].isdigit() and len(said["amount"]) <= 15):
        found.append(f"金额“{said['amount']}”不是以分为单位的整数")
    if result is None:
        found.append(f"不认识结果代码“{said['result']}”")
    elif result.says == "succeeded" and not said["serial"]:
        found.append("扣款成功，但没有银行流水")
    if said["paid_at"]:
        try:
            _moment(said["paid_at"])
        except ValueError:
            found.append(f"扣款时间“{said['paid_at']}”应为 14 位数字")
    elif result and result.says == "succeeded":
        found.append("扣款成功，但没有扣款时间")
    return found


def _moment(text: str) -> datetime:
    if not (len(text) == 14 and text.isascii() and text.isdigit()):
        raise ValueError(text)
    return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the bank's local time, as its file writes it


def as_plain(form: DebitFormat) -> dict[str, Any]:
    """The format as plain values: what a file keeps of it, and what the bank is told."""
    return {
        "encoding": form.encoding,
        "shape": form.shape,
        "delimiter": form.delimiter,
        "out": [list(one) for one in form.out],
        "back": [list(one) for one in form.back],
        "results": {code: {"says": one.says, "reason": one.reason} for code, one in form.results.items()},
    }


def from_plain(kept: Mapping[str, Any]) -> DebitFormat:
    """The format behind `as_plain`: a return is read as its file was written, whatever the region says since."""
    return DebitFormat(
        kept["encoding"],
        kept["shape"],
        kept["delimiter"],
        tuple((key, width) for key, width in kept["out"]),
        tuple((key, width) for key, width in kept["back"]),
        MappingProxyType({code: Result(one["says"], one["reason"]) for code, one in kept["results"].items()}),
    )
