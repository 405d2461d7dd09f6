"""未按时申报: who did not settle a month, what it would be assessed, and the assessing, of some or of all."""

from collections import Counter

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.settlement.explaining import explain_provisional
from shebao.hall.settlement.ledger import balances
from shebao.hall.settlement.models import Bill, UndeclaredRun
from shebao.hall.settlement.provisional import withdraw_provisional
from shebao.hall.settlement.undeclared import (
    OFFERED,
    Proposal,
    deadline,
    month_asked,
    newest_month,
    propose,
    provisional_bills,
    undeclared,
)
from shebao.hall.settlement.undeclared_runs import start_run

from ..access import needs
from ..chosen import numbers
from ..explained import step_rows

PAGE, SHOWN, RUNS = 50, 100, 5
TITLE = "未按时申报"


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def undeclared_employers(request):
    """Who did not settle the month; a POST shows what the chosen would be assessed, and confirmed assesses them."""
    spec = region_of(request.user.region)
    said = request.POST if request.method == "POST" else request.GET
    try:
        month = month_asked(spec, said.get("month", ""))
        if request.method == "POST":
            return _confirm(request, month) if said.get("confirmed") else _preview(request, spec, month)
    except Refused as no:
        if no.status == 404:
            return render(request, "agency/undeclared.html", {"title": TITLE, "closed": no.message})
        messages.error(request, no.message)
        return redirect("a_undeclared")
    page = Paginator(undeclared(request.user, month), PAGE).get_page(request.GET.get("page"))
    page.object_list = propose(list(page.object_list), month)
    bills = list(provisional_bills(request.user)[:SHOWN])
    booked = balances(bills)
    context = _common(spec, month) | {
        "page": page,
        "months": [newest_month(spec).previous(back) if back else newest_month(spec) for back in range(OFFERED)],
        "bills": [{"bill": bill, "paid": booked.get(bill.pk, (0, 0))[1]} for bill in bills],
        "runs": UndeclaredRun.objects.visible_to(request.user).select_related("asked_by")[:RUNS],
    }
    return render(request, "agency/undeclared.html", context)


def _common(spec, month) -> dict:
    rule = spec.collection.undeclared
    return {"title": TITLE, "month": month, "rule": rule, "until": deadline(spec, month)}


def _chosen(request) -> list[int] | None:
    return None if request.POST.get("all") else numbers(request.POST.getlist("chosen"))


def _preview(request, spec, month):
    pks, rows = _chosen(request), undeclared(request.user, month)
    found = propose(list(rows if pks is None else rows.filter(pk__in=pks)), month)
    if not found:
        raise Refused("nobody_chosen", "还没有勾选要暂核定的单位。")
    ready = [one for one in found if not one.obstacle]
    context = _common(spec, month) | {
        "ready": ready[:SHOWN],
        "ready_count": len(ready),
        "blocked": [one for one in found if one.obstacle][:SHOWN],
        "schemes": _by_scheme(ready),
        "total": sum(one.total for one in ready),
        "all": pks is None,
        "chosen": [one.employer.pk for one in ready] if pks is not None else [],
        "crumbs": [{"label": TITLE, "url": f"{reverse('a_undeclared')}?month={month}"}, {"label": "核对", "url": ""}],
    }
    return render(request, "agency/undeclared_check.html", context)


def _by_scheme(found: list[Proposal]) -> list[dict]:
    bases, employer, employee, titles = Counter(), Counter(), Counter(), {}
    for one in (share for proposal in found for share in proposal.shares):
        titles[one.scheme] = one.title
        bases[one.scheme] += one.base
        employer[one.scheme] += one.employer_due
        employee[one.scheme] += one.employee_due
    return [
        {"title": title, "base": bases[key], "employer": employer[key], "employee": employee[key],
         "total": employer[key] + employee[key]}
        for key, title in titles.items()
    ]  # fmt: skip


def _confirm(request, month):
    made = start_run(_chosen(request), month, by=request.user)
    return redirect("a_undeclared_run", made.pk)


@require_safe
@needs("review")
def run(request, pk):
    """What became of the chosen, or how far it is."""
    found = UndeclaredRun.objects.visible_to(request.user).get(pk=pk)
    back = f"{reverse('a_undeclared')}?month={found.month}"
    context = {"run": found, "back": back, "crumbs": [{"label": TITLE, "url": back}, {"label": "办理结果", "url": ""}]}
    return render(request, "agency/undeclared_run.html", context)


@require_safe
@needs("review")
def progress(request, pk):
    """How far it is (JSON for the waiting page); nothing when it is done."""
    found = UndeclaredRun.objects.visible_to(request.user).get(pk=pk)
    if found.finished_at:
        return JsonResponse({})
    words = f"正在暂核定，{found.employers_done} / {found.employers_total} 个单位"
    return JsonResponse({"words": words, "done": found.employers_done, "stuck": False})


@require_safe
@needs("review")
def provisional(request, pk):
    """One provisional bill with why each amount is what it is, and taking it back."""
    rows = Bill.objects.visible_to(request.user).ever().filter(basis_month__isnull=False)
    found = rows.select_related("employer", "assessment__made_by").get(pk=pk)
    lines = found.provisional_lines.order_by("pk")
    due, paid = balances([found]).get(found.pk, (0, 0))
    context = {
        "bill": found,
        "due": due,
        "paid": paid,
        "lines": [
            {"line": line, "told": explain_provisional(request.user, line.pk, "employer")} for line in lines
        ],
        "wish": found.assessment.void_requests.filter(state="voided").first(),
        "crumbs": [
            {"label": TITLE, "url": f"{reverse('a_undeclared')}?month={found.month}"}, {"label": found.label, "url": ""}
        ],
    }  # fmt: skip
    for row in context["lines"]:
        row["steps"] = step_rows(row["told"].steps)
    return render(request, "agency/provisional.html", context)


@require_POST
@needs("review")
def withdraw(request, pk):
    """Take a provisional bill back, with the reason."""
    found = Bill.objects.visible_to(request.user).ever().get(pk=pk)
    try:
        withdraw_provisional(found.assessment_id, by=request.user, reason=request.POST.get("reason", ""))
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"{found.label}已撤销，账务已冲回；已缴的款转入单位的待转金。")
    return redirect("a_provisional", pk)


urlpatterns = [
    path("undeclared/", undeclared_employers, name="a_undeclared"),
    path("undeclared/runs/<int:pk>", run, name="a_undeclared_run"),
    path("undeclared/runs/<int:pk>/progress", progress, name="a_undeclared_progress"),
    path("undeclared/bills/<int:pk>", provisional, name="a_provisional"),
    path("undeclared/bills/<int:pk>/withdraw", withdraw, name="a_provisional_withdraw"),
]
