"""数据范围: which agency division an employer belongs to, and to which of them a reviewer is limited."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from shebao.hall.employers.models import Employer
from shebao.hall.employers.operations import assign_division, divisions_of, offered_divisions
from shebao.hall.errors import Refused
from shebao.hall.operators.managing import limit_to_divisions
from shebao.hall.operators.models import Operator

from ..access import needs

TITLE = "数据范围"


def division_field(employer: Employer, actor: Operator) -> dict | None:
    """The question where an employer belongs, for whom it is theirs to answer; None where there is nothing to ask."""
    listed = offered_divisions(employer.region, employer.agency_division)
    if not listed or actor.divisions or not actor.may("review"):
        return None
    return {
        "id": "agency_division", "name": "agency_division", "label": "经办区划", "kind": "choice",
        "options": list(listed.items()), "value": employer.agency_division, "placeholder": "未指定",
    }  # fmt: skip


@require_POST
@needs("review")
def employer_division(request, pk):
    """Say which division has an employer in hand."""
    division = request.POST.get("agency_division", "")
    try:
        assign_division(pk, division, by=request.user)
    except Refused as no:
        messages.error(request, no.message)
    else:
        done, whose = ("已设置", "其他区划") if division else ("已取消", "某些区划")
        messages.success(request, f"{done}经办区划，只办理{whose}的人员不再看到这个单位。")
    return redirect("a_employer", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("manage_operators")
def operator_divisions(request, pk):
    """The divisions whose employers one of the agency's people has to do with; none ticked is all of them."""
    found = Operator.objects.visible_to(request.user).get(pk=pk)
    listed, no, chosen = divisions_of(found.region), None, found.divisions
    if request.method == "POST":
        chosen = request.POST.getlist("division")
        try:
            limit_to_divisions(pk, chosen, by=request.user)
        except Refused as refused:
            no = refused
        else:
            messages.success(request, f"已保存{found.name}的数据范围，其登录已结束，重新登录后生效。")
            return redirect("operators")
    context = {
        "operator": found,
        "divisions": [(code, title, code in chosen) for code, title in listed.items()],
        "may_limit": found.role == "reviewer" and found.pk != request.user.pk,
        "errors": [{"id": "divisions", "text": no.message}] if no else [],
        "crumbs": [{"label": "操作员", "url": reverse("operators")}, {"label": TITLE}],
        "title": TITLE,
    }
    return render(request, "agency/operator_divisions.html", context, status=no.status if no else 200)


urlpatterns = [
    path("employers/<int:pk>/division", employer_division, name="a_employer_division"),
    path("operators/<int:pk>/divisions", operator_divisions, name="a_operator_divisions"),
]
