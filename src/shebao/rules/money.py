"""Money is a whole number of fen: read from text, rounded once, by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

#: The largest amount accepted from a person, in fen (one thousand million yuan). With rates whose numerator
#: is at most LARGEST_NUMERATOR every product in the engine stays below 2**63.
LARGEST_FEN = 10**11
LARGEST_NUMERATOR = 10**7

Whole = TypeVar("Whole", int, NDArray[np.int64])

_AMOUNT = re.compile(r"(?P<yuan>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<cents>\d*))?", re.ASCII)


class BadMoney(ValueError):
    """Text that is not an amount of money; `message` is the Chinese sentence for the person who typed it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Rounding:
    """One way to round: to a multiple of `unit` fen, "half_up", "up" or "down" (away from or towards
    zero).
    """

    key: str
    title: str
    unit: int
    mode: str

    def division(self, denominator: int) -> tuple[int, int, int]:
        """(times, carry, divisor): x / denominator fen, rounded so, is (x · times + carry) // divisor units; x ≥ 0."""
        step = denominator * self.unit
        if self.mode == "half_up":
            return 2, step, 2 * step
        return 1, step - 1 if self.mode == "up" else 0, step


ROUNDINGS: Mapping[str, Rounding] = MappingProxyType(
    {
        r.key: r
        for r in (
            Rounding("fen_half_up", "四舍五入到分", 1, "half_up"),
            Rounding("jiao_half_up", "四舍五入到角", 10, "half_up"),
            Rounding("yuan_half_up", "四舍五入到元", 100, "half_up"),
            Rounding("fen_up", "见厘进分", 1, "up"),
            Rounding("jiao_up", "见分进角", 10, "up"),
            Rounding("yuan_up", "见角进元", 100, "up"),
            Rounding("fen_down", "舍去厘", 1, "down"),
            Rounding("jiao_down", "舍去分", 10, "down"),
            Rounding("yuan_down", "舍去角", 100, "down"),
        )
    }
)


def parse_fen(text: str) -> int:
    """Fen from what a person typed: "8,000.50", "８０００", "8000元" and "¥8000" are understood.

    Raises BadMoney for a float object, an exponent, a sign, NaN, letters, more than two decimals or more than
    LARGEST_FEN. Nothing is rounded: a third decimal is a mistake of the person, not ours to repair.
    """
    if not isinstance(text, str):
        raise BadMoney("金额必须以文字给出，不能是浮点数")
    tidy = unicodedata.normalize("NFKC", text).strip().replace(" ", "").removeprefix("¥").removesuffix("元")
    tidy = tidy.replace("，", ",")
    if not tidy:
        raise BadMoney("金额为空，请填写，如 8000.00")
    if tidy[0] in "-−—–":
        raise BadMoney(f"金额“{text.strip()[:30]}”为负数，请填写大于或等于 0 的金额")
    found = _AMOUNT.fullmatch(tidy)
    if found is None:
        raise BadMoney(f"“{text.strip()[:30]}”不是金额，请只填数字，如 8000.00")
    cents = found["cents"] or ""
    if len(cents.rstrip("0")) > 2:
        raise BadMoney(f"“{text.strip()[:30]}”的小数超过两位，金额最小到分")
    digits = found["yuan"].replace(",", "")
    if len(digits.lstrip("0")) > 12 or (fen := int(digits) * 100 + int(cents[:2].ljust(2, "0"))) > LARGEST_FEN:
        raise BadMoney(f"“{text.strip()[:30]}”超过可填写的最大金额 {yuan(LARGEST_FEN)} 元")
    return fen


def yuan(fen: int) -> str:
    """Yuan for a page: 123456 → "1,234.56"; a negative amount carries the true minus sign."""
    whole, cents = divmod(abs(int(fen)), 100)
    return f"{'−' if fen < 0 else ''}{whole:,}.{cents:02d}"


def plain_yuan(fen: int) -> str:
    """Yuan for machines: 123456 → "1234.56"; negative with an ASCII hyphen."""
    whole, cents = divmod(abs(int(fen)), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{cents:02d}"


def rounded(numerator: Whole, denominator: int, rule: str) -> Whole:
    """`numerator / denominator` fen, rounded by the named rule, exactly; −x rounds to −(x rounded).

    Works on ints of any size and on int64 arrays whose doubled values fit into 63 bits. Raises KeyError for
    an unknown rule and ValueError for a denominator that is not positive.
    """
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    rounding = ROUNDINGS[rule]
    if isinstance(numerator, np.ndarray):
        if numerator.size == 0 or numerator.min() >= 0:
            return rounded_positive(numerator, denominator, rounding)
        return np.sign(numerator) * rounded_positive(np.abs(numerator), denominator, rounding)
    result = rounded_positive(abs(int(numerator)), denominator, rounding)
    return -result if numerator < 0 else result


def rounded_positive(numerator: Whole, denominator: int, rounding: Rounding) -> Whole:
    """The kernel of `rounded` for values known not to be negative: as few integer operations as it takes."""
    times, carry, divisor = rounding.division(denominator)
    if times != 1:
        numerator = numerator * times
    steps = (numerator + carry if carry else numerator) // divisor
    return steps * rounding.unit if rounding.unit != 1 else steps
