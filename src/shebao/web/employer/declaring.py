"""One new declaration on one page (申报): typed, checked while typing, kept, saved."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import kind_told_by, preview, raw_answers, remembered, service_of
from shebao.hall.declarations.seconding import waits
from shebao.hall.employers.queries import employer_answers
from shebao.hall.errors import Refused, permit_service
from shebao.hall.patience import DRAFT_SECONDS, waiting_at_most
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee
from shebao.hall.roster.queries import wages_in
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.services.sides import known_answers
from shebao.rules.months import BadMonth, Month

from ..access import keeps, needs
from ..chosen import is_whole
from .common import here, this_month, toast, undo_toast
from .fields import Shown, asked, confirmed, defaults, extras, offered, page_fields, typed
from .form_page import aside, asks_for_papers, form_page


def keep_typed(request, writer, service):
    """What was posted after the session had ended waits for its writer like any draft."""
    form = region(writer.region).forms[service_of(region(writer.region), service).form]
    raw = typed(form, request.POST) | extras(request.POST)
    operations.save_draft(writer.employer_id, service, raw, by=writer)


@keeps(keep_typed)
@require_http_methods(["GET", "HEAD", "POST"])
@needs("declare")
def declare(request, service):
    """The form of a service: empty, begun before, or about somebody of the roster (`?employee=`)."""
    spec, form = _spec(request, service)
    if request.method == "POST":
        return _save(request, spec, form)
    if not spec.is_listed:
        messages.info(request, f"“{spec.title}”从账单上的数提出：点开那个数，再点“这个数不对？”。")
        return redirect("e_bills")
    raw, draft = _begun(request, spec, form)
    found = preview(request.user.employer, spec.key, raw, by=request.user) if raw.get("id_number") else None
    if found and draft is None:
        raw |= remembered(form, raw, found)
    return form_page(request, spec, form, raw, found=found, draft=draft)


def _spec(request, key: str):
    spec = service_of(here(request), key)
    permit_service(request.user, spec)
    return spec, here(request).forms[spec.form]


def _begun(request, spec, form) -> tuple[dict, object]:
    """What the form starts with: a draft, a person, the previous declaration's common answers, or nothing.

    Saving forgets the draft: one that is there was typed later than anything saved.
    """
    raw = defaults(form, _first_month(request, spec))
    draft = queries.draft_of(request.user, spec.key)
    if is_whole(request.GET.get("employee", "")):
        known = _about(request, spec, form, int(request.GET["employee"]))
        if draft is None or draft.answers.get("id_number") != known["id_number"]:
            return raw | known, None
    if is_whole(request.GET.get("copy", "")):
        old = Declaration.objects.visible_to(request.user).get(pk=int(request.GET["copy"]), service=spec.key)
        return raw | raw_answers(form, old.answers), None
    if draft:
        return raw | draft.answers, draft
    if spec.is_about_employer:
        return raw | raw_answers(form, employer_answers(form, request.user.employer)), None
    if is_whole(request.GET.get("like", "")):
        last = Declaration.objects.visible_to(request.user).get(pk=int(request.GET["like"]), service=spec.key)
        same = {f.id for f in form.fields if _is_common(f, spec)}
        return raw | {k: v for k, v in raw_answers(form, last.answers).items() if k in same}, None
    return raw, None


def _first_month(request, spec) -> Month:
    """The month that a link to something settled names, or the one that such a service is mostly about."""
    if not spec.looks_back:
        return queries.first_open_month(request.user)
    try:
        return Month.parse(request.GET.get("month", ""))
    except BadMonth:
        return this_month(request).previous()


def _is_common(field, spec) -> bool:
    """Whether the next form starts with the last one's answer: newcomers share much, a change only its month."""
    if OPERATIONS[spec.operation].is_about_known:
        return field.kind == "month"
    return not field.identity and field.feeds != "declared_wage" and field.kind not in ("phone", "note")


def _about(request, spec, form, pk: int) -> dict:
    """The answers that the roster already knows; the present wage stands until a new one is typed."""
    person = Employee.objects.visible_to(request.user).select_related("person", "employer").get(pk=pk)
    known = {"id_kind": person.person.id_kind, "id_number": person.person.id_number, "name": person.name}
    month = this_month(request)
    answers = known_answers(spec, form, person, wages_in(person.employer, month).get(person.pk))
    ids = {field.id for field in form.fields}
    return {k: v for k, v in (raw_answers(form, answers) | known).items() if k in ids}


def _save(request, spec, form):
    raw, reasons = typed(form, request.POST), confirmed(request.POST)
    if "fix" in request.POST:
        raw |= offered(form, request.POST["fix"])
        found = preview(request.user.employer, spec.key, raw, by=request.user, confirmed=reasons)
        return form_page(request, spec, form, raw, found=found)
    if "look" in request.POST or "take" in request.POST:
        return _look(request, spec, form, raw, reasons)
    raw = _named(request, spec, form, raw)
    try:
        (made,) = operations.save_declarations(
            request.user.employer_id, spec.key, [raw], by=request.user, confirmed=[reasons]
        )
    except InvalidDeclaration as no:
        return form_page(request, spec, form, raw, found=no.previews[0], is_refused=True)
    except Refused as no:
        if no.code != "just_saved":
            return form_page(request, spec, form, raw, refusal=no)
        messages.info(request, no.message)
        return redirect("e_basket" if waits(spec, request.user.employer) else "e_cases")
    _say_saved(request, made, spec)
    if request.POST.get("next") == "again":
        return redirect(f"{reverse('e_declare', args=[spec.key])}?like={made.pk}")
    if not waits(spec, request.user.employer):
        return redirect("e_case", made.pk)
    return redirect("e_papers", made.pk) if asks_for_papers(spec) else redirect("e_basket")


def _look(request, spec, form, raw: dict, reasons: dict):
    """Look a number up among the employer's own people (放大镜), or take over what is known of one (选择)."""
    found = preview(request.user.employer, spec.key, raw, by=request.user, confirmed=reasons)
    if found.known and "take" in request.POST:
        raw |= remembered(form, raw, found) | {"name": found.known.name}
        found = preview(request.user.employer, spec.key, raw, by=request.user, confirmed=reasons)
    found.problems = [problem for problem in found.problems if problem.code != "required"]
    return form_page(request, spec, form, raw, found=found, looked="look" in request.POST)


def _named(request, spec, form, raw: dict) -> dict:
    """A blank name is filled from the roster when the number belongs to one of the employer's own people."""
    if raw.get("name", "").strip() or not form.field("name"):
        return raw
    known = preview(request.user.employer, spec.key, raw, by=request.user).known
    return raw | {"name": known.name} if known else raw


def _say_saved(request, made: Declaration, spec) -> None:
    if not waits(spec, request.user.employer) and spec.bills_at_once:
        toast(request, f"{made.subject_name}的{spec.title}已生效，已生成单独的账单。", reverse("e_pay"), "去缴费")
        return
    if not waits(spec, request.user.employer):
        url = f"{reverse('e_undo')}?ids={made.pk}"
        undo_toast(request, f"{made.subject_name}的{spec.title}已生效。", url)
        return
    count = queries.counts(request.user, this_month(request))["draft"]
    if request.POST.get("next") == "again":
        toast(request, f"已加入待提交（共 {count} 笔）·", reverse("e_basket"), "去看看")
    else:
        messages.success(request, f"已加入待提交（共 {count} 笔）。")


@require_POST
@needs("declare")
def declare_preview(request, service):
    """The rail again for what is typed now (htmx), with the findings beside their fields.

    A number that was not there before brings its kind of document and what the roster knows about the person.
    """
    spec, form = _spec(request, service)
    raw, reasons, owner = typed(form, request.POST), confirmed(request.POST), _owner(request)
    told: dict[str, str] = {}
    is_new_number = raw.get("id_number", "") != request.POST.get("helped", "")
    if is_new_number and "id_kind" in raw:
        kind = kind_told_by(raw.get("id_number", ""), raw["id_kind"])
        told |= {"id_kind": kind} if kind != raw["id_kind"] else {}
    found = preview(request.user.employer, spec.key, raw | told, by=request.user, confirmed=reasons, declaration=owner)
    if is_new_number and (kept := remembered(form, raw, found)):
        told |= kept
        found = preview(
            request.user.employer, spec.key, raw | told, by=request.user, confirmed=reasons, declaration=owner
        )
    raw |= told
    confirms = asked(found.problems, request.POST, reasons)
    problems = tuple(problem for problem in found.problems if problem.code != "required")
    context = {
        "spec": spec,
        "fields": page_fields(form, here(request), Shown(raw, problems)),
        "told": told,
        "told_labels": "、".join(field.label for field in form.fields if field.id in told),
        "helped": raw.get("id_number", ""),
        "confirms": confirms,
        "confirms_changed": ",".join(row["code"] for row in confirms) != request.POST.get("asked", ""),
        "is_fragment": True,
        **aside(request, spec, form, raw, found),
    }
    return render(request, "employer/_preview.html", context)


def _owner(request) -> Declaration | None:
    pk = request.POST.get("declaration", "")
    return Declaration.objects.visible_to(request.user).filter(pk=int(pk)).first() if is_whole(pk) else None


@require_POST
@needs("declare")
def draft(request, service):
    """Keep what is typed (自动保存), or forget it."""
    spec, form = _spec(request, service)
    if "discard" in request.POST:
        operations.discard_draft(request.user.employer_id, spec.key, by=request.user)
        messages.success(request, "已清空，可以重新填写。")
        return redirect("e_declare", spec.key)
    raw = typed(form, request.POST) | extras(request.POST)
    with waiting_at_most(DRAFT_SECONDS):
        operations.save_draft(request.user.employer_id, spec.key, raw, by=request.user)
    return HttpResponse(status=204)
