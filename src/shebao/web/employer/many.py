"""One change for many ticked people (批量设置): set the common values, look at each person, confirm."""

import json
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shebao.hall.crypto import decrypt, encrypt
from shebao.hall.declarations import operations
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import previews, service_of
from shebao.hall.declarations.queries import first_open_month
from shebao.hall.declarations.seconding import waits
from shebao.hall.errors import Refused, permit_service
from shebao.hall.roster.models import Employee
from shebao.hall.roster.queries import wages_in
from shebao.rules.forms import Problem
from shebao.rules.money import BadMoney, parse_fen, plain_yuan, rounded, yuan

from ..access import needs
from ..chosen import compact, numbers, spread
from .common import crumbs, here, often, this_month, undo_toast, word
from .fields import Shown, asked, confirmed, defaults, limits, page_fields, summary

MODES = [
    ("amount", "统一设为（元）"),
    ("add", "在现工资上增加（元，减少写负数）"),
    ("percent", "在现工资上调整（%，减少写负数）"),
]
KEPT = "many"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("declare")
def declare_many(request, service):
    """Set the common values, look at each person, save. The first two are addresses of their own: going back works."""
    spec = service_of(here(request), service)
    permit_service(request.user, spec)
    if not spec.is_about_person:
        raise Employee.DoesNotExist(f"{service} is not about people")
    form = here(request).forms[spec.form]
    is_post = request.method == "POST"
    chosen = numbers(request.POST.getlist("chosen")) if is_post else spread(request.GET.get("ids", ""))
    people = Employee.objects.visible_to(request.user).filter(pk__in=chosen)
    people = list(people.select_related("person").order_by("name_pinyin", "pk"))
    if not people:
        messages.error(request, "还没有勾选人员，请先在花名册里勾选。")
        return redirect("e_roster")
    step = (request.POST if is_post else request.GET).get("step", "set")
    if is_post and step != "save":
        if step == "check":
            _keep(request, spec, _common(form, request.POST))
        return redirect(f"{request.path}?ids={compact(one.pk for one in people)}&step={step}")
    common = _common(form, request.POST) if is_post else _kept(request, spec)
    if not is_post and (step == "set" or not common):
        start = defaults(form, first_open_month(request.user))
        return _set_page(request, spec, form, people, start | common)
    raws, wrong = _raws(request, form, people, common)
    if wrong:
        return _set_page(request, spec, form, people, common, (wrong,))
    return _save(request, spec, people, raws, common) if is_post else _check(request, spec, form, people, raws, common)


def _common(form, data) -> dict[str, str]:
    """What is typed once for everybody."""
    names = [*(field.id for field in form.fields if not field.identity), "mode"]
    return {name: data.get(name, "") for name in names}


def _keep(request, spec, common: dict) -> None:
    """Hold what is typed between the two pages; answers are nowhere stored in the clear."""
    request.session[KEPT] = encrypt(json.dumps([spec.key, common]))


def _kept(request, spec) -> dict[str, str]:
    service, common = json.loads(decrypt(request.session[KEPT])) if KEPT in request.session else ("", {})
    return common if service == spec.key else {}


def _raws(request, form, people: list[Employee], common: dict) -> tuple[list[dict], Problem | None]:
    """One set of answers for each person; the wage is computed from the present one where that was asked."""
    money = next((f for f in form.fields if f.kind == "money"), None)
    wages = wages_in(request.user.employer, this_month(request)) if money else {}
    raws = []
    for person in people:
        raw = common | {"id_number": person.person.id_number, "id_kind": person.person.id_kind, "name": person.name}
        if money:
            try:
                raw[money.id] = _new_wage(common["mode"] or "amount", common[money.id], wages.get(person.pk))
            except BadMoney as bad:
                return [], Problem("bad_money", money.id, "error", f"{money.label}：{bad.message}")
            except ValueError as bad:
                return [], Problem("bad_change", money.id, "error", f"{person.name}：{bad}")
        raws.append(raw)
    return raws, None


def _new_wage(mode: str, text: str, wage: int | None) -> str:
    """The wage as text. Raises BadMoney, or ValueError with a sentence."""
    text = text.strip().replace("−", "-")
    if mode == "amount":
        return plain_yuan(parse_fen(text))
    if wage is None:
        raise ValueError("没有现工资，不能按增减计算，请改用“统一设为”。")
    if mode == "add":
        change = -parse_fen(text[1:]) if text.startswith("-") else parse_fen(text)
        new = wage + change
    else:
        new = rounded(wage * (10_000 + _hundredths(text)), 10_000, "fen_half_up")
    if new < 0:
        raise ValueError("调整后工资小于零，请核对。")
    return plain_yuan(int(new))


def _hundredths(text: str) -> int:
    try:
        percent = Decimal(text.removesuffix("%").removesuffix("％"))
    except InvalidOperation:
        raise ValueError("百分之几请填数字，如 5 或 -3.5。") from None
    if not (percent.is_finite() and -1000 <= percent <= 1000) or percent * 100 != int(percent * 100):
        raise ValueError("百分之几最多两位小数，不超过 1000。")
    return int(percent * 100)


def _set_page(request, spec, form, people, raw: dict, problems=()):
    region = here(request)
    text = "；".join(one.text for one in limits(region, this_month(request)))
    fields = page_fields(form, region, Shown(raw, tuple(problems), limits=text), only=lambda f: not f.identity)
    has_money = any(f.kind == "money" for f in form.fields if not f.identity)
    for field in fields:
        if field["kind"] == "money":
            field |= {"kind": "text", "label": f"{field['label']}：金额或百分数", "value": raw[field["name"]]}
    context = {
        **_frame(request, spec, people),
        "fields": fields,
        "mode": {"name": "mode", "kind": "radios", "label": "怎样设置", "options": MODES, "full": True,
                 "value": raw.get("mode") or "amount"} if has_money else None,
        "errors": summary(problems, confirmed={}),
    }  # fmt: skip
    return render(request, "employer/many_set.html", context, status=422 if problems else 200)


def _frame(request, spec, people) -> dict:
    title = f"{spec.batch_button or '批量办理'}{word(request, f'menu.{spec.key}', spec.title)}"
    return {
        "spec": spec,
        "title": title,
        "people": people,
        "often": often(spec),
        "set_url": f"{request.path}?ids={compact(one.pk for one in people)}",
        "crumbs": crumbs(title, (word(request, "menu.roster", "员工花名册"), reverse("e_roster"))),
    }


def _check(request, spec, form, people, raws, common):
    found = previews(request.user.employer, spec.key, raws, by=request.user)
    everywhere = [
        p
        for p in found[0].problems
        if p.level == "error" and p.field in common and all(p in one.problems for one in found)
    ]
    if everywhere:
        return _set_page(request, spec, form, people, common, everywhere)
    return _check_page(request, spec, people, found, common)


def _check_page(request, spec, people, found, common, *, refusal=None, status=200):
    region = here(request)
    form = region.forms[spec.form]
    reasons = confirmed(request.POST)
    every = [problem for one in found for problem in one.problems]
    codes = {p.code for p in every if p.level == "confirm"} - set(reasons)
    errors = (
        [{"id": f"why_{code}", "text": "请勾选已核对，并写明理由。"} for code in sorted(codes)] if status != 200 else []
    )
    if refusal:
        errors = [{"id": "", "text": refusal.message}]
    context = {
        **_frame(request, spec, people),
        "rows": [_row(form, region, person, one) for person, one in zip(people, found, strict=True)],
        "common": list(common.items()),
        "confirms": asked(every, request.POST, reasons),
        "is_fragment": False,
        "good": sum(not any(p.level == "error" for p in one.problems) for one in found),
        "effect": sum(one.effect_fen for one in found if not any(p.level == "error" for p in one.problems)),
        "errors": errors,
    }  # fmt: skip
    return render(request, "employer/many_check.html", context, status=status)


def _row(form, region, person: Employee, one) -> dict:
    """Old and new of every answer that changes, in words."""
    changes = []
    for field in form.fields:
        new = one.values.get(field.id)
        if field.identity or new in (None, ""):
            continue
        old = one.before.get(field.id)
        changes.append({"label": field.label, "old": _words(field, old, region), "new": _words(field, new, region)})
    return {
        "person": person,
        "changes": changes,
        "errors": [p.message for p in one.problems if p.level == "error"],
        "told": [p.message for p in one.problems if p.level != "error"],
        "effect": one.effect_fen,
    }


def _words(field, value, region) -> str:
    if value in (None, ""):
        return ""
    if field.kind == "choice":
        return region.codes[field.options].title_of(str(value))
    return yuan(value) if field.kind == "money" else str(value)


def _save(request, spec, people, raws, common):
    reasons = confirmed(request.POST)
    try:
        made = operations.save_declarations(
            request.user.employer_id, spec.key, raws, by=request.user, confirmed=[reasons] * len(raws)
        )
    except InvalidDeclaration as no:
        return _check_page(request, spec, people, no.previews, common, status=422)
    except Refused as no:
        found = previews(request.user.employer, spec.key, raws, by=request.user, confirmed=[reasons] * len(raws))
        return _check_page(request, spec, people, found, common, refusal=no, status=no.status)
    request.session.pop(KEPT, None)
    ids = compact(declaration.pk for declaration in made)
    if not waits(spec, request.user.employer):
        undo_toast(request, f"{len(made)} 人的{spec.title}已生效。", f"{reverse('e_undo')}?ids={ids}")
        return redirect("e_roster")
    undo_toast(request, f"已加入待提交 {len(made)} 笔。", f"{reverse('e_remove')}?ids={ids}")
    return redirect("e_basket")
