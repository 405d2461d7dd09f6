"""The papers of a declaration (上传材料): upload, replace, remove, take back, and on to the check."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.audit.looks import note_glance, note_look
from shebao.hall.declarations.models import Declaration
from shebao.hall.errors import Refused, permit_service
from shebao.hall.evidence import operations
from shebao.hall.evidence.models import Evidence
from shebao.hall.evidence.queries import employer_papers, is_open_for_papers, papers_of
from shebao.hall.phone_uploads.operations import ask_for_declaration
from shebao.hall.phone_uploads.queries import code_in_session

from ..access import needs
from ..by_phone import PART, count_codes, panel, part
from ..chosen import compact, is_whole
from ..middleware import go
from ..sent_files import sent, sent_small, uploads
from .common import crumbs, here, undo_toast, word


@require_http_methods(["GET", "HEAD", "POST"])
@needs("declare")
def papers(request, pk):
    """The papers of one declaration that is not submitted; a POST adds to one of them."""
    declaration = Declaration.objects.visible_to(request.user).select_related("employer").get(pk=pk)
    if request.method == "POST":
        return _add(request, declaration)
    if not is_open_for_papers(declaration) or not declaration.spec.papers:
        return go(request, reverse("e_case", args=[pk]))
    permit_service(request.user, declaration.spec)
    if PART in request.GET:
        return _part(request, declaration)
    return render(request, "employer/papers.html", _context(request, declaration))


def _part(request, declaration: Declaration, at: int | None = None):
    code = _code(request, declaration)
    return part(request, code, "employer/_paper_answer.html", lambda: _context(request, declaration), at)


def _code(request, declaration: Declaration):
    return code_in_session(request.session.session_key or "", declaration=declaration)


def _context(request, declaration: Declaration, errors=()) -> dict:
    views = papers_of([declaration]).get(declaration.pk, [])
    basket = word(request, "menu.basket", "待提交")
    return {
        "declaration": declaration,
        "title": "上传材料",
        "sub": f"{declaration.subject_name} · {declaration.spec.title}",
        "crumbs": crumbs("上传材料", (basket, reverse("e_basket"))),
        "papers": views,
        "action": reverse("e_papers", args=[declaration.pk]),
        "own": list(employer_papers(request.user)) if any(v.may_be_uploaded for v in views) else [],
        "missing": [one.paper.title for one in views if one.is_missing],
        "next_url": f"{reverse('e_check')}?ids={compact([declaration.pk])}",
        "back_url": reverse("e_repair", args=[declaration.pk]),
        "basket_title": basket,
        "phone": panel(request, _code(request, declaration)),
        "errors": list(errors),
        "monthly_url": _monthly_url(request, declaration.service),
    }


def _monthly_url(request, service: str) -> str:
    """Where the papers of a whole month are uploaded, when the region's catalogue has such a page."""
    pages = here(request).pages.values()
    keys = [one.key for one in pages if one.page == "monthly_papers" and one.service == service]
    return reverse("e_page", args=[keys[0]]) if keys else ""


def _add(request, declaration: Declaration):
    title, own = request.POST.get("title", ""), request.POST.get("own", "")
    try:
        if "attach" in request.POST:
            if not is_whole(own):
                raise Refused("no_file", f"请先为“{title}”选择一份已有资料。")
            operations.attach_paper(declaration.pk, title, int(own), by=request.user)
            made = 1
        elif "phone" in request.POST:
            return _ask_for_phone(request, declaration, title)
        else:
            made = len(operations.add_evidence(declaration.pk, title, uploads(request), by=request.user))
    except Refused as no:
        if not is_open_for_papers(declaration):
            messages.error(request, no.message)
            return go(request, reverse("e_case", args=[declaration.pk]))
        context = _context(request, declaration, [{"id": "", "text": no.message}])
        return render(request, "employer/papers.html", context, status=no.status)
    messages.success(request, f"“{title}”已上传 {made} 个文件。")
    return go(request, reverse("e_papers", args=[declaration.pk]))


def _ask_for_phone(request, declaration: Declaration, title: str):
    """The code beside its paper; what was chosen for that paper is kept first where the whole form came."""
    count_codes(str(request.user.employer_id))
    if files := uploads(request):
        operations.add_evidence(declaration.pk, title, files, by=request.user)
    ask_for_declaration(declaration.pk, title, by=request.user, session_key=request.session.session_key)
    titles = [paper.title for paper in declaration.spec.papers]
    at = titles.index(title)
    if request.htmx:
        return _part(request, declaration, at)
    return redirect(f"{reverse('e_papers', args=[declaration.pk])}#part-{at}")


@require_safe
@needs("declare")
def evidence(request, pk):
    """One file, as a download."""
    one = Evidence.objects.visible_to(request.user).select_related("stored").get(pk=pk)
    note_look(
        one, f"下载材料：{one.title}", by=request.user, employer=request.user.employer, action="evidence.looked_at"
    )
    return sent(one.stored)


@require_safe
@needs("declare")
def small(request, pk):
    """The small picture of one image."""
    one = Evidence.objects.visible_to(request.user).select_related("stored").get(pk=pk)
    small_picture = sent_small(one.stored)
    note_glance(one, one.title, by=request.user, employer=request.user.employer)
    return small_picture


@require_POST
@needs("declare")
def change(request, pk, deed):
    """Replace, turn, remove or bring back one file."""
    one = Evidence.objects.visible_to(request.user).select_related("stored").get(pk=pk)
    target = _page_of(request, one)
    try:
        if deed == "replace":
            files = uploads(request)
            if not files:
                raise Refused("no_file", "请先选择用来替换的文件。")
            operations.replace_evidence(pk, files[0], by=request.user)
            messages.success(request, f"已替换“{one.stored.name}”。")
        elif deed == "turn":
            operations.turn_evidence(pk, by=request.user)
            messages.success(request, f"已把“{one.stored.name}”转 90°。")
        elif deed == "restore":
            operations.restore_evidence(pk, by=request.user)
            messages.success(request, f"已恢复“{one.stored.name}”。")
        elif deed == "remove":
            operations.remove_evidence(pk, by=request.user)
            undo_toast(request, f"已移除“{one.stored.name}”。", reverse("e_evidence_change", args=[pk, "restore"]))
        else:
            raise Evidence.DoesNotExist(f"no deed {deed} on evidence")
    except Refused as no:
        messages.error(request, no.message)
    return redirect(target)


def _page_of(request, one: Evidence) -> str:
    if one.declaration_id:
        return reverse("e_papers", args=[one.declaration_id])
    return _monthly_url(request, one.service) or reverse("e_basket")


case_urls = [path("cases/<int:pk>/papers/", papers, name="e_papers")]
urlpatterns = [
    path("evidence/<int:pk>/", evidence, name="e_evidence"),
    path("evidence/<int:pk>/small/", small, name="e_evidence_small"),
    path("evidence/<int:pk>/<slug:deed>/", change, name="e_evidence_change"),
]
