"""Undoing a settlement (核定回退、申报作废): the list of what was settled, and the page that asks why and confirms."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.settlement.models import Assessment, VoidState
from shebao.hall.settlement.void_wishes import withdraw_void
from shebao.hall.settlement.voiding import LONGEST_REASON, ask_to_void, obstacle, settled_months, void_rule

from ..access import needs
from .common import crumbs, here


@needs("settle")
@require_GET
def voids(request):
    """Every settlement of the employer with its state; what can be undone has a button."""
    rule = void_rule(request.user.employer.region)
    employer = Employer.objects.visible_to(request.user).get(pk=request.user.employer_id)
    rows = [_row(one) for one in settled_months(employer, by=request.user)]
    context = {"title": rule.records, "rule": rule, "rows": rows, "crumbs": crumbs(rule.records)}
    return render(request, "employer/voids.html", context)


def _row(one) -> dict:
    is_asked = one.request is not None and one.request.state == VoidState.ASKED
    shown = {"one": one, "bill": one.bill, "paying": one.paying, "request": one.request, "is_asked": is_asked}
    # The state says itself that it is voided, and the record that somebody asked.
    is_told = is_asked or one.paying.key == "void"
    return shown | {"may": not one.obstacle and not is_asked, "stands": "" if is_told else one.obstacle}


@needs("settle")
@require_http_methods(["GET", "POST"])
def void(request, pk):
    """One settlement to undo: what that means, why it is done, and the confirmation."""
    rule = void_rule(request.user.employer.region)
    assessment = Assessment.objects.visible_to(request.user).ever().select_related("employer", "bill").get(pk=pk)
    reason = request.POST.get("reason", "")
    errors, status = [], 200
    if request.method == "POST":
        try:
            done = ask_to_void(pk, by=request.user, reason=reason)
        except Refused as no:
            if not no.field:
                messages.error(request, no.message)
                return redirect("e_voids")
            errors, status = [{"id": f"id_{no.field}", "text": no.message}], no.status
        else:
            messages.success(request, _answer(rule, done, assessment))
            return redirect("e_voids")
    stands = "这次核定已经作废。" if assessment.voided_at else obstacle(assessment)
    field = {"id": "id_reason", "name": "reason", "label": "作废原因", "kind": "textarea", "required": True}
    field |= {"value": reason, "maxlength": LONGEST_REASON, "error": errors[0]["text"] if errors else ""}
    context = {
        "rule": rule,
        "assessment": assessment,
        "bill": assessment.bill,
        "when": _when(assessment),
        "stands": stands,
        "field": field,
        "settlement_title": _settlement_title(request, assessment),
        "errors": errors,
        "crumbs": crumbs(rule.title, (rule.records, reverse("e_voids"))),
    }
    return render(request, "employer/void.html", context, status=status)


def _settlement_title(request, assessment) -> str:
    spec, key = here(request), assessment.kind
    if assessment.basis_month:
        return spec.collection.undeclared.title
    kind = spec.services.get(key) if assessment.series else spec.settlements.get(key)
    return kind.title if kind else key


def _when(assessment) -> str:
    return assessment.bill.label if assessment.series else assessment.month.label


def _answer(rule, done, assessment) -> str:
    if done.state == VoidState.VOIDED:
        return f"{_when(assessment)}已作废，可以重新办理。"
    return f"{_when(assessment)}的{rule.title}已提交经办机构审核。"


@needs("settle")
@require_POST
def withdraw(request, pk):
    """Take the wish to void back (撤回申请)."""
    void_rule(request.user.employer.region)
    try:
        withdraw_void(pk, by=request.user)
        messages.success(request, "已撤回作废申请，账单不变，可以缴费。")
    except Refused as no:
        messages.error(request, no.message)
    return redirect("e_voids")


urlpatterns = [
    path("voids/", voids, name="e_voids"),
    path("voids/<int:pk>/", void, name="e_void"),
    path("voids/requests/<int:pk>/withdraw/", withdraw, name="e_void_withdraw"),
]
