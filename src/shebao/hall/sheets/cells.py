"""From cells to the raw texts that `rules.forms.clean` checks. What a cell cannot say for sure is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from shebao.hall.sheets.headers import HeaderMatch
from shebao.hall.sheets.lines import EMPTY, Cell
from shebao.hall.sheets.reading import SheetRows
from shebao.rules.region_model import Field, Form, Region

_TOTAL = re.compile(r"(合计|小计|总计|共计|本页合计|本页小计|累计)[::]?.{0,6}|.{0,8}(合计|小计|总计)[::]?")
_GROUP = re.compile(r"(在职|退休|离退休|在职职工|退休人员|在职人员|离退休人员)(人员|职工)?([::]?\d+人?)?")
_SIGNED = re.compile(r"(制表|填表|填报|编制|经办|审核|复核|主管|负责|单位负责|财务负责|说明|备注|注)[^::]{0,4}[::]")
"""What stands under a list: who made it, who checked it, what is to be noted."""
_EXAMPLE = re.compile(r"[(\[【<]?(示例|样例|例如|举例|填写示例|示例行)([)\]】>:].*|\d*)|.{0,10}\(示例\)")
_APOSTROPHE = re.compile(r"^'(?=[=+\-@\t\d＝＋－＠])")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_ERROR = re.compile(r"#(NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|SPILL!|CALC!)")
_SERIAL_DAYS = range(20_000, 80_000)  # 1954 to 2119 as Excel counts days
_EXCEL_ORIGIN = date(1899, 12, 30)


@dataclass(frozen=True)
class CellProblem:
    """Something wrong with a cell, as said beside it: stable code, field, and what to do in Chinese."""

    code: str
    field: str
    message: str
    level: str = "error"


@dataclass(frozen=True)
class DataRow:
    """One row to import. `number` is the row of the sheet, from 1; `values` are raw texts by field id."""

    number: int
    values: Mapping[str, str]
    problems: tuple[CellProblem, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class IgnoredRow:
    """A row that is not data, and why. A heading is no row of the list at all: nobody misses it."""

    number: int
    reason: str
    is_heading: bool = False


@dataclass(frozen=True)
class Reading:
    """All rows of a sheet, each of them exactly once: rows of the file = data + ignored."""

    data: tuple[DataRow, ...] = ()
    ignored: tuple[IgnoredRow, ...] = field(default=())


BEFORE_HEADER, HEADER = "表头之前的标题或说明", "表头"
HEADINGS = frozenset({BEFORE_HEADER, HEADER})


class _NotSo(Exception):
    """A cell is not what its column asks for: code and Chinese message."""


def read_rows(sheet_rows: SheetRows, match: HeaderMatch, form: Form, region: Region) -> Reading:
    """Sort the rows of a sheet into data and ignored rows, and turn the data into raw texts."""
    data: list[DataRow] = []
    ignored: list[IgnoredRow] = []
    for row in sorted_rows(sheet_rows.rows, match, form, region):
        (data if isinstance(row, DataRow) else ignored).append(row)  # type: ignore[attr-defined]
    return Reading(tuple(data), tuple(ignored))


def sorted_rows(
    rows: Iterable[list[Cell]], match: HeaderMatch, form: Form, region: Region
) -> Iterator[DataRow | IgnoredRow]:
    """Each row as data or as ignored, one after the other; what a column says again and again is read once."""
    fields = [(form.field(c.field), c.index) for c in match.columns if c.field]
    columns = [_Column(f, index, {}) for f, index in fields if f is not None]
    for number, row in enumerate(rows, 1):
        reason = _ignore_reason(number, row, match, columns)
        if reason:
            yield IgnoredRow(number, reason, reason in HEADINGS)
        else:
            yield _data_row(number, row, columns, match, region)


class _Column(NamedTuple):
    """A column of the sheet that feeds a field, and what its cells said so far."""

    field: Field
    index: int
    known: dict[Cell, str | CellProblem]


SHORTEST = 5
"""No number of a document is shorter."""
KEPT = 2_000
"""As many different cells of a column are remembered."""


def _ignore_reason(number: int, row: list[Cell], match: HeaderMatch, columns: list[_Column]) -> str:
    """Why a row is not data; "" for data."""
    told = [c for c in row if c.kind != "empty"]
    if not told:
        return "空行"
    if match.header_row is None:
        return "没有认出表头"
    if number < match.header_row:
        return BEFORE_HEADER
    if number < match.first_data_row:
        return HEADER
    filled = [(f, row[i]) for f, i, _ in columns if i < len(row) and row[i].kind != "empty"]
    if _is_example(told[0].text) or any(f.kind == "text" and _is_example(c.text) for f, c in filled):
        return "示例行"
    if any(f.kind == "id_number" and _may_be_a_number(c.text) for f, c in filled):
        return ""
    first = [_squeeze(c.text) for c in told[:3]]
    if any(_TOTAL.fullmatch(text) for text in first):
        return "合计行"
    if _GROUP.fullmatch(first[0]) and len(filled) <= 2:
        return "分组行"
    if _SIGNED.match(first[0]) and len(filled) <= 2:
        return "落款行"
    return "" if filled else "要导入的列都是空的"


def _may_be_a_number(text: str) -> bool:
    """Whether it could be somebody's number, right or wrong; “8 人” under a list could not."""
    return sum(c.isascii() and c.isalnum() for c in unicodedata.normalize("NFKC", text)) >= SHORTEST


def _is_example(text: str) -> bool:
    # Both ways to write the character; without it there is nothing to look for, and most names are without it.
    return ("例" in text or "\uf9b5" in text) and bool(_EXAMPLE.fullmatch(_squeeze(text)))


def _squeeze(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _data_row(number: int, row: list[Cell], columns: list[_Column], match: HeaderMatch, region: Region) -> DataRow:
    values, problems = {}, []
    for column, index, known in columns:
        cell = row[index] if index < len(row) else EMPTY
        said = known.get(cell)
        if said is None:
            said = _said(cell, column, region)
            if len(known) < KEPT:
                known[cell] = said
        if isinstance(said, str):
            values[column.id] = said
        else:
            values[column.id] = ""
            problems.append(said)
    key = row[match.key_column].text.strip() if match.key_column is not None and match.key_column < len(row) else ""
    return DataRow(number, values, tuple(problems), key)


def _said(cell: Cell, column: Field, region: Region) -> str | CellProblem:
    try:
        return raw_text(cell, column, region)
    except _NotSo as no:
        return CellProblem(no.args[0], column.id, no.args[1])


def raw_text(cell: Cell, column: Field, region: Region) -> str:
    """The text a clerk would have typed into the form for this cell; raises when the cell cannot say."""
    if cell.kind == "empty":
        return ""
    if cell.kind == "formula_without_value":
        raise _NotSo("formula_without_value", "这里是公式，但没有计算结果。请复制后“粘贴为数值”再上传。")
    if cell.kind == "error" or _ERROR.fullmatch(cell.text.strip()):
        raise _NotSo("cell_error", f"单元格是错误值 {cell.text}，请改成正确的内容。")
    text = cell_text(cell)
    match column.kind:
        case "id_number":
            return _id_number(cell, text)
        case "money":
            return _money(cell, text)
        case "date":
            return _date(cell, text)
        case "month":
            return _month(cell, text)
        case "choice":
            return _choice(cell, text, column, region)
        case "phone":
            return _phone(cell, text)
    return text


def says(cell: Cell, column: Field, region: Region) -> str | None:
    """The raw text of a cell; None when the cell cannot say."""
    try:
        return raw_text(cell, column, region)
    except _NotSo:
        return None


def cell_text(cell: Cell) -> str:
    """The text of a cell without the wrappings that exports put round it: ="…" and a leading apostrophe."""
    text = cell.text.replace("\u200b", "").replace("\ufeff", "").strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1]
    return _APOSTROPHE.sub("", text)


def _id_number(cell: Cell, text: str) -> str:
    """An identity number must be text: as a number it has lost digits, and nobody may guess them."""
    if cell.kind == "number" or (_SCIENTIFIC.fullmatch(text)):
        raise _NotSo(
            "id_as_number",
            "证件号码是按数字保存的，Excel 只保留前 15 位，后面的数字已经丢失。"
            "请把这一列设为“文本”格式，重新填写证件号码（不能只改格式）。",
        )
    if cell.kind == "date":
        raise _NotSo("id_as_date", "证件号码被存成了日期。请把这一列设为“文本”格式后重新填写。")
    return text


def _phone(cell: Cell, text: str) -> str:
    if _SCIENTIFIC.fullmatch(text):
        raise _NotSo("phone_as_number", "手机号码显示成了科学记数，请把这一列设为“文本”格式后重新填写。")
    return text


def _money(cell: Cell, text: str) -> str:
    """Amount as digits; the currency sign and 元 are wrapping, everything else is for the form to check."""
    if cell.kind == "date":
        raise _NotSo("money_as_date", f"这一列应填金额，单元格却是日期 {text}。请改成金额。")
    return re.sub(r"^[¥￥]|元$", "", text.strip()).strip()


def _date(cell: Cell, text: str) -> str:
    """ISO date for the usual spellings; other text goes on unchanged for the form to refuse."""
    plain = _squeeze(text) if cell.kind != "date" else text
    if cell.kind == "number":
        return _date_of_number(text)
    if re.fullmatch(r"\d{8}", plain, re.ASCII):
        return _iso(plain[:4], plain[4:6], plain[6:]) or text
    found = _DATE.fullmatch(plain) or _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return (found and _iso(*found.groups())) or text


def _date_of_number(text: str) -> str:
    """A date kept as a number: 20261101, or Excel's count of days."""
    if re.fullmatch(r"\d{8}", text, re.ASCII):
        return _iso(text[:4], text[4:6], text[6:]) or text
    if re.fullmatch(r"\d{5}", text, re.ASCII) and int(text) in _SERIAL_DAYS:
        return (_EXCEL_ORIGIN + timedelta(days=int(text))).isoformat()
    return text


def _iso(year: str, month: str, day: str) -> str:
    """ISO spelling of a date that exists, "" otherwise."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _month(cell: Cell, text: str) -> str:
    """YYYY-MM for the usual spellings; a number such as 2026.1 may be January or October and is refused."""
    if cell.kind == "number":
        if re.fullmatch(r"\d{4}\.1", text, re.ASCII):
            raise _NotSo(
                "month_ambiguous",
                f"“{text}”看不出是 1 月还是 10 月（末尾的 0 会丢）。请写成 {text[:4]}-01 或 {text[:4]}-10。",
            )
        if re.fullmatch(r"\d{5}", text, re.ASCII):
            return _date_of_number(text)[:7]
    plain = _squeeze(text)
    if re.fullmatch(r"\d{6}", plain, re.ASCII):
        return _year_month(plain[:4], plain[4:]) or text
    if found := _MONTH.fullmatch(plain):
        return _year_month(*found.groups()) or text
    day = _date(cell, text)
    return day[:7] if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day, re.ASCII) else text


def _year_month(year: str, month: str) -> str:
    return f"{int(year):04d}-{int(month):02d}" if 1 <= int(month) <= 12 else ""


def _choice(cell: Cell, text: str, column: Field, region: Region) -> str:
    """A code kept as a number has lost its leading zero: put back where the list has exactly that code."""
    codes = region.codes.get(column.options) if column.options else None
    if cell.kind == "number" and codes is not None and codes.find(text) is None:
        return next((c.code for c in codes.items if c.code.lstrip("0") == text), text)
    return text
