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
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.registration.join_deciding import open_joins
from shebao.hall.sign_in.factors import operators_with_factor

from ..access import needs
from ..taking import taken
from .audit_asked import COLUMNS, MOST_EXPORTED, PLACE, Asked, rows_of
from .new_operator import errors_of, first_rights, left_out, operator_fields, said

PAGE = 50
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
    context["joins"] = open_joins(request.user).count()
    return render(request, "operators/operators.html", context | _words(request))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def create(request):
    """A new operator; the random password is shown once, on the page that answers."""
    wrong: dict[str, str] = {}
    if request.method == "POST":
        wrong = left_out(request)
    if request.method == "POST" and not wrong:
        try:
            operator, password = operations.create_operator(*said(request), by=request.user)
        except Refused as no:
            wrong = {no.field: no.message}
        else:
            return _password_page(request, operator, password, "操作员已新建", first_rights(operator))
    context = {"fields": operator_fields(request.POST, wrong, by=request.user)} | _words(request)
    context["errors"] = errors_of(wrong)
    return render(request, "operators/create.html", context, status=422 if wrong else 200)


def _words(request) -> dict:
    """What the region calls the list, as the menu does, and its buttons; the agency has the hall's own buttons."""
    terms = region(request.user.region).terms
    own = {"add": "新建操作员", "reset": "重置密码"}
    if not request.user.is_agency:
        own = {key: terms[f"operators.{key}"] for key in own}
    return {"list_title": terms.get("menu.operators", "操作员"), "add_label": own["add"], "reset_label": own["reset"]}


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


def _password_page(request, operator, password: str, title: str, rights: str = ""):
    """A password, shown once; `rights`: what a new operator may do, before anybody set that."""
    context = {"operator": operator, "password": password, "title": title, "back": "", "rights": rights}
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
