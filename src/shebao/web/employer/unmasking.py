"""The pages on which whole identity numbers are asked for: one person's, or everybody's in a sheet."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shebao.hall.roster.models import Employee
from shebao.hall.roster.unmasking import REASONS, reveal_id_number
from shebao.hall.services.registry import OPERATIONS
from shebao.hall.sheets.models import Batch
from shebao.hall.sheets.prefilled import roster_template

from ..access import needs
from ..templatetags.ui import mask_id
from ..unmasking import TITLE, whole_or_asking
from .common import crumbs, download, word
from .importing import template_of
from .roster import employee_context


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def reveal(request, pk):
    """Ask for the reason; then show the employee's page with the whole number, this once."""
    employee = Employee.objects.visible_to(request.user).select_related("person").get(pk=pk)
    back, roster = reverse("e_employee", args=[pk]), word(request, "menu.roster", "员工花名册")
    number, asking = whole_or_asking(
        request,
        REASONS,
        lambda reason: reveal_id_number(pk, reason, by=request.user),
        about=f"{employee.name} {mask_id(employee.person.id_number)}",
        back_url=back,
        crumbs=crumbs(TITLE, (roster, reverse("e_roster")), (employee.name, back)),
    )
    if asking:
        return asking
    return render(request, "employer/employee.html", employee_context(request, pk) | {"revealed": number})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@needs("unmask")
def roster_sheet(request, service):
    """Ask for the reason; then give the sheet of a service with everybody insured in it (在册人员)."""
    spec, layout, name = template_of(request, service)
    if not OPERATIONS[spec.operation].is_about_known:
        raise Batch.DoesNotExist
    title, back = "下载在册人员", reverse("e_import")
    data, asking = whole_or_asking(
        request,
        REASONS,
        lambda reason: roster_template(
            request.user.employer_id, service, by=request.user, reason=reason, layout=layout
        ),
        title=title,
        sub="表格含全部在保人员的完整证件号码；下载人、时间和原因会记入操作记录，并印在页眉",
        about=name,
        button="下载",
        back_url=back,
        crumbs=crumbs(title, (word(request, "menu.import", "批量导入"), back)),
    )
    return asking or download(data, f"{name}-在册人员.xlsx")


urlpatterns = [
    path("roster/<int:pk>/reveal/", reveal, name="e_employee_reveal"),
    path("import/template/<slug:service>/roster/", roster_sheet, name="e_import_roster"),
]
