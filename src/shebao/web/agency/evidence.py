"""The papers of a declaration, for the reviewer."""

from django.views.decorators.http import require_safe

from shebao.hall.evidence.models import Evidence

from ..access import needs
from ..sent_files import sent, shown_image


@require_safe
@needs("review")
def evidence(request, pk):
    """One file, as a download."""
    return sent(Evidence.objects.visible_to(request.user).select_related("stored").get(pk=pk).stored)


@require_safe
@needs("review")
def shown(request, pk):
    """One picture, to be looked at beside the case."""
    return shown_image(Evidence.objects.visible_to(request.user).select_related("stored").get(pk=pk).stored)
