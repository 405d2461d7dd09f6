"""Reading files of every kind, and refusing every other kind in words that help."""

import datetime
import io
import subprocess
import zipfile

import pytest

from shebao.hall.sheets import reading
from shebao.hall.sheets.reading import Cell, Limits, UnreadableSheet, read_workbook, safe_file_name
from tests.sheets import files


def refusal(data, name="a.xlsx", **options):
    with pytest.raises(UnreadableSheet) as caught:
        read_workbook(data, name, **options)
    return caught.value


def texts(sheet):
    return [[c.text for c in row] for row in sheet.rows]


def test_all_three_formats_give_the_same_rows():
    rows = [files.HEADS, *files.people()]
    wanted = [[str(v) for v in row] for row in rows]
    assert texts(read_workbook(files.xlsx(rows), "a.xlsx")) == wanted
    assert texts(read_workbook(files.xls(rows), "a.xls")) == wanted
    assert texts(read_workbook(files.csv(rows), "a.csv")) == wanted
    assert texts(read_workbook(files.csv(rows, "gb18030"), "a.csv")) == wanted


def test_the_content_decides_and_not_the_name():
    rows = [files.HEADS, *files.people()]
    assert read_workbook(files.xls(rows), "a.xlsx").file_kind == "xls"
    assert read_workbook(files.xlsx(rows), "a.xls").file_kind == "xlsx"
    assert read_workbook(files.csv(rows, delimiter="\t"), "a.xls").file_kind == "csv"


def test_rare_characters_of_names_survive_every_encoding():
    names = ["𠮷田", "㛃", "䶮", "𬎆", "阿依·古丽", "Ａ", "\uf9d1"]
    rows = [["姓名", "部门"], *([n, "x"] for n in names)]
    for data in (files.xlsx(rows), files.xls(rows), files.csv(rows), files.csv(rows, "gb18030")):
        assert [r[0].text for r in read_workbook(data, "a").rows[1:]] == names


def test_an_18_digit_number_as_text_stays_byte_for_byte():
    number = "110101199003074514"
    for data in (files.xlsx([[number, "x"]]), files.xls([[number, "x"]]), files.csv([[number, "x"]])):
        assert read_workbook(data, "a").rows[0][0] == Cell(number, "text")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8000.0, "8000"),
        (8000.1, "8000.1"),
        (0.1 + 0.2, "0.3"),
        (1e12, "1000000000000"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
    ],
)
def test_numbers_are_written_without_binary_artefacts(value, text):
    assert read_workbook(files.xlsx([[value]]), "a.xlsx").rows[0][0] == Cell(text, "number")


def test_dates_stay_dates():
    row = read_workbook(files.xlsx([[datetime.date(2026, 11, 1)]]), "a.xlsx").rows[0]
    assert row == [Cell("2026-11-01", "date")]


def test_rows_and_columns_keep_their_places_when_the_table_starts_lower_and_further_right():
    sheet = read_workbook(files.xlsx([[], [], [None, None, "x"], [], ["y"]]), "a.xlsx")
    assert texts(sheet) == [[], [], ["", "", "x"], [], ["y"]]


def test_a_formula_nobody_calculated_is_never_zero():
    for data in (
        files.openpyxl_xlsx([["=1+1", "x"]]),
        files.with_sheet('<row r="1"><c r="A1"><f>1+1</f></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row>'),
    ):
        assert read_workbook(data, "a.xlsx").rows[0] == [Cell("", "formula_without_value"), Cell("x", "text")]


def test_the_zero_of_a_writer_that_cannot_calculate_is_no_value():
    import xlsxwriter
    import xlwt

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_formula(0, 0, "=1+1")
    assert read_workbook(buffer.getvalue(), "a.xlsx").rows[0][0].kind == "formula_without_value"
    stored = bytes([3, 0, 0, 0, 0, 0, 255, 255, 0, 0])  # xlwt: the result is an empty text
    data = files.xls([["x", None], [xlwt.Formula("1+1"), "y"]])
    assert data.count(stored) == 1
    data = data.replace(stored, bytes(8) + b"\x02\x00")  # others: 0, to be calculated on loading
    assert read_workbook(data, "a.xls").rows[1] == [Cell("", "formula_without_value"), Cell("y", "text")]


def test_a_calculated_formula_gives_its_value_and_an_error_says_so():
    body = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    row = read_workbook(files.with_sheet(body), "a.xlsx").rows[0]
    assert row == [Cell("2", "number"), Cell("#DIV/0!", "error")]


def test_a_formula_whose_result_is_an_empty_text_is_empty():
    body = '<row r="1"><c r="A1" t="str"><f>IF(1,"","")</f><v></v></c><c r="B1"><v>1</v></c></row>'
    assert read_workbook(files.with_sheet(body), "a.xlsx").rows[0][0].kind == "empty"


def test_the_first_visible_sheet_with_content_is_read_unless_another_is_named():
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name in ("空", "藏", "甲", "乙"):
            sheet = book.add_worksheet(name)
            if name != "空":
                sheet.write_string(0, 0, name)
            if name == "藏":
                sheet.hide()
    data = buffer.getvalue()
    assert read_workbook(data, "a.xlsx").sheet == "甲"
    assert read_workbook(data, "a.xlsx").sheet_names == ("空", "甲", "乙")
    assert texts(read_workbook(data, "a.xlsx", sheet="乙")) == [["乙"]]
    assert refusal(data, sheet="丙").code == "no_such_sheet"


def test_110_001_rows_are_refused_naming_the_limit():
    rows = [["姓名"], *[["某"]] * 110_001]
    for data in (files.xlsx(rows), files.csv(rows)):
        no = refusal(data, "a.csv")
        assert no.code == "too_many_rows"
        assert "110,002" in no.message_zh
        assert "100,000" in no.message_zh


def test_100_000_rows_with_title_rows_are_not_too_many():
    rows = [["标题"], ["姓名"], *[["某"]] * 100_000]
    assert len(read_workbook(files.xlsx(rows), "a.xlsx").rows) == 100_002


UGLY = {
    "empty": (b"", "0 字节"),
    "html": (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "网页"),
    "xml_sheet": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "2003",
    ),
    "encrypted": (files.encrypted(), "密码"),
    "not_a_sheet": (b"%PDF-1.7 ...", "只接受"),
    "encoding": (b"\xff\x00\xff\xff,\x81,\n\x80\x80", "编码"),
    "damaged": (files.xlsx([files.HEADS])[:2000], "损坏"),
    "too_heavy": (files.sparse_bomb(), "复制需要的行"),
    "too_many_columns": (files.xlsx([["x"] * 300]), "300 列"),
    "cell_too_long": (files.xlsx([["x"], ["y", "字" * 2001]]), "第 2 行第 2 列"),
    "no_rows": (files.xlsx([]), "没有任何内容"),
    "csv_quotes": (b'a,b\n"x,y\nz,1\n', "双引号"),
    "macro": (files.rezip(files.xlsx([["x"]]), xl__vbaProject_dot_bin=b"x"), "宏"),
    "hostile_archive": (files.rezip(files.xlsx([["x"]]), **{"..__..__etc__passwd": b"x"}), "拒绝"),
}


@pytest.mark.parametrize("code", UGLY)
def test_an_unreadable_file_is_refused_with_a_reason_and_a_remedy(code):
    data, words = UGLY[code]
    no = refusal(data, "a.csv" if code in ("csv_quotes", "encoding") else "a.xls")
    assert (no.code, words in no.message_zh) == (code, True)
    assert no.message_zh.endswith(("。", "。"))


def test_a_truncated_xls_and_other_garbage_are_refused():
    assert refusal(files.xls([["x"] * 50] * 50)[:3000], "a.xls").code == "damaged"
    assert refusal(b"\x00\x01\x02" * 500, "a.xls").code == "not_a_sheet"
    assert refusal(b"hello", "a.xlsx").code == "not_a_sheet"


def test_a_zip_bomb_is_refused_before_anybody_parses_it(monkeypatch):
    monkeypatch.setattr(reading, "_read_in_child", lambda *_: pytest.fail("parsed"))
    assert refusal(files.zip_bomb()).code == "too_heavy"
    many = files.rezip(files.xlsx([["x"]]), **{f"xl__junk{i}": b"" for i in range(300)})
    assert refusal(many).code == "too_heavy"


def test_another_kind_of_zip_is_not_a_sheet():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(buffer.getvalue()).code == "not_a_sheet"


def test_entities_are_not_expanded():
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    body = files.sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>')
    data = files.rezip(files.xlsx([["a"]]), xl__worksheets__sheet1_dot_xml=laughs + body.partition("?>")[2])
    try:
        assert "haha" not in str(read_workbook(data, "a.xlsx").rows)
    except UnreadableSheet as no:
        assert no.code in ("damaged", "no_rows")  # noqa: PT017


def test_a_file_over_the_size_limit_is_refused_unread():
    assert refusal(b"x" * 11, limits=Limits(bytes=10)).code == "too_large"


def test_a_child_that_takes_too_long_is_killed():
    no = refusal(files.xlsx([["x"]]), limits=Limits(wall_seconds=0.001))
    assert no.code == "too_heavy"


def test_a_child_that_writes_too_much_is_killed():
    assert refusal(files.xlsx([["x" * 1000]] * 100), limits=Limits(output_bytes=1000)).code == "too_heavy"


def test_the_child_starts_without_the_rest_of_the_program():
    import sys

    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1], run_name='child');"
        "print(' '.join(m for m in sys.modules if m.split('.')[0] in ('shebao', 'django', 'zipfile', 're')))"
    )
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.append({_site_packages()!r}); {code}",
            reading.CHILD,
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "shebao" not in loaded.stdout
    assert "zipfile" not in loaded.stdout


def _site_packages():
    import python_calamine

    return str(__import__("pathlib").Path(python_calamine.__file__).parents[1])


def test_a_line_separator_inside_a_csv_cell_does_not_break_the_row():
    sheet = read_workbook('姓名,说明\r\n张三,上\u2028下\r\n"李\n四",好\r\n'.encode(), "a.csv")
    assert texts(sheet) == [["姓名", "说明"], ["张三", "上\u2028下"], ["李\n四", "好"]]


def test_a_stored_file_name_has_no_path_in_it():
    assert safe_file_name("../../etc/passwd") == "passwd"
    assert safe_file_name("C:\\桌面\\十一月 增员.xlsx") == "十一月 增员.xlsx"
    assert safe_file_name("\r\n") == "__"
