"""提出核实: a clerk says what is wrong with an amount of a bill; how it came about goes to the agency with the case."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from shebao.hall.declarations import operations
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import Preview
from shebao.hall.errors import Refused
from shebao.hall.services.amount_doubts import AMOUNT, doubts_about, service_of_doubts
from shebao.hall.settlement.derivations import derivation_of

from ..access import needs
from .bills import bill_of, bills_crumb
from .common import crumbs, here, this_month
from .doubts import agency_words, may_ask
from .fields import Shown, asked, confirmed, defaults, page_fields, summary, typed

TITLE = "提出核实"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("settle")
def doubt(request, pk, about):
    """The short form about one amount, with how it came about beside it; sending it is all there is to do."""
    bill, spec, name = bill_of(request, pk), service_of_doubts(here(request)), f"{pk}:{about}"
    kept = derivation_of(request.user, bill.employer, name)
    if spec is None or kept is None:
        raise Http404
    form, found, no = here(request).forms[spec.form], None, None
    raw = typed(form, request.POST) if request.method == "POST" else defaults(form, this_month(request))
    if request.method == "POST":
        try:
            return _sent(request, spec, raw | {AMOUNT: name})
        except InvalidDeclaration as invalid:
            found = invalid.previews[0]
        except Refused as refused:
            no = refused
    context = {
        "title": TITLE,
        "crumbs": crumbs(TITLE, bills_crumb(request), (f"{bill.label} 账单", reverse("e_bill", args=[pk]))),
        "spec": spec,
        "kept": kept,
        "last": doubts_about(request.user, spec, name).first(),
        "may_ask": may_ask(request.user, spec),
        "agency": agency_words(here(request)),
        **_beside(request, form, raw, found, no),
    }
    return render(request, "employer/doubt.html", context, status=422 if found or no else 200)


@transaction.atomic
def _saved_and_sent(request, spec, raw: dict) -> tuple[Declaration, operations.SubmitResult | None]:
    by = request.user
    (made,) = operations.save_declarations(by.employer_id, spec.key, [raw], by=by, confirmed=[confirmed(request.POST)])
    is_signed = here(request).sign_in.signs == "required"
    return made, None if is_signed else operations.submit_declarations([made.pk], by=by)


def _sent(request, spec, raw: dict):
    """Save and send it, and lead to the case; where the region wants a signature, to where it is signed."""
    made, result = _saved_and_sent(request, spec, raw)
    if result is None:
        messages.info(request, "已保存。本地提交时要用数字证书签名，请在这里签名后提交。")
        return redirect(f"{reverse('e_check')}?{urlencode({'ids': made.pk})}")
    for _, why in result.refused:
        messages.error(request, f"已保存，没有提交：{why}")
    for one in result.submitted:
        due = one.due_on
        messages.success(request, f"已提出核实，预计 {due.month} 月 {due.day} 日前答复。核实之前请先按账单缴费。")
    return redirect("e_case", made.pk)


def _beside(request, form, raw: dict, found: Preview | None, no: Refused | None) -> dict:
    """The questions with what is wrong beside them."""
    problems, reasons = tuple(found.problems) if found else (), confirmed(request.POST)
    errors = summary(problems, confirmed=reasons)
    return {
        "fields": page_fields(form, here(request), Shown(raw, problems), only=lambda one: one.id != AMOUNT),
        "confirms": asked(problems, request.POST, reasons),
        "errors": [{"id": "", "text": no.message}] if no else errors,
    }


urlpatterns = [
    path("bills/<int:pk>/doubt/<str:about>/", doubt, name="e_doubt"),
]
