"""The papers of a declaration, for the reviewer."""

from django.views.decorators.http import require_safe

from shebao.hall.audit.looks import note_glance, note_look
from shebao.hall.evidence.models import Evidence
from shebao.hall.roster.unmasking import let_open_paper

from ..access import needs
from ..sent_files import sent, sent_small, shown_image


@require_safe
@needs("review")
def evidence(request, pk):
    """One file, as a download."""
    return sent(_looked_at(request, pk).stored)


@require_safe
@needs("review")
def small(request, pk):
    """The small picture of one image."""
    one = Evidence.objects.visible_to(request.user).select_related("stored", "employer").get(pk=pk)
    small_picture = sent_small(one.stored)
    note_glance(one, one.title, by=request.user, employer=one.employer)
    return small_picture


@require_safe
@needs("review")
def shown(request, pk):
    """One picture, to be looked at beside the case."""
    return shown_image(_looked_at(request, pk).stored)


def _looked_at(request, pk: int) -> Evidence:
    one = Evidence.objects.visible_to(request.user).select_related("stored", "employer").get(pk=pk)
    let_open_paper(by=request.user)
    note_look(one, f"审核材料：{one.title}", by=request.user, employer=one.employer, action="evidence.looked_at")
    return one
