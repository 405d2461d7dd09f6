"""The files of a folder that say one thing each, as key → what is written below it: for `region diff`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from shebao.rules.calendar import NATIONAL, Calendar
from shebao.rules.debit_files import BACK_COLUMNS, OUT_COLUMNS, DebitFormat
from shebao.rules.region import Region
from shebao.rules.region_registration import StepPart
from shebao.rules.registration_words import AREA_FUNCTIONS

KEYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "region": {
            "title": "名称",
            "short_title": "简称",
            "extends": "上级方案",
            "opened_on": "启用月份",
            "checked_until": "检查到",
        },
        "calendar": {
            "declaration": "申报",
            "payment": "缴费",
            "back_dating": "追溯",
            "months": "单独定的月份",
            "days": "单独定的日子",
            "yearly_wages": "年度工资申报",
            "late_decisions": "逾期办结",
        },
        "collection": {
            "late_fee": "滞纳金",
            "back_late_fee": "补缴的滞纳金",
            "back_interest": "补缴利息",
            "undeclared": "未按时申报",
            "parts": "单位部分与个人部分",
            "channels": "缴费方式",
            "debit_file": "代扣文件",
        },
        "registration": {
            "wizard": "办理",
            "number": "单位编号",
            "areas": "可以开通的业务",
            "agreement": "电子协议",
            "papers": "要上传的材料",
            "templates": "先下载、签字盖章后上传的材料",
        },
        "sign_in": {
            "employer_number": "单位编号登录",
            "second_factor": "二次验证",
            "security_question": "密码遗忘设定",
            "certificate": "数字证书登录",
        },
        "agency": {"sampling": "批量通过前的抽查", "notices": "对外公开的公告通知"},
    }
)
"""The keys of each such file, in its order, and what they are called."""


@dataclass(frozen=True)
class _Step:
    """A step of the wizard; its kind has words of its own."""

    title: str
    step_kind: str
    parts: tuple[StepPart, ...]
    note: str


@dataclass(frozen=True)
class _Area:
    """A kind of business that one registers for, with what it opens by name."""

    key: str
    text: str
    is_agreed: bool
    unlocks: tuple[str, ...]


def part_of(region: Region, part: str) -> Mapping[str, Any]:
    """What a region says in a part, by key; of a file that says one thing each, what is not said is left out."""
    if part not in KEYS:
        return getattr(region, part)
    said = _READ[part](region)
    return {key: said[key] for key in KEYS[part] if said.get(key) not in (None, {}, ())}


def place_of(region: Region, key: str) -> str:
    """The file and line where a key ("part/name") is written; "" where a region does not say it."""
    part, _, name = key.partition("/")
    if part == "region":
        return f"{region.code}/region.yaml"
    # Pages and what is done at the counter stand in the catalogue of services.
    return region.origin.get(key) or region.origin.get(f"services/{name}", "")


def _region(here: Region) -> dict[str, Any]:
    return {
        "title": here.title,
        "short_title": here.short_title,
        "extends": "、".join(here.lineage[1:]),
        "opened_on": str(here.opened_on),
        "checked_until": str(here.checked_until),
    }


def _calendar(here: Region) -> dict[str, Any]:
    one = here.calendar
    return {
        "declaration": {
            "from_day": f"{one.declare_from} 日",
            "until_day": _day_words(one.declare_until),
            "until_time": f"{one.declare_until_time:%H:%M}",
            "shift": one.shift,
            "after_close": one.after_close,
            "source": one.source,
            "status": one.status,
        },
        "payment": {"until_day": _day_words(one.pay_until), "until_time": f"{one.pay_until_time:%H:%M}"},
        "back_dating": {"months_back": one.back_months},
        "months": {
            str(month): {"declare_until": str(declare), "pay_until": str(pay)}
            for month, (declare, pay) in sorted(one.months.items())
        },
        "days": _days(one),
        "yearly_wages": one.yearly_wages and {
            "from": "{:02}-{:02}".format(*one.yearly_wages.first),
            "until": "{:02}-{:02}".format(*one.yearly_wages.last),
            "source": one.yearly_wages.source,
            "status": one.yearly_wages.status,
        },
        "late_decisions": one.late_decisions,
    }  # fmt: skip


def _day_words(day: int) -> str:
    return "月末" if day == 31 else f"{day} 日"


def _days(one: Calendar) -> dict[str, Any]:
    """The days that are otherwise than the national calendar has them."""
    rest, work = one.workdays.holidays - NATIONAL.holidays, one.workdays.make_up_days - NATIONAL.make_up_days
    work |= NATIONAL.holidays - one.workdays.holidays
    return {name: "、".join(map(str, sorted(days))) for name, days in (("day_off", rest), ("work_day", work)) if days}


def _collection(here: Region) -> dict[str, Any]:
    one = here.collection
    return {
        "late_fee": one.late_fee,
        "back_late_fee": one.back_late_fee,
        "back_interest": one.back_interest,
        "undeclared": one.undeclared,
        "parts": {"apart": one.apart},
        "channels": {way.title: way for way in one.ways.values()},
        "debit_file": one.debit_file and _debit_file(one.debit_file),
    }


def _debit_file(form: DebitFormat) -> dict[str, Any]:
    columns = {
        name: "、".join(f"{titles[word]} {width or ''}".strip() for word, width in getattr(form, name))
        for name, titles in (("out", OUT_COLUMNS), ("back", BACK_COLUMNS))
    }
    results = {code: {"says": one.says, "reason": one.reason} for code, one in form.results.items()}
    return {"encoding": form.encoding, "shape": form.shape, "delimiter": form.delimiter, **columns, "results": results}


def _registration(here: Region) -> dict[str, Any]:
    one = here.registration
    if one is None:
        return {}
    names = {f"service:{key}": service.title for key, service in here.services.items()} | dict(AREA_FUNCTIONS)
    return {
        "wizard": {
            "title": one.title,
            "steps": tuple(_Step(step.title, step.kind, step.parts, step.note) for step in one.steps),
            "route": one.route,
            "review_steps": one.review_steps,
            "decide_within": one.decide_within,
            "notes": one.notes,
        },
        "number": {"digits": one.digits, "issued": one.is_issued, "at_counter": one.is_issued_at_counter},
        "areas": {
            area.title: _Area(
                area.key,
                area.text,
                area.is_agreed,
                tuple(names.get(key, key.removeprefix("service:")) for key in area.opens),
            )
            for area in one.areas
        },
        "agreement": one.agreement,
        "papers": one.papers,
        "templates": one.templates,
    }


def _sign_in(here: Region) -> dict[str, Any]:
    one = here.sign_in
    return {
        "employer_number": {"digits": one.digits} if one.digits else None,
        "second_factor": {"required_for": one.required_for} if one.required_for else None,
        "security_question": {"questions": one.questions} if one.questions else None,
        "certificate": {"signs": one.signs} if one.has_certificate else None,
    }


def _agency(here: Region) -> dict[str, Any]:
    one = here.agency
    return {} if one is None else {"sampling": one.sampling, "notices": {"public": one.public_kinds}}


_READ: Mapping[str, Callable[[Region], Mapping[str, Any]]] = {
    "region": _region,
    "calendar": _calendar,
    "collection": _collection,
    "registration": _registration,
    "sign_in": _sign_in,
    "agency": _agency,
}
