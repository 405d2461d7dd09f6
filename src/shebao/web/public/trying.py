"""缴费试算: what a wage costs, in any region and month, with reasons; a list of people; two answers side by side."""

from dataclasses import dataclass

import numpy as np
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions, region
from shebao.rules.contributions import NoFact, explain
from shebao.rules.facts import FACTS
from shebao.rules.money import BadMoney, parse_fen
from shebao.rules.months import BadMonth, Month
from shebao.rules.region import NoValue, Region
from shebao.rules.trial import Trial, facts_asked, listed, trial, usual_facts, year

from ..access import public
from ..explained import step_rows
from .rates import frame_of, region_choices

MORE = 100_000
"""How much more wage the page prices: 1,000 yuan in fen."""
MOST_ROWS = 5000


@dataclass
class Asked:
    """What the address asks for: a region, a month, a wage in fen (None until given) and the facts."""

    region: Region
    month: Month
    wage: int | None
    facts: dict[str, str]
    errors: list[dict]
    typed: dict[str, str]


def _asked(request, query, prefix: str, wage: str | None = None) -> Asked:
    """Read one side of the question; everything wrong is said at once, and what is missing takes what is usual."""
    default = request.user.region if request.user.is_authenticated else next(iter(all_regions()))
    errors: list[dict] = []
    try:
        here = region(query.get(f"{prefix}region") or default)
    except Refused:
        here = region(default)
        errors.append({"id": f"{prefix}region", "text": "没有这个地区，请重新选择。"})
    month = Month.of(clock.today())
    month_text = query.get(f"{prefix}month", "").strip()
    try:
        month = Month.parse(month_text) if month_text else month
    except BadMonth as bad:
        errors.append({"id": f"{prefix}month", "text": f"{bad.message}。"})
    fen, wage = None, query.get("wage", "").strip() if wage is None else wage
    try:
        fen = parse_fen(wage) if wage else None
    except BadMoney as bad:
        errors.append({"id": "wage", "text": f"{bad.message}。"})
    facts = usual_facts(here)
    for key in facts_asked(here):
        code = query.get(f"{prefix}{key}", "")
        if here.codes[FACTS[key].codes].get(code):
            facts[key] = code
    typed = {"month": month_text or str(month), "wage": wage}
    return Asked(here, month, fen, facts, errors, typed)


def _answer(asked: Asked) -> Trial | None:
    """The trial; a value that nobody has published becomes an error beside the month."""
    if asked.wage is None or asked.errors:
        return None
    try:
        return trial(asked.region, asked.month, asked.wage, asked.facts, known_on=clock.today())
    except (NoValue, NoFact) as no:
        asked.errors.append({"id": "month", "text": f"{no}，不能试算，请换一个月份。"})
        return None


@public
@require_http_methods(["GET", "HEAD"])
def try_one(request):
    """One wage, or two answers side by side; the address can be shared, and holds no person."""
    asked = _asked(request, request.GET, "")
    found = _answer(asked)
    other = other_found = None
    if request.GET.get("compare"):
        other = _asked(request, request.GET, "other_")
        other_found = _answer(other)
    context = {
        "frame": frame_of(request),
        "fields": _fields(asked, ""),
        "other_fields": _fields(other or _asked(request, request.GET, "other_"), "other_"),
        "compare": bool(request.GET.get("compare")),
        "errors": asked.errors + [e for e in (other.errors if other else []) if e["id"] != "wage"],
        "found": _shown(found),
        "extra": _extra(asked, found),
        "year": _year(asked, found),
        "other": _shown(other_found),
        "rows": _side_by_side(found, other_found) if found and other_found else [],
        "is_asked": bool(asked.typed["wage"]),
    }
    status = 422 if context["errors"] else 200
    return render(request, "public/trial.html", context, status=status)


def _shown(found: Trial | None) -> dict | None:
    if found is None:
        return None
    lines = []
    for line in found.lines:
        shares = []
        for side, label in (("employer", "单位"), ("employee", "个人")):
            evidence = line.evidence.get(side)
            steps = explain(evidence.data, found.wage) if evidence else []
            shares.append({"label": label, "amount": getattr(line, side), "steps": step_rows(steps)})
        lines.append({"line": line, "shares": shares})
    shares = [
        {"code": row["line"].scheme.colour, "label": row["line"].scheme.title, "amount": row["line"].total}
        for row in lines
    ]
    illustrative = found.region.illustrative(found.month, found.known_on)
    return {"trial": found, "lines": lines, "shares": shares, "illustrative": illustrative}


def _extra(asked: Asked, found: Trial | None) -> dict | None:
    """What 1,000 yuan more wage would add."""
    if found is None:
        return None
    more = trial(asked.region, asked.month, found.wage + MORE, asked.facts, known_on=found.known_on)
    return {
        "employer": more.employer - found.employer,
        "employee": more.employee - found.employee,
        "total": more.total - found.total,
    }


def _year(asked: Asked, found: Trial | None) -> dict | None:
    """The calendar year at the same wage; months without published values are named, not guessed."""
    if found is None:
        return None
    months = year(asked.region, asked.month.year, found.wage, asked.facts, known_on=found.known_on)
    known = [one for one in months if isinstance(one, Trial)]
    return {
        "number": asked.month.year,
        "months": known,
        "lost": "、".join(str(one.number) for one in months if isinstance(one, Month)),
        "employer": sum(one.employer for one in known),
        "employee": sum(one.employee for one in known),
        "total": sum(one.total for one in known),
    }


def _side_by_side(found: Trial, other: Trial) -> list[dict]:
    """Scheme by scheme, both totals and the difference; a scheme that only one side has shows 0 on the other."""
    ours = {line.scheme.key: line for line in found.lines}
    theirs = {line.scheme.key: line for line in other.lines}
    rows = []
    for key in {**ours, **theirs}:
        here, there = ours.get(key), theirs.get(key)
        amounts = (here.total if here else 0, there.total if there else 0)
        title = (here or there).scheme.title
        rows.append({"title": title, "here": amounts[0], "there": amounts[1], "delta": amounts[1] - amounts[0]})
    for title, side in (("单位合计", "employer"), ("个人合计", "employee"), ("合计", "total")):
        here, there = getattr(found, side), getattr(other, side)
        rows.append({"title": title, "here": here, "there": there, "delta": there - here, "sum": True})
    return rows


def _fields(asked: Asked, prefix: str) -> list[dict]:
    wrong = {error["id"]: error["text"] for error in asked.errors}
    fields = [
        _field(f"{prefix}region", "choice", "地区", asked.region.code, wrong, options=region_choices()),
        _field(f"{prefix}month", "month", "费款所属期", asked.typed["month"], wrong),
    ]
    if not prefix:
        fields.append(_field("wage", "money", "月缴费工资", asked.typed["wage"], wrong))
    for key in facts_asked(asked.region):
        codes = asked.region.codes[FACTS[key].codes]
        options = codes.choices(asked.facts.get(key, ""))
        label = asked.region.terms.get(key, FACTS[key].title)
        fields.append(_field(f"{prefix}{key}", "choice", label, asked.facts.get(key, ""), wrong, options=options))
    return fields


def _field(name: str, kind: str, label: str, value: str, wrong: dict, **more) -> dict:
    found = {"id": name, "name": name, "kind": kind, "label": label, "value": value, "required": True}
    return found | {"error": wrong.get(name, "")} | more


@public
@require_http_methods(["GET", "HEAD", "POST"])
def try_list(request):
    """A pasted list of people: posted, because names and wages belong in no address."""
    asked = _asked(request, request.POST, "", wage="")
    rows, wrong = _rows(request.POST.get("people", "")) if request.method == "POST" else ([], [])
    errors = asked.errors + [{"id": "people", "text": text} for text in wrong[:20]]
    if len(wrong) > 20:
        errors.append({"id": "people", "text": f"还有 {len(wrong) - 20} 行有问题，请先改好上面这些。"})
    result = None
    if rows and not errors:
        wages = np.array([fen for _, fen in rows], dtype=np.int64)
        try:
            employer, employee = listed(asked.region, asked.month, wages, asked.facts, known_on=clock.today())
            result = _totals(rows, employer, employee)
            result["illustrative"] = asked.region.illustrative(asked.month, clock.today())
        except (NoValue, NoFact) as no:
            errors.append({"id": "month", "text": f"{no}，不能试算，请换一个月份。"})
    fields = [field for field in _fields(asked, "") if field["name"] != "wage"]
    context = {"frame": frame_of(request), "fields": fields, "errors": errors, "result": result}
    context |= {"people": request.POST.get("people", ""), "month": asked.month, "region": asked.region}
    return render(request, "public/trial_list.html", context, status=422 if errors else 200)


def _rows(text: str) -> tuple[list[tuple[str, int]], list[str]]:
    """Name and wage of every line; what cannot be read is said by its line. Tabs, commas and spaces separate."""
    rows, wrong = [], []
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        return [], ["请粘贴名单，每行一个人：姓名和月缴费工资。"]
    if len(lines) > MOST_ROWS:
        return [], [f"一次最多试算 {MOST_ROWS} 人，这里有 {len(lines)} 行，请分几次粘贴。"]
    for number, line in lines:
        parts = line.replace("\t", " ").replace("，", " ").split()
        try:
            rows.append((" ".join(parts[:-1]) or f"第 {number} 行", parse_fen(parts[-1])))
        except BadMoney as bad:
            wrong.append(f"第 {number} 行：{bad.message}。请写成“姓名 工资”，如“李示例 8000”。")
    return rows, wrong


def _totals(rows: list[tuple[str, int]], employer, employee) -> dict:
    people = [
        {"name": name, "wage": wage, "employer": int(one), "employee": int(own), "total": int(one + own)}
        for (name, wage), one, own in zip(rows, employer, employee, strict=True)
    ]
    keys = ("wage", "employer", "employee", "total")
    return {"people": people, "count": len(people), "sums": {key: sum(p[key] for p in people) for key in keys}}
