"""The import wizard (批量导入): upload, match columns, repair in the page, confirm."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shebao.hall.declarations.seconding import waits
from shebao.hall.errors import Refused, may_do
from shebao.hall.regions import region
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.sheets import operations, queries
from shebao.hall.sheets.layouts import form_layout, published_layout
from shebao.hall.sheets.models import Batch, BatchState, RowState
from shebao.hall.sheets.queries import PAGE, TABS
from shebao.hall.sheets.reading import Limits
from shebao.hall.sheets.returning import marked_workbook
from shebao.hall.sheets.templates import write_template

from ..access import needs
from ..chosen import is_whole, numbers, whole
from ..sent_files import count_sending
from .common import crumbs, download, here, often, word
from .import_rows import columns_of, edits_in, grid_rows, steps_of, tidied_words, told_of

REASONS = ("已与劳动合同核对", "已与工资表核对", "已与职工本人核实", "已与职工本人和合同核对")
"""What the clerk may choose as the reason of a confirmation; none is given in their name."""
PASTED = "粘贴的内容.csv"


def _services(request):
    services = here(request).services.values()
    return [one for one in services if one.is_about_person and may_do(request.user, one)]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("declare")
def start(request):
    """Choose what to import, upload a file, see what was imported before."""
    if request.method == "POST":
        return _upload(request)
    return render(request, "employer/import_start.html", _start_context(request))


def _start_context(request) -> dict:
    services, employer = _services(request), request.user.employer
    return {
        "services": services,
        "templates": [templates_of(request, service) for service in services],
        "pasted": request.POST.get("pasted", ""),
        "chosen": request.POST.get("service") or request.GET.get("service") or services[0].key,
        "batches": [told_of(one, here(request), employer) for one in queries.batches(request.user)[:20]],
        "steps": steps_of(any(waits(one, employer) for one in services)),
        "most_rows": f"{Limits.rows:,}",
        "title": word(request, "menu.import", "批量导入"),
        "crumbs": crumbs(word(request, "menu.import", "批量导入")),
    }


def templates_of(request, service) -> dict:
    """What can be downloaded for a service: its template, also in the published order, and each with the roster in
    it, for which the reason and once in a while the password are asked first.
    """
    region, url = here(request), reverse("e_import_template", args=[service.key])
    filled = reverse("e_import_roster", args=[service.key])
    has_roster = OPERATIONS[service.operation].is_about_known and request.user.may("unmask")
    links = [("空白模板", url)]
    asking = [("在册人员", filled)] if has_roster else []
    if published_layout(region.forms[service.form], region.sheets.get(service.key)):
        links.append(("报盘列次", f"{url}?columns=published"))
        asking += [("在册人员（报盘列次）", f"{filled}?columns=published")] if has_roster else []
    return {"title": service.title, "links": links, "asking": asking}


def _upload(request):
    upload, pasted = request.FILES.get("file"), request.POST.get("pasted", "").strip()
    chosen = request.POST.get("service", "")
    if upload is None and not pasted:
        return _not_uploaded(request, "请选择要上传的表格文件，或把表格内容粘贴进来。")
    if upload and upload.size > settings.SHEBAO_UPLOAD_LIMIT:
        return _not_uploaded(request, "文件超过 20 MB，请拆成几个文件分别上传。")
    name, data = (upload.name, upload.read()) if upload else (PASTED, pasted.encode())
    try:
        count_sending(request.user, "sheets", settings.SHEBAO_SHEETS_AN_HOUR)
        batch, merged = operations.receive_sheet(request.user.employer_id, chosen, name, data, by=request.user)
    except Refused as no:
        return _not_uploaded(request, f"{no.message}什么都没有写入。")
    if merged:
        messages.success(request, merged.words)
    return redirect("e_batch", batch.pk)


def _not_uploaded(request, text: str):
    errors = [{"id": "file", "text": text}]
    return render(request, "employer/import_start.html", _start_context(request) | {"errors": errors}, status=422)


@needs("declare")
@require_GET
def template(request, service):
    """Download the sheet of a service: drop-downs, text cells, examples."""
    spec, layout, name = template_of(request, service)
    return download(write_template(here(request), spec, here(request).forms[spec.form], layout=layout), f"{name}.xlsx")


def template_of(request, service):
    """The service, the order of columns that was asked for, and what the file is called. Raises DoesNotExist."""
    region = here(request)
    spec = region.services.get(service)
    if spec is None or not spec.is_about_person:
        raise Batch.DoesNotExist
    form, asked = region.forms[spec.form], request.GET.get("columns")
    layout = published_layout(form, region.sheets.get(service)) if asked == "published" else form_layout(form)
    if layout is None:
        raise Batch.DoesNotExist
    return spec, layout, f"{spec.title}{'报盘' if asked == 'published' else ''}模板"


@needs("declare")
@require_GET
def batch(request, pk):
    """The step the batch is at."""
    found = _visible(request, pk)
    context = _context(request, found)
    if found.state == BatchState.MATCHING:
        context["fields"] = _form(found).fields
        return render(request, "employer/import_match.html", context)
    if waiting := queries.waiting(found):
        return render(request, "employer/import_waiting.html", context | {"waiting": waiting})
    if found.state in (BatchState.DONE, BatchState.UNDONE, BatchState.DISCARDED):
        return render(request, "employer/import_done.html", context)
    return _fixing(request, found, context)


def _form(found: Batch):
    here = region(found.employer.region)
    return here.forms[here.services[found.service].form]


def _context(request, found: Batch) -> dict:
    spec = here(request).services[found.service]
    step = {BatchState.MATCHING: 2, BatchState.CHECKING: 3, BatchState.FIXING: 3}.get(found.state, 4)
    matched = sum(1 for c in found.columns if c["field"])
    counts = queries.counts(found)
    people = counts["all"] + counts["removed"] + counts["imported"]
    return {
        "batch": found,
        "service": spec,
        "step": step,
        "waits": (waiting := waits(spec, request.user.employer)),
        "steps": steps_of(waiting),
        "note": f"{found.file_name}，{people or found.rows_read} 行，{matched} 列已匹配",
        "crumbs": crumbs(f"批量{spec.title}", (word(request, "menu.import", "批量导入"), reverse("e_import"))),
        "counts": counts,
        "other_editor": queries.other_editor(found, request.user),
    }


def _fixing(request, found: Batch, context: dict):
    default = "error" if context["counts"]["error"] and context["counts"]["all"] > 200 else "all"
    tab = request.GET.get("tab", default)
    tab = tab if tab in TABS else "all"
    page = max(whole(request.GET.get("page", "")), 1)
    columns = columns_of(_form(found), here(request))
    rows = queries.page_of_rows(found, tab, page)
    context |= {
        "tab": tab,
        "page": page,
        "pages": max(-(-context["counts"][tab] // PAGE), 1),
        "columns": columns,
        "rows": grid_rows(rows, columns),
        "actions": [
            {"label": "导出标错的表格", "url": reverse("e_batch_marked", args=[found.pk]), "icon": "download"},
            {"label": "存草稿，稍后再改", "url": reverse("e_import"), "icon": "save"},
        ],
        **_side(found, columns),
    }
    return render(request, "employer/import_fix.html", context)


def _side(found: Batch, columns: list[dict]) -> dict:
    counts, first = queries.tidied(found)
    return {
        "groups": queries.groups(found),
        "tidied": tidied_words(counts, first, columns),
        "reasons": REASONS,
    }


@needs("declare")
@require_POST
def match(request, pk):
    """Take the chosen columns."""
    chosen = {
        int(key.removeprefix("column-")): value
        for key, value in request.POST.items()
        if key.startswith("column-") and value and is_whole(key.removeprefix("column-"))
    }
    try:
        operations.match_columns(pk, chosen, by=request.user, remember="remember" in request.POST)
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_batch", pk)


@needs("declare")
@require_POST
def rows(request, pk):
    """Change cells; the answer holds every fragment of the grid that changed, and the newest content on a conflict."""
    try:
        edits = edits_in(request.POST["edits"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return HttpResponseBadRequest()
    try:
        changed = operations.edit_rows(pk, edits, by=request.user)
    except Refused as no:
        found = _visible(request, pk)
        newest = list(found.rows.filter(number__in=[edit.number for edit in edits]))
        return _grid_answer(request, found, newest, no.message, no.status)
    return _changed(request, pk, changed)


def _visible(request, pk) -> Batch:
    return Batch.objects.visible_to(request.user).select_related("employer", "editor").get(pk=pk)


def _changed(request, pk, changed, message: str = ""):
    found = _visible(request, pk)
    if _wants_json(request):
        return _grid_answer(request, found, changed, message)
    if message:
        messages.success(request, message)
    return redirect("e_batch", pk)


def _wants_json(request) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _grid_answer(request, found, changed, message: str, status: int = 200):
    columns = columns_of(_form(found), here(request))
    context = _context(request, found) | _side(found, columns) | {"tab": request.POST.get("tab", "all")}
    context["columns"] = columns

    def part(name, **extra):
        return render_to_string(f"employer/{name}", context | extra, request)

    return JsonResponse(
        {
            "message": message,
            "rows": {r["number"]: part("import_row.html", row=r) for r in grid_rows(changed, context["columns"])},
            "rail": part("import_rail.html"),
            "tabs": part("import_tabs.html"),
            "bar": part("import_bar.html"),
            "left": context["counts"]["error"] + context["counts"]["confirm"],
            "other_editor": context["other_editor"],
        },
        status=status,
    )


@needs("declare")
@require_POST
def group(request, pk):
    """One act on a whole group of findings: take the offer, confirm with a reason, remove, put back."""
    asked, chosen, by = request.POST, numbers([request.POST.get("numbers", "")]), request.user
    act, code = asked.get("act"), asked.get("code", "")
    acts = {
        "fix": lambda: operations.apply_fix(pk, code, asked.get("value", ""), by=by),
        "confirm": lambda: operations.confirm_group(pk, code, asked.get("reason", ""), by=by, only=chosen),
        "keep": lambda: operations.keep_one_row(pk, next(iter(chosen), 0), by=by),
        "restore": lambda: operations.put_back_rows(pk, chosen, by=by),
        "remove": lambda: operations.remove_rows(pk, chosen, by=by),
    }
    if act not in acts:
        return HttpResponseBadRequest()
    try:
        changed = acts[act]()
    except Refused as no:
        if _wants_json(request):
            return _grid_answer(request, _visible(request, pk), [], no.message, no.status)
        messages.error(request, no.message)
        return redirect("e_batch", pk)
    return _changed(request, pk, changed, _done_words(act, changed, chosen))


def _done_words(act: str, changed: list, chosen: list[int]) -> str:
    """What a group act did; rows that were only checked again are not counted."""
    if act in ("keep", "remove"):
        out = sum(row.state == RowState.REMOVED for row in changed)
        return f"已移出 {out} 行，可在“已移出”里放回。"
    if act == "restore":
        return f"已放回 {sum(row.number in chosen for row in changed)} 行。"
    return f"{'已修改' if act == 'fix' else '已确认'} {len(changed)} 行。"


@needs("declare")
@require_GET
def marked(request, pk):
    """The user's own rows again, with the errors marked."""
    found = _visible(request, pk)
    return download(marked_workbook(found, by=request.user), f"标错-{found.file_name.rsplit('.', 1)[0]}.xlsx")


@needs("declare")
@require_GET
def review(request, pk):
    """Step 4: what will be added, before it is."""
    found = _visible(request, pk)
    if found.state != BatchState.FIXING:  # somebody came back to it after confirming
        return redirect("e_batch", pk)
    context = _context(request, found) | {"step": 4, "summary": queries.summary(found)}
    context["often"] = often(context["service"])
    return render(request, "employer/import_review.html", context)


@needs("declare")
@require_POST
def confirm(request, pk):
    """Add the rows that passed."""
    try:
        done = operations.confirm_batch(pk, by=request.user, good_rows_only="good_rows_only" in request.POST)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_batch", pk)
    if done.state in (BatchState.DONE, BatchState.FIXING):
        spec = here(request).services[done.service]
        text = "已加入待提交 {} 行。" if waits(spec, request.user.employer) else "已生效 {} 行。"
        target = reverse("e_basket" if waits(spec, request.user.employer) else "e_cases")
        count = queries.counts(done)["imported"]
        messages.success(request, format_html(text + ' <a href="{}">去看看</a>', count, target))
    return redirect("e_batch", pk)


@needs("declare")
@require_POST
def undo(request, pk):
    """Take the whole batch back."""
    try:
        batch = operations.undo_batch(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        if batch.state == BatchState.FIXING:
            messages.success(request, "已撤销本批，所有行都回到了修正列表。")
    return redirect("e_batch", pk)


@needs("declare")
@require_POST
def resume(request, pk):
    """Try again what was cut off."""
    _do(request, operations.resume_batch, pk, "已重新开始。")
    return redirect("e_batch", pk)


@needs("declare")
@require_POST
def discard(request, pk):
    """Give the batch up."""
    _do(request, operations.discard_batch, pk, "已放弃这个批次。")
    return redirect("e_import")


def _do(request, operation, pk, done: str) -> None:
    try:
        operation(pk, by=request.user)
        messages.success(request, done)
    except Refused as no:
        messages.error(request, no.message)


@needs("declare")
@require_GET
def progress(request, pk):
    """How far the background work is (JSON for the waiting page)."""
    return JsonResponse(queries.waiting(_visible(request, pk)) or {})


urlpatterns = [
    path("import/", start, name="e_import"),
    path("import/template/<slug:service>/", template, name="e_import_template"),
    path("import/<int:pk>/", batch, name="e_batch"),
    path("import/<int:pk>/match/", match, name="e_batch_match"),
    path("import/<int:pk>/rows/", rows, name="e_batch_rows"),
    path("import/<int:pk>/group/", group, name="e_batch_group"),
    path("import/<int:pk>/marked/", marked, name="e_batch_marked"),
    path("import/<int:pk>/review/", review, name="e_batch_review"),
    path("import/<int:pk>/confirm/", confirm, name="e_batch_confirm"),
    path("import/<int:pk>/undo/", undo, name="e_batch_undo"),
    path("import/<int:pk>/resume/", resume, name="e_batch_resume"),
    path("import/<int:pk>/discard/", discard, name="e_batch_discard"),
    path("import/<int:pk>/progress/", progress, name="e_batch_progress"),
]
