"""公告 that everybody may read, where the region says so."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from shebao.hall.errors import Refused
from shebao.hall.notices import queries
from shebao.hall.regions import all_regions
from shebao.hall.regions import region as region_of

from ..access import public
from ..employer.notices import kind_titles
from ..sent_files import sent
from .rates import frame_of


def _region(code: str):
    try:
        here = region_of(code)
    except Refused as no:
        raise Refused(no.code, no.message, status=404) from None
    if not here.agency.public_kinds:
        raise Http404
    return here


@public
@require_safe
def notices(request):
    """The regions, to choose from; one's own, or the only one, at once."""
    codes = [code for code, one in all_regions().items() if one.agency.public_kinds]
    own = request.user.region if request.user.is_authenticated else codes[0] if len(codes) == 1 else ""
    if own in codes:
        return redirect("notices_of", own)
    return render(request, "public/notices.html", {"regions": [region_of(code) for code in codes]})


@public
@require_safe
def notices_of(request, code: str):
    """What the agency of a region announces to everybody."""
    here, titles = _region(code), kind_titles(code)
    rows = [{"made": one, "kind": titles[one.kind]} for one in queries.public_announcements(code)[:100]]
    context = {"frame": frame_of(request), "region": here, "rows": rows, "agency": here.term("agency")}
    return render(request, "public/notices_of.html", context)


@public
@require_safe
def notice_of(request, code: str, pk: int):
    """One announcement."""
    here = _region(code)
    made = queries.public_announcements(code).get(pk=pk)
    context = {
        "frame": frame_of(request),
        "region": here,
        "made": made,
        "kind_title": kind_titles(code)[made.kind],
        "files": made.files.filter(removed_at=None).select_related("stored"),
    }
    return render(request, "public/notice_of.html", context)


@public
@require_safe
def notice_file(request, code: str, pk: int, file: int):
    """One file of it."""
    _region(code)
    made = queries.public_announcements(code).get(pk=pk)
    return sent(made.files.select_related("stored").get(pk=file, removed_at=None).stored)
