"""The agency's answer to employers who want to undo a settlement (作废审核)."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.settlement.voiding import approve_void, decline_void, void_rule, waiting_voids

from ..access import needs


@require_safe
@needs("review")
def voids(request):
    """What waits for an answer, the oldest first."""
    context = {"rule": void_rule(request.user.region), "requests": waiting_voids(request.user), "errors": []}
    return render(request, "agency/voids.html", context)


@require_POST
@needs("review")
def approve(request, pk):
    """Agree, and undo it."""
    try:
        done = approve_void(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"{done.employer.name}的核定已作废，账务已冲回。")
    return redirect("a_voids")


@require_POST
@needs("review")
def decline(request, pk):
    """Say no, with the reason."""
    try:
        decline_void(pk, by=request.user, note=request.POST.get("note", ""))
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "已答复单位，原核定不变。")
    return redirect("a_voids")


urlpatterns = [
    path("voids/", voids, name="a_voids"),
    path("voids/<int:pk>/approve", approve, name="a_void_approve"),
    path("voids/<int:pk>/decline", decline, name="a_void_decline"),
]
