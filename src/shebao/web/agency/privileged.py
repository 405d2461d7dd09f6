"""特权查询 at the agency: ask, agree, look while it lasts; who may ask is named by the security administrator."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.errors import Refused
from shebao.hall.privileged import operations
from shebao.hall.privileged.models import NamedOperator, PrivilegedQuery, QueryState, Scope
from shebao.hall.regions import region as region_of
from shebao.hall.roster.models import Employee
from shebao.hall.workbench.dossiers import employer_dossier, person_dossier

from ..access import needs
from ..chosen import is_whole, left_empty, whole
from .people import job_rows, line_rows

PAGE, TITLE, NAMED = 30, "特权查询", "特权查询人员"
MINUTES = 60
LOST = {
    "scope": "请选择查一个单位还是一个人。",
    "number": "请填写单位编号、信用代码，或完整证件号码。",
    "reason": "请写明为什么查，单位会看到。",
}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("query_with_privilege", "approve_privileged")
def queries(request):
    """What was asked, and the form to ask."""
    given, is_named = request.POST, operations.is_named(request.user)
    errors = left_empty(request, LOST) if request.method == "POST" and is_named else []
    status = 422 if errors else 200
    if request.method == "POST" and not errors:
        try:
            operations.ask_privileged(
                given.get("scope", ""), given.get("number", ""), by=request.user,
                reason=given.get("reason", ""), basis=given.get("basis", ""),
            )  # fmt: skip
        except Refused as no:
            errors, status = [{"id": no.field, "text": no.message}], no.status
        else:
            messages.success(request, "已提交，等另一位管理员批准。")
            return redirect("a_privileged")
    rows = PrivilegedQuery.objects.visible_to(request.user).select_related(
        "asked_by", "decided_by", "employer", "person"
    )
    context = {
        "page": Paginator(rows.order_by("-asked_at", "-pk"), PAGE).get_page(request.GET.get("page")),
        "is_named": is_named,
        "may_approve": request.user.may("approve_privileged"),
        "fields": _fields(given, {one["id"]: one["text"] for one in errors}),
        "errors": [one | {"id": f"id_{one['id']}" if one["id"] else ""} for one in errors],
        "minutes": MINUTES,
        "waiting": _waiting(request.user),
        "title": TITLE,
    }
    return render(request, "agency/privileged.html", context, status=status)


def _waiting(operator) -> list[PrivilegedQuery]:
    """What waits for an approver, the longest first."""
    if not operator.may("approve_privileged"):
        return []
    rows = PrivilegedQuery.objects.awaiting(operator.region, operator.pk)
    return list(rows.select_related("asked_by", "employer", "person").order_by("asked_at", "pk"))


def _fields(given, wrong) -> list[dict]:
    fields = [
        {"name": "scope", "label": "查什么", "kind": "radios", "options": Scope.choices, "full": True},
        {"name": "number", "label": "单位编号、信用代码，或完整证件号码", "kind": "text", "maxlength": 40},
        {"name": "basis", "label": "依据文书", "kind": "text", "maxlength": 100, "hint": "如：协助调查函文号"},
        {"name": "reason", "label": "查询原因", "kind": "textarea", "maxlength": 200, "full": True,
         "hint": f"至少 {operations.SHORTEST_REASON} 个字；被查的单位会看到这段话"},
    ]  # fmt: skip
    for field in fields:
        field |= {"id": f"id_{field['name']}", "value": given.get(field["name"], ""),
                  "required": field["name"] != "basis", "error": wrong.get(field["name"], "")}  # fmt: skip
    return fields


def _do(request, deed, said: str, to: str = "a_privileged"):
    try:
        deed()
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, said)
    return redirect(to)


@require_POST
@needs("approve_privileged")
def approve(request, pk):
    """Agree, for a while."""
    minutes, note = request.POST.get("minutes", ""), request.POST.get("note", "")
    time = whole(minutes) if len(minutes) < 5 else 0
    deed = lambda: operations.approve_privileged(pk, by=request.user, minutes=time, note=note)  # noqa: E731
    return _do(request, deed, f"已批准，{time} 分钟内有效。")


@require_POST
@needs("approve_privileged")
def decline(request, pk):
    """Do not agree."""
    note = request.POST.get("note", "")
    return _do(request, lambda: operations.decline_privileged(pk, by=request.user, note=note), "已记下不批准。")


@require_POST
@needs("query_with_privilege", "approve_privileged")
def end(request, pk):
    """End it early."""
    return _do(request, lambda: operations.end_query(pk, by=request.user), "已结束。")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def named(request):
    """Who may ask, named by whoever gives the rights and does none of the business; a POST names another."""
    if request.method == "POST":
        chosen = request.POST.get("operator", "")
        if is_whole(chosen):
            deed = lambda: operations.name_operator(int(chosen), by=request.user)  # noqa: E731
            return _do(request, deed, "已指定。", "a_privileged_named")
        messages.error(request, "请选择操作员。")
        return redirect("a_privileged_named")
    rows = NamedOperator.objects.visible_to(request.user).filter(ended_at=None).select_related("operator", "named_by")
    there = {one.operator_id for one in rows} | {request.user.pk}
    context = {
        "named": rows,
        "people": operations.may_be_named(by=request.user).exclude(pk__in=there).order_by("name"),
        "crumbs": [{"label": NAMED}],
        "title": NAMED,
    }
    return render(request, "agency/privileged_named.html", context)


@require_POST
@needs("manage_operators")
def unname(request, pk):
    """Take the privilege away."""
    deed = lambda: operations.unname_operator(pk, by=request.user)  # noqa: E731
    return _do(request, deed, "已取消指定，未完的查询随即结束。", "a_privileged_named")


@require_safe
@needs("query_with_privilege")
def look(request, pk):
    """What was agreed to, whole, for who asked."""
    found = operations.look(pk, "查看完整资料", by=request.user)
    here = region_of(request.user.region)
    context = {
        "query": found,
        "crumbs": [{"label": TITLE, "url": reverse("a_privileged")}, {"label": "查看"}],
        "state_open": QueryState.APPROVED,
    }
    if found.scope == Scope.EMPLOYER:
        people = Employee.objects.visible_to(request.user).filter(employer=found.employer).select_related("person")
        context |= {
            "dossier": employer_dossier(request.user, found.employer_id),
            "people": Paginator(people.order_by("name_pinyin", "pk"), PAGE).get_page(request.GET.get("page")),
        }
        return render(request, "agency/privileged_employer.html", context)
    dossier = person_dossier(request.user, found.person_id)
    context |= {"dossier": dossier, "jobs": job_rows(here, dossier), "lines": line_rows(here, dossier)}
    return render(request, "agency/privileged_person.html", context)


urlpatterns = [
    path("privileged/", queries, name="a_privileged"),
    path("privileged/named", named, name="a_privileged_named"),
    path("privileged/named/<int:pk>/end", unname, name="a_privileged_unname"),
    path("privileged/<int:pk>", look, name="a_privileged_look"),
    path("privileged/<int:pk>/approve", approve, name="a_privileged_approve"),
    path("privileged/<int:pk>/decline", decline, name="a_privileged_decline"),
    path("privileged/<int:pk>/end", end, name="a_privileged_end"),
]
