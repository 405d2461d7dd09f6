"""The employers of the region, as the agency sees them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shebao.hall.declarations.queries import current_month
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of
from shebao.hall.registration.resets import account_of, accounts_of, reset_at_agency
from shebao.hall.roster.queries import insured_count
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.queries import adjustments_of

from ..access import needs
from ..adjustments import adjustments_context

PAGE = 50
BILLS = 24


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
    return render(request, "agency/employers.html", {"page": page, "search": search, "asked": asked})


@require_safe
@needs("see_roster")
def employer(request, pk):
    """One employer: what is registered, how many are insured, and the bills."""
    found = Employer.objects.visible_to(request.user).get(pk=pk)
    region = region_of(found.region)
    month = current_month(region)
    context = {
        "employer": found,
        "month": month,
        "head_count": insured_count(found, month),
        "bills": Bill.objects.visible_to(request.user)
        .ever()
        .select_related("assessment")
        .filter(employer=found)
        .order_by("-month")[:BILLS],
        "industry_title": _title(region, "industry_classes", found.industry_class),
        "account_kinds": _account_kinds(region, found) if request.user.may("review") else None,
        "accounts": list(accounts_of(found, by=request.user)) if request.user.may("reset_accounts") else [],
        "grade_title": _title(region, "float_grades", found.float_grade),
        "crumbs": [{"label": "单位", "url": "../employers/"}, {"label": found.name}],
    }
    return render(request, "agency/employer.html", context)


@require_safe
@needs("see_roster")
def adjustments(request, pk):
    """补差 of one employer, as its clerk sees it."""
    found = Employer.objects.visible_to(request.user).get(pk=pk)
    region = region_of(found.region)
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
        operator, link = reset_at_agency(pk, request.POST.get("reason", ""), by=request.user, agency=agency)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("a_employer", account_of(pk, by=request.user).employer_id)
    context = {"operator": operator, "link": link, "employer": operator.employer}
    return render(request, "agency/reset.html", context)


def _account_kinds(region, employer: Employer) -> dict | None:
    """The question what kind of account it is, where any form or scheme of the region asks."""
    asked = any(f.required_when for form in region.forms.values() for f in form.fields)
    if not (asked or any("account_kind" in scheme.facts for scheme in region.open_schemes)):
        return None
    return {
        "id": "account_kind", "name": "account_kind", "label": "参保户类型", "kind": "choice",
        "options": [(one.code, one.title) for one in region.codes["account_kinds"].items],
        "value": employer.account_kind, "placeholder": "不区分",
    }  # fmt: skip


def _title(region, codes: str, code: str) -> str:
    return region.codes[codes].title_of(code) if codes in region.codes else code
