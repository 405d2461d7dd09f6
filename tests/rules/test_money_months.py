"""Money is made from text and rounded once; a month is a value."""

from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shebao.rules.money import LARGEST_FEN, ROUNDINGS, BadMoney, parse_fen, plain_yuan, rounded, yuan
from shebao.rules.months import BadMonth, Month, months_between

AMOUNTS = [
    ("8,000.50", 800050), ("８０００", 800000), (" 8000 元", 800000), ("¥12.3", 1230), ("0", 0),
    ("12.300", 1230), ("8，000", 800000), ("5.", 500), ("1,234,567.89", 123456789),
]  # fmt: skip
REFUSED = [
    "", " ", "NaN", "inf", "1e3", "-5", "−5", "+5", "8.005", "0x10", "八千", "1,00.0", "12,34", ".5", "1.2.3",
    "10000000000", "９" * 40, "８０００a",
]  # fmt: skip


@pytest.mark.parametrize(("text", "fen"), AMOUNTS)
def test_an_amount_is_read_as_people_write_it(text, fen):
    assert parse_fen(text) == fen


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_amount_is_refused_in_chinese(text):
    with pytest.raises(BadMoney) as refused:
        parse_fen(text)
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.value.message)


def test_a_float_is_never_money():
    with pytest.raises(BadMoney):
        parse_fen(8000.5)


@given(st.integers(0, LARGEST_FEN))
def test_what_is_written_reads_back(fen):
    assert parse_fen(yuan(fen)) == parse_fen(plain_yuan(fen)) == fen


def test_a_negative_amount_shows_the_true_minus_sign_to_people_and_a_hyphen_to_machines():
    assert (yuan(-123456), plain_yuan(-123456)) == ("−1,234.56", "-1234.56")


def expected(value: Fraction, rule: str) -> int:
    """The independent oracle: Decimal's own rounding of the exact value."""
    unit = {"fen": 1, "jiao": 10, "yuan": 100}[rule.split("_")[0]]
    steps, rest = divmod(abs(value) / unit, 1)
    ceiling = rule.endswith("_up") and rest > 0
    up = rest >= Fraction(1, 2) if rule.endswith("half_up") else ceiling
    return (int(steps) + up) * unit * (-1 if value < 0 else 1)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6), st.sampled_from(sorted(ROUNDINGS)))
def test_rounding_is_exact_and_symmetric_for_numbers_and_columns(numerator, denominator, rule):
    assert rounded(numerator, denominator, rule) == expected(Fraction(numerator, denominator), rule)
    column = np.array([numerator, -numerator, 0], dtype=np.int64)
    assert rounded(column, denominator, rule).tolist() == [rounded(n, denominator, rule) for n in column.tolist()]


@pytest.mark.parametrize(("mode", "word"), [(ROUND_HALF_UP, "half_up"), (ROUND_CEILING, "up"), (ROUND_FLOOR, "down")])
def test_rounding_agrees_with_decimal(mode, word):
    for thousandths in range(0, 2000, 7):
        told = rounded(thousandths, 10, f"fen_{word}")
        assert told == int((Decimal(thousandths) / 10).quantize(Decimal(1), mode))


def test_the_named_roundings_do_what_their_titles_say():
    exact = (80021, 10)  # 80.021 yuan = 8002.1 fen
    got = {key: rounded(*exact, key) for key in ROUNDINGS}
    assert got == {
        "fen_half_up": 8002, "jiao_half_up": 8000, "yuan_half_up": 8000,
        "fen_up": 8003, "jiao_up": 8010, "yuan_up": 8100,
        "fen_down": 8002, "jiao_down": 8000, "yuan_down": 8000,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["2026-11", "202611", "2026年11月", "２０２６－１１", "2026/11", "2026.11"])
def test_a_month_is_read_as_people_write_it(text):
    assert Month.parse(text) == Month(2026, 11)


@pytest.mark.parametrize(
    "text", ["11", "2026-13", "2026-00", "26-11", "20261", "", "abc", "2026-11-05", "1899-12", "3000-01"]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(BadMonth):
        Month.parse(text)


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)), st.integers(-200, 200))
def test_months_count_forwards_and_backwards(day, steps):
    month = Month.of(day)
    assert Month.from_index(month.index) == month
    assert month.first_day <= day <= month.last_day
    assert month.next(steps).previous(steps) == month
    assert month.next(steps).index - month.index == steps


def test_months_between_has_both_ends_and_is_empty_backwards():
    first, last = Month(2025, 11), Month(2026, 2)
    assert [str(m) for m in months_between(first, last)] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months_between(last, first) == []
    assert last.label == "2026 年 2 月"
