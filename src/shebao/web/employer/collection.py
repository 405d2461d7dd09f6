"""The employer's own papers (社保资料管理): upload, download, edit, delete and bring back."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.evidence import collection
from shebao.hall.evidence.models import EmployerPaper
from shebao.hall.evidence.queries import employer_papers

from ..access import needs
from ..chosen import compact, numbers, spread, whole
from ..sent_files import TAKEN, TAKES, sent, uploads
from .common import crumbs, here, undo_toast


def show(request, page):
    """The list, with what is typed into the form when it could not be kept. A POST uploads one paper."""
    title, refusal = request.POST.get("title", ""), None
    if request.method == "POST":
        files = uploads(request)
        try:
            if not files:
                raise Refused("no_file", "请选择要上传的文件。", field="files")
            made = collection.add_employer_paper(request.user.employer_id, title, files[0], by=request.user)
        except Refused as no:
            refusal = no
        else:
            messages.success(request, f"已上传“{made.title}”。")
            return redirect("e_page", page.key)
    query = request.GET.get("q", "").strip()[:60]
    wrong = refusal.message if refusal else ""
    context = {
        "page_spec": page,
        "title": page.title,
        "crumbs": crumbs(page.title),
        "rows": employer_papers(request.user, query),
        "query": query,
        "fields": [
            {"id": "title", "name": "title", "kind": "text", "label": "资料名称", "required": True, "maxlength": 60,
             "value": title, "placeholder": "如：企业营业执照", "error": _about(refusal, "title")},
            {"id": "files", "name": "files", "kind": "file", "label": "文件", "required": True, "attrs": TAKES,
             "help": TAKEN, "error": _about(refusal, "files")},
        ],
        "errors": [{"id": (refusal.field or "files") if refusal else "", "text": wrong}] if refusal else [],
    }  # fmt: skip
    return render(request, "employer/employer_papers.html", context, status=refusal.status if refusal else 200)


def _about(refusal: Refused | None, field: str) -> str:
    return refusal.message if refusal and (refusal.field or "files") == field else ""


def _list_url(request) -> str:
    keys = [one.key for one in here(request).pages.values() if one.page == "employer_papers"]
    return reverse("e_page", args=[keys[0]]) if keys else reverse("e_home")


@require_safe
@needs("declare")
def paper(request, pk):
    """One paper, as a download."""
    return sent(EmployerPaper.objects.visible_to(request.user).select_related("stored").get(pk=pk).stored)


@require_POST
@needs("declare")
def edit(request, pk):
    """Another title, another file, or both."""
    files, version = uploads(request), request.POST.get("version", "")
    try:
        made = collection.edit_employer_paper(
            pk,
            request.POST.get("title", ""),
            files[0] if files else None,
            by=request.user,
            version=whole(version),
        )
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"已保存“{made.title}”。")
    return redirect(_list_url(request))


@require_POST
@needs("declare")
def remove(request):
    """Delete papers; the toast brings them back."""
    gone = collection.remove_employer_papers(numbers(request.POST.getlist("chosen")), by=request.user)
    if gone:
        names = "、".join(f"“{one.title}”" for one in gone[:3]) + (f"等 {len(gone)} 份" if len(gone) > 3 else "")
        ids = compact(one.pk for one in gone)
        undo_toast(request, f"已删除{names}。", f"{reverse('e_own_papers_restore')}?ids={ids}")
    return redirect(_list_url(request))


@require_POST
@needs("declare")
def restore(request):
    """Bring deleted papers back."""
    try:
        done = collection.restore_employer_papers(spread(request.GET.get("ids", "")), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"已恢复 {len(done)} 份资料。")
    return redirect(_list_url(request))


urlpatterns = [
    path("own-papers/remove/", remove, name="e_own_papers_remove"),
    path("own-papers/restore/", restore, name="e_own_papers_restore"),
    path("own-papers/<int:pk>/", paper, name="e_own_paper"),
    path("own-papers/<int:pk>/edit/", edit, name="e_own_paper_edit"),
]
