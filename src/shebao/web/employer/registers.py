"""Registers that a region's catalogue names: who paid into a scheme by months, and who is covered for a year."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from shebao.hall.documents.plans import issue_plan
from shebao.hall.employers.models import Employer
from shebao.hall.errors import Refused
from shebao.hall.settlement.registers import paid_bills, scheme_lines, sums_of
from shebao.hall.sheets.writing import Column
from shebao.hall.supplements.models import YearlyCover
from shebao.hall.supplements.queries import covers_of_year, years_covered
from shebao.rules.region import Page

from ..access import needs
from ..taking import taken
from ..templatetags.ui import mask_id
from .common import crumbs, here, paged, this_month
from .papers import months_asked

REGISTER_COLUMNS = (
    Column("费款所属期", width=12), Column("姓名"), Column("证件号码", width=22), Column("个人编号", width=16),
    Column("应缴类型", width=12), Column("单位应缴（元）", "yuan", 16), Column("个人应缴（元）", "yuan", 16),
    Column("合计（元）", "yuan", 16), Column("缴费", width=10), Column("账单号", width=24),
)  # fmt: skip
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
def scheme_roster(request):
    """Everybody who was charged in the scheme, by months, with sums (名册查询)."""
    row, employer = _row(request, "scheme_roster"), Employer.objects.visible_to(request.user).get()
    months, errors, fields = months_asked(request, employer)
    lines = scheme_lines(request.user, row.scheme, months)
    page = paged(request, lines)
    span = {field["name"]: field["value"] for field in fields}
    context = {
        "title": row.title,
        "crumbs": crumbs(row.title),
        "notes": row.notes,
        "fields": fields,
        "errors": errors,
        "sums": sums_of(lines),
        "page": page,
        "rows": _lines(request, page),
        "span_line": f"{span['from']} 至 {span['to']}",
        "export_url": f"{reverse('e_scheme_roster_export')}?{urlencode(span)}",
    }
    return render(request, "employer/scheme_roster.html", context, status=422 if errors else 200)


def _lines(request, lines) -> list[dict]:
    lines = list(lines)
    paid = paid_bills(lines)
    return [
        {"line": line, "due": line.employer_due + line.employee_due, "paid": line.bill_id in paid} for line in lines
    ]


@needs("see_roster")
@require_GET
def scheme_roster_export(request):
    """The register as a workbook, sums in its last row; identity numbers stay masked."""
    row, employer = _row(request, "scheme_roster"), Employer.objects.visible_to(request.user).get()
    months, errors, fields = months_asked(request, employer)
    if errors:
        return redirect(f"{reverse('e_scheme_roster')}?{request.GET.urlencode()}")
    lines = scheme_lines(request.user, row.scheme, months)
    sums, span = sums_of(lines), "至".join(field["value"] for field in fields)
    line = f"单位：{employer.name}；费款所属期：{span}；{sums.head_count} 人"
    rows = [_cells(one) for one in _lines(request, lines)]
    rows.append(("合计", f"{sums.head_count} 人", "", "", "", sums.employer_due, sums.employee_due, sums.total, "", ""))
    return taken(request, row.title, line, REGISTER_COLUMNS, rows, f"{row.title}-{span}.xlsx")


def _cells(one: dict) -> tuple:
    line = one["line"]
    return (
        str(line.month),
        line.employee.name,
        mask_id(line.employee.person.id_number),
        line.employee.person_number,
        line.get_kind_display(),
        line.employer_due,
        line.employee_due,
        one["due"],
        "已缴" if one["paid"] else "未缴",
        line.bill.number,
    )


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
        document = issue_plan(request.user.employer_id, int(asked) if asked.isdecimal() else 0, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("e_yearly_plan")
    return redirect("e_document", document.pk)


urlpatterns = [
    path("scheme-roster/", scheme_roster, name="e_scheme_roster"),
    path("scheme-roster/export/", scheme_roster_export, name="e_scheme_roster_export"),
    path("yearly-plan/", yearly_plan, name="e_yearly_plan"),
    path("yearly-plan/export/", yearly_plan_export, name="e_yearly_plan_export"),
    path("yearly-plan/print/", print_plan, name="e_yearly_plan_print"),
]
