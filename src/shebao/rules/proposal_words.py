"""What a proposed file writes otherwise, in words: key by key, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shebao.rules import vocabulary as v

KEYS = {
    "declaration": "申报",
    "payment": "缴费",
    "back_dating": "追溯",
    "back_dating.months": "最多几个月",
    "months": "单独定的月份",
    "days": "单独定的日子",
    "yearly_wages": "年度工资申报",
    "yearly_wages.from": "开始",
    "yearly_wages.until": "截止",
    "late_decisions": "逾期办结",
    "from_day": "开始日",
    "until_day": "截止日",
    "until_time": "截止时刻",
    "shift": "遇节假日",
    "after_close": "申报截止以后",
    "declare_until": "申报截止",
    "pay_until": "缴费截止",
    "settle_within": "逾期办结后可办理的工作日",
    "due": "缴费截止日",
    "source": "依据",
    "status": "是否有文件",
    "title": "名称",
    "national": "全国代码",
    "aliases": "别名",
    "note": "说明",
    "kind": "性质",
    "needs_evidence": "要证明材料",
    "transfer": "转入或转出",
    "retired": "停用",
    "whose": "发给谁、是谁的",
    "waits_for": "挂起时等谁",
}
VALUES = {
    "shift": v.SHIFTS,
    "after_close": v.AFTER_CLOSE,
    "status": v.STATUSES,
    "due": v.LATE_DUE,
    "kind": v.CHANGE_KINDS,
    "waits_for": v.WAITED_FOR,
}


@dataclass(frozen=True)
class Change:
    """What is written otherwise under one name; "" where nothing is written."""

    title: str
    before: str
    after: str


def changes_of_key(key: str, before: Any, after: Any) -> list[Change]:
    """The differences within one key of a file, or within a whole list of codes."""
    is_codes = isinstance(after, Mapping) and "items" in after
    old, new = (dict(_leaves(one, () if is_codes else (key,))) for one in (before, after))
    found = [
        Change(_title(path), old.get(path, ""), new.get(path, ""))
        for path in [*new, *(one for one in old if one not in new)]
        if old.get(path) != new.get(path)
    ]
    stood, stand = ([path[-1] for path in one if path in old and path in new] for one in (old, new))
    if is_codes and stood != stand:
        found.append(Change("排列顺序", "、".join(stood), "、".join(stand)))
    return found


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, words) of everything below a key; a code of a list is one of them."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        for one in value:
            said = [str(one.get("title", ""))]
            said += [
                KEYS.get(key, key) if inner is True else f"{KEYS.get(key, key)} {_words((key,), inner)}"
                for key, inner in one.items()
                if key not in ("code", "title") and inner not in (None, False, "")
            ]
            yield ("代码", str(one.get("code", ""))), "；".join(said)
    elif value is not None:
        yield path, _words(path, value)


def _words(path: tuple[str, ...], value: Any) -> str:
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    words = v.DAYS if path[0] == "days" else VALUES.get(path[-1], {})
    return words.get(str(value), str(value))


def _title(path: tuple[str, ...]) -> str:
    """The parts of a path in words: what has two meanings is told by where it stands."""
    return " ".join(KEYS.get(".".join(path[: n + 1]), KEYS.get(part, part)) for n, part in enumerate(path))
