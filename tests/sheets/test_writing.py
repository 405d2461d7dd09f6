"""Templates, exports and marked files: they open in other programs, and they come back as they went."""

import io
from dataclasses import replace
from datetime import datetime

import openpyxl
import pytest

from shebao.hall.sheets.cells import CellProblem, read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.marked import write_marked
from shebao.hall.sheets.reading import read_workbook
from shebao.hall.sheets.templates import stamp, write_template
from shebao.hall.sheets.writing import Column, write_table
from shebao.rules.identity import check_id_number
from tests.factories import NOW, at
from tests.sheets import files

SERVICES = [
    (code, service.key)
    for code, region in sorted(files.regions().items())
    for service in region.services.values()
    if service.is_about_person  # what is about the employer itself comes by no sheet
]


def opened(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def template(region, key, prefill=()):
    service = region.services[key]
    return write_template(region, service, region.forms[service.form], prefill=prefill)


@pytest.mark.parametrize(("code", "key"), SERVICES)
def test_every_template_of_every_region_is_understood_without_asking(code, key):
    region = files.regions()[code]
    service = region.services[key]
    form = region.forms[service.form]
    row = {f.id: _value(f, region) for f in form.fields}
    sheet = read_workbook(template(region, key, [row]), "模板.xlsx")
    found = match_headers(sheet, form, region.sheets.get(key))
    assert found.is_certain
    assert sheet.stamp == stamp(region, service)
    assert region.fingerprint in sheet.stamp
    (data,) = read_rows(sheet, found, form, region).data
    assert data.problems == ()
    assert data.values["id_number"] == files.IDS[0]


def _value(field, region):
    if field.options:
        return region.codes[field.options].items[0].code
    plain = {"id_number": files.IDS[0], "money": 800_010, "month": "2026-11", "date": "2026-11-01"}
    return plain.get(field.kind, "13800000000" if field.kind == "phone" else "某")


def test_a_template_has_red_required_heads_text_columns_lists_and_help():
    region = files.region()
    form, _ = files.enrolment()
    book = opened(template(region, "employee_enrolment"))
    assert book.sheetnames[0] == region.services["employee_enrolment"].title
    assert book.sheetnames[1:] == ["示例", "说明", "字典"]
    assert book["字典"].sheet_state == "hidden"
    sheet = book.worksheets[0]
    for column, field in enumerate(form.fields, 1):
        head = sheet.cell(1, column)
        assert head.value == field.label + ("*" if field.required else "")
        assert (head.font.color is not None and head.font.color.rgb == "FFC0261C") == field.required
        (wide,) = (d for d in sheet.column_dimensions.values() if d.min <= column <= d.max)
        assert wide.number_format == ("#,##0.00" if field.kind == "money" else "@")
    lists = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert len(lists) == sum(1 for f in form.fields if f.options)
    assert all(v.formula1.startswith("字典!$") for v in lists)
    assert all(v.prompt for v in sheet.data_validations.dataValidation)
    assert {row[0] for row in book["说明"].values} >= {f.label for f in form.fields}


def test_the_examples_are_of_the_present_month_and_without_lists_there_is_no_sheet_of_lists():
    region = files.region()
    with at(NOW):
        book = opened(template(region, "employee_enrolment"))
        form, _ = files.enrolment()
        months = {str(c.value) for c in book["示例"][2] for f in [form.fields[c.column - 1]] if f.kind == "month"}
        assert months == {"2026-11"}
        plain = replace(form, fields=tuple(f for f in form.fields if not f.options))
        data = write_template(region, region.services["employee_enrolment"], plain)
    assert opened(data).sheetnames[1:] == ["示例", "说明"]


def test_the_example_rows_are_never_imported():
    region = files.region()
    form, spec = files.enrolment()
    data = template(region, "employee_enrolment")
    sheet = read_workbook(data, "a.xlsx", sheet="示例")
    reading = read_rows(sheet, match_headers(sheet, form, spec), form, region)
    assert reading.data == ()
    assert [r.reason for r in reading.ignored] == ["表头", "示例行", "示例行"]


@pytest.mark.parametrize("year", [2026, 2060])
def test_the_example_people_are_of_working_age_whenever_the_template_is_made(year):
    form, _ = files.enrolment()
    with at(datetime(year, 11, 10, 10, 0)):  # noqa: DTZ001 - naive local time, as everywhere in the tests
        book = opened(template(files.region(), "employee_enrolment"))
    place = [f.id for f in form.fields].index("id_number") + 1
    told = [check_id_number(book["示例"].cell(row, place).value) for row in (2, 3)]
    assert all(one.ok and one.kind == "01" for one in told)
    assert [year - one.born_on.year for one in told] == [31, 27]


def test_a_filled_template_comes_back_byte_for_byte_in_every_format():
    region = files.region()
    form, spec = files.enrolment()
    heads = [c.value for c in opened(template(region, "employee_enrolment")).worksheets[0][1]]
    place = [f.id for f in form.fields].index("id_number")
    rows = [heads, *[[None] * place + [number] for number in files.IDS]]
    for data in (files.xlsx(rows), files.xls(rows), files.csv(rows), files.csv(rows, "gb18030")):
        sheet = read_workbook(data, "a")
        found = read_rows(sheet, match_headers(sheet, form, spec), form, region)
        assert [r.values["id_number"] for r in found.data] == files.IDS
        assert not any(r.problems for r in found.data)


PAYLOADS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "=cmd|' /C calc'!A0",
    "＝1",
    "http://x.example/",
    "{=1}",
    "_x0041_",
]


def test_no_text_of_ours_becomes_a_formula_or_a_link():
    data = write_table("导出", "筛选：=1+1", [Column("=甲"), Column("乙", "yuan")], [[p, 123_456] for p in PAYLOADS])
    sheet = opened(data).active
    assert all(c.data_type != "f" and c.hyperlink is None for row in sheet.iter_rows() for c in row)
    back = read_workbook(data, "a.xlsx")
    assert [r[0].text for r in back.rows[3:]] == PAYLOADS
    assert {r[1].text for r in back.rows[3:]} == {"1234.56"}


def test_a_table_has_real_types_and_keeps_long_numbers_as_text():
    import datetime

    columns = [
        Column("号码"),
        Column("金额", "yuan"),
        Column("人数", "whole"),
        Column("日", "date"),
        Column("时", "moment"),
    ]
    moment = datetime.datetime(2026, 11, 24, 9, 30)  # noqa: DTZ001
    data = write_table(
        "表/*[x]",
        "全部",
        columns,
        iter([[files.IDS[1], -5, 3, moment.date(), moment], [None, 0, 0, "", None]]),
    )
    sheet = opened(data).active
    assert sheet.title == "表x"
    values = [c.value for c in sheet[4]]
    assert values[:3] == [files.IDS[1], -0.05, 3]
    assert (values[3].date(), values[4]) == (moment.date(), moment)
    assert [c.value for c in sheet[5]] == [None, 0, 0, None, None]


def test_a_broken_source_of_rows_leaves_no_file_behind(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def rows():
        yield ["x"]
        raise LookupError

    with pytest.raises(LookupError):
        write_table("表", "", [Column("甲")], rows())
    assert list(tmp_path.iterdir()) == []


def marked_file():
    region = files.region()
    form, spec = files.enrolment()
    rows = [
        ["某公司"],
        ["姓名", "身份证号", "缴费工资", "星座"],
        ["张三", 110101199003074514, 8000.1, "天秤"],
    ]
    rows.append(["=李四", files.IDS[0], "很多", None])
    sheet = read_workbook(files.xlsx(rows), "a.xlsx")
    found = match_headers(sheet, form, spec)
    data = read_rows(sheet, found, form, region).data
    problems = {r.number: list(r.problems) for r in data}
    problems[4].append(CellProblem("bad_money", "declared_wage", "不是金额", "confirm"))
    problems[4].append(CellProblem("required", "household", "请填写"))
    return write_marked(sheet, found, problems, form, keys={3: "k3", 4: "k4"})


def test_a_marked_file_is_the_users_own_with_colour_comment_and_words():
    sheet = opened(marked_file()).active
    assert sheet["A1"].value == "某公司"
    assert [c.value for c in sheet[2]] == [
        "姓名",
        "身份证号",
        "缴费工资",
        "星座",
        "错误",
        "行标识（请勿修改）",
    ]
    assert sheet["B3"].fill.fgColor.rgb == "FFFBD5D1"
    assert "前 15 位" in sheet["B3"].comment.text
    assert sheet["C4"].fill.fgColor.rgb == "FFFFF1CC"
    assert sheet["E4"].value == f"缴费工资：不是金额\n{files.enrolment()[0].field('household').label}：请填写"
    assert (sheet["A4"].value, sheet["A4"].data_type) == ("=李四", "s")
    assert sheet["D3"].value == "天秤"


def test_a_marked_file_can_be_sent_back_and_its_rows_are_known_again():
    region = files.region()
    form, spec = files.enrolment()
    sheet = read_workbook(marked_file(), "a.xlsx")
    found = match_headers(sheet, form, spec)
    rows = read_rows(sheet, found, form, region).data
    assert [(r.number, r.key) for r in rows] == [(3, "k3"), (4, "k4")]
    assert [p.code for p in rows[0].problems] == ["id_as_number"]
    assert rows[0].values["declared_wage"] == "8000.1"
    again = opened(write_marked(sheet, found, {}, form)).active
    assert [c.value for c in again[2]].count("错误") == 1
    assert [again.cell(r, 6).value for r in (1, 2, 3, 4)] == [None, "行标识（请勿修改）", "3", "4"]


def test_a_table_that_is_taken_along_says_by_whom_on_every_page_and_in_its_properties():
    mark = "示例 & 制造有限公司 王敏（clerk）2026-11-10 10:00 导出"
    data = write_table("表", "", [Column("甲")], [["x"]], mark=mark)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.properties.description == mark
    assert book.custom_doc_props["导出"].value == mark
    sheet = book.active
    assert mark.replace("&", "&&") in sheet.oddHeader.right.text or mark in str(sheet.oddHeader.right.text)
    assert "王敏（clerk）" in sheet.oddFooter.left.text
    assert sheet["A2"].value == mark and sheet["A4"].value == "x"
