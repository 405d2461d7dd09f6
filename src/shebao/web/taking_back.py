"""An issued statement that is taken back (作废单据), with its reason: one page for its employer and for the agency."""

from django.contrib import messages
from django.shortcuts import redirect, render

from shebao.hall.documents.issued import LONGEST_REASON, may_revoke, revoke_statement, shown_issued
from shebao.hall.documents.models import Document
from shebao.hall.errors import Refused
from shebao.rules.region import Region


def taking_back(request, found: Document, spec: Region, back: str, crumbs: list[dict]):
    """Which paper, what that means, and why; a POST takes it back and leads to `back`. The caller may see the paper."""
    reason, errors, status = request.POST.get("reason", ""), [], 200
    if request.method == "POST":
        try:
            done = revoke_statement(found.pk, reason=reason, by=request.user)
        except Refused as no:
            if not no.field:
                messages.error(request, no.message)
                return redirect(back)
            errors, status = [{"id": f"id_{no.field}", "text": no.message}], no.status
        else:
            messages.success(request, f"{done.title} {done.number} 已作废，查验时显示已作废和原因。")
            return redirect(back)
    field = {"id": "id_reason", "name": "reason", "label": "作废原因", "kind": "text", "required": True}
    field |= {"value": reason, "maxlength": LONGEST_REASON, "error": errors[0]["text"] if errors else ""}
    context = {
        "title": f"作废{found.title}",
        "crumbs": crumbs,
        "row": shown_issued(found, spec),
        "may": may_revoke(found, spec),
        "field": field,
        "errors": errors,
        "back": back,
    }
    return render(request, "employer/issued_revoke.html", context, status=status)
