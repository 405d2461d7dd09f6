"""办事指南: what a new employer must know, how the month goes; for everybody, by region."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.regions import all_regions
from shebao.hall.regions import region as region_of
from shebao.rules.region import Guide, Region

from ..access import public
from ..places import link_of
from .rates import frame_of


@public
@require_http_methods(["GET", "HEAD"])
def guides(request):
    """The regions, to choose from; where there is one, or one's own, straight to it."""
    codes = list(all_regions())
    own = request.user.region if request.user.is_authenticated else codes[0] if len(codes) == 1 else ""
    if own:
        return redirect("guides_of", own)
    return render(request, "public/guides.html", {"regions": all_regions().values()})


@public
@require_http_methods(["GET", "HEAD"])
def guides_of(request, code: str):
    """The guides of one region; whoever is signed in there finds the pages behind the steps."""
    try:
        here = region_of(code)
    except Refused as no:
        raise Refused(no.code, no.message, status=404) from None
    user = request.user
    is_at_home = user.is_authenticated and user.region == code and not user.is_agency
    context = {
        "frame": frame_of(request),
        "region": here,
        "title": here.terms.get("menu.guides", "办事指南"),
        "guides": [shown_guide(one, here, is_at_home=is_at_home) for one in here.guides.values()],
        "agency": here.term("agency"),
        "phone": here.term("agency_phone"),
        "actions": []
        if user.is_authenticated
        else [{"label": "换一个地区", "url": reverse("guides"), "icon": "map-pin"}],
    }
    return render(request, "public/guides_of.html", context)


def shown_guide(guide: Guide, here: Region, *, is_at_home: bool) -> dict:
    """A guide as its page shows it; whoever is at home there gets the ways to the pages."""
    steps = guide.steps_here(here.terms, reviewed=here.is_reviewed)
    return {
        "key": guide.key,
        "title": guide.title,
        "intro": guide.intro,
        "steps": [
            {"title": step.title, "text": step.text, "link": link_of(step, here) if is_at_home else None}
            for step in steps
        ],
    }
