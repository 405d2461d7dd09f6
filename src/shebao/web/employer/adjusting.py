"""补差: what was published since about months already settled, before the next settlement bills it."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from shebao.hall.settlement.adjusted_months import adjustments_of

from ..access import needs
from ..adjustments import adjustments_context
from .common import crumbs, here, this_month, word


@needs("settle")
@require_GET
def adjustments(request):
    """The differences by month, person, scheme and share, with both derivations."""
    found = adjustments_of(request.user, request.user.employer_id, this_month(request))
    settle = word(request, "menu.settle", "月度结算"), reverse("e_settle")
    context = adjustments_context(request, here(request), found)
    return render(request, "employer/adjust.html", context | {"crumbs": crumbs("补差", settle), "employer_name": ""})


urlpatterns = [path("adjustments/", adjustments, name="e_adjustments")]
