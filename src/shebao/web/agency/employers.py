"""The employers of the region, as the agency sees them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.audit.looks import note_look
from shebao.hall.declarations.counter import (
    counter_business,
    finish_counter_business,
    open_counter_business,
    waits_for_counter,
)
from shebao.hall.declarations.queries import current_month
from shebao.hall.documents.issued import may_revoke, months_of
from shebao.hall.employers.models import Employer
from shebao.hall.employers.operations import divisions_of
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.registration.resets import account_of, accounts_of, reset_at_agency
from shebao.hall.registration.telling import reset_told
from shebao.hall.roster.queries import insured_count
from shebao.hall.settlement.adjusted_months import adjustments_of
from shebao.hall.settlement.late_decisions import extended_months
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement, preconditions, who_computes
from shebao.hall.workbench.dossiers import employer_dossier
from shebao.rules.money import yuan
from shebao.rules.months import BadMonth, Month
from shebao.rules.settling_words import settling

from ..access import needs
from ..adjustments import adjustments_context
from .divisions import division_field
from .registration_list import counter_actions

PAGE = 50


@require_safe
@needs("see_roster")
def employers(request):
    """The employers of the region, found by name, number or credit code."""
    asked = request.GET.get("q", "").strip()
    found = Employer.objects.visible_to(request.user).order_by("employer_number")
    if asked:
        found = found.filter(
            Q(name__icontains=asked) | Q(employer_number__startswith=asked) | Q(credit_code__startswith=asked.upper())
        )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    search = {
        "id": "q",
        "name": "q",
        "label": "单位名称、编号或统一社会信用代码",
        "kind": "text",
        "value": asked,
    }
    context = {"page": page, "search": search, "asked": asked, "actions": counter_actions(request.user)}
    return render(request, "agency/employers.html", context)


@require_safe
@needs("see_roster")
def employer(request, pk):
    """One employer: what is registered, how many are insured, and the bills."""
    dossier = employer_dossier(request.user, pk)
    found = dossier.employer
    region = region_of(found.region)
    month = current_month(region)
    note_look(found, "查看单位资料和账单", by=request.user, employer=found)
    context = {
        "employer": found,
        "dossier": dossier,
        "papers": [(one, months_of(one, region)) for one in dossier.papers],
        "sees_operators": request.user.may("review"),
        "revocable": [one.pk for one in dossier.papers if request.user.may("review") and may_revoke(one, region)],
        "counter_url": reverse("a_counter", args=[pk]) if request.user.may("enter_at_counter") else "",
        "month": month,
        "head_count": insured_count(found, month),
        "kind_title": region.code_title("employer_kinds", found.employer_kind),
        "economic_title": region.code_title("economic_kinds", found.economic_kind),
        "industry_title": region.code_title("industry_classes", found.industry_class),
        "account_kinds": _account_kinds(region, found) if request.user.may("review") else None,
        "division": division_field(found, request.user),
        "division_title": divisions_of(found.region).get(found.agency_division, ""),
        "resettable": _resettable(request, found),
        "counter_rows": counter_business(request.user).filter(employer=found)[:PAGE],
        "takes_counter": waits_for_counter(region) and request.user.may("review"),
        "office": _office(request, found),
        "grade_title": region.code_title("float_grades", found.float_grade),
        "crumbs": [{"label": "单位", "url": "../employers/"}, {"label": found.name}],
    }
    return render(request, "agency/employer.html", context)


def _resettable(request, employer: Employer) -> set[int]:
    """The accounts whose password this officer may take away: those in use, for whoever has the permission."""
    if not request.user.may("reset_accounts"):
        return set()
    return set(accounts_of(employer, by=request.user).values_list("pk", flat=True))


def _office_month(employer: Employer):
    """The month to be assessed next: an earlier one that stayed open for a late decision, else this one."""
    current = current_month(region_of(employer.region))
    return min(extended_months(employer, current), default=current)


def _office(request, employer: Employer) -> dict | None:
    """What the office has to assess, where it computes for this employer; what stands in its way, in words."""
    if not request.user.may("review") or who_computes(employer) != "office":
        return None
    month = _office_month(employer)
    if Bill.objects.visible_to(request.user).live().filter(employer=employer, month=month, series=0).exists():
        return {"done": True, "month": month, "items": [], "ready": False}
    items = preconditions(employer, month, by=request.user)
    found = applicable_settlement(employer, month)
    ready = all(one.is_met for one in items)
    return {"done": False, "month": month, "title": found.title, "items": items, "ready": ready}


@require_POST
@needs("review")
def assess(request, pk):
    """The office's own assessment of an employer that chose it (核定)."""
    employer = Employer.objects.visible_to(request.user).get(pk=pk)
    month = _office_month(employer)
    try:
        kind = applicable_settlement(employer, month)
        bill = settle_month(employer.pk, month, kind.key, by=request.user, confirmations=kind.confirmations)
    except Refused as no:
        for line in no.message.splitlines():
            messages.error(request, line)
    else:
        messages.success(request, f"已核定 {month.label}，账单 {bill.number}，应缴 {yuan(bill.total_due)} 元。")
    return redirect("a_employer", pk)


@require_POST
@needs("review")
def open_business(request, pk):
    """Enter business that an employer brought to the counter."""
    employer = Employer.objects.visible_to(request.user).get(pk=pk)
    try:
        month = Month.parse(request.POST.get("month", ""))
        made = open_counter_business(employer.pk, request.POST.get("title", ""), month, by=request.user)
    except BadMonth as bad:
        messages.error(request, f"业务年月：{bad.message}")
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(
            request, settling(region_of(employer.region).terms, f"已受理“{made.title}”，办结以前单位不能结算。")
        )
    return redirect("a_employer", pk)


@require_POST
@needs("review")
def finish_business(request, pk):
    """Say that it is done."""
    try:
        done = finish_counter_business(pk, request.POST.get("outcome", ""), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("a_employers")
    messages.success(request, f"“{done.title}”已办结。")
    return redirect("a_employer", done.employer_id)


@require_safe
@needs("see_roster")
def adjustments(request, pk):
    """补差 of one employer, as its clerk sees it."""
    found = Employer.objects.visible_to(request.user).get(pk=pk)
    region = region_of(found.region)
    note_look(found, "查看补差", by=request.user, employer=found)
    context = adjustments_context(request, region, adjustments_of(request.user, pk, current_month(region)))
    crumbs = [
        {"label": "单位", "url": reverse("a_employers")},
        {"label": found.name, "url": reverse("a_employer", args=[pk])},
        {"label": "补差"},
    ]
    return render(request, "employer/adjust.html", context | {"crumbs": crumbs, "employer_name": found.name})


@require_POST
@needs("reset_accounts")
def reset(request, pk):
    """Take an account's password away; the link to a new one is shown once."""
    agency = region_of(request.user.region).term("agency")
    try:
        operator, link = reset_at_agency(
            pk,
            request.POST.get("reason", ""),
            by=request.user,
            agency=agency,
            lost_factors="lost_factors" in request.POST,
        )
    except Refused as no:
        messages.error(request, no.message)
        return redirect("a_employer", account_of(pk, by=request.user).employer_id)
    context = {"operator": operator, "link": link, "employer": operator.employer}
    context["told"] = reset_told(operator.employer.phone)
    return render(request, "agency/reset.html", context)


def _account_kinds(region, employer: Employer) -> dict | None:
    """The question what kind of account it is, where any form or scheme of the region asks."""
    asked = any(f.required_when for form in region.forms.values() for f in form.fields)
    if not (asked or any("account_kind" in scheme.facts for scheme in region.open_schemes)):
        return None
    return {
        "id": "account_kind", "name": "account_kind", "label": "参保户类型", "kind": "choice",
        "options": region.codes["account_kinds"].choices(employer.account_kind),
        "value": employer.account_kind, "placeholder": "不区分",
    }  # fmt: skip


urlpatterns = [
    path("employers/<int:pk>/assess", assess, name="a_assess"),
    path("employers/<int:pk>/business", open_business, name="a_business_open"),
    path("business/<int:pk>/done", finish_business, name="a_business_done"),
]
