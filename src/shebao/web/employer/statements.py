"""Statements (查询打印): certificates, lists and accounts of a span of months or of persons; batch printing."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from shebao.hall.documents import printing
from shebao.hall.documents.models import DocumentState, PrintRun, PrintState
from shebao.hall.documents.statements import (
    asked_for,
    cells_of,
    form_of,
    issue_statement,
    nothing_words,
    rows_of,
    too_many_words,
    totals_of,
)
from shebao.hall.documents.withheld import permit_wages
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.roster import queries
from shebao.rules.months import BadMonth, Month
from shebao.rules.statement_words import STATEMENT_COLUMNS

from ..access import needs
from ..chosen import numbers
from ..rights import may_open_papers, open_papers
from ..templatetags.ui import mask_id
from .common import PAGE, crumbs, download, here, this_month, word
from .folding import folded

LONGEST = 60
TAGS = {PrintState.RUNNING: "processing", PrintState.DONE: "ready", PrintState.FAILED: "failed"}


@needs("print")
@require_GET
def statement(request, key):
    """The question of a statement and, once it is put, what would be printed."""
    spec = here(request).statements.get(key)
    if spec is None:
        raise Http404
    permit_wages(key, by=request.user)
    question = _Question(request, spec, request.GET)
    context = {
        "statement": spec,
        "crumbs": crumbs(spec.menu, _above(request, spec)),
        "fields": question.fields,
        "errors": question.errors,
        "asked": question.hidden,
        "is_asked": question.is_asked,
        "actions": [] if spec.is_blank else [_issued_before(key)],
    }
    context |= _choose(request, question) if spec.each == "person" else _preview(request, question)
    return render(request, "employer/statement.html", context, status=422 if question.errors else 200)


def _issued_before(key: str) -> dict:
    """The button that leads to what was printed of a kind before."""
    return {
        "label": "开具记录",
        "url": f"{reverse('e_documents_issued')}?{urlencode({'kind': key})}",
        "icon": "history",
    }


def _above(request, spec) -> tuple[str, str]:
    """What the way here names above the statement: the part of the menu that it stands in, else all papers."""
    return (spec.under, "") if spec.under else (word(request, "menu.documents", "通知单与凭证"), reverse("e_documents"))


class _Question:
    """What was typed: months and people, the fields to type them in, and what is wrong with it."""

    def __init__(self, request, spec, said):
        self.spec, self.errors, self.fields, self.hidden = spec, [], [], []
        self.first = self.last = None
        employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
        current = this_month(request)
        self.is_asked = not spec.asks or bool(said)
        if "span" in spec.asks:
            start = max(Month(current.year, 1), employer.first_month)
            self.first = self._month(said, "from", "开始年月", min(start, current))
            self.last = self._month(said, "to", "终止年月", current)
            self._check_span()
        if "month" in spec.asks:
            self.last = self._month(said, "month", "月份", current)
        self.q = said.get("q", "").strip()[:60] if "people" in spec.asks else ""
        self.person = said.get("employee", "") if "people" in spec.asks else ""
        if "people" in spec.asks:
            hint = "不填为全部人员" if spec.each == "employer" else "不填列出全部人员"
            label = "姓名、个人编号或证件号码末几位"
            self.fields.append(
                {"id": "id_q", "name": "q", "kind": "text", "label": label, "value": self.q, "help": hint}
            )
        self.hidden.append(("q", self.q))

    def _month(self, said, name, label, default):
        raw = said.get(name, "").strip() or str(default)
        wrong, month = "", None
        try:
            month = Month.parse(raw)
        except BadMonth as bad:
            wrong = f"{label}：{bad.message}"
            self.errors.append({"id": f"id_{name}", "text": wrong})
        self.fields.append(
            {"id": f"id_{name}", "name": name, "kind": "month", "label": label, "value": raw, "error": wrong}
        )
        self.hidden.append((name, raw))
        return month

    def _check_span(self):
        if self.first is None or self.last is None:
            return
        text = ""
        if self.last < self.first:
            text = "终止年月早于开始年月，请重新填写。"
        elif self.last.index - self.first.index >= LONGEST:
            text = f"一次最多查询 {LONGEST} 个月，请缩小范围。"
        if text:
            self.errors.append({"id": "id_to", "text": text})
            self.fields[-1]["error"] = text

    def people(self, actor) -> list[int]:
        """The employees whom the typed words find; none where nothing was typed."""
        if self.person.isascii() and self.person.isdigit():
            return [int(self.person[:12])]
        return [one.pk for one in queries.roster(actor, {"q": self.q})] if self.q else []


def _preview(request, question) -> dict:
    """The rows of a statement of the employer, the first page of them."""
    shown = {"rows": [], "columns": [], "totals": [], "count": 0, "page": None, "empty": ""}
    if question.errors or not question.is_asked:
        return shown
    people = question.people(request.user)
    spec = question.spec
    if question.q and not people:
        return shown | {"empty": f"没有找到“{question.q}”，请核对姓名、个人编号或证件号码末几位。"}
    spec, asked = asked_for(
        request.user.employer_id, spec.key, by=request.user, first=question.first, last=question.last, people=people
    )
    rows = rows_of(spec, asked)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    page.object_list = [_cells(spec, row) for row in page.object_list]
    sums = totals_of(spec, rows)
    return shown | {
        "rows": page.object_list,
        "columns": [(spec.label(key), STATEMENT_COLUMNS[key].kind) for key in spec.columns],
        "folds": bool(_folded(spec)),
        "totals": [(spec.label(key), fen) for key, fen in sums.items()],
        "count": len(rows),
        "page": page,
        "empty": "" if rows else nothing_words(spec, asked),
        "too_many": too_many_words(len(rows)),
    }


def _head(spec) -> str:
    """The column that names a row."""
    return "name" if "name" in spec.columns else spec.columns[0]


def _folded(spec) -> dict[str, str]:
    """What of a row a phone shows while it is folded."""
    return folded(spec.columns, _head(spec))


def _cells(spec, row) -> list[tuple[str, str, str, bool, str]]:
    """(text, kind, label, whether it names the row, what it is while the row is folded) of each cell; on the screen
    identity numbers are masked.
    """
    head, places = _head(spec), _folded(spec)
    return [
        (
            mask_id(text) if key == "id_number" else text,
            STATEMENT_COLUMNS[key].kind,
            spec.label(key),
            key == head,
            places.get(key, ""),
        )
        for key, text in zip(spec.columns, cells_of(spec, row), strict=True)
    ]


def _choose(request, question) -> dict:
    """The people of whom a paper can be printed."""
    shown = {"people": [], "page": None, "empty": "", "chosen": None}
    params = {"q": question.q}
    found = queries.roster(request.user, params)
    if question.person.isascii() and question.person.isdigit():
        found = found.filter(pk=int(question.person[:12]))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    empty = "" if page.paginator.count else "没有找到人员，请核对姓名、个人编号或证件号码末几位。"
    return (
        shown
        | {"people": list(page.object_list), "page": page, "empty": empty, "count": page.paginator.count}
        | {"buttons": [{"label": "打印选中的人员", "icon": "printer", "kind": "p"}]}
    )


@needs("print")
@require_POST
def print_statement(request, key):
    """Issue what was asked and open it; for several people, start a batch."""
    spec = here(request).statements.get(key)
    if spec is None:
        raise Http404
    permit_wages(key, by=request.user)
    question = _Question(request, spec, request.POST)
    back = f"{reverse('e_statement', args=[key])}?{urlencode(question.hidden)}"
    if question.errors:
        messages.error(request, question.errors[0]["text"])
        return redirect(back)
    try:
        if spec.is_blank:
            return _form(request, key)
        if spec.each == "person" and "employee" not in request.POST:
            return _print_people(request, question)
        people = question.people(request.user)
        if question.q and not people:
            raise Refused("nobody_found", f"没有找到“{question.q}”。")
        document = issue_statement(
            request.user.employer_id, key, by=request.user, first=question.first, last=question.last, people=people
        )
    except Refused as no:
        messages.error(request, no.message)
        return redirect(back)
    return redirect("e_document", document.pk)


def _form(request, key):
    """A form to be filled in by hand, in the browser's own viewer."""
    form, content = form_of(request.user.employer_id, key, by=request.user)
    return download(content, f"{form.title}（空白）.pdf", "application/pdf", inline=True)


def _print_people(request, question):
    """A batch: the ticked people, or everybody whom the question finds."""
    if "all" in request.POST:
        people = list(queries.roster(request.user, {"q": question.q}).values_list("pk", flat=True))
    else:
        people = numbers(request.POST.getlist("chosen"))
    run = printing.print_people(question.spec.key, people, title=question.spec.title, by=request.user)
    return redirect("e_print_run", run.pk)


@needs("print")
@require_GET
def print_runs(request):
    """The batches that can still be fetched, the newest first."""
    runs = PrintRun.objects.visible_to(request.user).select_related("asked_by")
    context = {
        "title": "批量打印",
        "crumbs": crumbs("批量打印", (word(request, "menu.documents", "通知单与凭证"), reverse("e_documents"))),
        "runs": [{"run": run, "tag": TAGS[run.state]} for run in runs if may_open_papers(request.user, run.kinds)],
    }
    return render(request, "employer/print_runs.html", context)


def _run(request, pk: int) -> PrintRun:
    """A batch that the reader may open: as any of its papers alone."""
    run = PrintRun.objects.visible_to(request.user).get(pk=pk)
    open_papers(request.user, run.kinds)
    return run


@needs("print")
@require_GET
def print_run(request, pk):
    """One batch: how far it is, then its file."""
    run = _run(request, pk)
    context = {
        "run": run,
        "stuck": printing.is_stuck(run),
        "crumbs": crumbs(run.title, ("批量打印", reverse("e_print_runs"))),
        "papers": printing.ordered(run, _papers_of(run))[:PAGE],
    }
    return render(request, "employer/print_run.html", context)


def _papers_of(run: PrintRun):
    rows = run.documents.exclude(state=DocumentState.REVOKED).select_related("employee")
    return rows.only("kind", "bill", "employee", "title", "number", "verification_code", "employee__name")


@needs("print")
@require_GET
def print_progress(request, pk):
    """How far a batch is, for the page that waits."""
    run = _run(request, pk)
    words = f"正在生成，{run.papers_done} / {run.papers_total} 份" if run.state == PrintState.RUNNING else ""
    return JsonResponse({"words": words, "done": run.papers_done, "stuck": printing.is_stuck(run)})


@needs("print")
@require_POST
def print_resume(request, pk):
    """Go on with a batch that was cut off."""
    _run(request, pk)
    try:
        printing.resume(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_print_run", pk)


@needs("print")
@require_GET
def print_file(request, pk):
    """The papers of a batch in one archive."""
    _run(request, pk)
    try:
        run, data = printing.archive(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_print_run", pk)
    response = download(data, f"{run.title}-{run.papers_total}份.zip", "application/zip")
    response["Cache-Control"] = "no-store"
    return response


@needs("print")
@require_GET
def print_joined(request, pk):
    """The papers of a batch in one PDF."""
    _run(request, pk)
    try:
        run, data = printing.joined(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_print_run", pk)
    response = download(data, f"{run.title}-{run.papers_total}份.pdf", "application/pdf", inline=True)
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("statements/<slug:key>/", statement, name="e_statement"),
    path("statements/<slug:key>/print/", print_statement, name="e_statement_print"),
    path("prints/", print_runs, name="e_print_runs"),
    path("prints/<int:pk>/", print_run, name="e_print_run"),
    path("prints/<int:pk>/progress/", print_progress, name="e_print_progress"),
    path("prints/<int:pk>/resume/", print_resume, name="e_print_resume"),
    path("prints/<int:pk>/joined/", print_joined, name="e_print_joined"),
    path("prints/<int:pk>/file/", print_file, name="e_print_file"),
]
