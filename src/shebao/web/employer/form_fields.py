"""What the declaration pages show beside the questions: prefilled answers, the right rail, one value for many."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from shebao.hall.declarations.preview import Preview, preview, raw_answers
from shebao.hall.regions import region
from shebao.hall.roster.facts import roster_answers
from shebao.rules.money import BadMoney, parse_fen, plain_yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.region import Form, Region

from . import fields

WAYS = {
    "set_amount": ("统一设为", "money", "每个人都设为这个金额"),
    "add_amount": ("在现工资上增加", "money", "每个人增加同样的金额"),
    "add_percent": ("在现工资上调整", "text", "百分比，如 5 表示上调 5%，-3 表示下调 3%"),
}
"""How a common wage can be said; exactly one of them is filled."""


def known_answers(form: Form, employee, wage: int | None) -> dict[str, str]:
    """What the roster knows about an employee, as typed answers; questions it cannot answer are left out."""
    kept = raw_answers(form, roster_answers(form, employee, wage))
    identity = {"id_kind": employee.person.id_kind, "id_number": employee.person.id_number, "name": employee.name}
    return kept | {key: value for key, value in identity.items() if form.field(key)}


def fill_identity(form: Form, raw: dict, known) -> dict[str, str]:
    """The typed answers with the blank identity questions filled from the employee they are about."""
    if known is None:
        return raw
    answers = {"id_kind": known.person.id_kind, "name": known.name}
    blank = {f.id for f in form.fields if f.identity and not str(raw.get(f.id) or "").strip()}
    return raw | {key: value for key, value in answers.items() if key in blank}


def looked_at(request, service_key: str, raw: dict, reasons: dict, declaration=None) -> tuple[dict, Preview]:
    """The preview of what was typed; the answers come back with the identity of a known employee filled in."""
    employer = request.user.employer

    def look(answers):
        return preview(employer, service_key, answers, by=request.user, confirmed=reasons, declaration=declaration)

    here = region(employer.region)
    seen = look(raw)
    filled = fill_identity(here.forms[here.services[service_key].form], raw, seen.known)
    return filled, seen if filled == raw else look(filled)


def rail(seen: Preview, form: Form, data, reasons: dict, *, limits_text: str = "") -> dict:
    """The right rail: who it is about, what was found, what it costs each month. Blank questions are no finding yet."""
    found = [replace(p) for p in seen.problems if p.code != "required"]
    return {
        "seen": seen,
        "about": _about(seen),
        "findings": [p for p in found if p.level != "confirm"],
        "asked": fields.asked(found, data, reasons),
        "fixes": fields.fixes(found, form),
        "limits_text": limits_text,
        "total_fen": seen.employer_total + seen.employee_total,
    }


def _about(seen: Preview) -> str:
    derived = seen.derived
    parts = [derived["sex_label"], str(derived["born_on"] or ""), f"{derived['age']} 岁" if derived["age"] else ""]
    if seen.known:
        parts.append(f"本单位员工 {seen.known.name}")
    return "，".join(part for part in parts if part)


def limits_text(here: Region, form: Form, raw: dict, month: Month) -> str:
    """Floor and ceiling for the month that was typed, else for `month`."""
    month_field = next((f.id for f in form.fields if f.kind == "month"), "")
    try:
        month = Month.parse(str(raw.get(month_field) or ""))
    except BadMonth:
        pass
    return "；".join(one.text for one in fields.limits(here, month))


def wage_field(form: Form):
    """The question whose answer is the declared wage; None where the form has none."""
    return next((f for f in form.fields if f.feeds == "declared_wage"), None)


def common_problems(form: Form, data) -> list[dict]:
    """What is wrong with the value meant for everybody, for the error summary."""
    problems = [
        {"id": f"id_{f.id}", "text": f"请填写“{f.label}”"}
        for f in form.fields
        if f.required and not f.identity and f.feeds != "declared_wage" and not data.get(f.id, "").strip()
    ]
    if wage_field(form) is None:
        return problems
    said = [way for way in WAYS if data.get(way, "").strip()]
    if len(said) != 1:
        text = "三种调整方式请只填一种。" if said else "请在三种调整方式中填一种。"
        return [*problems, {"id": f"id_{(said or ['set_amount'])[0]}", "text": text}]
    try:
        new_wage(said[0], data[said[0]], 0)
    except BadMoney as bad:
        problems.append({"id": f"id_{said[0]}", "text": f"{WAYS[said[0]][0]}：{bad.message}"})
    return problems


def new_wage(way: str, text: str, old: int | None) -> int | None:
    """The wage in fen after a common change; None where there is no wage to change. Raises BadMoney in words."""
    if way == "add_percent":
        percent = _percent(text)
        if old is None:
            return None
        return int((old * (100 + percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))
    amount = parse_fen(text)
    if way == "set_amount":
        return amount
    return None if old is None else old + amount


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text.strip().rstrip("%％"))
    except InvalidOperation:
        raise BadMoney(f"“{text[:20]}”不是百分比，请填数字，如 5") from None
    if not percent.is_finite() or not -100 < percent <= 1000:
        raise BadMoney("百分比应大于 -100、不超过 1000，请核对")
    return percent


def common_answers(form: Form, data, employee) -> dict[str, str]:
    """One employee's typed answers made from the value meant for everybody."""
    raw = {f.id: data.get(f.id, "") for f in form.fields if not f.identity}
    raw |= {"id_number": employee.person.id_number, "name": employee.name}
    if wage := wage_field(form):
        way = next(way for way in WAYS if data.get(way, "").strip())
        fen = new_wage(way, data[way], employee.wage)
        raw[wage.id] = "" if fen is None else plain_yuan(fen)
    return raw
