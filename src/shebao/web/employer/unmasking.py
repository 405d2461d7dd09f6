"""The page on which a whole identity number is asked for: why, and once in a while one's password."""

from datetime import timedelta

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.operators.throttle import may_try
from shebao.hall.roster.models import Employee
from shebao.hall.roster.unmasking import REASONS, reveal_id_number

from ..access import needs
from ..proof import is_proved, prove
from .common import crumbs, word
from .roster import employee_context

OTHER = "other"
TRIES, WITHIN = 10, timedelta(minutes=15)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def reveal(request, pk):
    """Ask for the reason; then show the employee's page with the whole number, this once."""
    employee = Employee.objects.visible_to(request.user).select_related("person").get(pk=pk)
    if request.method != "POST":
        return _asking(request, employee)
    chosen = request.POST.get("reason", "")
    reason = request.POST.get("other", "") if chosen == OTHER else chosen if chosen in REASONS else ""
    try:
        if not is_proved(request) and not may_try("proof", str(request.user.pk), limit=TRIES, within=WITHIN):
            raise Refused("proof_too_often", "密码试得太多，请 15 分钟后再试。", field="password", status=429)
        prove(request, request.POST.get("password", ""))
        number = reveal_id_number(pk, reason, by=request.user)
    except Refused as no:
        return _asking(request, employee, no)
    return render(request, "employer/employee.html", employee_context(request, pk) | {"revealed": number})


def _asking(request, employee, error: Refused | None = None):
    asks_password = not is_proved(request)
    chosen = request.POST.get("reason", REASONS[0])
    fields = [
        {
            "id": "reason", "label": "查看原因", "kind": "radios", "full": True, "value": chosen, "required": True,
            "options": [*((reason, reason) for reason in REASONS), (OTHER, "其他")],
        },
        {
            "id": "other", "label": "其他原因", "kind": "text", "maxlength": 100, "full": True,
            "value": request.POST.get("other", ""), "hint": "选“其他”时填写",
        },
    ]  # fmt: skip
    for field in fields:
        field["name"] = field["id"]
        if error and error.field == field["id"]:
            field["error"] = error.message
    title = "查看完整号码"
    roster = word(request, "menu.roster", "员工花名册")
    context = {
        "title": title,
        "employee": employee,
        "fields": fields,
        "asks_password": asks_password,
        "password_error": error.message if error and error.field == "password" else "",
        "errors": [{"id": error.field or "reason", "text": error.message}] if error else [],
        "crumbs": crumbs(
            title, (roster, reverse("e_roster")), (employee.name, reverse("e_employee", args=[employee.pk]))
        ),
    }
    return render(request, "employer/unmask.html", context, status=error.status if error else 200)


urlpatterns = [path("roster/<int:pk>/reveal/", reveal, name="e_employee_reveal")]
