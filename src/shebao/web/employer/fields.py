"""Turning a region's form, what was typed and what was found into fields of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from shebao.hall import clock
from shebao.rules.forms import Problem
from shebao.rules.identity import written_phone
from shebao.rules.money import BadMoney, parse_fen, yuan
from shebao.rules.months import Month
from shebao.rules.region import Form, NoValue, Region
from shebao.rules.vocabulary import EMPLOYER_FIELDS

WIDGETS = {"amount": "hidden", "note": "textarea", "account": "text", "project": "choice", "operator": "choice"}
"""Kinds that look like another on the page; the employer's own projects and operators are offered by the page."""
MANY_SPARE = 4
"""More optional questions than this are folded at the end of the form."""


def typed(form: Form, data: QueryDict) -> dict[str, str]:
    """The answers in a posted form, as typed."""
    return {field.id: data[field.id] for field in form.fields if field.id in data}


def extras(data: QueryDict) -> dict[str, str]:
    """What is typed beside the answers: ticks, reasons, the word to the reviewer, the version that was seen."""
    return {
        name: data[name] for name in data if name.startswith(("ok_", "why_")) or name in ("reply", "version", "helped")
    }


def confirmed(data: Mapping[str, str]) -> dict[str, str]:
    """Findings that were ticked as checked, each with the reason typed beside it."""
    ticked = [name.removeprefix("ok_") for name in data if name.startswith("ok_")]
    return {code: reason for code in ticked if (reason := data.get(f"why_{code}", "").strip()[:100])}


def defaults(form: Form, month: Month) -> dict[str, str]:
    """A new form: the defaults of its fields, months and years set to the business month."""
    now = {"month": str(month), "year": str(month.year)}
    return {field.id: now.get(field.kind, field.default) for field in form.fields}


@dataclass(frozen=True)
class Shown:
    """What a page knows about a form beside its questions."""

    raw: dict
    problems: tuple[Problem, ...] = ()
    marks: dict | None = None
    old: dict | None = None
    limits: str = ""


def page_fields(form: Form, here: Region, shown: Shown, only=None) -> list[dict]:
    """One dict for the `field` tag for each question, in order."""
    return [_field(one, here, shown) for one in form.fields if only is None or only(one)]


def _field(one, here: Region, shown: Shown) -> dict:
    said = [p for p in shown.problems if p.field == one.id]
    codes = here.codes[one.options] if one.options else None
    feeds_wage = one.feeds == "declared_wage"
    return {
        "id": f"id_{one.id}",
        "name": one.id,
        "kind": WIDGETS.get(one.kind, one.kind),
        "label": one.label,
        "required": one.required,
        "value": _value(one, shown.raw),
        "options": codes.choices(str(shown.raw.get(one.id) or "")) if codes else [],
        "help": shown.limits if feeds_wage and shown.limits else one.help,
        "error": "；".join(p.message.removeprefix(f"{one.label}：") for p in said if p.level == "error"),
        "hint": "；".join(p.message for p in said if p.level == "hint"),
        "mark": (shown.marks or {}).get(one.id, ""),
        "old_value": (shown.old or {}).get(one.id, ""),
        "full": one.wide or one.kind == "note",
    }


def _value(one, raw: dict) -> str:
    """What was typed; an amount that can be read has its separators, a landline the dash after its area code."""
    text = str(raw.get(one.id) or "")
    if one.kind == "telephone":
        return written_phone(text)
    try:
        return yuan(parse_fen(text)) if one.kind == "money" and text else text
    except BadMoney:
        return text


def groups(form: Form, fields: list[dict]) -> list[dict]:
    """Identity, employment, contribution. A form about a known person, who is not described anew, says who it is and
    what changes; one about nobody, the employer's own data, stays in one piece.

    Of a long form, the questions that may stay blank and change no price come last and folded, unless one of them
    holds an answer or a remark.
    """
    by_name = {field["name"]: field for field in fields}
    if not any(one.identity for one in form.fields):
        is_on_file = all(one.id in EMPLOYER_FIELDS for one in form.fields)
        return [{"title": "可变更的信息" if is_on_file else "申报内容", "fields": fields}]
    is_about_known = form.field("id_kind") is None
    spare = [one for one in form.fields if _may_wait(one) and not is_about_known]
    spare = spare if len(spare) > MANY_SPARE else []
    parts = {"身份信息": [], "用工信息": [], "缴费信息": []}
    for one in form.fields:
        if one not in spare:
            other = "缴费信息" if one.kind in ("month", "money") else "用工信息"
            parts["身份信息" if one.identity else other].append(by_name[one.id])
    if is_about_known:
        rest = [by_name[one.id] for one in form.fields if not one.identity]
        parts = {"人员": parts["身份信息"], "变动内容": rest}
    shown = [{"title": title, "fields": some, "is_folded": False} for title, some in parts.items() if some]
    if spare:
        more = [by_name[one.id] for one in spare]
        used = any(field["value"] or field["error"] or field["mark"] for field in more)
        shown.append({"title": f"选填信息（{len(more)} 项）", "fields": more, "is_folded": True, "is_open": used})
    return [group | {"is_three": len(group["fields"]) == 3 and not _has_wide(group["fields"])} for group in shown]


def _has_wide(fields: list[dict]) -> bool:
    return any(field["full"] for field in fields)


def _may_wait(one) -> bool:
    return not (one.required or one.identity or one.feeds or one.kind in ("month", "money", "note"))


def summary(problems, *, confirmed: dict) -> list[dict]:
    """The error summary: every error, and every finding that still lacks its tick and reason."""
    rows = []
    for problem in problems:
        if problem.level == "error":
            rows.append({"id": f"id_{problem.field}" if problem.field else "", "text": problem.message})
        elif problem.level == "confirm" and not confirmed.get(problem.code):
            rows.append({"id": f"why_{problem.code}", "text": f"还没有核对：{problem.message}"})
    return list({row["text"]: row for row in rows}.values())


def asked(problems, data=None, reasons: dict | None = None) -> list[dict]:
    """Findings to be ticked with a reason, once for each kind; what was ticked and typed is kept."""
    data, reasons, rows = data or {}, reasons or {}, {}
    for problem in problems:
        if problem.level == "confirm":
            row = rows.setdefault(problem.code, {"code": problem.code, "texts": []})
            if problem.message not in row["texts"]:
                row["texts"].append(problem.message)
    for code, row in rows.items():
        row["reason"] = data.get(f"why_{code}", reasons.get(code, ""))
        row["ticked"] = f"ok_{code}" in data or code in reasons
    return list(rows.values())


def fixes(problems, form: Form) -> list[dict]:
    """Offers of the checks: a label, and what the button sends."""
    known = {field.id for field in form.fields}
    return [
        {"label": p.fix[0], "value": f"{p.field}={p.fix[1]}", "text": p.message}
        for p in problems
        if p.fix and p.field in known
    ]


def offered(form: Form, pressed: str) -> dict[str, str]:
    """The answer that a pressed offer of `fixes` gives; none for a field that the form does not have."""
    name, _, value = pressed.partition("=")
    return {name: value} if form.field(name) else {}


@dataclass(frozen=True)
class Limits:
    """Floor and ceiling of the contribution base, in fen, and the schemes they hold for."""

    schemes: str
    floor: int
    ceiling: int

    @property
    def text(self) -> str:
        return f"{self.schemes}：下限 {yuan(self.floor)}，上限 {yuan(self.ceiling)}"


def limits(here: Region, month: Month) -> list[Limits]:
    """The limits of the month as known today, grouped where schemes share them."""
    found: dict[tuple[int, int], list[str]] = {}
    for scheme in here.open_schemes:
        if not (scheme.floor and scheme.ceiling) or scheme.limits_by:
            continue  # limits that depend on the person are told by the check, not drawn as one scale
        try:
            pair = [here.value(name, month, known_on=clock.today()).value for name in (scheme.floor, scheme.ceiling)]
        except NoValue:
            continue
        found.setdefault((pair[0], pair[1]), []).append(scheme.short)
    if len(found) == 1:
        return [Limits("缴费基数", *next(iter(found)))]
    return [Limits("、".join(names), *pair) for pair, names in found.items()]


@dataclass(frozen=True)
class Scale:
    """Where a wage falls between the limits, drawn on an axis of 300 units; all amounts in fen."""

    limit: Limits
    wage: int | None

    @property
    def most(self) -> int:
        """The amount at the right end."""
        return max(self.limit.ceiling * 5 // 4, (self.wage or 0) * 21 // 20)

    def _at(self, fen: int) -> int:
        return fen * 300 // self.most

    @property
    def floor_at(self) -> int:
        return self._at(self.limit.floor)

    @property
    def ceiling_at(self) -> int:
        return self._at(self.limit.ceiling)

    @property
    def between(self) -> int:
        return self.ceiling_at - self.floor_at

    @property
    def wage_at(self) -> int | None:
        return None if self.wage is None else self._at(self.wage)

    @property
    def is_inside(self) -> bool:
        return self.wage is not None and self.limit.floor <= self.wage <= self.limit.ceiling

    @property
    def verdict(self) -> str:
        """What follows for the contribution base."""
        if self.wage is None:
            return ""
        if self.wage < self.limit.floor:
            return f"低于下限，按 {yuan(self.limit.floor)} 计缴"
        if self.wage > self.limit.ceiling:
            return f"高于上限，按 {yuan(self.limit.ceiling)} 计缴"
        return "在上下限之内，按申报工资计缴"


def scales(here: Region, month: Month, typed_wage: str) -> list[Scale]:
    """One scale for each pair of limits; what cannot be read as an amount has no place on it."""
    try:
        wage = parse_fen(typed_wage) if typed_wage.strip() else None
    except BadMoney:
        wage = None
    return [Scale(one, wage) for one in limits(here, month)]
