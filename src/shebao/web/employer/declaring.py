"""One declaration on one page (申报): typed, checked while typing, saved; and repaired in place."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from shebao.hall import clock
from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview, raw_answers, service_of
from shebao.hall.declarations.states import State
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.facts import roster_answers
from shebao.hall.roster.models import Employee
from shebao.hall.roster.queries import roster, wages_in
from shebao.hall.services.registry import OPERATIONS
from shebao.rules.months import BadMonth, Month

from ..access import needs
from .common import crumbs, here, this_month, toast, undo_toast
from .fields import Shown, asked, confirmed, defaults, fixes, groups, limits, page_fields, summary, typed


@needs("declare")
def declare(request, service):
    """The form of a service: empty, begun before, or about somebody of the roster (`?employee=`)."""
    spec, form = _spec(request, service)
    if request.method == "POST":
        return _save(request, spec, form)
    raw, restored_at = _begun(request, spec, form)
    found = preview(request.user.employer, spec.key, raw, by=request.user) if raw.get("id_number") else None
    return _page(request, spec, form, raw, found=found, restored_at=restored_at)


def _spec(request, key: str):
    spec = service_of(here(request), key)
    return spec, here(request).forms[spec.form]


def _begun(request, spec, form) -> tuple[dict, object]:
    """What the form starts with: a person, the previous declaration's common answers, a draft, or nothing."""
    raw = defaults(form, this_month(request))
    if request.GET.get("employee", "").isdigit():
        return raw | _about(request, form, int(request.GET["employee"])), None
    if request.GET.get("like", "").isdigit():
        last = Declaration.objects.visible_to(request.user).get(pk=int(request.GET["like"]), service=spec.key)
        same = {f.id for f in form.fields if not f.identity and f.feeds != "declared_wage" and f.kind != "phone"}
        return raw | {k: v for k, v in raw_answers(form, last.answers).items() if k in same}, None
    draft = queries.draft_of(request.user, spec.key)
    return (raw | draft.answers, draft.saved_at) if draft else (raw, None)


def _about(request, form, pk: int) -> dict:
    """The answers that the roster already knows; the present wage stands until a new one is typed."""
    person = Employee.objects.visible_to(request.user).select_related("person", "employer").get(pk=pk)
    known = {"id_kind": person.person.id_kind, "id_number": person.person.id_number, "name": person.name}
    month = this_month(request)
    answers = roster_answers(form, person, wages_in(person.employer, month).get(person.pk))
    ids = {field.id for field in form.fields}
    return {k: v for k, v in (raw_answers(form, answers) | known).items() if k in ids}


def _save(request, spec, form):
    raw, reasons = typed(form, request.POST), confirmed(request.POST)
    if "fix" in request.POST:
        name, _, value = request.POST["fix"].partition("=")
        raw |= {name: value} if form.field(name) else {}
        found = preview(request.user.employer, spec.key, raw, by=request.user, confirmed=reasons)
        return _page(request, spec, form, raw, found=found)
    raw = _named(request, spec, form, raw)
    try:
        (made,) = operations.save_declarations(
            request.user.employer_id, spec.key, [raw], by=request.user, confirmed=[reasons]
        )
    except InvalidDeclaration as no:
        return _page(request, spec, form, raw, found=no.previews[0], is_refused=True)
    except Refused as no:
        return _page(request, spec, form, raw, refusal=no)
    _say_saved(request, made, spec)
    if request.POST.get("next") == "again":
        return redirect(f"{reverse('e_declare', args=[spec.key])}?like={made.pk}")
    return redirect("e_case", made.pk) if spec.is_direct else redirect("e_basket")


def _named(request, spec, form, raw: dict) -> dict:
    """A blank name is filled from the roster when the number belongs to one of the employer's own people."""
    if raw.get("name", "").strip() or not form.field("name"):
        return raw
    known = preview(request.user.employer, spec.key, raw, by=request.user).known
    return raw | {"name": known.name} if known else raw


def _say_saved(request, made: Declaration, spec) -> None:
    if spec.is_direct:
        url = f"{reverse('e_undo')}?ids={made.pk}"
        undo_toast(request, f"{made.subject_name}的{spec.title}已生效。", url)
        return
    count = queries.counts(request.user, this_month(request))["draft"]
    toast(request, f"已加入待提交（共 {count} 笔）·", reverse("e_basket"), "去看看")


def _page(
    request, spec, form, raw, *, found=None, is_refused=False, refusal=None, restored_at=None, declaration=None, **more
):
    """The page of a form. `found` is a preview; its errors stand beside the fields once somebody pressed a button."""
    posted = request.POST if request.method == "POST" else {}
    reasons = confirmed(request.POST) if posted else dict(declaration.confirmed) if declaration else {}
    judged = tuple(found.problems) if found and (is_refused or posted) else ()
    errors = summary(judged, confirmed=reasons) if is_refused else []
    if refusal:
        errors = [{"id": f"id_{refusal.field}" if refusal.field else "", "text": refusal.message}]
    region = here(request)
    shown = Shown(
        raw,
        judged,
        marks=declaration.marks if declaration else None,
        old=more.pop("old", None),
        limits="；".join(one.text for one in limits(region, _month_of(form, raw, request))),
    )
    context = {
        "spec": spec,
        "errors": errors,
        "groups": groups(form, page_fields(form, region, shown)),
        "confirms": asked(found.problems if found else (), posted, reasons),
        "restored_at": restored_at,
        "declaration": declaration,
        "crumbs": crumbs(spec.title),
        "window_note": _window_note(request),
        "action": reverse("e_repair", args=[declaration.pk]) if declaration else reverse("e_declare", args=[spec.key]),
        "draft_url": "" if declaration else reverse("e_draft", args=[spec.key]),
        "preview_url": reverse("e_declare_preview", args=[spec.key]),
        "found_people": _found_people(request, spec),
        "find": request.GET.get("find", ""),
        "is_about_known": OPERATIONS[spec.operation].is_about_known,
        "session": [] if declaration else _session(request, spec),
        "version": declaration.version if declaration else "",
        **_aside(request, form, raw, found),
        **more,
    }
    status = refusal.status if refusal else 422 if is_refused else 200
    return render(request, "employer/declare.html", context, status=status)


def _month_of(form, raw: dict, request) -> Month:
    typed_month = next((raw.get(f.id) for f in form.fields if f.kind == "month"), "")
    try:
        return Month.parse(typed_month or str(this_month(request)))
    except BadMonth:
        return this_month(request)


def _window_note(request) -> str:
    until = here(request).calendar.window(this_month(request)).declare_until
    if clock.local_now() <= until:
        return ""
    return f"本月申报已于 {until.month} 月 {until.day} 日 {until:%H:%M} 截止，现在录入的内容会保留为草稿，下月再报。"


def _found_people(request, spec) -> list:
    """People of the roster to choose from, for a service about somebody who is on it."""
    find = request.GET.get("find", "").strip()[:40]
    if not find or not OPERATIONS[spec.operation].is_about_known:
        return []
    return list(roster(request.user, {"q": find, "status": "insured"})[:10])


def _session(request, spec) -> list[Declaration]:
    """What the writer declared in the last twelve hours (本次已录)."""
    mine = Declaration.objects.visible_to(request.user).filter(
        declared_by=request.user, service=spec.key, declared_at__gte=clock.now() - timedelta(hours=12), batch=None
    )
    return list(mine.exclude(state__in=(State.DELETED, State.UNDONE)).order_by("-declared_at", "-pk")[:10])


def _aside(request, form, raw: dict, found) -> dict:
    """The right rail: who it is, what it costs, what was found."""
    empty = {"found": None, "derived": "", "problems": [], "fixes": [], "scales": [], "effect": 0}
    if found is None:
        return empty
    told = [p for p in found.problems if p.code != "required"]
    month = found.first_month or this_month(request)
    wage_field = next((f.id for f in form.fields if f.feeds == "declared_wage"), "")
    wage = found.values.get(wage_field)
    return {
        "found": found,
        "derived": _derived(found),
        "problems": told,
        "fixes": fixes(told, form),
        "scales": [{"limit": one, "wage": wage, "most": one.ceiling * 5 // 4} for one in limits(here(request), month)]
        if wage is not None
        else [],
        "total": found.employer_total + found.employee_total,
        "back": f"{found.months[0]} 至 {found.months[-1]}，共 {len(found.months)} 个月" if found.months else "",
    }


def _derived(found) -> str:
    told, born = found.derived, found.derived["born_on"]
    parts = [told["sex_label"], str(born) if born else "", f"{told['age']} 岁" if told["age"] is not None else ""]
    if found.known:
        parts.append(f"花名册上的{found.known.name}（{found.known.person_number}）")
    return "，".join(part for part in parts if part)


@require_POST
@needs("declare")
def declare_preview(request, service):
    """The rail again for what is typed now (htmx), with the findings beside their fields."""
    spec, form = _spec(request, service)
    raw, reasons = typed(form, request.POST), confirmed(request.POST)
    owner = _owner(request)
    found = preview(request.user.employer, spec.key, raw, by=request.user, confirmed=reasons, declaration=owner)
    confirms = asked(found.problems, request.POST, reasons)
    codes = ",".join(row["code"] for row in confirms)
    told = tuple(problem for problem in found.problems if problem.code != "required")
    context = {
        "spec": spec,
        "fields": page_fields(form, here(request), Shown(raw, told)),
        "confirms": confirms,
        "confirms_changed": codes != request.POST.get("asked", ""),
        "fill_name": found.known.name if found.known and not raw.get("name") and form.field("name") else "",
        "is_fragment": True,
        **_aside(request, form, raw, found),
    }  # fmt: skip
    return render(request, "employer/_preview.html", context)


def _owner(request) -> Declaration | None:
    pk = request.POST.get("declaration", "")
    return Declaration.objects.visible_to(request.user).filter(pk=int(pk)).first() if pk.isdigit() else None


@require_POST
@needs("declare")
def draft(request, service):
    """Keep what is typed (自动保存), or forget it."""
    spec, form = _spec(request, service)
    if "discard" in request.POST:
        operations.discard_draft(request.user.employer_id, spec.key, by=request.user)
        messages.success(request, "已清空，可以重新填写。")
        return redirect("e_declare", spec.key)
    operations.save_draft(request.user.employer_id, spec.key, typed(form, request.POST), by=request.user)
    return HttpResponse(status=204)


@needs("declare")
def repair(request, pk):
    """Change a draft or a returned declaration where it stands; the reviewer's marks are beside the fields."""
    declaration = Declaration.objects.visible_to(request.user).select_related("employer").get(pk=pk)
    spec, form = _spec(request, declaration.service)
    if request.method != "POST":
        if declaration.state not in (State.DRAFT, State.RETURNED):
            messages.info(request, f"这笔申报现在是“{declaration.get_state_display()}”，不能修改。要修改请先撤回。")
            return redirect("e_case", pk)
        raw = raw_answers(form, declaration.answers)
        found = preview(
            declaration.employer,
            spec.key,
            raw,
            by=request.user,
            confirmed=declaration.confirmed,
            declaration=declaration,
        )
        return _page(request, spec, form, raw, found=found, declaration=declaration)
    return _repair(request, declaration, spec, form)


def _repair(request, declaration: Declaration, spec, form):
    raw, reasons, version = typed(form, request.POST), confirmed(request.POST), request.POST.get("version", "")
    if "fix" in request.POST:
        name, _, value = request.POST["fix"].partition("=")
        raw |= {name: value} if form.field(name) else {}
        found = preview(
            declaration.employer, spec.key, raw, by=request.user, confirmed=reasons, declaration=declaration
        )
        return _page(request, spec, form, raw, found=found, declaration=declaration, version=version)
    try:
        made = operations.repair_declaration(
            declaration.pk, raw, by=request.user, confirmed=reasons, version=int(version) if version.isdigit() else 0
        )
    except InvalidDeclaration as no:
        shown = no.previews[0]
        return _page(request, spec, form, raw, found=shown, is_refused=True, declaration=declaration, version=version)
    except Conflict as no:
        # The page shows what it is now beside what was typed, and carries the new version: look, then decide.
        declaration.refresh_from_db()
        now = raw_answers(form, declaration.answers)
        old = {key: value for key, value in now.items() if str(raw.get(key, "")).replace(",", "") != value}
        return _page(request, spec, form, raw, refusal=no, declaration=declaration, old=old)
    if request.POST.get("next") == "submit":
        result = operations.submit_declarations([made.pk], by=request.user)
        for refused, why in result.refused:
            messages.error(request, f"{refused.subject_name}没有提交：{why}")
        if result.submitted:
            due = result.submitted[0].due_on
            messages.success(request, f"已重新提交，预计 {due.month} 月 {due.day} 日前办结。")
            return redirect("e_case", made.pk)
        return redirect("e_repair", made.pk)
    toast(request, "已保存修改 ·", reverse("e_basket"), "去提交")
    return redirect("e_basket")
