"""工伤手工报销 at the agency: the claims on record, the form for another, paid once, voided with a reason."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall import clock
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.reimbursements import operations
from shebao.hall.reimbursements.form import FORM
from shebao.hall.reimbursements.operations import Unfit
from shebao.hall.reimbursements.queries import keeps_reimbursements, reimbursements
from shebao.rules.region import Region

from ..access import needs
from ..chosen import typed_day
from ..employer.fields import Shown, page_fields, summary, typed

PAGE, TITLE = 50, "工伤手工报销"
GROUPS = {
    "人员": ("employer", "id_number", "name"),
    "事故和治疗": ("accident_on", "hospital", "treated_from", "treated_until"),
    "费用和支付": ("number", "invoices", "claimed", "approved", "approved_on", "paid_on", "payee", "note"),
}


def _here(request) -> Region:
    """The region, where it pays back by hand; elsewhere these pages are not there."""
    here = region_of(request.user.region)
    if not keeps_reimbursements(here):
        raise Http404
    return here


@require_safe
@needs("enter_at_counter")
def listed(request):
    """What is on record, found by the number of a slip or by person."""
    here, asked = _here(request), request.GET.get("q", "").strip()[:60]
    page = Paginator(reimbursements(request.user, asked), PAGE).get_page(request.GET.get("page"))
    payees = here.codes["reimbursement_payees"]
    context = {
        "title": TITLE,
        "actions": [{"label": "登记报销", "url": reverse("a_reimbursement_new"), "icon": "edit", "kind": "p"}],
        "search": {
            "id": "q", "name": "q", "kind": "text", "value": asked, "maxlength": 60,
            "label": "报销单号、姓名或完整证件号码",
        },
        "asked": asked,
        "today": clock.today(),
        "page": page,
        "rows": [{"one": one, "payee": payees.title_of(one.payee)} for one in page],
    }  # fmt: skip
    return render(request, "agency/reimbursements.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("enter_at_counter")
def new(request):
    """The form of a claim."""
    here, no, status = _here(request), None, 200
    if request.method == "POST":
        try:
            made = operations.enter_reimbursement(typed(FORM, request.POST), by=request.user)
        except Refused as refused:
            no, status = refused, refused.status
        else:
            messages.success(request, f"报销单 {made.number} 已登记，{made.employee.name}的单位可以查到。")
            return redirect("a_reimbursements")
    problems = no.problems if isinstance(no, Unfit) else ()
    shown = Shown(typed(FORM, request.POST), problems)
    context = {
        "title": "登记报销",
        "crumbs": [{"label": TITLE, "url": reverse("a_reimbursements")}, {"label": "登记报销", "url": ""}],
        "groups": [
            {"title": title, "fields": page_fields(FORM, here, shown, only=lambda one, ids=ids: one.id in ids)}
            for title, ids in GROUPS.items()
        ],
        "errors": summary(problems, confirmed={}) or ([{"id": "", "text": no.message}] if no else []),
    }
    return render(request, "agency/reimbursement_new.html", context, status=status)


@require_POST
@needs("enter_at_counter")
def paid(request, pk):
    """Say when a claim was paid."""
    try:
        done = operations.pay_reimbursement(pk, paid_on=_day(request.POST.get("paid_on", "")), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"报销单 {done.number} 已登记支付。")
    return redirect("a_reimbursements")


def _day(text: str) -> date | None:
    try:
        return typed_day(text)
    except ValueError:
        return None


@require_POST
@needs("enter_at_counter")
def void(request, pk):
    """Undo a claim that was entered wrongly."""
    try:
        done = operations.void_reimbursement(pk, reason=request.POST.get("reason", ""), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"报销单 {done.number} 已作废，单位不再看到。")
    return redirect("a_reimbursements")


urlpatterns = [
    path("reimbursements/", listed, name="a_reimbursements"),
    path("reimbursements/new", new, name="a_reimbursement_new"),
    path("reimbursements/<int:pk>/paid", paid, name="a_reimbursement_paid"),
    path("reimbursements/<int:pk>/void", void, name="a_reimbursement_void"),
]
