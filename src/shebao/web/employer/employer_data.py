"""The employer's own data: what is on file, what changed, its departments; and how its forms show them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shebao.hall.declarations.preview import required_here
from shebao.hall.employers import operations, queries
from shebao.hall.employers.models import Department
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.roster.queries import insured_count
from shebao.rules.region import Form
from shebao.rules.vocabulary import EMPLOYER_FIELDS

from ..access import needs
from ..templatetags.ui import mask_id, mask_phone
from .common import PAGE, crumbs, here, this_month, word

MASKS = {"bank_account": mask_id, "phone": mask_phone}
"""Fields of the employer that a page shows in part."""


def masked(name: str, value: str) -> str:
    """A value of the employer as a page shows it."""
    return MASKS[name](value) if name in MASKS and value else value


def withholding(fields: list[dict], employer) -> list[dict]:
    """Fields of a form with the bank account that is on file told by its end; what nobody types stays as it is."""
    for field in fields:
        if field["kind"] == "bank_account" and (account := getattr(employer, field["name"])):
            field["help"] = f"现登记 {masked(field['name'], account)}，不变更请留空"
    return fields


def offering_departments(fields: list[dict], actor) -> list[str]:
    """Let the department be chosen from the employer's list where a form asks for it; returns the names."""
    asking = [field for field in fields if field["name"] == "department"]
    for field in asking:
        field["attrs"] = {"list": "departments"}
    return [row.name for row in queries.departments(actor)] if asking else []


def offering_own(form: Form, fields: list[dict], actor) -> list[dict]:
    """Let projects and operators be chosen from the employer's own; star what such an employer has to answer."""
    kinds, needed = {field.id: field.kind for field in form.fields}, required_here(form, actor.employer)
    for field in fields:
        field["required"] = field["required"] or field["name"] in needed
        if kinds[field["name"]] == "project":
            field["options"] = [(one.number, f"{one.number} {one.name}") for one in queries.projects(actor)]
        elif kinds[field["name"]] == "operator":
            active = Operator.objects.visible_to(actor).filter(is_active=True).order_by("username")
            field["options"] = [(o.username, f"{o.name}（{o.username}，{o.get_role_display()}）") for o in active]
    return fields


def unchanging(form: Form, employer) -> list[tuple[str, str]]:
    """(label, value) of what is on file and this form does not change."""
    asked = {field.id for field in form.fields}
    rest = {name: label for name, label in EMPLOYER_FIELDS.items() if name not in asked}
    number = ("单位编号", employer.employer_number)
    return [number, *((label, masked(name, getattr(employer, name))) for name, label in rest.items())]


def _page(request, tab: str, **context) -> dict:
    """What the three pages share: the head, the tabs, the services that change the employer."""
    title = word(request, "menu.employer_profile", "单位信息")
    tabs = [
        ("e_employer", title),
        ("e_employer_changes", word(request, "menu.employer_changes", "单位变更信息")),
        ("e_departments", word(request, "menu.departments", "部门管理")),
    ]
    services = [one for one in here(request).services.values() if one.subject == "employer"]
    return {
        "title": dict(tabs)[tab],
        "sub": "经办机构登记的信息" if services else "经办机构登记的信息，变更请到经办窗口办理。",
        "crumbs": crumbs(title) if tab == "e_employer" else crumbs(dict(tabs)[tab], (title, reverse("e_employer"))),
        "tabs": [{"url": reverse(name), "label": label, "current": name == tab} for name, label in tabs],
        "actions": [
            {"label": one.title, "url": reverse("e_declare", args=[one.key]), "icon": "edit"} for one in services
        ]
        if request.user.may("declare")
        else [],
        **context,
    }


@require_safe
@needs("see_roster")
def employer(request):
    """What the agency has on file about the employer."""
    own, spec = request.user.employer, here(request)
    context = {
        "employer": own,
        "region": spec,
        "industry_class": spec.code_title("industry_classes", own.industry_class),
        "employer_kind": spec.code_title("employer_kinds", own.employer_kind),
        "economic_kind": spec.code_title("economic_kinds", own.economic_kind),
        "float_grade": spec.code_title("float_grades", own.float_grade),
        "insured": insured_count(own, this_month(request)),
        "schemes": list(spec.open_schemes),
    }
    return render(request, "employer/employer.html", _page(request, "e_employer", **context))


@require_safe
@needs("see_roster")
def changes(request):
    """Every change of the employer's data: what, before and after, who, when, by which case."""
    page = Paginator(queries.changes(request.user), PAGE).get_page(request.GET.get("page"))
    rows = [{"change": one, "old": masked(one.field, one.old), "new": masked(one.field, one.new)} for one in page]
    return render(request, "employer/changes.html", _page(request, "e_employer_changes", page=page, rows=rows))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("see_roster")
def departments(request):
    """The employer's list of departments; a POST adds one."""
    if request.method == "POST":
        return _done(
            request,
            lambda: operations.add_department(request.user.employer_id, request.POST.get("name", ""), by=request.user),
            "已新增部门。",
        )
    rows = queries.departments(request.user)
    context = {
        "rows": rows,
        "listed": [row.department for row in rows if row.department],
        "may_change": request.user.may("declare"),
        "name_field": {"id": "name", "name": "name", "kind": "text", "label": "部门名称", "maxlength": 60},
    }
    return render(request, "employer/departments.html", _page(request, "e_departments", **context))


@require_POST
@needs("declare")
def change_department(request, pk, deed):
    """Rename, move, merge or remove one department."""
    name, into, by = request.POST.get("name", ""), request.POST.get("into", ""), request.user
    deeds = {
        "rename": (lambda: operations.rename_department(pk, name, by=by), "已改名，人员的部门一并更新。"),
        "up": (lambda: operations.move_department(pk, up=True, by=by), ""),
        "down": (lambda: operations.move_department(pk, up=False, by=by), ""),
        "merge": (lambda: operations.merge_department(pk, _number(into), by=by), "已合并，人员已转入。"),
        "delete": (lambda: operations.delete_department(pk, by=by), "已删除部门。"),
    }
    if deed not in deeds:
        raise Department.DoesNotExist(f"no deed {deed} on a department")
    return _done(request, *deeds[deed])


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused("no_target", "请选择要并入的部门。", field="into")
    return int(text)


def _done(request, deed, said: str):
    try:
        deed()
    except Refused as no:
        messages.error(request, no.message)
    else:
        if said:
            messages.success(request, said)
    return redirect("e_departments")


urlpatterns = [
    path("employer/", employer, name="e_employer"),
    path("employer/changes/", changes, name="e_employer_changes"),
    path("employer/departments/", departments, name="e_departments"),
    path("employer/departments/<int:pk>/<slug:deed>/", change_department, name="e_department"),
]
