"""The spreadsheet that an employer downloads, fills and sends back (报盘模板), made from the form itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shebao.hall.declarations.declared_month import declared_month
from shebao.hall.declarations.queries import current_month
from shebao.hall.sheets.layouts import Layout, form_layout
from shebao.hall.sheets.writing import Book, plain_text, sheet_name
from shebao.rules.code_lists import Code, CodeList
from shebao.rules.identity import id_check_digit
from shebao.rules.money import plain_yuan
from shebao.rules.months import Month
from shebao.rules.region_model import Field, Form, Region, Service

ROWS = 100_000
CODES_SHEET, EXAMPLE_SHEET, HELP_SHEET, STAMP_LABEL = "字典", "示例", "说明", "模板版本"
# GB/T 2260 has 110100 as the heading over counties; numbers begin with a county's own code, so these are nobody's.
_EXAMPLE_DIVISION = "110100"
_EXAMPLE_PEOPLE = (("张三（示例）", 31), ("李四（示例）", 27))
"""Names that say 示例, and ages: whoever is insured has to be of working age in every year."""
_CHANGED = 10
"""So much further stands the number to which somebody's own is to be changed; of the same sex."""
_WIDTHS = {"id_number": 22, "note": 30, "phone": 16, "date": 14, "month": 12, "money": 14}
_HINTS = {
    "id_number": "按证件填写，18 位；末位 X 用大写。本列已是文本格式。",
    "money": "单位：元，最多两位小数，例如 8000.00。",
    "month": "格式 2026-01，四位年、两位月。",
    "date": "格式 2026-01-01。",
    "phone": "11 位手机号码。",
    "choice": "请从下拉列表中选择。",
    "number": "填整数。",
}


def stamp(region: Region, service: Service) -> str:
    """What a template says about itself: region, service and the version of the region's rules."""
    return f"{region.code}/{service.key}/{region.fingerprint}"


def write_template(
    region: Region,
    service: Service,
    form: Form,
    *,
    prefill: Iterable[Mapping[str, object]] = (),
    layout: Layout | None = None,
    mark: str = "",
) -> bytes:
    """An .xlsx for one service: the sheet to fill, examples, help, and the code lists behind the drop-downs.

    `prefill` rows hold cleaned values by field id: fen, YYYY-MM, codes. They become rows of the first sheet.
    `layout` is another order of the columns, such as the published one. `mark` tells who takes a sheet with people in
    it along; it stands in the page headers and on a sheet of its own, so that the first one is read as without it.
    """
    layout = layout or form_layout(form)
    fields, top = layout.fields, layout.head_row
    with Book(mark=mark) as book:
        first = book.add_sheet(sheet_name(service.title))
        ranges = _code_ranges(region, fields)
        if top:
            first.write_string(0, 0, plain_text(layout.title), book.format("title"))
        _write_heads(book, first, fields, top)
        _write_columns(book, first, fields, ranges, top)
        for number, values in enumerate(prefill, top + 1):
            _write_row(book, first, number, fields, region, values)
        example = book.add_sheet(EXAMPLE_SHEET)
        _write_heads(book, example, fields)
        for number, (name, age) in enumerate(_EXAMPLE_PEOPLE, 1):
            told = _example(region, service, fields, number, name, age)
            _write_row(book, example, number, fields, region, told)
        _write_help(book, region, service, layout)
        _write_codes(book, region, fields)
        book.add_mark()
    return book.data


def _write_heads(book: Book, sheet, fields: tuple[Field, ...], top: int = 0) -> None:
    for column, field in enumerate(fields):
        label = plain_text(field.label) + ("*" if field.required else "")
        sheet.write_string(top, column, label, book.format("required" if field.required else "head"))
        width = _WIDTHS.get(field.kind, 24 if field.wide else 16)
        sheet.set_column(column, column, width, book.format("yuan" if field.kind == "money" else "text"))
    sheet.set_row(top, 24)
    sheet.freeze_panes(top + 1, 0)


def _write_columns(book: Book, sheet, fields: tuple[Field, ...], ranges: Mapping[str, str], top: int = 0) -> None:
    """Drop-downs where there is a code list, and an input message on every column."""
    for column, field in enumerate(fields):
        rule: dict[str, object] = {
            "validate": "any",
            "input_title": field.label[:32],
            "input_message": _hint(field)[:255],
        }
        if field.options in ranges:
            rule |= {
                "validate": "list",
                "source": ranges[field.options],
                "error_title": "不在列表中",
                "error_message": "请从下拉列表中选择，或按“代码|名称”填写。",
                "error_type": "warning",
            }
        sheet.data_validation(top + 1, column, top + ROWS, column, rule)


def _hint(field: Field) -> str:
    need = "必填。" if field.required else "选填。"
    return need + (field.help or _HINTS.get(field.kind, ""))


def _write_row(
    book: Book, sheet, row: int, fields: tuple[Field, ...], region: Region, values: Mapping[str, object]
) -> None:
    for column, field in enumerate(fields):
        value = values.get(field.id)
        if value is None or value == "":
            continue
        if isinstance(value, int):  # the only numbers among answers are amounts
            sheet.write_number(row, column, float(plain_yuan(value)), book.format("yuan"))
        else:
            sheet.write_string(row, column, plain_text(_shown(value, field, region)), book.format("text"))


def _shown(value: object, field: Field, region: Region) -> str:
    """A value as the clerk would write it: the title of a code, everything else as it is."""
    codes = region.codes.get(field.options) if field.options else None
    if codes is None:
        return str(value)
    code = codes.get(str(value))
    return _choice_text(codes, code) if code else str(value)


def _choice_text(codes: CodeList, code: Code) -> str:
    """The title where it names one entry only, otherwise "code|title".

    A retired code is told by its code too: one in use may have its title as an alias.
    """
    alone = sum(item.title == code.title for item in codes.items) == 1
    return code.title if alone and not code.is_retired else f"{code.code}|{code.title}"


def _code_ranges(region: Region, fields: tuple[Field, ...]) -> dict[str, str]:
    """Code list key → its cells on the hidden sheet, as a formula."""
    ranges = {}
    for column, codes in enumerate(_code_lists(region, fields)):
        letter = chr(ord("A") + column) if column < 26 else "A" + chr(ord("A") + column - 26)
        ranges[codes.key] = f"={CODES_SHEET}!${letter}$2:${letter}${len(codes.offered) + 1}"
    return ranges


def _code_lists(region: Region, fields: tuple[Field, ...]) -> list[CodeList]:
    keys = dict.fromkeys(f.options for f in fields if f.options)
    return [region.codes[k] for k in keys if k in region.codes and region.codes[k].offered]


def _write_codes(book: Book, region: Region, fields: tuple[Field, ...]) -> None:
    if not (lists := _code_lists(region, fields)):
        return
    sheet = book.add_sheet(CODES_SHEET)
    for column, codes in enumerate(lists):
        sheet.write_string(0, column, plain_text(codes.title), book.format("head"))
        for row, item in enumerate(codes.offered, 1):
            sheet.write_string(row, column, plain_text(_choice_text(codes, item)))
    sheet.hide()


def _example_number(month: Month, age: int, order: int) -> str:
    first = f"{_EXAMPLE_DIVISION}{month.year - age}0517{order:03}"
    return first + id_check_digit(first)


def _example(
    region: Region, service: Service, fields: tuple[Field, ...], number: int, name: str, age: int
) -> dict[str, object]:
    """A synthetic row; its name says 示例, so that a copied row is never imported.

    It passes the checks of its form, and holds no more than it must: what may be left out is of few people, and the
    first entries of two lists contradict one another.
    """
    now, values = current_month(region), {}
    looks_back = service.looks_back or service.corrects or service.gives_back
    month = now.previous() if looks_back else declared_month(region)
    samples = {
        "money": (800_000, 950_050)[number - 1],
        "month": str(month),
        "date": now.first_day.isoformat(),
        "phone": "13800000000",
        "number": "1",
        "year": str(now.year),
        "note": "写明原因和依据",
        "account": f"example{number}",
    }
    texts = [field.id for kinds in (("text", "line"), ("note",)) for field in fields if field.kind in kinds]
    told = "name" if "name" in texts else next(iter(texts), "")
    for field in fields:
        codes = region.codes.get(field.options) if field.options else None
        if field.id == told:
            values[field.id] = name if told.endswith("name") else f"{field.label[:10]}（示例）"
        elif field.kind == "id_number":
            values[field.id] = _example_number(now, age, number if field.identity else number + _CHANGED)
        elif codes is not None and codes.offered:
            if field.required or field.default or field.scheme:
                values[field.id] = field.default or codes.offered[0].code
        elif field.required or field.kind in ("money", "month", "phone"):
            values[field.id] = samples.get(field.kind, f"示例{field.label}")
    return values


def _write_help(book: Book, region: Region, service: Service, layout: Layout) -> None:
    fields, row = layout.fields, layout.head_row + 2
    sheet = book.add_sheet(HELP_SHEET)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 2, 12)
    sheet.set_column(3, 3, 70, book.format("wrapped"))
    lines = [
        (f"{service.title} 报盘模板",),
        (STAMP_LABEL, stamp(region, service)),
        ("适用地区", region.title),
        ("怎么填", f"在第一张工作表从第 {row} 行起填写，每人一行；红色标题和带 * 的列必须填写。不要改标题行。"),
        ("注意", "证件号码、手机号码必须是文本。“示例”表只供参考，不会导入。合计行和空行会自动跳过。"),
        ("列的次序", layout.source) if layout.source else (),
        ("列名", "是否必填", "类型", "填写说明"),
    ]
    types = {"money": "金额", "month": "年月", "date": "日期", "choice": "选项", "id_number": "证件号码"}
    lines += [(f.label, "必填" if f.required else "选填", types.get(f.kind, "文本"), _help(f, region)) for f in fields]
    for row, line in enumerate(lines):
        for column, text in enumerate(line):
            bold = row in (0, 6) or (column == 0 and row < 6)
            sheet.write_string(row, column, plain_text(text), book.format("bold") if bold else None)


def _help(field: Field, region: Region) -> str:
    codes = region.codes.get(field.options) if field.options else None
    choices = "可选：" + "、".join(i.title for i in codes.offered[:20]) if codes else ""
    if codes and len(codes.offered) > 20:
        choices += f" 等 {len(codes.offered)} 项"
    words = (field.help, "" if codes else _HINTS.get(field.kind, ""), choices)
    return " ".join(dict.fromkeys(t for t in words if t))
