"""Answers of a form: tidied in spelling, judged by kind, never repaired in content. All problems at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shebao.rules.code_lists import CodeList
from shebao.rules.identity import check_credit_code, check_id_number, tidy_number
from shebao.rules.money import BadMoney, parse_fen, plain_yuan, yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.region_model import Field, Form, Region

LONGEST = {"text": 60, "note": 500, "line": 120}
_CJK_GAP = re.compile(r"(?<=[\u3400-\u9fff·]) +(?=[\u3400-\u9fff·])")
_DATE = re.compile(r"(\d{4})(?:[-/.年]?)(\d{1,2})(?:[-/.月]?)(\d{1,2})日?(?:[ T]00:00(?::00)?)?", re.ASCII)
_UNKNOWN_KIND = "99"
RETIRED = "retired_choice"
"""Code of the finding that a chosen code is retired."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with, or to be confirmed about, one field. `fix` is a button: its label and the
    value. `service` is the key of another service that removes the obstacle.
    """

    code: str
    field: str
    level: str
    message: str
    fix: tuple[str, str] | None = None
    service: str = ""

    def kept(self) -> dict[str, Any]:
        """As it is kept with a declaration."""
        parts = {"code": self.code, "field": self.field, "level": self.level, "message": self.message}
        return parts | {"fix": list(self.fix) if self.fix else None}


_ASKS = re.compile(r"[，。；][^，。；]*请(?:核对后)?写明[^。]*。$")


def when_confirmed(message: str) -> str:
    """The sentence of a finding whose reason is given: what it asked the clerk to do is done."""
    return _ASKS.sub("。", message)


@dataclass(frozen=True)
class Cleaned:
    """values: JSON-able answers. notes: field → what was typed, where tidying changed it."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)


class _Bad(ValueError):
    def __init__(self, code: str, message: str, fix: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.fix = code, message, fix


def clean(form: Form, raw: Mapping[str, str], region: Region) -> Cleaned:
    """Judge raw answers against a form.

    Values: text → str, money → fen, month → "YYYY-MM", date → "YYYY-MM-DD", choice → code. A blank answer
    takes the field's default (noted as blank) or, where required, is a problem. Unknown keys of `raw` are
    ignored.
    """
    return Cleaner(form, region).clean(raw)


_Judged = tuple[Any, str | None, Problem | None]
"""What a field's text comes to: its value (None for none), what was typed if tidying changed it, what is wrong."""


class Cleaner:
    """Judges many people's answers to one form: what a column says again and again is judged once."""

    KEPT = 2_000
    """As many different texts of a field are remembered: of codes and months all, of names the first."""

    def __init__(self, form: Form, region: Region) -> None:
        self._region = region
        self._known: list[tuple[Field, dict[str, _Judged]]] = [(one, {}) for one in form.fields]

    def clean(self, raw: Mapping[str, str]) -> Cleaned:
        """Judge raw answers, as the function `clean` says."""
        done = Cleaned()
        for one, known in self._known:
            typed = str(raw.get(one.id) or "")
            judged = known.get(typed)
            if judged is None:
                judged = self._judge(one, typed, done.values)
                # The kind of document decides about a number: it is judged each time.
                if one.kind != "id_number" and len(known) < self.KEPT:
                    known[typed] = judged
            value, note, problem = judged
            if problem is not None:
                done.problems.append(problem)
            if value is not None:
                done.values[one.id] = value
                if note is not None:
                    done.notes[one.id] = note
                if one.kind == "id_number":
                    _derive(one, value, done.values)
        return done

    def _judge(self, one: Field, typed: str, values: Mapping[str, Any]) -> _Judged:
        text = unicodedata.normalize("NFKC", typed).strip().strip("\u200b\ufeff\t")
        if not text:
            if one.default:
                return one.default, "", None
            lost = Problem("required", one.id, "error", f"请填写“{one.label}”") if one.required else None
            return None, None, lost
        try:
            value, spellings = _READERS[one.kind](one, text, self._region, values)
        except _Bad as bad:
            text = bad.message if bad.message.startswith(one.label) else f"{one.label}：{bad.message}"
            return None, None, Problem(bad.code, one.id, "error", text, bad.fix)
        return value, None if typed in spellings else typed, _retired(one, value, self._region)


def _retired(field: Field, value: Any, region: Region) -> Problem | None:
    """A retired code is understood and not accepted; whether it may stay where it stood only the caller knows."""
    codes = region.codes[field.options or ""] if field.kind == "choice" else None
    item = codes.get(value) if codes else None
    if codes is None or item is None or not item.is_retired:
        return None
    text = f"{field.label}：“{item.code} {item.title}”已停用，请改选其他一项，如{_some(codes)}"
    return Problem(RETIRED, field.id, "error", text)


def _some(codes: CodeList) -> str:
    return "、".join(item.title for item in codes.offered[:4])


def facts_of(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a form's answers supply to rules: fact → value."""
    return {f.feeds: values[f.id] for f in form.fields if f.feeds and values.get(f.id) not in (None, "")}


def changes(form: Form, before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that change what `before` says. Blank means unchanged; months and remarks change nothing by
    themselves, and who it is about is no change.
    """
    asked = (f.id for f in form.fields if not f.identity and f.kind not in ("month", "note"))
    return {id: values[id] for id in asked if values.get(id) not in (None, "", before.get(id))}


def _derive(field: Field, number: str, values: dict[str, Any]) -> None:
    known = check_id_number(number, values.get("id_kind"))
    if "sex" in field.derive and known.sex:
        values["sex"] = known.sex
    if "born_on" in field.derive and known.born_on:
        values["born_on"] = known.born_on.isoformat()


def _text(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    if not text.isprintable() and any(unicodedata.category(c) == "Cc" and c not in "\n\r" for c in text):
        raise _Bad("bad_text", "含有不可见的控制字符，请重新输入")
    tidy = text if field.kind == "note" else _CJK_GAP.sub("", re.sub(r"\s+", " ", text))
    longest = LONGEST.get(field.kind, LONGEST["text"])
    if len(tidy) > longest:
        raise _Bad("too_long", f"共 {len(tidy)} 个字，最多 {longest} 个字，请删减")
    return tidy, {tidy}


def _id_number(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    number = tidy_number(text)
    kind = values.get("id_kind")
    if kind is None and sum(c.isdigit() for c in number) < 14:
        kind = _UNKNOWN_KIND  # a passport or permit: without the kind only its shape can be judged
    checked = check_id_number(text, kind)
    if not checked.ok:
        raise _Bad("bad_id_number", "；".join(checked.problems))
    return checked.number, {checked.number}


def _choice(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    codes = region.codes[field.options or ""]
    code = codes.find(text)
    if code is None:
        near = codes.nearest(text)
        if near is not None:
            raise _Bad("not_a_choice", f"没有“{text[:30]}”这一项，是不是“{near}”？", (f"改为“{near}”", near))
        raise _Bad("not_a_choice", f"没有“{text[:30]}”这一项，请从{codes.title}中选择，如{_some(codes)}")
    title = codes.title_of(code)
    return code, {code, title, f"{code}|{title}"}


def _money(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[int, set[str]]:
    try:
        fen = parse_fen(text)
    except BadMoney as bad:
        raise _Bad("bad_money", bad.message) from None
    plain = plain_yuan(fen)
    return fen, {
        plain,
        yuan(fen),
        plain.removesuffix("0"),
        plain.removesuffix(".00"),
        yuan(fen).removesuffix(".00"),
    }


def _month(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    day = _DATE.fullmatch(text)
    try:
        month = Month.parse(f"{day[1]}-{day[2]}") if day and len(text) > 7 else Month.parse(text)
    except BadMonth as bad:
        raise _Bad("bad_month", bad.message) from None
    return str(month), {str(month), f"{month.year}{month.number:02d}"}


def _date(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    found = _DATE.fullmatch(text)
    if found is None or (text.isdigit() and len(text) != 8):
        raise _Bad("bad_date", f"“{text[:30]}”不是日期，请按 2026-11-05 的样式填写")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        Month.parse(str(day)[:7])  # a day of no month that people write is a slip too
    except ValueError:
        raise _Bad("bad_date", f"没有“{text[:30]}”这一天，请核对") from None
    return str(day), {str(day), f"{day:%Y%m%d}"}


def _phone(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    digits = re.sub(r"[\s\-]", "", text).removeprefix("+86")
    if not re.fullmatch(r"1[3-9]\d{9}", digits, re.ASCII):
        raise _Bad("bad_phone", "应为 1 开头的 11 位手机号码")
    return digits, {digits}


def _telephone(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    digits = re.sub(r"[\s\-()]", "", text).removeprefix("+86")
    if not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|[2-9]\d{6,7}", digits, re.ASCII):
        raise _Bad("bad_phone", "应为 11 位手机号码，或带区号的固定电话")
    return digits, {digits, text}


def _postcode(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    if not re.fullmatch(r"\d{6}", text, re.ASCII):
        raise _Bad("bad_postcode", "应为 6 位数字")
    return text, {text}


def _bank_account(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    digits = re.sub(r"[\s\-]", "", text)
    if not re.fullmatch(r"\d{9,30}", digits, re.ASCII):
        raise _Bad("bad_bank_account", "应为 9 至 30 位数字，请核对开户许可证")
    return digits, {digits, text}


def _credit_code(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    checked = check_credit_code(text)
    if not checked.ok:
        raise _Bad("bad_credit_code", "；".join(checked.problems))
    return checked.number, {checked.number}


def _email(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    if not re.fullmatch(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}", text, re.ASCII):
        raise _Bad("bad_email", "应为 name@example.com 的样式")
    return text, {text}


def _account(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{3,59}", text, re.ASCII):
        raise _Bad("bad_account", "应为 4 至 60 位字母或数字，可以含点、横线、下划线")
    return text, {text}


def _number(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[int, set[str]]:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise _Bad("bad_number", f"“{text[:30]}”不是整数，请只填数字")
    return int(text), {text}


def _year(field: Field, text: str, region: Region, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    found = re.fullmatch(r"((?:19|20)\d\d)(?:\.0)?(?:年|年度)?", text, re.ASCII)
    if found is None:
        raise _Bad("bad_year", f"“{text[:30]}”不是年度，请按 2026 的样式填写四位数")
    return found[1], {found[1]}


_Reader = Callable[[Field, str, Region, Mapping[str, Any]], tuple[Any, set[str]]]
_READERS: Mapping[str, _Reader] = {
    "text": _text,
    "note": _text,
    "id_number": _id_number,
    "choice": _choice,
    "money": _money,
    "month": _month,
    "date": _date,
    "phone": _phone,
    "number": _number,
    "year": _year,
    "line": _text,
    "telephone": _telephone,
    "postcode": _postcode,
    "bank_account": _bank_account,
    "credit_code": _credit_code,
    "project": _text,
    "operator": _text,
    "account": _account,
    "amount": _text,
    "email": _email,
}
