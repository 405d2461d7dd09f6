"""The pages on which whole identity numbers are asked for: one person's, or everybody's in a sheet."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shebao.hall.errors import Refused
from shebao.hall.roster.models import Employee
from shebao.hall.roster.unmasking import reveal_id_number
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.sheets.models import Batch
from shebao.hall.sheets.prefilled import roster_template
from shebao.rules.identity import masked

from ..access import needs
from .asking import asked_fields, reason_proved
from .common import crumbs, download, word
from .importing import template_of
from .roster import employee_context


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def reveal(request, pk):
    """Ask for the reason; then show the employee's page with the whole number, this once."""
    employee = Employee.objects.visible_to(request.user).select_related("person").get(pk=pk)
    error = None
    if request.method == "POST":
        try:
            number = reveal_id_number(pk, reason_proved(request), by=request.user)
        except Refused as no:
            error = no
        else:
            return render(request, "employer/employee.html", employee_context(request, pk) | {"revealed": number})
    address = reverse("e_employee", args=[pk])
    title, roster = "查看完整号码", (word(request, "menu.roster", "员工花名册"), reverse("e_roster"))
    context = {
        "title": title,
        "sub": "查看人、时间和原因会记入操作记录",
        "legend": f"{employee.name} {masked(employee.person.id_number)}",
        "button": title,
        "back": address,
        "crumbs": crumbs(title, roster, (employee.name, address)),
    }
    return _asking(request, context, error)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def roster_sheet(request, service):
    """Ask for the reason; then give the sheet of a service with everybody insured in it (在册人员)."""
    spec, layout, name = template_of(request, service)
    if not OPERATIONS[spec.operation].is_about_known:
        raise Batch.DoesNotExist
    error = None
    if request.method == "POST":
        try:
            reason = reason_proved(request)
            data = roster_template(request.user.employer_id, service, by=request.user, reason=reason, layout=layout)
        except Refused as no:
            error = no
        else:
            return download(data, f"{name}-在册人员.xlsx")
    title, back = "下载在册人员", reverse("e_import")
    context = {
        "title": title,
        "sub": "表格含全部在保人员的完整证件号码；下载人、时间和原因会记入操作记录，并印在页眉",
        "legend": name,
        "button": "下载",
        "back": back,
        "crumbs": crumbs(title, (word(request, "menu.import", "批量导入"), back)),
    }
    return _asking(request, context, error)


def _asking(request, context: dict, error: Refused | None):
    status = error.status if error else 200
    return render(request, "employer/unmask.html", context | asked_fields(request, error), status=status)


urlpatterns = [
    path("roster/<int:pk>/reveal/", reveal, name="e_employee_reveal"),
    path("import/template/<slug:service>/roster/", roster_sheet, name="e_import_roster"),
]
