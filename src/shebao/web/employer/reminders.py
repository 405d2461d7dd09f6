"""Reminders (征收业务提醒): who retires when, who is past it, and which bills are in arrears."""

from django.http import Http404
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.timezone import make_naive
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.payments.queries import running_payments
from shebao.hall.roster.queries import departments, roster
from shebao.hall.roster.retiring import SPANS, Ages, Retiring, ages
from shebao.hall.settlement.arrears import Arrears, arrears
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.paying_state import is_unknown, offer_of
from shebao.hall.sheets.writing import Column

from ..access import needs, refusal
from ..places import name_of, permission_of
from ..taking import taken
from ..templatetags.ui import mask_id
from .common import crumbs, here, paged, this_month

ARREARS = "arrears"
FILTERS = {"q": "姓名、拼音、个人编号或证件号码", "department": "部门"}
NOTES = {
    "retiring_this_month": "本月到达法定退休年龄。到龄当月仍须参保，请办理退休申请；批准后从次月起减员。",
    "retiring_within_three_months": "3 个月内到达法定退休年龄，含本月。请核对档案出生年月和缴费年限，准备申请。",
    "retiring_within_six_months": "6 个月内到达法定退休年龄，含本月。要弹性提前或延迟退休的，请尽早商定。",
    "past_retirement": "已过法定退休年龄仍在参保。已办退休的请减员；缴费年限不足或延迟退休的，请咨询经办机构。",
    ARREARS: "缴费截止后仍没有缴清的账单。自欠缴之日起按日加收滞纳金，请尽快缴费。",
}
PEOPLE = (
    Column("姓名"), Column("证件号码", width=22), Column("个人编号", width=16), Column("部门"),
    Column("出生年月", width=12), Column("退休类别", width=34), Column("法定退休年龄", width=16),
    Column("法定退休年月", width=14), Column("距到龄", width=14), Column("弹性提前最早", width=14),
)  # fmt: skip
BILLS = (
    Column("费款所属期", width=14), Column("账单号", width=22), Column("应缴（元）", "yuan"),
    Column("已缴（元）", "yuan"), Column("欠缴（元）", "yuan"), Column("缴费截止", width=18),
    Column("逾期天数", "whole", 10), Column("滞纳金（元）", "yuan"), Column("今天应缴（元）", "yuan"),
)  # fmt: skip


@needs("see_roster")
@require_GET
def reminder(request, page):
    """One of the five lists, with the others as tabs."""
    _check(request, page)
    found, (late, in_time) = ages(request.user.employer, this_month(request), request.user), arrears(request.user)
    title = name_of(page, here(request))
    context = {
        "page_word": page,
        "title": title,
        "crumbs": crumbs(title),
        "note": NOTES[page],
        "tabs": _tabs(request, page, found, late),
        "export_url": f"{reverse('e_reminder_export', args=[page])}?{urlencode(_asked(request))}",
        "unknown": found.unknown if page != ARREARS else (),
    }
    if page == ARREARS:
        context |= _to_pay(late, in_time) | {"open": sum(one.open for one in late)}
        context |= {"late_fee": sum(one.late_fee for one in late), "total": sum(one.total for one in late)}
        return render(request, "employer/arrears.html", context)
    rows = _people(request, found.within(page))
    pages = paged(request, rows)
    context |= {
        "page": pages,
        "rows": pages.object_list,
        "filters": _filter_fields(request),
        "is_filtered": bool(_asked(request)),
        "asked_line": _line(request, title),
        "service": _cessation(request),
    }
    return render(request, "employer/reminder.html", context)


def _check(request, page: str) -> None:
    """Only the lists that the region's catalogue opens, and only to those who may see what is on them."""
    if page not in {row.page for row in here(request).pages.values()} or page not in NOTES:
        raise Http404
    if not request.user.may(permission_of(page)):
        raise refusal(request.user, permission_of(page))


def _tabs(request, current: str, found: Ages, late: list[Arrears]) -> list[dict]:
    counts = {page: len(found.within(page)) for page in SPANS} | {ARREARS: len(late)}
    return [
        {
            "title": row.title,
            "count": counts[row.page],
            "url": reverse("e_reminder", args=[row.page]),
            "current": row.page == current,
        }
        for row in here(request).pages.values()
        if row.page in counts and request.user.may(permission_of(row.page))
    ]


def _asked(request) -> dict[str, str]:
    return {name: text for name in FILTERS if (text := request.GET.get(name, "").strip()[:60])}


def _people(request, found: list[Retiring]) -> list[dict]:
    """The people with their rows of the roster, as filtered, the nearest first; one query more."""
    wanted = roster(request.user, _asked(request)).filter(pk__in=[one.pk for one in found])
    employees = {one.pk: one for one in wanted}
    return [
        {"one": one, "employee": employees[one.pk], "left": _left(one.left)} for one in found if one.pk in employees
    ]


def _left(months: int) -> str:
    return f"{months} 个月后" if months > 0 else f"已过 {-months} 个月" if months else "本月"


def _filter_fields(request) -> list[dict]:
    choices = [(name, name) for name in departments(request.user)]
    asked = _asked(request)
    return [
        {"name": "q", "label": FILTERS["q"], "kind": "text", "value": asked.get("q", "")},
        {
            "name": "department", "label": FILTERS["department"], "kind": "choice", "options": choices,
            "value": asked.get("department", ""), "placeholder": "全部",
        },
    ]  # fmt: skip


def _line(request, title: str) -> str:
    said = "".join(f"；{FILTERS[name]}：{text}" for name, text in _asked(request).items())
    return f"{title}{said}"


def _to_pay(late: list[Arrears], in_time: list[Bill]) -> dict:
    """The bills in arrears and those that have time, each with what is offered for it; one query."""
    found = running_payments([*(one.bill for one in late), *in_time])

    def shown(one, bill: Bill) -> dict:
        running = found.get(bill.pk)
        return {"one": one, "running": running, "is_unknown": is_unknown(running), "offer": offer_of(running)}

    return {"rows": [shown(one, one.bill) for one in late], "in_time": [shown(one, one) for one in in_time]}


def _cessation(request):
    """The service that ends somebody's insurance, for those who may declare."""
    if not request.user.may("declare"):
        return None
    return next((one for one in here(request).services.values() if one.operation == "cease_employees"), None)


@needs("see_roster")
@require_GET
def export(request, page):
    """The list as filtered, as a workbook; identity numbers stay masked."""
    _check(request, page)
    title, month = name_of(page, here(request)), this_month(request)
    line = f"单位：{request.user.employer.name}；业务年月：{month}；截至 {clock.today()}；范围：{_line(request, title)}"
    if page == ARREARS:
        rows = (_bill_cells(one) for one in arrears(request.user)[0])
        return taken(request, title, line, BILLS, rows, f"{title}-{month}.xlsx")
    people = _people(request, ages(request.user.employer, month, request.user).within(page))
    return taken(request, title, line, PEOPLE, (_cells(row) for row in people), f"{title}-{month}.xlsx")


def _cells(row: dict) -> tuple:
    one, employee = row["one"], row["employee"]
    return (
        employee.name, mask_id(employee.person.id_number), employee.person_number, employee.department,
        str(one.born), one.track, one.age_words, str(one.statutory), row["left"], str(one.earliest),
    )  # fmt: skip


def _bill_cells(one: Arrears) -> tuple:
    until = make_naive(one.bill.pay_until)
    return (
        str(one.bill.month), one.bill.number, one.due, one.paid, one.open, f"{until:%Y-%m-%d %H:%M}", one.days,
        one.late_fee, one.total,
    )  # fmt: skip


urlpatterns = [
    path("reminders/<slug:page>/", reminder, name="e_reminder"),
    path("reminders/<slug:page>/export/", export, name="e_reminder_export"),
]
