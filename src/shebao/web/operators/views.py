"""Who may sign in, and who did what."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.employers.operations import divisions_of
from shebao.hall.errors import Refused
from shebao.hall.operators import operations
from shebao.hall.operators.models import Operator, Role
from shebao.hall.regions import region
from shebao.hall.sign_in.factors import operators_with_factor
from shebao.rules.settling_words import settle_name

from ..access import needs
from ..chosen import left_empty
from ..taking import taken
from .audit_asked import COLUMNS, MOST_EXPORTED, PLACE, Asked, rows_of

PAGE = 50
DOES = {
    Role.CLERK: "申报、{}、缴费和打印；可以再限定岗位、部门和险种",
    Role.EMPLOYER_ADMIN: "专管员能办的都能办，还管理本单位的操作员、查阅操作记录",
    Role.REVIEWER: "审核申报和注册，在窗口代单位录入；每件由另一个人复审的，至少要两位",
    Role.AGENCY_ADMIN: "审核以外，还管对账、公告、代码和数值、敏感查询的批准和监控",
    Role.SYSTEM_ADMIN: "只看系统运行、发件和保存期限，不办业务",
    Role.SECURITY_ADMIN: "只管操作员和权限，不办业务",
    Role.AUDIT_ADMIN: "只查阅操作记录，不办业务",
}
"""What each role is there for, in a line."""
LOST = {"username": "请填写账号。", "name": "请填写姓名。", "role": "请选择角色。"}
TEXTS = ("who", "title", "subject", "detail", "result", "request", "content")


@require_safe
@needs("manage_operators")
def operators(request):
    """The operators of one's own employer or agency."""
    found = Operator.objects.visible_to(request.user).order_by("-is_active", "username")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    with_factor = operators_with_factor([operator.pk for operator in page])
    has_divisions = request.user.is_agency and bool(divisions_of(request.user.region))
    context = {"page": page, "with_factor": with_factor, "has_divisions": has_divisions}
    return render(request, "operators/operators.html", context | _words(request))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def create(request):
    """A new operator; the random password is shown once, on the page that answers."""
    wrong: dict[str, str] = {}
    if request.method == "POST":
        wrong = {one["id"]: one["text"] for one in left_empty(request, LOST)}
    if request.method == "POST" and not wrong:
        try:
            operator, password = operations.create_operator(
                request.POST.get("username", ""),
                request.POST.get("name", ""),
                request.POST.get("role", ""),
                by=request.user,
            )
        except Refused as no:
            wrong = {no.field: no.message}
        else:
            return _password_page(request, operator, password, "操作员已新建")
    name = settle_name(region(request.user.region).terms)
    given = map(Role, operations.roles_to_give(by=request.user))
    roles = [{"value": role.value, "label": role.label, "hint": DOES[role].format(name)} for role in given]
    context = {"fields": _fields(request.POST, roles, wrong)} | _words(request)
    context["errors"] = [{"id": name, "text": text} for name, text in wrong.items()]
    return render(request, "operators/create.html", context, status=422 if wrong else 200)


def _words(request) -> dict:
    """What the region calls the list, as the menu does, and its buttons; the agency has the hall's own buttons."""
    terms = region(request.user.region).terms
    own = {"add": "新建操作员", "reset": "重置密码"}
    if not request.user.is_agency:
        own = {key: terms[f"operators.{key}"] for key in own}
    return {"list_title": terms.get("menu.operators", "操作员"), "add_label": own["add"], "reset_label": own["reset"]}


def _fields(answers, roles, wrong) -> list[dict]:
    fields = [
        {
            "id": "username",
            "label": "账号",
            "kind": "text",
            "maxlength": 60,
            "hint": "登录时输入，全系统不能重复",
        },
        {"id": "name", "label": "姓名", "kind": "text", "maxlength": 60},
        {"id": "role", "label": "角色", "kind": "radios", "options": roles, "full": True},
    ]
    for field in fields:
        field |= {"name": field["id"], "required": True, "value": answers.get(field["id"], "")}
        field["error"] = wrong.get(field["id"], "")
    return fields


@require_POST
@needs("manage_operators")
def reset(request, pk):
    """A new random password, shown once."""
    try:
        operator, password = operations.reset_password(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("operators")
    return _password_page(request, operator, password, "密码已重置")


def _password_page(request, operator, password: str, title: str):
    context = {"operator": operator, "password": password, "title": title, "back": ""}
    return render(request, "operators/password.html", context | _words(request))


@require_POST
@needs("manage_operators")
def enable(request, pk):
    """Let an operator sign in again."""
    return _set_active(request, pk, True, "已启用")


@require_POST
@needs("manage_operators")
def disable(request, pk):
    """Stop an operator from signing in; open sessions end."""
    return _set_active(request, pk, False, "已停用")


def _set_active(request, pk, active: bool, words: str):
    try:
        operator = operations.set_active(pk, active, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, f"{words}{operator.name}的账号。")
    return redirect("operators")


@require_safe
@needs("see_audit")
def audit(request):
    """Who did what at one's own employer, or in the agency's region: by deed, person, request and days."""
    asked = Asked(request)
    page = Paginator(asked.entries(), PAGE).get_page(request.GET.get("page"))
    kept = urlencode({name: value for name, value in request.GET.items() if name != "page" and value})
    context = {
        "page": page,
        "rows": list(rows_of(request, page)),
        "fields": asked.fields(),
        "is_unfolded": asked.is_narrowed,
        "errors": [{"id": name, "text": text} for name, text in asked.problems.items()],
        "export_url": f"{reverse('audit_export')}?{kept}",
    }
    return render(request, "operators/audit.html", context, status=422 if asked.problems else 200)


@require_safe
@needs("see_audit")
def audit_export(request):
    """The record as filtered, as a workbook, the newest first; that it was exported is on record too."""
    asked = Asked(request)
    if asked.problems:
        return redirect(f"{reverse('audit')}?{request.GET.urlencode()}")
    entries = asked.entries()[:MOST_EXPORTED]
    columns, texts = ((*COLUMNS, PLACE), (*TEXTS, "place")) if request.user.is_agency else (COLUMNS, TEXTS)
    rows = [
        (one["entry"].sequence, timezone.make_naive(one["entry"].at), *(one[key] for key in texts))
        for one in rows_of(request, entries)
    ]
    owner = "经办机构" if request.user.is_agency else request.user.employer.name
    line = f"{owner}；{asked.words()}；{len(rows)} 条"
    return taken(request, "操作记录", line, columns, rows, f"操作记录-{timezone.localdate():%Y%m%d}.xlsx")
