"""What every payment asks of the database, composed once: its bill and itself, locked."""

from django.db.models import QuerySet

from ..prepared import prepared
from ..settlement.models import Bill
from .models import UNDECIDED, Payment


@prepared
def to_be_paid(by, pk: int) -> QuerySet[Bill]:
    """The bill in force that somebody wants to pay, with its employer, locked; none where it is not theirs."""
    bills = Bill.objects.visible_to(by).live().select_for_update(of=("self",), no_key=True)
    return bills.select_related("employer").filter(pk=pk)


@prepared
def running_of(bill: int) -> QuerySet[Payment]:
    """The one attempt to pay a bill that is undecided."""
    return Payment.objects.filter(bill=bill, state__in=UNDECIDED).select_related("bill", "employer")


@prepared
def ordered(number: str) -> QuerySet[Payment]:
    """The payment with this number, to be changed."""
    return Payment.objects.select_for_update(of=("self",)).select_related("employer").filter(number=number)


@prepared
def placed(pk: int) -> QuerySet[Payment]:
    """A payment whose order the bank has, locked."""
    return Payment.objects.select_for_update(of=("self",)).select_related("bill", "employer").filter(pk=pk)


@prepared
def locked_bill(pk: int) -> QuerySet[Bill]:
    """The bill of a payment, in force or not, locked."""
    return Bill.objects.ever().select_for_update(no_key=True).filter(pk=pk)
