"""Files of debits: what is written can be read, bytes count, and every problem of a return is told at once."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.debit_files import (
    DebitFormat,
    Result,
    as_plain,
    from_plain,
    line_problems,
    not_encodable,
    read_back,
    write_file,
)

RESULTS = MappingProxyType(
    {"00": Result("succeeded", ""), "51": Result("refused", "余额不足"), "99": Result("unknown", "")}
)
OUT = (("order", 20), ("account", 24), ("payer", 40), ("amount", 16), ("bill", 20), ("note", 30))
BACK = (("order", 20), ("amount", 16), ("result", 2), ("serial", 20), ("paid_at", 14))
FIXED = DebitFormat("gbk", "fixed", "|", OUT, BACK, RESULTS)
FREE = DebitFormat("gb18030", "delimited", "|", OUT, BACK, RESULTS)


def row(**more) -> dict[str, str]:
    said = {
        "order": "P1",
        "account": "62220001",
        "payer": "某某公司",
        "amount": "12345",
        "bill": "Z1",
        "note": "2026-11",
    }
    return said | more


def back(form, lines, number="DK1", count=None, total=None) -> bytes:
    """A return as a bank writes it, by hand."""
    count = len(lines) if count is None else count
    total = sum(int(one[1]) for one in lines if one[1].isdigit()) if total is None else total
    rows = [("H", number, str(count), str(total)), *lines]
    if form.shape == "delimited":
        return b"".join("|".join(one).encode(form.encoding) + b"\r\n" for one in rows)
    widths = [(1, 24, 8, 16), *([[width for _, width in form.back]] * len(lines))]
    return b"".join(
        b"".join(cell.encode(form.encoding).ljust(width) for cell, width in zip(one, wide, strict=True)) + b"\r\n"
        for one, wide in zip(rows, widths, strict=True)
    )


PAID = ("P1", "12345", "00", "YH1", "20261110093000")


def test_a_fixed_file_is_laid_out_by_bytes_and_not_by_characters():
    head, line, rest = write_file(FIXED, "DK1", [row()]).split(b"\r\n")
    assert head == b"H" + b"DK1".ljust(24) + b"1".ljust(8) + b"12345".ljust(16) and rest == b""
    assert len(line) == sum(width for _, width in OUT)
    assert line[44:84].decode("gbk").strip() == "某某公司"


def test_a_name_that_the_encoding_lacks_is_told_with_its_code_point_and_gb18030_lacks_none():
    assert not_encodable("𠮷野家䶮", "gbk") == "𠮷䶮"
    (told,) = line_problems(FIXED, row(payer="𠮷野家公司"))
    assert "“𠮷”（U+20BB7）" in told and "GBK" in told
    assert line_problems(FREE, row(payer="𠮷野家公司")) == []
    assert "𠮷野家公司".encode("gb18030") in write_file(FREE, "DK1", [row(payer="𠮷野家公司")])


def test_everything_that_keeps_a_row_out_is_told_at_once():
    told = line_problems(FIXED, row(payer="长" * 21, account="", bill="a\nb"))
    assert len(told) == 3 and "超过 40 字节" in told[1] and "没有付款账号" in told[0] and "换行" in told[2]
    assert "分隔符" in line_problems(FREE, row(payer="甲|乙公司"))[0]


@pytest.mark.parametrize("form", [FIXED, FREE], ids=["fixed", "delimited"])
def test_a_return_is_read_with_results_serials_and_times(form):
    found = read_back(form, "DK1", back(form, [PAID, ("P2", "500", "51", "", "")]))
    assert found.problems == ()
    one, two = found.lines
    assert (one.says, one.amount_fen, one.serial, one.paid_at) == ("succeeded", 12345, "YH1", "2026-11-10T09:30:00")
    assert (two.says, two.reason, two.serial, two.paid_at) == ("refused", "余额不足", "", "")


def test_every_problem_of_a_return_is_told_with_its_line():
    lines = [
        ("P1", "12.3", "00", "YH1", "20261110093000"), ("P2", "5", "77", "", ""), ("P3", "5", "00", "", ""),
        ("", "5", "51", "", "x"),
    ]  # fmt: skip
    told = read_back(FREE, "DK9", back(FREE, lines, number="DK1", count=7)).problems
    text = "\n".join(told)
    for words in (
        "第 1 行：文件号是“DK1”，应是“DK9”",
        "写明 7 笔，文件里有 4 笔",
        "第 2 行：金额“12.3”",
        "第 3 行：不认识结果代码“77”",
        "第 4 行：扣款成功，但没有银行流水",
        "第 4 行：扣款成功，但没有扣款时间",
        "第 5 行：缴费流水“”不对",
        "第 5 行：扣款时间“x”",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空文件"),
        (b"\r\n\r\n", "空文件"),
        (b"nothing of a head", "第 1 行应是文件头"),
        ("H|DK1|1|5\r\n只有一栏".encode("gb18030"), "第 2 行：有 1 栏，应为 5 栏"),
        (b"H|DK1|1|5\r\n\xff\xff|5|00|1|2", "第 2 行：不是 GB18030 编码的文字"),
        (b"H|DK1|1|9\r\nP1|5|51||", "写明金额 9 分，各笔相加是 5 分"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(content, words):
    assert any(words in one for one in read_back(FREE, "DK1", content).problems)


def test_a_line_cut_in_the_middle_of_a_character_is_not_guessed():
    form = DebitFormat("gbk", "fixed", "", OUT, (("order", 20), ("payer", 3), *BACK[1:]), RESULTS)
    line = b"P1".ljust(20) + "某某".encode("gbk")[:3] + b"5".ljust(16) + b"51" + b"".ljust(34)
    head = b"H" + b"DK1".ljust(24) + b"1".ljust(8) + b"5".ljust(16)
    assert "第 2 行：不是 GBK 编码的文字。" in read_back(form, "DK1", head + b"\r\n" + line + b"\r\n").problems


def test_a_thousand_problems_are_counted_not_listed():
    told = read_back(FREE, "DK1", back(FREE, [("", "5", "51", "", "")] * 1000)).problems
    assert len(told) == 51 and told[-1] == "另外还有 950 处问题。"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(content):
    for form in (FIXED, FREE):
        found = read_back(form, "DK1", content)
        assert found.problems or found.lines is not None


@given(st.lists(st.tuples(st.integers(1, 10**12), st.sampled_from(["00", "51", "99"])), max_size=20))
def test_what_a_bank_writes_is_what_is_read(said):
    lines = [
        (f"P{n}", str(fen), code, f"YH{n}" if code == "00" else "", "20261110093000" if code == "00" else "")
        for n, (fen, code) in enumerate(said)
    ]
    for form in (FIXED, FREE):
        found = read_back(form, "DK1", back(form, lines))
        assert found.problems == () and [one.amount_fen for one in found.lines] == [fen for fen, _ in said]


def test_a_file_keeps_the_format_it_was_written_in():
    assert from_plain(as_plain(FIXED)) == FIXED
