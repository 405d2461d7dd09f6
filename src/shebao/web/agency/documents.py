"""An employer's statement that the agency takes back (作废单据), with its reason."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from shebao.hall.documents.issued import LONGEST_REASON, may_revoke, revoke_statement, shown_issued
from shebao.hall.documents.models import Document
from shebao.hall.errors import Refused
from shebao.hall.regions import region as region_of

from ..access import needs


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def revoke(request, pk):
    """One statement to take back: which, what that means, and why."""
    rows = Document.objects.visible_to(request.user).select_related("employer", "issued_by", "employee")
    found = rows.defer("content").get(pk=pk)
    back = reverse("a_employer", args=[found.employer_id])
    reason, errors, status = request.POST.get("reason", ""), [], 200
    if request.method == "POST":
        try:
            done = revoke_statement(pk, reason=reason, by=request.user)
        except Refused as no:
            if not no.field:
                messages.error(request, no.message)
                return redirect(back)
            errors, status = [{"id": f"id_{no.field}", "text": no.message}], no.status
        else:
            messages.success(request, f"{done.title} {done.number} 已作废，查验时显示已作废和原因。")
            return redirect(back)
    spec = region_of(found.employer.region)
    field = {"id": "id_reason", "name": "reason", "label": "作废原因", "kind": "text", "required": True}
    field |= {"value": reason, "maxlength": LONGEST_REASON, "error": errors[0]["text"] if errors else ""}
    context = {
        "title": f"作废{found.title}",
        "crumbs": [{"label": found.employer.name, "url": back}, {"label": "作废单据", "url": ""}],
        "row": shown_issued(found, spec),
        "may": may_revoke(found, spec),
        "field": field,
        "errors": errors,
        "back": back,
    }
    return render(request, "employer/issued_revoke.html", context, status=status)


urlpatterns = [path("documents/<int:pk>/revoke", revoke, name="a_document_revoke")]
