"""An employer's statement that the agency takes back (作废单据), with its reason."""

from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from shebao.hall.documents.models import Document
from shebao.hall.regions import region as region_of

from ..access import needs
from ..taking_back import taking_back


@require_http_methods(["GET", "HEAD", "POST"])
@needs("review")
def revoke(request, pk):
    """One statement to take back: which, what that means, and why."""
    rows = Document.objects.visible_to(request.user).select_related("employer", "issued_by", "employee")
    found = rows.defer("content").get(pk=pk)
    back = reverse("a_employer", args=[found.employer_id])
    crumbs = [{"label": found.employer.name, "url": back}, {"label": "作废单据", "url": ""}]
    return taking_back(request, found, region_of(found.employer.region), back, crumbs)


urlpatterns = [path("documents/<int:pk>/revoke", revoke, name="a_document_revoke")]
