"""What the agency enters at its counter: people whose original papers it saw, and first passwords it hands out."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.declarations.accounts import hand_out_account
from shebao.hall.employers.operations import classify_account
from shebao.hall.errors import Refused
from shebao.hall.regions import region
from shebao.hall.roster.models import PreEntry
from shebao.hall.roster.operations import pre_enter_person
from shebao.hall.roster.queries import pre_entries

from ..access import needs
from ..chosen import left_empty

PAGE = 50
TITLE = "信息预录入"
LOST = {"id_number": "请填写证件号码。", "name": "请填写姓名，与证件上的一致。"}


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def entries(request):
    """People entered before their first insurance here; a POST enters one. Where no service asks, it is not there."""
    if not any(service.pre_entry for service in region(request.user.region).services.values()):
        raise PreEntry.DoesNotExist("no service of this region asks for an entry before")
    errors = left_empty(request, LOST) if request.method == "POST" else []
    status = 422 if errors else 200
    if request.method == "POST" and not errors:
        number, name = request.POST.get("id_number", ""), request.POST.get("name", "")
        try:
            made = pre_enter_person(number, name, by=request.user)
        except Refused as no:
            errors, status = [{"id": no.field, "text": no.message}], no.status
        else:
            messages.success(request, f"已录入{made.name}，单位可以申报了。")
            return redirect("a_pre_entries")
    asked = request.GET.get("q", "").strip()[:60]
    search = {"name": "q", "label": "姓名或完整证件号码", "kind": "text", "value": asked, "maxlength": 60}
    page = Paginator(pre_entries(request.user, q=asked), PAGE).get_page(request.GET.get("page"))
    context = {
        "title": TITLE,
        "crumbs": [{"label": TITLE, "url": ""}],
        "fields": _fields(request.POST, {one["id"]: one["text"] for one in errors}),
        "errors": [one | {"id": f"id_{one['id']}" if one["id"] else ""} for one in errors],
        "search": search,
        "page": page,
    }
    return render(request, "agency/pre_entries.html", context, status=status)


def _fields(answers, wrong) -> list[dict]:
    fields = [
        {"name": "id_number", "label": "证件号码", "kind": "id_number", "help": "末位为字母的请填大写 X"},
        {"name": "name", "label": "姓名", "kind": "text", "maxlength": 60, "help": "与证件上的姓名一致"},
    ]
    for field in fields:
        field |= {"id": f"id_{field['name']}", "required": True, "value": answers.get(field["name"], "")}
        field["error"] = wrong.get(field["name"], "")
    return fields


@require_POST
@needs("review")
def password(request, pk):
    """The first password of the account that a case opened, shown once at the counter."""
    try:
        operator, secret = hand_out_account(pk, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
        return redirect("a_case", pk)
    context = {"operator": operator, "password": secret, "title": "初始密码", "back": "a_case", "case": pk}
    context["rights"] = ""  # its administrator sets them, who reads of it at the employer
    return render(request, "operators/password.html", context)


@require_POST
@needs("review")
def account_kind(request, pk):
    """What kind of account an employer has."""
    try:
        classify_account(pk, request.POST.get("account_kind", ""), by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        messages.success(request, "已设置参保户类型，新的申报按它核验。")
    return redirect("a_employer", pk)


urlpatterns = [
    path("employers/<int:pk>/account-kind", account_kind, name="a_account_kind"),
    path("pre-entries/", entries, name="a_pre_entries"),
    path("cases/<int:pk>/password", password, name="a_password"),
]
