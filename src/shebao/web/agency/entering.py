"""窗口业务 (社保前台): what the agency enters on an employer's behalf, by the employer's own forms and checks.

It is marked, takes effect only once somebody else reviewed it, and the employer sees it among its cases.
"""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from shebao.hall.declarations import operations, queries
from shebao.hall.declarations.declared_month import declared_month
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview, raw_answers, remembered, service_of
from shebao.hall.declarations.states import State
from shebao.hall.employers.models import Employer
from shebao.hall.employers.queries import employer_answers
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator, Role
from shebao.hall.regions import region as region_of

from ..access import needs
from ..chosen import is_whole, whole
from ..employer.employer_data import offering_own, withholding
from ..employer.fields import Shown, asked, confirmed, defaults, groups, page_fields, summary, typed
from .revealing import note_brought_back

TITLE = "窗口业务"


@require_safe
@needs("enter_at_counter")
def counter(request, pk):
    """The services that can be entered for an employer, and what the counter entered before."""
    employer = Employer.objects.visible_to(request.user).get(pk=pk)
    here = region_of(employer.region)
    entered = queries.cases(request.user).filter(employer=employer, at_counter=True)
    context = {
        "employer": employer,
        "services": [
            {"service": one, "url": reverse("a_counter_enter", args=[pk, one.key])} for one in here.listed_services
        ],
        "entered": entered[:30],
        "crumbs": _crumbs(employer, TITLE),
    }
    return render(request, "agency/counter.html", context)


def _crumbs(employer: Employer, last: str, *middle: dict) -> list[dict]:
    way = [
        {"label": "单位", "url": reverse("a_employers")},
        {"label": employer.name, "url": reverse("a_employer", args=[employer.pk])},
    ]
    return [*way, *middle, {"label": last, "url": ""}]


@require_http_methods(["GET", "HEAD", "POST"])
@needs("enter_at_counter")
def enter(request, pk, service):
    """The form of one service for one employer; `?case=` repairs what the counter entered."""
    employer = Employer.objects.visible_to(request.user).get(pk=pk)
    here = region_of(employer.region)
    spec = service_of(here, service)
    form, case = here.forms[spec.form], _case(request, employer, service)
    if request.method != "POST":
        raw = raw_answers(form, case.answers) if case else defaults(form, declared_month(here))
        if spec.is_about_employer and not case:
            raw |= raw_answers(form, employer_answers(form, employer))
        why = f"窗口{'补正' if case else '录入'}：{spec.title}"
        note_brought_back(case or employer, form.fields, raw, why, by=request.user, employer=employer)
        return _page(request, employer, spec, form, raw, case=case)
    raw, reasons = typed(form, request.POST), confirmed(request.POST)
    if request.POST.get("way") == "check":
        found = preview(employer, service, raw, by=request.user, confirmed=reasons, declaration=case)
        brought = remembered(form, raw, found)
        if found.known:
            why = f"窗口录入：{spec.title}"
            note_brought_back(found.known, form.fields, brought, why, by=request.user, employer=employer)
        raw |= brought
        return _page(request, employer, spec, form, raw, case=case, found=found)
    try:
        made = _save(request, employer, service, raw, reasons, case)
    except InvalidDeclaration as no:
        return _page(request, employer, spec, form, raw, case=case, found=no.previews[0], is_refused=True)
    except Refused as no:
        return _page(request, employer, spec, form, raw, case=case, refusal=no)
    messages.success(request, f"已录入并提交，办件号 {made.case_number}，由另一位审核人员办理。")
    return redirect("a_counter", pk)


def _case(request, employer: Employer, service: str) -> Declaration | None:
    key = request.GET.get("case", "")
    if not is_whole(key):
        return None
    rows = Declaration.objects.visible_to(request.user).filter(state__in=(State.DRAFT, State.RETURNED))
    return rows.get(pk=int(key), employer=employer, service=service, at_counter=True)


@transaction.atomic
def _save(request, employer: Employer, service: str, raw: dict, reasons: dict, case: Declaration | None):
    """Save, or repair, and submit at once, all or nothing: the counter keeps no basket."""
    if case:
        version = request.POST.get("version", "")
        made = operations.repair_declaration(
            case.pk, raw, by=request.user, confirmed=reasons,
            version=whole(version), note=request.POST.get("reply", ""),
        )  # fmt: skip
    else:
        (made,) = operations.save_declarations(employer.pk, service, [raw], by=request.user, confirmed=[reasons])
    result = operations.submit_declarations([made.pk], by=request.user)
    if result.refused:
        raise Refused("not_submitted", result.refused[0][1])
    return result.submitted[0]


def _page(request, employer, spec, form, raw, *, case=None, found=None, is_refused=False, refusal=None):
    here, pressed = region_of(employer.region), request.method == "POST"
    reasons = confirmed(request.POST) if pressed else dict(case.confirmed) if case else {}
    judged = tuple(found.problems) if found else ()
    fields = withholding(page_fields(form, here, Shown(raw, judged, marks=case.marks if case else None)), employer)
    # What only the employer has to choose from is read as one of its own people would read it.
    clerk = Operator(role=Role.CLERK, employer=employer, region=employer.region)
    errors = summary(judged, confirmed=reasons) if is_refused else []
    if refusal:
        errors = [{"id": f"id_{refusal.field}" if refusal.field else "", "text": refusal.message}]
    title = f"{spec.title}（{'补正' if case else '窗口录入'}）"
    context = {
        "employer": employer,
        "spec": spec,
        "case": case,
        "title": title,
        "groups": groups(form, offering_own(form, fields, clerk)),
        "confirms": asked(judged, request.POST if pressed else {}, reasons),
        "problems": [one for one in judged if one.code != "required"],
        "found": found,
        "total": found.employer_total + found.employee_total if found else 0,
        "errors": errors,
        "is_returned": bool(case and case.state == State.RETURNED),
        "reply": request.POST.get("reply", ""),
        "wage_field": "",
        "scales": [],
        "papers": [one.title for one in spec.papers if one.keep != "keep"],
        "crumbs": _crumbs(employer, title, {"label": TITLE, "url": reverse("a_counter", args=[employer.pk])}),
    }
    status = refusal.status if refusal else 422 if is_refused else 200
    return render(request, "agency/counter_enter.html", context, status=status)


urlpatterns = [
    path("employers/<int:pk>/counter/", counter, name="a_counter"),
    path("employers/<int:pk>/counter/<slug:service>/", enter, name="a_counter_enter"),
]
