"""Identity numbers and credit codes: checked by segment, explained, never repaired."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import mul
from types import MappingProxyType

#: Documents that carry an 18-digit number with the check digit of GB 11643 (codes of the national list
#: id_kinds).
CITIZEN, FOREIGN_RESIDENT, SETTLED_COMPATRIOT = "01", "07", "16"
TRAVEL_PERMITS: Mapping[str, str] = MappingProxyType(
    {"04": r"[HM]?\d{8,10}", "05": r"[HM]?\d{8,10}", "06": r"\d{8}|\d{10}"}
)

_EIGHTEEN = re.compile(r"\d{17}[\dX]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_SETTLED_PREFIXES = ("810000", "820000", "830000")
# GB/T 2260: the first two digits of every division of the mainland.
_PROVINCES = frozenset(
    {
        f"{n}"
        for n in (
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
        )
    }
)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100 leaves out I, O, Z, S and V
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class IdCheck:
    """What an identity number says about itself. `sex` is "1" male, "2" female, "" unknown."""

    ok: bool
    kind: str
    number: str
    born_on: date | None
    sex: str
    problems: tuple[str, ...]
    segments: Mapping[str, str]


@dataclass(frozen=True)
class CodeCheck:
    """Whether a unified social credit code holds, and if not, where it breaks."""

    ok: bool
    number: str
    problems: tuple[str, ...]


def tidy_number(text: str) -> str:
    """Full width to half width, spaces and hyphens removed, letters large: spelling, not content."""
    text = str(text)
    if text.isascii() and text.isalnum():
        return text.upper()
    return re.sub(r"[\s\-‐–—\u200b\ufeff]", "", unicodedata.normalize("NFKC", text)).upper()


def id_check_digit(first_17: str) -> str:
    """The check character of GB 11643 for seventeen digits."""
    if len(first_17) != len(_WEIGHTS):
        raise ValueError("the check digit is that of seventeen digits")
    return _CHECK[sum(map(mul, map(int, first_17), _WEIGHTS)) % 11]


def credit_check_character(first_17: str) -> str:
    """The check character of GB 32100; raises ValueError for a letter outside its alphabet."""
    total = sum(_CREDIT_ALPHABET.index(c) * w for c, w in zip(first_17, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def check_id_number(text: str, kind: str | None = None) -> IdCheck:
    """Check an identity number of the given kind (codes of the national list; None guesses by shape).

    18-digit kinds (01, 07, 16) are checked segment by segment: length, division, birth date, check digit.
    Other kinds are checked for shape only. The number is tidied in spelling but never corrected.
    """
    number = tidy_number(text)
    return _checked(number, kind or _guess_kind(number))


# A row of a sheet is asked about its number several times within one breath; a few are remembered, never a batch.
@lru_cache(maxsize=256)
def _checked(number: str, kind: str) -> IdCheck:
    if not number:
        return IdCheck(False, kind, "", None, "", ("证件号码为空，请填写",), MappingProxyType({}))
    if kind == FOREIGN_RESIDENT and re.fullmatch(r"[A-Z]{3}\d{12}", number):
        return _old_foreign_resident(number)
    if kind in (CITIZEN, FOREIGN_RESIDENT, SETTLED_COMPATRIOT):
        return _check_18(number, kind)
    shape = TRAVEL_PERMITS.get(kind, r"[A-Z0-9()]{4,24}")
    problems = () if re.fullmatch(shape, number) else ("证件号码与所选证件类型的样式不符，请核对证件原件",)
    return IdCheck(not problems, kind, number, None, "", problems, MappingProxyType({"number": number}))


def _guess_kind(number: str) -> str:
    if number.startswith(_SETTLED_PREFIXES):
        return SETTLED_COMPATRIOT
    if re.fullmatch(r"9\d{16}[\dX]|[A-Z]{3}\d{12}", number):
        return FOREIGN_RESIDENT
    return CITIZEN


def _old_foreign_resident(number: str) -> IdCheck:
    """The permit before 2023: three letters, area, yymmdd, order, check; only the date can be judged."""
    digits = number[7:13]
    ok = _date(f"19{digits}") is not None or _date(f"20{digits}") is not None
    problems = () if ok else (f"第 8–13 位“{digits}”不是有效的出生日期",)
    return IdCheck(ok, FOREIGN_RESIDENT, number, None, "", problems, MappingProxyType({"birth": digits}))


def _check_18(number: str, kind: str) -> IdCheck:
    if re.fullmatch(r"\d{15}", number):
        problem = "这是 15 位旧证号，不能办理网上业务，请填写 18 位公民身份号码"
        return IdCheck(False, kind, number, None, "", (problem,), MappingProxyType({}))
    if len(number) != 18:
        problem = f"证件号码应为 18 位，实际为 {len(number)} 位"
        return IdCheck(False, kind, number, None, "", (problem,), MappingProxyType({}))
    if not _EIGHTEEN.fullmatch(number):
        wrong = next(i for i, c in enumerate(number) if not (c.isdigit() and c.isascii()) and (i < 17 or c != "X"))
        problem = f"第 {wrong + 1} 位“{number[wrong]}”不应出现：前 17 位为数字，末位为数字或 X"
        return IdCheck(False, kind, number, None, "", (problem,), MappingProxyType({}))
    segments = {"division": number[:6], "birth": number[6:14], "order": number[14:17], "check": number[17]}
    born_on = _date(number[6:14])
    expected = id_check_digit(number[:17])
    problems = _division_problems(number, kind)
    if born_on is None:
        problems.append(f"第 7–14 位“{number[6:14]}”不是有效的出生日期")
    if number[17] != expected:
        problems.append(f"校验位不符：末位应为 {expected}，实际为 {number[17]}，请核对各位数字")
    sex = "1" if int(number[16]) % 2 else "2"
    return IdCheck(not problems, kind, number, born_on, sex, tuple(problems), MappingProxyType(segments))


def _division_problems(number: str, kind: str) -> list[str]:
    """Whether the first six digits can belong to this kind of document."""
    prefix = number[:6]
    if kind == SETTLED_COMPATRIOT and prefix not in _SETTLED_PREFIXES:
        return [f"港澳台居民居住证以 810000、820000 或 830000 开头，实际为 {prefix}"]
    if kind == FOREIGN_RESIDENT and number[0] != "9":
        return [f"外国人永久居留身份证以 9 开头，实际为 {number[0]}"]
    if kind == CITIZEN and prefix in _SETTLED_PREFIXES:
        return [f"号码以 {prefix} 开头，是港澳台居民居住证，请更改证件类型"]
    if kind == CITIZEN and prefix[:2] not in _PROVINCES:
        return [f"前两位“{prefix[:2]}”不是有效的省级行政区划代码"]
    return []


def _date(digits: str) -> date | None:
    try:
        born_on = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return born_on if born_on.year >= 1850 else None


def check_credit_code(text: str) -> CodeCheck:
    """Check a unified social credit code (GB 32100): length, alphabet, check character."""
    number = tidy_number(text)
    if len(number) != 18:
        return CodeCheck(False, number, (f"统一社会信用代码应为 18 位，实际为 {len(number)} 位",))
    wrong = [f"第 {i + 1} 位“{c}”不应出现" for i, c in enumerate(number) if c not in _CREDIT_ALPHABET]
    wrong += [f"第 {i + 1} 位“{number[i]}”应为数字" for i in range(2, 8) if number[i] in _CREDIT_ALPHABET[10:]]
    if wrong:
        return CodeCheck(False, number, tuple(wrong))
    expected = credit_check_character(number[:17])
    if number[17] != expected:
        return CodeCheck(False, number, (f"校验位不符：末位应为 {expected}，实际为 {number[17]}",))
    return CodeCheck(True, number, ())


def masked(number: str | None) -> str:
    """Hide the middle of an id number: first three and last four stay; short numbers keep only their ends."""
    text = str(number or "")
    if len(text) <= 8:
        return text[:1] + "*" * max(len(text) - 2, 0) + text[-1:] if len(text) > 2 else "*" * len(text)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]


_AREA = re.compile(r"(0(?:10|2\d)|0[3-9]\d\d)(\d{7,8})", re.ASCII)
"""A landline with its area code: three digits of Peking and of what begins with 02, else four."""


def written_phone(number: str | None) -> str:
    """A telephone as people write it: 0871-63334444; a mobile one, or what is none, as it is."""
    text = str(number or "")
    landline = _AREA.fullmatch(text)
    return "-".join(landline.groups()) if landline else text


def masked_phone(number: str | None) -> str:
    """Hide the middle of a telephone number: 138****2016."""
    text = str(number or "")
    return text[:3] + "*" * (len(text) - 7) + text[-4:] if len(text) > 7 else "*" * len(text)


_SURNAMES = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容"
    "仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干"
    "百里呼延东郭南门羊舌微生梁丘左丘东门西门南荣第五"
)
_OF_TWO_CHARACTERS = frozenset(re.findall("..", _SURNAMES))
"""Surnames that are not one character long."""


def masked_name(name: str | None) -> str:
    """The surname of a person, and no more: 张*, 欧阳*; of a name in other letters the first of them."""
    text = str(name or "").strip()
    kept = 2 if len(text) > 2 and text[:2] in _OF_TWO_CHARACTERS else 1
    return f"{text[:kept]}*" if text else ""


def masked_mail(address: str | None) -> str:
    """Hide the name in a mail address but its first letter: c***@example.cn; where there is no @, all but that."""
    name, at, host = str(address or "").partition("@")
    return f"{name[:1]}***{at}{host}" if name else ""
