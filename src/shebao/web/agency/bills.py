"""A bill as the desk reads it (账单): the views of the employer's own page, to be looked at, each look on record."""

from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from shebao.hall import clock
from shebao.hall.audit.looks import note_look
from shebao.hall.payments.queries import running_payment
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.paying_state import paying

from ..access import needs
from ..employer.bills import bill_of, tab_of
from ..employer.explanations import addresses, desk_crumbs

CHANGES = "changes"
"""Why the month differs from the last leads into the employer's own pages; people and rules answer for it here."""


@needs("see_roster")
@require_GET
def bill(request, pk):
    """Sums by scheme, everybody's amounts, earlier months, the rules; every amount leads to how it came about."""
    found = bill_of(request, pk)
    note_look(found, f"查看账单 {found.number}", by=request.user, employer=found.employer)
    asked = owing(found, clock.today())
    template, tab = tab_of(request, found, CHANGES)
    context = {
        "bill": found,
        "bill_page": "agency/bill.html",
        "bill_name": "a_bill",
        "asked": asked,
        "paying": paying(found, asked, running_payment(found)),
        "crumbs": desk_crumbs(found),
    }
    return render(request, template, context | tab)


UNDER = "employers/"
urlpatterns = [path(f"{UNDER}bills/<int:pk>/", bill, name="a_bill"), *addresses("a", "see_roster", UNDER)]
