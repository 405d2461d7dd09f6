"""The page of one form, new or being repaired: fields, findings to confirm, the rail with cost and person."""

from collections.abc import Mapping
from datetime import timedelta

from django.shortcuts import render
from django.urls import reverse

from shebao.hall import clock
from shebao.hall.declarations import queries
from shebao.hall.declarations.declared_month import closing_words, declared_month
from shebao.hall.declarations.models import Declaration, FormDraft
from shebao.hall.declarations.preview import Preview
from shebao.hall.declarations.seconding import waits
from shebao.hall.declarations.states import State
from shebao.hall.errors import Refused
from shebao.hall.roster.queries import STATUSES, roster
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.services.wages import closed_year
from shebao.rules.months import BadMonth, Month

from ..access import writer_token
from .common import INSURED, crumbs, here, may_be_about, often, this_month, word
from .employer_data import offering_departments, offering_own, unchanging, withholding
from .fields import Shown, asked, confirmed, fixes, groups, page_fields, scales, summary
from .roster import STATUS_TAGS

UNSIGNED = "unsigned"
"""Code of the refusal of a submission without the statement of truth."""
FOUND = 20
UNTOUCHED = ("nothing_changed", "something_changed")
LABELS = {"id_kind": "证件类型", "household": "户口性质", "employment_kind": "用工形式"}


def form_page(
    request,
    spec,
    form,
    raw: dict,
    *,
    found: Preview | None = None,
    is_refused: bool = False,
    refusal: Refused | None = None,
    draft: FormDraft | None = None,
    declaration: Declaration | None = None,
    old: dict | None = None,
    version: str | int = "",
    looked: bool = False,
):
    """The page. `found` is a preview; its errors stand beside the fields once somebody pressed a button.

    `looked`: the number was looked up among the employer's own people. `draft` is what was restored, `old` the values
    that somebody else wrote meanwhile.
    """
    pressed = request.method == "POST"
    beside: Mapping[str, str] = request.POST if pressed else draft.answers if draft else {}
    reasons = confirmed(beside) if beside else dict(declaration.confirmed) if declaration else {}
    judged = tuple(found.problems) if found and pressed else ()
    errors = summary(judged, confirmed=reasons) if is_refused else []
    if refusal:
        field = refusal.field if refusal.code == UNSIGNED else f"id_{refusal.field}"
        errors = [{"id": field if refusal.field else "", "text": refusal.message}]
    shown = Shown(raw, judged, marks=declaration.marks if declaration else None, old=old)
    fields = withholding(page_fields(form, here(request), shown), request.user.employer)
    fields = offering_own(form, fields, request.user)
    is_about_known = OPERATIONS[spec.operation].is_about_known
    is_fresh = not (pressed or declaration or raw.get("id_number"))
    if is_fresh and not is_about_known:
        _begin_with_the_number(fields)
    context = {
        "spec": spec,
        "writer": writer_token(request.user),
        "errors": errors,
        "unsigned": refusal.message if refusal and refusal.code == UNSIGNED else "",
        "groups": groups(form, fields),
        "departments": offering_departments(fields, request.user),
        "confirms": asked(found.problems if found else (), beside, reasons),
        "restored_at": draft.saved_at if draft and not pressed else None,
        "helped": raw.get("id_number", ""),
        "find": request.GET.get("find", ""),
        "roster_title": word(request, "menu.roster", "员工花名册"),
        "found_people": _found_people(request, spec),
        "siblings": [] if declaration else _siblings(request, spec),
        "open_title": f"本月{closing_words(here(request))}",
        "open_note": "" if declaration or spec.is_aside or spec.looks_back else _open_note(request),
        "unchanging": unchanging(form, request.user.employer) if spec.subject == "employer" else [],
        "is_about_known": is_about_known,
        "begins_with_finding": is_fresh and is_about_known,
        "is_for_many": OPERATIONS[spec.operation].is_for_many,
        "window_note": "" if spec.is_aside else _window_note(request, spec),
        "window_title": "本年度不在申报期" if spec.is_yearly else "本月申报已截止",
        "may_look": _may_look(spec),
        "look_title": word(request, "declare.look", "查询人员"),
        "looked": _looked(raw, found) if looked and found else None,
        "preview_url": reverse("e_declare_preview", args=[spec.key]),
        **(_of_repair(declaration, spec, beside, version) if declaration else _of_new(request, spec)),
        **aside(request, spec, form, raw, found),
    }
    status = refusal.status if refusal else 422 if is_refused else 200
    return render(request, "employer/declare.html", context, status=status)


def _begin_with_the_number(fields: list[dict]) -> None:
    """Somebody new is entered number first: the cursor stands there, at the start and after each that was saved."""
    number = next((field for field in fields if field["kind"] == "id_number"), None)
    if number and not number.get("readonly"):
        number["attrs"] = number.get("attrs", {}) | {"autofocus": ""}


def _may_look(spec) -> bool:
    """Whoever is to be insured may have been here before; of whom is on the roster the list above tells."""
    return spec.is_about_person and not OPERATIONS[spec.operation].is_about_known


def _looked(raw: dict, found: Preview) -> dict:
    """Whom the number belongs to among the employer's own people, or that it is nobody of them."""
    number = raw.get("id_number", "")
    text = f"未查询到身份证号码为【{number}】的数据。首次参保的，请核对号码后直接录入下面的信息。"
    text = text if number else "请先录入证件号码，再查询。"
    return {"known": found.known, "derived": _derived(found), "past": _past(found), "text": text}


def _of_new(request, spec) -> dict:
    # Only where a manual begins with it: the form is empty already, and saving leads to the next one.
    row = {"label": word(request, "declare.row", ""), "url": reverse("e_declare", args=[spec.key]), "icon": "plus"}
    return {
        "actions": [row] if row["label"] and _may_look(spec) else [],
        "declaration": None,
        "copied": None,
        "crumbs": crumbs(spec.title),
        "title": spec.title,
        "action": reverse("e_declare", args=[spec.key]),
        "draft_url": reverse("e_draft", args=[spec.key]),
        "session": _session(request, spec),
        "version": "",
        "is_returned": False,
        "reply": None,
        "asks_papers": asks_for_papers(spec),
        "primary": _primary(spec, request.user.employer),
    }


def asks_for_papers(spec) -> bool:
    """Whether each declaration has papers of its own that may be uploaded."""
    return any(one.covers == "each" for one in spec.uploads)


def _primary(spec, employer) -> str:
    """What the first button does: enough is done, on to papers or the basket, or the next person."""
    if not waits(spec, employer):
        return "done"
    return "again" if spec.is_about_person and not asks_for_papers(spec) else "basket"


def _of_repair(declaration: Declaration, spec, beside: Mapping[str, str], version) -> dict:
    is_returned = declaration.state == State.RETURNED
    source = declaration.copied_from
    refused = source if source and source.state == State.REJECTED and not declaration.revision else None
    reply = {
        "id": "id_reply", "name": "reply", "kind": "textarea", "label": "给审核人员的说明", "maxlength": 200,
        "value": beside.get("reply", ""), "help": "改了内容的可以不填；内容确实无误、没有改动的，请写明原因。",
    }  # fmt: skip
    title = f"{'补正' if is_returned else '修改'}：{declaration.subject_name}"
    return {
        "actions": [],
        "asks_papers": False,
        "declaration": declaration,
        "copied": refused,
        "copied_words": (declaration.note or "请按字段旁的审核意见修改。") if refused else "",
        "crumbs": crumbs(title, (spec.title, reverse("e_case", args=[declaration.pk]))),
        "title": title,
        "action": reverse("e_repair", args=[declaration.pk]),
        "draft_url": reverse("e_repair_draft", args=[declaration.pk]),
        "session": [],
        "version": version or beside.get("version", declaration.version),
        "is_returned": is_returned,
        "reply": reply if is_returned else None,
        "primary": "submit" if is_returned else "keep",
    }


def _month_of(form, raw: dict, request) -> Month:
    typed_month = next((raw.get(f.id) for f in form.fields if f.kind == "month"), "")
    try:
        return Month.parse(typed_month or str(this_month(request)))
    except BadMonth:
        return this_month(request)


def _siblings(request, spec) -> list[dict]:
    """The services that do the same as this one, where the region has several: newly, again, from elsewhere."""
    same = [one for one in here(request).services.values() if one.operation == spec.operation]
    return [
        {"title": one.title, "url": reverse("e_declare", args=[one.key]), "current": one.key == spec.key}
        for one in same
        if len(same) > 1
    ]


def _open_note(request) -> str:
    """Said on top when the business month is settled or closed, because the form then starts with the next one."""
    first = queries.first_open_month(request.user)
    now = this_month(request)
    why = closing_words(here(request))
    return "" if first == now else f"{now} {why}，不再收变动。新的申报从 {first} 起办理，月份已经填好。"


def _window_note(request, spec) -> str:
    if spec.is_yearly and (closed := closed_year(here(request), clock.today())):
        return closed
    calendar, month = here(request).calendar, this_month(request)
    until, opens = calendar.window(month).declare_until, calendar.window(month.next()).opens_at
    if clock.local_now() <= until or declared_month(here(request)) > month:
        return ""
    ended = f"本月申报已于 {until.month} 月 {until.day} 日 {until:%H:%M} 截止"
    return f"{ended}，现在录入的内容会保留为草稿，{opens.month} 月 {opens.day} 日起再报。"


def _found_people(request, spec) -> list[dict]:
    """People of the roster to choose from, for a service about somebody who is on it: who is insured comes first."""
    find = request.GET.get("find", "").strip()[:40]
    if not find or not OPERATIONS[spec.operation].is_about_known:
        return []
    found = sorted(roster(request.user, {"q": find})[:FOUND], key=lambda one: one.status not in INSURED)
    return [
        {
            "person": one,
            "tag": STATUS_TAGS.get(one.status, "none"),
            "status": STATUSES[one.status],
            "may_be_chosen": may_be_about(spec, one),
        }
        for one in found
    ]


def _session(request, spec) -> list[Declaration]:
    """What the writer declared in the last twelve hours (本次已录); of the employer there is never more than one."""
    if not spec.is_about_person:
        return []
    mine = Declaration.objects.visible_to(request.user).filter(
        declared_by=request.user, service=spec.key, declared_at__gte=clock.now() - timedelta(hours=12), batch=None
    )
    return list(mine.exclude(state__in=(State.DELETED, State.UNDONE)).order_by("-declared_at", "-pk")[:10])


def aside(request, spec, form, raw: dict, found: Preview | None) -> dict:
    """The right rail: who it is, what it costs, what was found; and the scale under the wage."""
    wage_field = next((f.id for f in form.fields if f.feeds == "declared_wage"), "")
    wage = str(raw.get(wage_field) or "")
    shown = {
        "often": often(spec),
        "wage_field": wage_field,
        "scales": scales(here(request), _month_of(form, raw, request), wage) if wage_field else [],
    }
    if found is None:
        shown |= {"double": None, "on_file": []}
        nothing = {"found": None, "derived": "", "past": "", "problems": [], "fixes": [], "total": 0, "back": ""}
        return shown | nothing | {"removers": []}
    untouched = UNTOUCHED if request.method == "GET" else ()  # nobody has typed yet: that nothing changed is no news
    told = [p for p in found.problems if p.code not in ("required", *untouched)]
    return shown | {
        "found": found,
        "on_file": _on_file(request, spec, form, found),
        "derived": _derived(found),
        "past": _past(found, is_about_known=OPERATIONS[spec.operation].is_about_known),
        "problems": told,
        # All of it is there, and what was found stands before the amounts.
        "is_held_up": bool(wage and found.first_month) and any(one.level == "error" for one in told),
        "double": _double(request, spec, found),
        "fixes": fixes(told, form),
        "removers": _removers(request, told, found),
        "total": found.employer_total + found.employee_total,
        "has_borne": any(one.borne for one in found.monthly),
        "back": f"{found.months[0]} 至 {found.months[-1]}，共 {len(found.months)} 个月" if found.months else "",
    }


def _on_file(request, spec, form, found: Preview) -> list[dict]:
    """What is on file about the person and this form does not change: grey boxes, for a form that is of no month."""
    if not (spec.is_about_person and found.known) or any(field.kind == "month" for field in form.fields):
        return []
    here_, one, told, asked = here(request), found.known, found.derived, {field.id for field in form.fields}
    codes = {"id_kind": one.person.id_kind, "household": one.household, "employment_kind": one.employment_kind}
    lists = {"id_kind": "id_kinds", "household": "household_kinds", "employment_kind": "employment_kinds"}
    rows = {
        "person_number": (here_.term("person_number"), one.person_number),
        "sex": ("性别", told["sex_label"]),
        "born_on": ("出生日期", told["born_on"]),
        **{key: (LABELS[key], here_.code_title(lists[key], code)) for key, code in codes.items()},
        "insured_from": ("首次参保", told["insured_from"]),
    }
    return [
        {"id": f"on_file_{key}", "name": f"on_file_{key}", "kind": "text", "label": label, "value": str(value or "—"),
         "readonly": True}
        for key, (label, value) in rows.items()
        if key not in asked
    ]  # fmt: skip


def _removers(request, problems, found: Preview) -> list[dict]:
    """The services that remove what stands in the way, about the same person where the roster knows them."""
    about = f"?employee={found.known.pk}" if found.known else ""
    keys = dict.fromkeys(problem.service for problem in problems if problem.service)
    return [
        {"label": f"去办{here(request).services[key].title}", "url": f"{reverse('e_declare', args=[key])}{about}"}
        for key in keys
    ]


def _double(request, spec, found: Preview) -> Declaration | None:
    """The person's undecided declaration of the same service that the checks found in the way."""
    if not any(problem.code == "already_declared" for problem in found.problems):
        return None
    return queries.undecided(request.user, spec.key, found.digest)


def _derived(found: Preview) -> str:
    """Sex, birth and age as the number tells them."""
    told, born = found.derived, found.derived["born_on"]
    parts = [told["sex_label"], str(born) if born else "", f"{told['age']} 岁" if told["age"] is not None else ""]
    return "，".join(part for part in parts if part)


def _past(found: Preview, *, is_about_known: bool = False) -> str:
    """Where the person stands with this employer; nothing while the number is wrong or belongs to nobody on the roster
    whom the service could be about.
    """
    is_wrong = any((problem.code, problem.field) == ("id_number_valid", "id_number") for problem in found.problems)
    if not found.digest or is_wrong or (is_about_known and found.known is None):
        return ""
    since, until = found.derived["insured_from"], found.derived["insured_until"]
    who = f"{found.known.name}（人员编号 {found.known.person_number}）" if found.known else ""
    if until:
        return f"{who}上次在本单位参保到 {until}"
    return f"{who}自 {since} 起在本单位参保" if since else "首次在本单位参保"
