"""I-4 in the database itself: what the bank brought is in the books to the fen, and no bill is paid below nothing.

The triggers stand. What is true only when all rows are there is refused when the transaction ends.
"""

import pytest
from django.db import connection, transaction

from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import Clearing, Payment, SuspenseItem
from shebao.hall.payments.suspense import book_moved
from shebao.hall.settlement.ledger import book_paid, check_ledger
from shebao.hall.settlement.models import Account, Bill, Booking

from ..banking import bank  # noqa: F401 - a fixture
from .hall import EARLIER, NOVEMBER, hire, make_clerk, make_employer, settle
from .test_collecting import pay, stray
from .test_sealed import DECEMBER, book, booking, refused, refused_at_the_end

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(bank):  # noqa: F811
    """A bill that is paid, one that is not, and an amount in suspense."""
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    pay(settle(employer, clerk), clerk)
    settle(employer, clerk, DECEMBER)
    stray(clerk, 5_000)
    assert list(check_ledger()) == []
    return employer


@pytest.fixture
def treasurer(hall):
    return Operator.objects.create(username="t", name="会计", role="agency_admin", region=hall.region)


def test_what_waits_in_suspense_is_an_item(hall):
    with refused("an item of it"):
        book(booking("suspended", None, employer=hall), ("suspense", -7), ("bank", 7))


def test_an_item_is_held_whole_until_it_is_cleared_and_not_at_all_then(hall, treasurer):
    item = SuspenseItem.objects.get()
    cleared = {"clearing": "refund", "cleared_by": treasurer, "cleared_at": EARLIER}
    with refused_at_the_end():
        SuspenseItem.objects.create(bank_serial="YH2", amount_fen=7, reason="x", arrived_at=EARLIER)
    with refused_at_the_end():
        SuspenseItem.objects.filter(pk=item.pk).update(**cleared)
    for fen in (5_000, 4_999, 5_001):
        with refused_at_the_end():
            book_moved(item, Booking.CLEARED, None, [(Account.SUSPENSE, fen), (Account.BANK, -fen)])
            if fen != 5_000:
                SuspenseItem.objects.filter(pk=item.pk).update(**cleared)
    with transaction.atomic():
        book_moved(item, Booking.CLEARED, None, [(Account.SUSPENSE, 5_000), (Account.BANK, -5_000)])
        SuspenseItem.objects.filter(pk=item.pk).update(**cleared)
        connection.check_constraints()
        assert list(check_ledger()) == []
        transaction.set_rollback(True)
    with transaction.atomic():
        clear_suspense(item.pk, Clearing.CREDIT, by=treasurer, number=hall.employer_number, note="核对")
        connection.check_constraints()
    with refused_at_the_end():
        more = booking("released", None, employer=hall, suspense=item)
        book(more, ("suspense", -1), ("contributions", 1))


def attempt(bill: Bill, state: str, fen: int = 100) -> Payment:
    by = Operator.objects.get(employer=bill.employer)
    return Payment.objects.create(
        employer=bill.employer, bill=bill, number=f"P{state}", channel="bank", amount_fen=fen, state=state,
        started_by=by, started_at=EARLIER, paid_at=EARLIER,
    )  # fmt: skip


def test_a_payment_that_succeeded_is_booked_and_no_other(hall):
    bill, paid = Bill.objects.live().get(month=DECEMBER), Payment.objects.get()
    with refused_at_the_end():
        attempt(bill, "succeeded")
    for state in ("sent", "refused"):
        with refused_at_the_end():
            book_paid(bill, attempt(bill, state))
    with refused_at_the_end():
        Payment.objects.filter(pk=paid.pk).update(state="voided")
    with refused_at_the_end():
        Payment.objects.filter(pk=attempt(bill, "sent").pk).update(state="succeeded", paid_fen=100)
    with transaction.atomic():
        book_paid(bill, attempt(bill, "succeeded"))
        connection.check_constraints()
    assert list(check_ledger()) == []


def test_no_more_is_taken_from_a_bill_than_was_paid_for_it(hall):
    paid, unpaid = (Bill.objects.live().get(month=month) for month in (NOVEMBER, DECEMBER))
    for kind in (Booking.RELEASED, Booking.CREDITED):
        with refused_at_the_end():
            book(booking(kind, unpaid), ("receivable", 5), ("contributions", -5))
    with transaction.atomic():
        # What a booking takes and gives is judged together.
        book(booking(Booking.RELEASED, unpaid), ("receivable", 5), ("receivable", -5))
        connection.check_constraints()
    with transaction.atomic():
        fen = paid.total_due
        book(booking(Booking.RELEASED, paid), ("receivable", fen), ("contributions", -fen))
        connection.check_constraints()
        with refused_at_the_end():
            book(booking(Booking.RELEASED, paid), ("receivable", 1), ("contributions", -1))
        transaction.set_rollback(True)
