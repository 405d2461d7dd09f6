"""From cells to raw texts: what a cell cannot say for certain is refused, and every row is accounted for."""

import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shebao.hall.sheets.cells import read_rows
from shebao.hall.sheets.headers import match_headers
from shebao.hall.sheets.reading import EMPTY, Cell, SheetRows, read_workbook
from tests.sheets import files


def read(rows):
    return read_sheet(read_workbook(files.xlsx(rows), "a.xlsx"))


def read_sheet(sheet):
    form, spec = files.enrolment()
    return read_rows(sheet, match_headers(sheet, form, spec), form, files.region())


def one(heading, value):
    """The raw text and the problem codes of one cell."""
    row = read([["姓名", heading], ["张三", value]]).data[0]
    (field,) = set(row.values) - {"name"}
    return row.values[field], [p.code for p in row.problems]


def test_an_identity_number_kept_as_a_number_is_refused_and_never_repaired():
    text, problems = one("身份证号", 110101199003074514)
    assert (text, problems) == ("", ["id_as_number"])
    assert one("身份证号", "1.10101E+17") == ("", ["id_as_number"])


def test_an_identity_number_kept_as_text_is_untouched():
    for number in (*files.IDS, "１１０１０５", "4403 0819", "11010519491231002x"):
        assert one("身份证号", number) == (number, [])


@pytest.mark.parametrize("wrapped", ['="11010519491231002X"', "'11010519491231002X", " 11010519491231002X "])
def test_the_wrappings_of_an_export_are_taken_off(wrapped):
    assert one("身份证号", wrapped) == ("11010519491231002X", [])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8000, "8000"),
        (8000.1, "8000.1"),
        (0.1 + 0.2, "0.3"),
        ("8,000.50", "8,000.50"),
        ("¥8000元", "8000"),
        ("八千", "八千"),
    ],
)
def test_amounts_go_on_as_digits(value, text):
    assert one("缴费工资", value) == (text, [])


def test_a_date_where_an_amount_belongs_is_refused():
    assert one("缴费工资", datetime.date(2026, 11, 1)) == ("", ["money_as_date"])


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2026, 11, 1),
        "2026-11-01",
        "2026-11-1",
        "2026/11/1",
        "2026.11.1",
        "2026年11月1日",
        "20261101",
        20261101,
    ]
    + [46327, "２０２６－１１－０１", "2026-11-01 00:00:00", "2026 年 11 月 1 日"],
)
def test_the_usual_spellings_of_a_day(value):
    assert one("合同开始日期", value) == ("2026-11-01", [])


@pytest.mark.parametrize("value", ["2026-02-30", "11月1日", "明天", "46327"])
def test_a_day_that_is_none_goes_on_unchanged_for_the_form_to_refuse(value):
    assert one("合同开始日期", value) == (value, [])


@pytest.mark.parametrize(
    "value",
    ["2026-11", "2026/11", "2026.11", "2026年11月", "202611", 202611, 2026.11, "2026-11-01", 46327]
    + [datetime.date(2026, 11, 1), "２０２６年１１月"],
)
def test_the_usual_spellings_of_a_month(value):
    assert one("参保年月", value) == ("2026-11", [])


def test_a_month_that_may_be_january_or_october_is_refused():
    assert one("参保年月", 2026.1) == ("", ["month_ambiguous"])
    assert one("参保年月", "2026.10") == ("2026-10", [])
    assert one("参保年月", 2026.2) == ("2026-02", [])


def test_a_code_that_lost_its_leading_zero_gets_it_back():
    text, _ = one("证件类型", 1)
    assert text == "01"


def test_errors_and_uncalculated_formulas_are_refused_also_as_text():
    form, spec = files.enrolment()
    sheet = SheetRows(
        ("甲",),
        "甲",
        [
            [Cell("姓名", "text"), Cell("缴费工资", "text")],
            [Cell("张三", "text"), Cell("", "formula_without_value")],
            [Cell("#N/A", "text"), Cell("#REF!", "error")],
        ],
        "xlsx",
    )
    rows = read_sheet(sheet).data
    assert [[p.code for p in r.problems] for r in rows] == [
        ["formula_without_value"],
        ["cell_error", "cell_error"],
    ]
    assert rows[0].values["declared_wage"] == ""


def test_rows_that_are_not_data_are_ignored_with_a_reason():
    found = read(
        [
            ["某公司"],
            ["姓名", "身份证号", "缴费工资", "序号"],
            ["示例张", files.IDS[0], 1],
            ["张三（示例）", files.IDS[0], 1],
            ["示例：王五"],
            [],
            ["在职人员"],
            ["张三", files.IDS[0], 8000, 1],
            ["小计", None, 8000],
            ["合计:", None, 8000],
            ["合计", files.IDS[1], 8000],
            [None, None, None, 7],
            ["合计", "8 人", 8000],
            ["制表人：王敏　审核：李娜"],
            ["备注：王敏", files.IDS[2], 8000],
            ["备注强", "12", 8000],
        ]
    )
    assert [r.number for r in found.data] == [3, 8, 11, 15, 16]
    assert {r.number: r.reason for r in found.ignored} == {
        1: "表头之前的标题或说明",
        2: "表头",
        4: "示例行",
        5: "示例行",
        6: "空行",
        7: "分组行",
        9: "合计行",
        10: "合计行",
        12: "要导入的列都是空的",
        13: "合计行",
        14: "落款行",
    }


CELLS = st.one_of(
    st.just(EMPTY),
    st.builds(Cell, st.sampled_from(["姓名", "身份证号", "合计", "示例", "张三", *files.IDS]), st.just("text")),
    st.builds(Cell, st.text(min_size=1, max_size=30), st.just("text")),
    st.builds(Cell, st.from_regex(r"-?[0-9]{1,18}(\.[0-9]{1,4})?", fullmatch=True), st.just("number")),
    st.builds(Cell, st.dates().map(str), st.just("date")),
    st.sampled_from([Cell("", "formula_without_value"), Cell("#N/A", "error")]),
)


TABLES = st.lists(st.lists(CELLS, max_size=6), max_size=25)


def every_row_is_accounted_for(rows):
    found = read_sheet(SheetRows(("甲",), "甲", rows, "xlsx"))
    numbers = sorted([r.number for r in found.data] + [r.number for r in found.ignored])
    assert numbers == list(range(1, len(rows) + 1))
    assert all(r.reason for r in found.ignored)


@settings(max_examples=200, deadline=None)
@given(TABLES)
def test_every_row_read_is_either_data_or_ignored(rows):
    every_row_is_accounted_for(rows)


TEXTS = st.tuples(st.sampled_from(["name", "id_number"]), CELLS.filter(lambda c: c.kind == "text"))


def text_is_only_trimmed(put):
    field, cell = put
    form, spec = files.enrolment()
    heads = [Cell(form.field(f).label, "text") for f in ("name", "id_number", "department")]
    row = [EMPTY, EMPTY, Cell("甲", "text")]
    row[0 if field == "name" else 1] = cell
    found = read_sheet(SheetRows(("甲",), "甲", [heads, row], "xlsx"))
    for data in found.data:
        bare = cell.text.replace("\u200b", "").replace("\ufeff", "").strip()
        if not data.problems and not bare.startswith(("'", '="')):  # marks of text, which are taken off
            assert data.values[field] == bare


@settings(max_examples=200, deadline=None)
@given(TEXTS)
@example(("id_number", Cell("\x85'9", "text")))
def test_text_in_text_columns_is_only_trimmed(put):
    text_is_only_trimmed(put)
