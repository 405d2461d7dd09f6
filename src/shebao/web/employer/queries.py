"""查询统计: the queries that the region names, each with its conditions, its table, its sums, and the way further."""

from decimal import Decimal
from itertools import chain
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shebao.hall.audit.looks import note_export, note_look
from shebao.hall.declarations.states import State
from shebao.hall.errors import Refused
from shebao.hall.reports import operations
from shebao.hall.reports.exporting import (
    AT_ONCE,
    cells_of,
    columns_of,
    count_of,
    is_stuck,
    pieces,
    restart_export,
    start_export,
    total_of,
)
from shebao.hall.reports.models import ExportRun, ExportState, SavedView
from shebao.hall.reports.money import LineKind
from shebao.hall.reports.registry import REPORTS
from shebao.hall.reports.report import (
    KIND,
    MONTH,
    MONTHS,
    PERSON,
    SCHEME,
    SERVICE,
    STATE,
    Asked,
    Link,
    asked,
    totals,
)
from shebao.rules.query_words import MONTHS_ASKED
from shebao.rules.region import Query
from shebao.rules.unit_words import in_percent, signed_percent

from ..access import needs, refusal
from ..rights import may_open
from ..searching import query_for
from ..taking import taken
from .common import PAGE, XLSX, crumbs, here, paged, word
from .folding import folded
from .overview import overview, reading

SIZES = (20, 50, 100)
NUMBERS = ("yuan", "whole", "growth")
PINNED = "name"
PAGES = {"employee": "e_employee", "bill": "e_bill", "case": "e_case", "explain": "e_explain"}
READING = {"lines": "contribution_lines", "schemes": "contributions"}
"""Where a cell leads to another query: to one that the region has of this read model."""


def _title(request) -> str:
    return word(request, "menu.queries", "查询统计")


@needs("see_roster")
@require_GET
def queries(request):
    """Everything that can be looked up, by heading, and the last twelve months at a glance."""
    groups: dict[str, list[Query]] = {}
    for query in here(request).queries.values():
        if request.user.may(REPORTS[query.model].permission):
            groups.setdefault(query.under or _title(request), []).append(query)
    context = {"title": _title(request), "crumbs": crumbs(_title(request)), "groups": groups}
    context |= overview(request)
    titles = {one.key: one.title for found in groups.values() for one in found}
    context["views"] = [
        one | {"query": titles[one["view"].query]} for one in _views(request) if one["view"].query in titles
    ]
    return render(request, "employer/queries.html", context)


def _found(request, key: str):
    query = here(request).queries.get(key)
    if query is None:
        raise Http404
    report = REPORTS[query.model].seen_by(request.user)
    if not request.user.may(report.permission):
        raise refusal(request.user, report.permission)
    given = asked(request.user, request.user.employer, here(request), request.GET.dict(), report.conditions, query)
    return query, report, given


@needs("see_roster")
@require_GET
def query(request, key):
    """One query: conditions, rows, sums."""
    found, report, given = _found(request, key)
    rows = [] if given.problems else report.rows(given)
    size = int(request.GET["size"]) if request.GET.get("size", "") in map(str, SIZES) else PAGE
    page = paged(request, rows, size)
    sums = totals(report, rows, given) if page.paginator.count else {}
    heads = _heads(report, found)
    cells = [_cells(request, report, heads, row) for row in report.show(given, page.object_list)]
    if cells and PERSON in report.conditions:
        note_look(given.employer, f"查询：{found.title}", by=request.user, employer=given.employer)
    kept = _conditions(request)
    context = {
        "title": found.title,
        "crumbs": crumbs(found.title, (_title(request), reverse("e_queries"))),
        "report": report,
        "note": " ".join(part for part in (report.note, found.note) if part),
        "columns": heads,
        "folds": any(head["folded"] for head in heads),
        "opens": any(cell["url"] for row in cells for cell in row),
        "fields": _fields(request, found, given),
        "heads": report.head_count(rows) if cells else None,
        "prints": _prints(request, found, given) if request.user.may("print") else [],
        "problems": [{"id": f"id_{name}", "text": text} for name, text in given.problems.items()],
        "page": page,
        "rows": cells,
        "has_figures": any(column.kind in ("yuan", "rate") for column in report.columns),
        "sums": [(column.title, sums.get(column.key, "")) for column in report.columns] if sums else [],
        "size": size,
        "sizes": SIZES,
        "asked_line": _line(request, found, given),
        "is_filtered": any(kept.get(name) for name in (SCHEME, PERSON, KIND, SERVICE, STATE)),
        "is_long": page.paginator.count > AT_ONCE,
        "export_url": f"{reverse('e_query_export', args=[key])}?{urlencode(kept)}",
        "plain_url": reverse("e_query", args=[key]),
        "views": _views(request, key),
        "exports": ExportRun.objects.visible_to(request.user).filter(query=key)[:3],
        "keep_url": f"{reverse('e_query_keep', args=[key])}?{urlencode(kept)}" if kept and not given.problems else "",
    }
    return render(request, "employer/query.html", context, status=422 if given.problems else 200)


def _heads(report, query: Query) -> list[dict]:
    """How the columns are headed. A name stays in sight while the rest of a wide table is moved, and on a phone stands
    above its record, as the first column does where there is no name.
    """
    keys = [column.key for column in report.columns]
    first = PINNED if PINNED in keys else keys[0]
    places = folded(keys, first)
    return [
        {
            "title": query.labels.get(column.key, column.title),
            "n": column.kind in NUMBERS,
            "pin": column.key == PINNED,
            "long": column.is_long,
            "head": column.key == first,
            "folded": places.get(column.key, ""),
        }
        for column in report.columns
    ]


def _cells(request, report, heads: list[dict], row: dict) -> list[dict]:
    return [_cell(request, column, row[column.key]) | head for column, head in zip(report.columns, heads, strict=True)]


def _cell(request, column, value) -> dict:
    url = ""
    if isinstance(value, Link):
        url, value = _address(request, value), value.value
    if isinstance(value, Decimal):
        value = signed_percent(value) if column.kind == "growth" else in_percent(value)
    return {"kind": column.kind, "value": value, "url": url}


def _address(request, link: Link) -> str:
    """Where a cell leads; to another query only where the region has one that reads such rows."""
    if model := READING.get(link.page):
        found = reading(request, model)
        return f"{reverse('e_query', args=[found])}?{urlencode(link.query)}" if found else ""
    address = reverse(PAGES[link.page], args=link.arguments)
    return f"{address}?{urlencode(link.query)}" if link.query else address


def _prints(request, query: Query, given: Asked) -> list[dict]:
    """The papers that are printed from a query, for the months that it asks: of bills, or over the months."""
    spec, months = here(request), {"from": str(given.first_month), "to": str(given.last_month)}
    found = []
    for key in query.prints:
        if key in spec.statements:
            asks = months | {"month": str(given.last_month), "q": given.q}
            one = {"label": spec.statements[key].button, "post": reverse("e_statement_print", args=[key]), "asks": asks}
        else:
            address = reverse("e_documents_of", args=[key])
            one = {"label": f"打印{spec.documents[key]['title']}", "url": f"{address}?{urlencode(months)}"}
        found.append(one)
    return [one for one in found if may_open(request.user, one.get("url") or one["post"])]


def _fields(request, query: Query, given: Asked) -> list[dict]:
    spec, conditions = here(request), REPORTS[query.model].conditions
    choices = {
        SCHEME: ("险种", [(key, scheme.title) for key, scheme in spec.schemes.items()]),
        KIND: ("应缴类型", LineKind.choices),
        SERVICE: ("事项", [(key, service.title) for key, service in spec.services.items()]),
        STATE: ("状态", [(state.value, state.label) for state in State if state != State.DELETED]),
    }
    fields = []
    for name in conditions:
        if name == MONTHS:
            fields += [
                _month(request, given, query, "from", given.first_month),
                _month(request, given, query, "to", given.last_month),
            ]
        elif name == MONTH:
            fields.append(_month(request, given, query, "month", given.last_month))
        elif name == PERSON:
            label = "办理对象姓名" if SERVICE in conditions else "姓名、拼音、个人编号或证件号码"
            fields.append({"name": PERSON, "label": label, "kind": "text", "value": given.q, "autocomplete": "off"})
        else:
            label, options = choices[name]
            fields.append(
                {"name": name, "label": label, "kind": "choice", "options": options, "value": getattr(given, name),
                 "placeholder": "全部"}
            )  # fmt: skip
    return fields


def _month(request, given: Asked, query: Query, name: str, value) -> dict:
    label = query.asks.get(name, MONTHS_ASKED[name])
    typed = request.GET.get(name, "").strip()[:20] if given.problems else ""
    return {
        "name": name, "label": label, "kind": "month", "value": typed or str(value),
        "error": given.problems.get(name, ""),
    }  # fmt: skip


def _line(request, query: Query, given: Asked) -> str:
    """What was asked, in words, for paper and the export."""
    conditions = REPORTS[query.model].conditions
    parts = [f"单位：{given.employer.name}"]
    if MONTHS in conditions:
        parts.append(f"{given.first_month} 至 {given.last_month}")
    if MONTH in conditions:
        parts.append(f"{query.asks.get(MONTH, MONTHS_ASKED[MONTH])}：{given.last_month}")
    for field in _fields(request, query, given):
        if field["kind"] != "month" and field["value"]:
            parts.append(f"{field['label']}：{dict(field.get('options', ())).get(field['value'], field['value'])}")
    return "；".join(parts)


@needs("see_roster")
@require_POST
def keep(request, key):
    """Keep the conditions of the address under a name."""
    found, _, _ = _found(request, key)
    conditions = _conditions(request)
    try:
        view = operations.keep_view(key, request.POST.get("name", ""), conditions, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"已存为常用查询“{view.name}”。")
    return redirect(f"{reverse('e_query', args=[found.key])}?{urlencode(conditions)}")


@needs("see_roster")
@require_POST
def forget(request, pk):
    """Remove one of one's own views."""
    view = operations.forget_view(pk, by=request.user)
    messages.success(request, f"已删除常用查询“{view.name}”。")
    return redirect("e_query", key=view.query)


def _conditions(request) -> dict[str, str]:
    return {name: value for name, value in request.GET.items() if name not in ("page", "size", "print") and value}


def _views(request, key: str = "") -> list[dict]:
    """One's own views, of one query or of all of them; which of them is shown now."""
    asked_for, mine = _conditions(request), SavedView.objects.visible_to(request.user)
    return [
        {
            "view": view,
            "url": f"{reverse('e_query', args=[view.query])}?{query_for(request.user, view.conditions)}",
            "current": view.conditions == asked_for,
        }
        for view in (mine.filter(query=key) if key else mine)
    ]


@needs("see_roster")
@require_http_methods(["GET", "HEAD", "POST"])
def export(request, key):
    """The whole table as a workbook with true types; a long one is a POST, and is written in the background."""
    found, report, given = _found(request, key)
    line = _line(request, found, given)
    if given.problems:
        return redirect(f"{reverse('e_query', args=[key])}?{urlencode(_conditions(request))}")
    if request.method == "POST":
        return redirect("e_export", start_export(found, _conditions(request), line, by=request.user).pk)
    rows = report.rows(given)
    if count_of(rows) > AT_ONCE:
        messages.info(request, f"结果超过 {AT_ONCE:,} 条，请点“导出表格”，在后台生成后下载。")
        return redirect(f"{reverse('e_query', args=[key])}?{urlencode(_conditions(request))}")
    return taken(
        request,
        found.title,
        line,
        columns_of(report, found),
        chain(cells_of(report, given, rows), total_of(report, given, rows)),
        f"{found.title}-{timezone.localdate():%Y%m%d}.xlsx",
    )


@needs("see_roster")
@require_GET
def export_run(request, pk):
    """One long table: how far it is, then its file."""
    run = ExportRun.objects.visible_to(request.user).get(pk=pk)
    title = f"导出：{run.title}"
    context = {
        "run": run,
        "title": title,
        "stuck": is_stuck(run),
        "crumbs": crumbs(title, (_title(request), reverse("e_queries"))),
    }
    return render(request, "employer/export.html", context)


@needs("see_roster")
@require_GET
def export_progress(request, pk):
    """How far a table is, for the page that waits."""
    run = ExportRun.objects.visible_to(request.user).get(pk=pk)
    words = f"正在生成，{run.rows_done:,} / {run.rows_total:,} 行" if run.state == ExportState.RUNNING else ""
    return JsonResponse({"words": words, "done": run.rows_done, "stuck": is_stuck(run)})


@needs("see_roster")
@require_POST
def export_restart(request, pk):
    """Write a table again that was cut off."""
    try:
        restart_export(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_export", pk)


@needs("see_roster")
@require_GET
def export_file(request, pk):
    """The workbook, piece by piece."""
    run = ExportRun.objects.visible_to(request.user).get(pk=pk, state=ExportState.DONE)
    note_export(run, run.title, by=request.user)
    response = StreamingHttpResponse(pieces(run), content_type=XLSX)
    name = quote(f"{run.title}-{timezone.localtime(run.asked_at):%Y%m%d}.xlsx")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response["Content-Length"] = run.size
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("queries/", queries, name="e_queries"),
    path("queries/<slug:key>/", query, name="e_query"),
    path("queries/views/<int:pk>/forget/", forget, name="e_query_forget"),
    path("queries/<slug:key>/keep/", keep, name="e_query_keep"),
    path("queries/<slug:key>/export/", export, name="e_query_export"),
    path("exports/<int:pk>/", export_run, name="e_export"),
    path("exports/<int:pk>/progress/", export_progress, name="e_export_progress"),
    path("exports/<int:pk>/restart/", export_restart, name="e_export_restart"),
    path("exports/<int:pk>/file/", export_file, name="e_export_file"),
]
