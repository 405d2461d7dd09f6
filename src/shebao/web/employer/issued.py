"""What was issued (开具记录): found again, opened, verified, and a statement taken back with a reason."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods

from shebao.hall.documents.issued import (
    issued,
    kinds_issued,
    shown_issued,
)
from shebao.hall.documents.models import Document, DocumentState

from ..access import needs
from ..rights import may_open_papers, open_papers
from ..taking_back import taking_back
from .common import PAGE, crumbs, here, word

TITLE = "开具记录"
TAGS = {DocumentState.VALID: "active", DocumentState.SUPERSEDED: "void", DocumentState.REVOKED: "void"}


@needs("print")
@require_GET
def documents_issued(request):
    """Every paper that was issued and that the reader may open, the newest first."""
    titles = {
        kind: title for kind, title in kinds_issued(request.user).items() if may_open_papers(request.user, [kind])
    }
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    rows = issued(request.user, [kind] if kind in titles else titles, state=state)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    spec = here(request)
    context = {
        "title": TITLE,
        "crumbs": crumbs(TITLE, _documents(request)),
        "fields": [
            {"id": "kind", "name": "kind", "kind": "choice", "label": "单据", "options": list(titles.items()),
             "value": kind, "placeholder": "全部"},
            {"id": "state", "name": "state", "kind": "choice", "label": "状态", "options": DocumentState.choices,
             "value": state, "placeholder": "全部"},
        ],
        "page": page,
        "rows": [(shown_issued(one, spec), TAGS[DocumentState(one.state)]) for one in page.object_list],
        "is_filtered": bool(kind or state),
    }  # fmt: skip
    return render(request, "employer/issued.html", context)


@needs("print")
@require_http_methods(["GET", "POST"])
def document_revoke(request, pk):
    """One statement to take back: which, what that means, and why."""
    found = (
        Document.objects.visible_to(request.user).select_related("issued_by", "employee").defer("content").get(pk=pk)
    )
    open_papers(request.user, [found.kind])
    back = reverse("e_documents_issued")
    return taking_back(request, found, here(request), back, crumbs("作废单据", _documents(request), (TITLE, back)))


def _documents(request) -> tuple[str, str]:
    return word(request, "menu.documents", "通知单与凭证"), reverse("e_documents")


urlpatterns = [
    path("documents/issued/", documents_issued, name="e_documents_issued"),
    path("documents/file/<int:pk>/revoke/", document_revoke, name="e_document_revoke"),
]
