"""The page on which a whole identity number is asked for: why, and once in a while one's password."""

from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shebao.hall.roster.models import Employee
from shebao.hall.roster.unmasking import REASONS, reveal_id_number

from ..access import needs
from ..templatetags.ui import mask_id
from ..unmasking import TITLE, whole_or_asking
from .common import crumbs, word
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


urlpatterns = [path("roster/<int:pk>/reveal/", reveal, name="e_employee_reveal")]
