"""Reading the claims that were paid back by hand."""

from django.db.models import Q, QuerySet

from shebao.rules.identity import tidy_number
from shebao.rules.region import Region

from ..crypto import blind_index
from .models import Reimbursement


def keeps_reimbursements(spec: Region) -> bool:
    """Whether claims are entered in a region: where employers have a query that shows them."""
    return any(query.model == "reimbursements" for query in spec.queries.values())


def reimbursements(actor, q: str = "") -> QuerySet[Reimbursement]:
    """The claims of the agency's employers, voided ones too, the newest first.

    `q` is the number of a slip, a name, or a whole identity number.
    """
    rows = Reimbursement.objects.visible_to(actor).ever()
    if q:
        digest = blind_index("person", tidy_number(q))
        rows = rows.filter(Q(number=q) | Q(employee__name__icontains=q) | Q(employee__person__id_digest=digest))
    return rows.select_related("employee__person", "employee__employer", "entered_by", "voided_by").order_by("-pk")
