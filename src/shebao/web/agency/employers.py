"""The employers of the region, as the agency sees them."""

from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shebao.hall.audit.looks import note_look
from shebao.hall.declarations.queries import current_month
from shebao.hall.employers.models import Employer
from shebao.hall.operators.models import Role
from shebao.hall.regions import region as region_of
from shebao.hall.roster.queries import insured_count
from shebao.hall.settlement.queries import adjustments_of
from shebao.hall.workbench.dossiers import employer_dossier

from ..access import needs
from ..adjustments import adjustments_context
from ..operators.audit_words import WORDS, action_title, detail_text

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
    return render(request, "agency/employers.html", {"page": page, "search": search, "asked": asked})


@require_safe
@needs("see_roster")
def employer(request, pk):
    """One employer: what is registered, how many are insured, and the bills."""
    dossier = employer_dossier(request.user, pk)
    found = dossier.employer
    region = region_of(found.region)
    month = current_month(region)
    note_look(found, "查看单位资料和账单", by=request.user, employer=found)
    titles = {key: service.title for key, service in region.services.items()} | dict(Role.choices) | WORDS
    context = {
        "employer": found,
        "dossier": dossier,
        "log": [
            {"entry": one, "title": action_title(one.action), "detail": detail_text(one.detail, titles)}
            for one in dossier.log
        ]
        if request.user.may("see_audit")
        else None,
        "sees_operators": request.user.may("review"),
        "counter_url": reverse("a_counter", args=[pk]) if request.user.may("enter_at_counter") else "",
        "month": month,
        "head_count": insured_count(found, month),
        "industry_title": _title(region, "industry_classes", found.industry_class),
        "account_kinds": _account_kinds(region, found) if request.user.may("review") else None,
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
    note_look(found, "查看补差", by=request.user, employer=found)
    context = adjustments_context(request, region, adjustments_of(request.user, pk, current_month(region)))
    crumbs = [
        {"label": "单位", "url": reverse("a_employers")},
        {"label": found.name, "url": reverse("a_employer", args=[pk])},
        {"label": "补差"},
    ]
    return render(request, "employer/adjust.html", context | {"crumbs": crumbs, "employer_name": found.name})


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
