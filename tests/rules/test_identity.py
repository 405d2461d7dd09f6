"""Identity numbers and credit codes, against published samples and an independent library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from shebao.rules.identity import check_credit_code, check_id_number, credit_check_character, id_check_digit

VALID = [
    ("11010519491231002X", "01", "1949-12-31", "2"),
    ("440308199901101512", "01", "1999-01-10", "1"),
    ("810000199408230021", "16", "1994-08-23", "2"),
    ("830000199201300022", "16", "1992-01-30", "2"),
    ("911398199012310021", "07", "1990-12-31", "2"),
    ("911124198108030024", "07", "1981-08-03", "2"),
]


@pytest.mark.parametrize(("number", "kind", "born_on", "sex"), VALID)
def test_a_published_specimen_holds_and_tells_birth_and_sex(number, kind, born_on, sex):
    for asked in (None, kind):
        told = check_id_number(number, asked)
        assert (told.ok, told.kind, told.born_on.isoformat(), told.sex) == (True, kind, born_on, sex)
        assert not told.problems


def test_spelling_is_tidied_and_content_is_not():
    told = check_id_number(" １１０１０５ 19491231 002x ")
    assert told.ok and told.number == "11010519491231002X"
    assert check_id_number("440308199901101513").number == "440308199901101513"


@pytest.mark.parametrize(
    ("number", "kind", "sentence"),
    [
        ("440308199901101513", None, "末位应为 2，实际为 3"),
        ("810000199408230023", None, "末位应为 1"),
        ("110105194913310029", None, "不是有效的出生日期"),
        ("11010519491231", None, "应为 18 位，实际为 14 位"),
        ("110105491231002", None, "15 位旧证号"),
        ("11O105194912310021", None, "第 3 位“O”不应出现"),
        ("990105194912310020", "01", "不是有效的省级行政区划代码"),
        ("810000199408230021", "01", "请更改证件类型"),
        ("11010519491231002X", "16", "以 810000、820000 或 830000 开头"),
        ("11010519491231002X", "07", "以 9 开头"),
        ("", None, "为空"),
        ("K1", "04", "样式不符"),
    ],
)
def test_a_wrong_number_says_which_segment_is_wrong(number, kind, sentence):
    told = check_id_number(number, kind)
    assert not told.ok and sentence in "；".join(told.problems)


@pytest.mark.parametrize(("number", "kind"), [("M1234567801", "05"), ("1234567801", "06"), ("KAZ110090123105", "07")])
def test_permits_are_judged_by_shape(number, kind):
    assert check_id_number(number, kind).ok


@given(st.from_regex(r"\A(11|31|44|51)\d{4}(19[5-9]\d|200\d)(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])\d{3}\Z"))
def test_the_check_digit_agrees_with_an_independent_library(first_17):
    first_17 = "".join(str(int(c)) for c in first_17)
    right = first_17 + id_check_digit(first_17)
    assert ric.calc_check_digit(right) == right[-1]
    assert check_id_number(right).ok
    wrong = first_17 + ("0" if right[-1] != "0" else "1")
    assert not check_id_number(wrong).ok


CODES = ["91350100M000100Y43", "91512081MA62K0260E", "91110108585852240Q", "92510107MA62M3M24U", "31430000MD0217741Q"]


@pytest.mark.parametrize("code", CODES)
def test_a_published_credit_code_holds(code):
    assert check_credit_code(code.lower()).ok and uscc.is_valid(code)


@given(st.from_regex(r"\A9[1-3][1-6]\d{5}[0-9A-HJ-NP-RTUW-Y]{9}\Z"))
def test_credit_codes_agree_with_an_independent_library(first_17):
    if first_17.isascii() and all(c in "0123456789ABCDEFGHJKLMNPQRTUWXY" for c in first_17):
        code = first_17 + credit_check_character(first_17)
        assert uscc.calc_check_digit(code) == code[-1]
        assert check_credit_code(code).ok


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("91350100M000100Y44", "末位应为 3"), ("9135", "应为 18 位"), ("91350I00M000100Y43", "第 6 位“I”不应出现")],
)
def test_a_wrong_credit_code_says_where(code, sentence):
    told = check_credit_code(code)
    assert not told.ok and any(sentence in p for p in told.problems)
