"""Who is covered for a year (缴费计划): listed, taken along, printed."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from shebao.hall.documents.plans import issue_plan
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.sheets.writing import Column
from shebao.hall.supplements.models import YearlyCover
from shebao.hall.supplements.queries import covers_of_year, years_covered
from shebao.rules.region import Page

from ..access import needs
from ..chosen import whole
from ..taking import taken
from ..templatetags.ui import mask_id
from .common import crumbs, here, this_month

COVER_COLUMNS = (
    Column("姓名"), Column("证件号码", width=22), Column("个人编号", width=16), Column("缴费年度", width=10),
    Column("缴费方式", width=12), Column("列入账单", width=12), Column("金额（元）", "yuan", 14),
)  # fmt: skip


def _row(request, page: str) -> Page:
    """The catalogue's row of a page; what a region does not name is not there."""
    row = next((one for one in here(request).pages.values() if one.page == page), None)
    if row is None:
        raise Employer.DoesNotExist(f"no page {page} in this region")
    return row


@needs("see_roster")
@require_GET
def yearly_plan(request):
    """Everybody covered for a year, and the plan to print (缴费计划)."""
    row, year = _row(request, "yearly_plan"), _year(request)
    covers = list(covers_of_year(request.user, year))
    ways = here(request).codes["cover_payments"]
    rows = [{"cover": cover, "way": ways.title_of(cover.pay_by)} for cover in covers]
    declared_at = next((s.key for s in here(request).services.values() if s.operation == "cover_year"), "")
    context = {
        "title": row.title,
        "crumbs": crumbs(row.title),
        "notes": row.notes,
        "year": year,
        "field": {"id": "id_year", "name": "year", "kind": "choice", "label": "缴费年度", "value": str(year),
                  "options": [(str(one), f"{one} 年度") for one in _years(request)]},
        "rows": rows,
        "sums": [_sum(code, list(covers)) for code in ways.items],
        "total": sum(one["cover"].amount_fen for one in rows),
        "export_url": f"{reverse('e_yearly_plan_export')}?year={year}",
        "declare_url": reverse("e_declare", args=[declared_at]) if declared_at else "",
        "may_print": request.user.may("print"),
    }  # fmt: skip
    return render(request, "employer/yearly_plan.html", context)


def _sum(code, covers: list[YearlyCover]) -> dict:
    own = [cover for cover in covers if cover.pay_by == code.code]
    return {"title": code.title, "count": len(own), "fen": sum(cover.amount_fen for cover in own)}


def _years(request) -> list[int]:
    return sorted({this_month(request).year, *years_covered(request.user)}, reverse=True)


def _year(request) -> int:
    """The year asked for, else this one; what is no year of a plan asks for nothing."""
    asked = request.GET.get("year", "")
    return int(asked) if asked in map(str, _years(request)) else this_month(request).year


@needs("see_roster")
@require_GET
def yearly_plan_export(request):
    """The plan of a year as a workbook."""
    row, year, ways = _row(request, "yearly_plan"), _year(request), here(request).codes["cover_payments"]
    covers = list(covers_of_year(request.user, year))
    rows = [
        (c.employee.name, mask_id(c.employee.person.id_number), c.employee.person_number, str(c.year),
         ways.title_of(c.pay_by), str(c.charged_in or ""), c.amount_fen)
        for c in covers
    ]  # fmt: skip
    rows.append(("合计", f"{len(covers)} 人", "", "", "", "", sum(cover.amount_fen for cover in covers)))
    line = f"单位：{request.user.employer.name}；缴费年度：{year}"
    return taken(request, row.title, line, COVER_COLUMNS, rows, f"{row.title}-{year}.xlsx")


@needs("print")
@require_POST
def print_plan(request):
    """Issue the plan of a year and show the paper (打印缴费计划)."""
    asked = request.POST.get("year", "")
    try:
        document = issue_plan(request.user.employer_id, whole(asked), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_yearly_plan")
    return redirect("e_document", document.pk)


urlpatterns = [
    path("yearly-plan/", yearly_plan, name="e_yearly_plan"),
    path("yearly-plan/export/", yearly_plan_export, name="e_yearly_plan_export"),
    path("yearly-plan/print/", print_plan, name="e_yearly_plan_print"),
]
