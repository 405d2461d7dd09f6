"""公告、通知、政策: what the agency tells this employer, and the confirmation that it was read."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.desk.holds import waiting_for_employer
from shebao.hall.errors import Refused
from shebao.hall.notices import operations, queries
from shebao.hall.notices.models import Announcement, Kind
from shebao.hall.regions import region as region_of
from shebao.hall.registration.join_deciding import open_joins

from ..access import needs
from ..chosen import whole
from ..sent_files import sent
from .common import crumbs, word

PAGE = 30
PAGES = {Kind.ANNOUNCEMENT: "announcements", Kind.NOTICE: "notices", Kind.POLICY: "policies"}
"""The word of a region's catalogue for each kind."""


def kind_titles(code: str) -> dict[str, str]:
    """What the kinds are called in a region: by its catalogue, or nationally."""
    rows = {row.page: row.title for row in region_of(code).pages.values()}
    return {kind: rows.get(page, Kind(kind).label) for kind, page in PAGES.items()}


@require_safe
@needs("see_roster")
def notices(request):
    """What is in force now, the newest first; by kind."""
    chosen = request.GET.get("kind", "")
    unread = queries.unread_keys(request.user)
    titles = kind_titles(request.user.region)
    context = {
        "page": Paginator(queries.listed(request.user, chosen), PAGE).get_page(request.GET.get("page")),
        "unread": unread,
        "titles": titles,
        "tabs": [
            {"label": label, "current": kind == chosen, "url": f"?{urlencode({'kind': kind})}" if kind else "?"}
            for kind, label in [("", "全部"), *titles.items()]
        ],
        "title": word(request, "menu.notices", "公告通知"),
        "crumbs": crumbs(word(request, "menu.notices", "公告通知")),
        "joins": open_joins(request.user).count(),
        "held": waiting_for_employer(request.user).count(),
    }
    return render(request, "employer/notices.html", context)


@require_safe
@needs("see_roster")
def notice(request, pk):
    """One of them; opening it is reading it."""
    made = Announcement.objects.visible_to(request.user).get(pk=pk)
    reading = operations.note_reading(pk, by=request.user)
    title = word(request, "menu.notices", "公告通知")
    context = {
        "made": made,
        "reading": reading,
        "kind_title": kind_titles(request.user.region)[made.kind],
        "files": made.files.filter(removed_at=None).select_related("stored"),
        "crumbs": crumbs(made.title, (title, reverse("e_notices"))),
    }
    return render(request, "employer/notice.html", context)


@require_POST
@needs("see_roster")
def confirm(request, pk):
    """确认已阅."""
    version = request.POST.get("version", "")
    try:
        operations.confirm_reading(pk, by=request.user, version=whole(version))
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "已确认阅读，经办机构会看到。")
    return redirect("e_notice", pk)


@require_safe
@needs("see_roster")
def download(request, pk, file):
    """One file of an announcement."""
    made = Announcement.objects.visible_to(request.user).get(pk=pk)
    return sent(made.files.select_related("stored").get(pk=file, removed_at=None).stored)


urlpatterns = [
    path("notices/", notices, name="e_notices"),
    path("notices/<int:pk>/", notice, name="e_notice"),
    path("notices/<int:pk>/confirm/", confirm, name="e_notice_confirm"),
    path("notices/<int:pk>/files/<int:file>/", download, name="e_notice_file"),
]
