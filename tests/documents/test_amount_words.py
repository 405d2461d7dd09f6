"""Amounts in capitals, against the examples of the rules for bills and settlement vouchers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.hall.documents.amount_words import DIGITS, amount_in_words

VALUES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (50, "伍角整"),
        (105, "壹元零伍分"),
        (1000, "壹拾元整"),
        (140950, "壹仟肆佰零玖元伍角整"),
        (600714, "陆仟零柒元壹角肆分"),
        (168032, "壹仟陆佰捌拾元叁角贰分"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"),
        (32504, "叁佰贰拾伍元零肆分"),
        (10700053, "壹拾万柒仟元伍角叁分"),
        (100000000, "壹佰万元整"),
        (100010000, "壹佰万零壹佰元整"),
        (10000000100, "壹亿零壹元整"),
        (1000000000000, "壹佰亿元整"),
        (100000000000000, "壹万亿元整"),
        (-12345, "负壹佰贰拾叁元肆角伍分"),
    ],
)
def test_the_amount_reads_as_a_cashier_writes_it(fen, words):
    assert amount_in_words(fen) == words


@given(st.integers(min_value=0, max_value=10**16 - 1))
def test_the_words_read_back_to_the_same_amount(fen):
    assert read_back(amount_in_words(fen)) == fen


@pytest.mark.parametrize("amount", [1.0, "1", True, None])
def test_anything_but_whole_fen_is_refused(amount):
    with pytest.raises(TypeError):
        amount_in_words(amount)


def test_an_amount_beyond_words_is_refused():
    with pytest.raises(ValueError, match="金额过大"):
        amount_in_words(10**18)


def read_back(words: str) -> int:
    """Read capitals naively, to check the writer with another mind."""
    words = words.removesuffix("整")
    yuan, _, cents = words.rpartition("元") if "元" in words else ("", "", words)
    total = section = digit = 0
    for sign in yuan:
        if sign in DIGITS:
            digit = DIGITS.index(sign)
        elif sign in VALUES:
            section, digit = section + digit * VALUES[sign], 0
        elif sign == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        elif sign == "亿":
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * 100
    for sign, worth in (("角", 10), ("分", 1)):
        if sign in cents:
            fen += DIGITS.index(cents[cents.index(sign) - 1]) * worth
    return fen
