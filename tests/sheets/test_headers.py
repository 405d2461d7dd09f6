"""Which column is which: any order, any decoration, nothing dropped in silence."""

import pytest

from shebao.hall.sheets.headers import match_headers, normal_header
from shebao.hall.sheets.reading import read_workbook
from tests.sheets import files


def match(rows, remembered=None, **options):
    sheet = read_workbook(files.xlsx(rows) if isinstance(rows, list) else rows, "a.xlsx")
    form, spec = files.enrolment()
    return match_headers(sheet, form, spec, remembered)


def fields(found):
    return {c.header: (c.field, c.confidence) for c in found.columns}


def test_labels_are_exact_and_other_names_are_aliases_in_any_order():
    form, _ = files.enrolment()
    wage, name = form.field("declared_wage").label, form.field("name").label
    found = match([[wage, "身份证号", name], ["8000", files.IDS[0], "张三"]])
    assert fields(found) == {
        wage: ("declared_wage", "exact"),
        "身份证号": ("id_number", "alias"),
        name: ("name", "exact"),
    }


@pytest.mark.parametrize(
    "header",
    [
        "姓名*",
        "* 姓 名",
        "姓名（必填）",
        "姓名(必填)：",
        "姓\n名",
        "姓名【必填】",
        "＊姓名",
        "姓名（职工本人）",
    ],
)
def test_decorations_of_a_heading_do_not_matter(header):
    assert match([[header, "身份证号"]]).columns[0].field == "name"


def test_full_width_letters_and_digits_are_the_same_name():
    assert normal_header("ＩＤ１") == normal_header("id1")


def test_title_and_notice_rows_above_the_header_are_allowed():
    found = match([["某公司增员表"], [], ["注意：证件号码用文本"], ["姓名", "身份证号"], ["张三", files.IDS[0]]])
    assert (found.header_row, found.first_data_row) == (4, 5)


def test_a_header_of_two_merged_rows_is_read_as_one():
    data = files.openpyxl_xlsx(
        [["基本信息", None, "缴费工资"], ["姓名", "身份证号", None], ["张三", files.IDS[0], 8000]],
        merged=["A1:B1", "C1:C2"],
    )
    found = match(data)
    assert (found.header_row, found.first_data_row) == (1, 3)
    assert [c.field for c in found.columns] == ["name", "id_number", "declared_wage"]


def test_unknown_columns_are_listed_with_samples():
    found = match([["姓名", "身份证号", "星座"], ["张三", files.IDS[0], "天秤"]])
    (column,) = found.unmatched
    assert (column.header, column.samples, column.note) == ("星座", ("天秤",), "没有认出这一列")


def test_a_column_without_a_heading_but_with_content_is_listed_too():
    found = match([["姓名", "身份证号"], ["张三", files.IDS[0], "?"]])
    assert [c.index for c in found.unmatched] == [2]


def test_the_second_of_two_equal_headings_is_not_imported_and_says_so():
    found = match([["姓名", "身份证号", "姓名"], ["张三", files.IDS[0], "李四"]])
    assert [c.field for c in found.columns] == ["name", "id_number", None]
    assert found.columns[2].note == "与第 1 列是同一项，未导入"


def test_identity_numbers_are_known_by_their_content():
    found = match([["姓名", "编号甲"], *([f"职工{i}", n] for i, n in enumerate(files.IDS))])
    assert fields(found)["编号甲"] == ("id_number", "content")


def test_what_the_user_chose_before_goes_first():
    remembered = {normal_header("星座"): "department", normal_header("姓名"): ""}
    found = match([["姓名", "身份证号", "星座"], ["张三", files.IDS[0], "天秤"]], remembered)
    assert fields(found)["星座"] == ("department", "remembered")
    assert fields(found)["姓名"] == (None, "remembered")


def test_a_remembered_field_that_the_form_no_longer_has_is_forgotten():
    assert match([["姓名", "身份证号"]], {normal_header("姓名"): "gone"}).columns[0].field == "name"


def test_required_fields_without_a_column_are_named_but_not_those_with_a_default():
    form, _ = files.enrolment()
    found = match([["姓名"], ["张三"]])
    assert form.field("id_number").label in found.missing_required
    assert form.field("id_kind").label not in found.missing_required
    assert not found.is_certain


def test_a_sheet_without_any_known_heading_has_no_header_row():
    found = match([["甲", "乙"], ["丙", "丁"]])
    assert found.header_row is None
    assert files.enrolment()[0].field("name").label in found.missing_required
