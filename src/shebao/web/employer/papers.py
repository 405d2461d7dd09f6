"""Notices and receipts (通知单与凭证): the papers of each month, issued, shown and downloaded."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from shebao.hall.documents import printing
from shebao.hall.documents.issued import months_of
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import Card, available, awaited, cards_of, issue_document, pdf
from shebao.hall.documents.withheld import permit_wages
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.regions import region
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.paying_state import paying_of
from shebao.rules.months import BadMonth, Month, months_between

from ..access import needs
from ..rights import may_open_papers, open_papers
from .common import crumbs, download, here, this_month, word

LONGEST = 24
FIELDS = (("from", "开始年月"), ("to", "终止年月"))


@needs("print")
@require_GET
def documents(request):
    """The papers of the chosen months, the newest first."""
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    own = Bill.objects.visible_to(request.user).live()
    # Before this month is settled its papers are only promised: the last that there are stand below.
    last = own.filter(series=0).order_by("-month").values_list("month", flat=True).first()
    span, errors, fields = months_asked(request, employer, since=last)
    found = own.filter(month__in=span).select_related("employer")
    bills = {(bill.month, bill.series): bill for bill in found}
    cards = {pk: _open(request, own) for pk, own in available(found).items()}
    promised = _open(request, awaited(employer))
    keys = sorted({(month, 0) for month in span} | bills.keys(), key=lambda key: (-key[0].index, key[1]))
    title = word(request, "menu.documents", "通知单与凭证")
    context = {
        "title": title,
        "crumbs": crumbs(title),
        "actions": [
            {"label": "开具记录", "url": reverse("e_documents_issued"), "icon": "history"},
            {"label": "批量打印的结果", "url": reverse("e_print_runs"), "icon": "printer"},
        ],
        "fields": fields,
        "errors": errors,
        "asked": [(field["name"], field["value"]) for field in fields],
        "can_pack": bool(bills),
        "months": [
            {"month": key[0], "series": key[1], "bill": bill, "cards": cards[bill.pk] if bill else promised}
            for key, bill in ((key, bills.get(key)) for key in keys)
        ],
    }
    return render(request, "employer/documents.html", context, status=422 if errors else 200)


def _open(request, cards: list[Card]) -> list[Card]:
    """Those that the reader may open: somebody who is not shown wages is not offered the papers that tell them."""
    return [card for card in cards if may_open_papers(request.user, [card.kind])]


def months_asked(
    request, employer: Employer, said=None, usual: Month | None = None, since: Month | None = None
) -> tuple[list[Month], list[dict], list[dict]]:
    """The months asked for, what is wrong with the question, and its fields.

    Where nothing is asked it is `usual` or this month, from `since` on.
    """
    current, said = this_month(request), request.GET if said is None else said
    found, errors, fields = {}, [], []
    for name, label in FIELDS:
        begins = since if name == "from" and not said.get("to") else None
        raw = said.get(name, "").strip() or str(begins or usual or current)
        wrong = ""
        try:
            found[name] = Month.parse(raw)
        except BadMonth as bad:
            wrong = f"{label}：{bad.message}"
            errors.append({"id": f"id_{name}", "text": wrong})
        fields.append({"id": f"id_{name}", "name": name, "kind": "month", "label": label, "value": raw, "error": wrong})
    if not errors:
        text = _span_problem(found["from"], found["to"])
        if text:
            errors.append({"id": "id_to", "text": text})
            fields[1]["error"] = text
    if errors:
        return [], errors, fields
    first, last = max(found["from"], employer.first_month), min(found["to"], current)
    return (months_between(first, last) if first <= last else []), errors, fields


@needs("print")
@require_GET
def documents_of(request, kind):
    """One kind of paper for the chosen months, each to be printed: the manual's own entry for it."""
    spec = here(request).bill_documents.get(kind)
    if spec is None:
        raise Http404
    permit_wages(kind, by=request.user)
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    bills = Bill.objects.visible_to(request.user).live()
    last = bills.order_by("-month").values_list("month", flat=True).first()
    span, errors, fields = months_asked(request, employer, usual=last)
    title = spec["menu"] or f"{spec['title']}打印"
    context = {
        "title": title,
        "paper": spec["title"],
        "crumbs": crumbs(title, (word(request, "menu.documents", "通知单与凭证"), reverse("e_documents"))),
        "fields": fields,
        "errors": errors,
        "rows": _with_money(cards_of(kind, bills.filter(month__in=span))),
    }
    return render(request, "employer/documents_of.html", context, status=422 if errors else 200)


def _with_money(rows: list[tuple[Bill, Card]]) -> list[dict]:
    """Each paper beside its bill and how far that is paid."""
    states = paying_of(bill for bill, _ in rows)
    return [{"bill": bill, "card": card, "paying": states[bill.pk]} for bill, card in rows]


@needs("print")
@require_POST
def pack(request):
    """All papers of the chosen months that can be printed now, in one batch."""
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    span, errors, _ = months_asked(request, employer, request.POST)
    bills = Bill.objects.visible_to(request.user).live().filter(month__in=span).select_related("employer")
    cards = available(bills.order_by("month", "series"))
    found = [
        (pk, card.kind)
        for pk, own in cards.items()
        for card in _open(request, own)
        if card.state in ("ready", "issued")
    ]
    try:
        if errors:
            raise Refused("bad_months", errors[0]["text"])
        title = f"{span[0]} 至 {span[-1]} 的单据" if span else "单据"
        run = printing.print_bills(found, title=title, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_documents")
    return redirect("e_print_run", run.pk)


def _span_problem(first: Month, last: Month) -> str:
    if last < first:
        return "终止年月早于开始年月，请重新填写。"
    if last.index - first.index >= LONGEST:
        return f"一次最多查询 {LONGEST} 个月，请缩小范围。"
    return ""


@needs("print")
@require_POST
def issue(request, bill, kind):
    """Issue one paper of a bill, and back to the month."""
    found = Bill.objects.visible_to(request.user).ever().get(pk=bill)
    try:
        document = issue_document(found.pk, kind, by=request.user)
        messages.success(request, f"{document.title}已生成，可以打印或下载。")
    except Refused as no:
        messages.error(request, no.message)
    return redirect(f"{reverse('e_documents')}?from={found.month}&to={found.month}")


@needs("print")
@require_POST
def print_now(request, bill, kind):
    """One paper of a bill, ready for the printer: issued if nobody has, then shown; why not, on the bill itself."""
    found = Bill.objects.visible_to(request.user).ever().get(pk=bill)
    try:
        return redirect("e_document", issue_document(found.pk, kind, by=request.user).pk)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_bill", found.pk)


def print_action(found: Bill, layout: str, label: str) -> dict | None:
    """The button that opens the region's paper of this layout in a window of its own; None where it has none."""
    papers = region(found.employer.region).documents
    kind = next((key for key, spec in papers.items() if spec["layout"] == layout), None)
    if kind is None:
        return None
    return {"label": label, "icon": "printer", "post": reverse("e_document_print", args=[found.pk, kind])}


SHORT = {"notice": "打印通知单", "receipt": "打印缴费凭证"}
"""What the buttons of these layouts say; of others the paper's own title follows 打印."""


def print_actions(request, found: Bill, *, is_paid: bool) -> list[dict]:
    """A button for every paper that the region has of this bill and the reader may open, in the region's order; what
    is of the payment only when the bill is paid.
    """
    papers = region(found.employer.region).bill_documents_of(is_provisional=found.is_provisional)
    return [
        {
            "label": SHORT.get(str(spec["layout"]), f"打印{spec['title']}"),
            "icon": "printer",
            "post": reverse("e_document_print", args=[found.pk, kind]),
        }
        for kind, spec in papers.items()
        if (is_paid or spec["stage"] != "paid") and may_open_papers(request.user, [kind])
    ]


@needs("print")
@require_GET
def document(request, pk):
    """The PDF in the browser's own viewer."""
    return _pdf(request, pk, inline=True)


@needs("print")
@require_GET
def download_document(request, pk):
    """The PDF as a file."""
    return _pdf(request, pk, inline=False)


def _pdf(request, pk, *, inline: bool):
    found = Document.objects.visible_to(request.user).select_related("employer").get(pk=pk)
    open_papers(request.user, [found.kind])
    months = months_of(found, here(request))
    told = str(found.month) if months == found.month.label or not months[0].isdigit() else months.replace(" ", "")
    name = f"{found.title}-{told}-{found.employer.employer_number}.pdf"
    response = download(pdf(found, by=request.user), name, "application/pdf", inline=inline)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("documents/", documents, name="e_documents"),
    path("documents/of/<slug:kind>/", documents_of, name="e_documents_of"),
    path("documents/pack/", pack, name="e_documents_pack"),
    path("documents/<int:bill>/<slug:kind>/", issue, name="e_document_issue"),
    path("documents/<int:bill>/<slug:kind>/print/", print_now, name="e_document_print"),
    path("documents/file/<int:pk>/", document, name="e_document"),
    path("documents/file/<int:pk>/download/", download_document, name="e_document_download"),
]
