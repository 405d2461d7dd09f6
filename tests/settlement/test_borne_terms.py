"""I-7 in the database itself: a late fee or interest that is not what its evidence says cannot be written."""

from datetime import timedelta
from fractions import Fraction
from importlib import import_module

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from shebao.hall.settlement.collecting import write_booking
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Account, BillLine, Booking, LedgerTransaction, LineKind
from shebao.rules.money import LARGEST_FEN, ROUNDINGS, rounded
from shebao.rules.months import Month
from shebao.rules.terms import LARGEST_FACTOR, terms_of_factor
from tests.factories import at
from tests.services.test_back_payments import approved, asked
from tests.services.test_back_payments import hall as back_hall

from .hall import hire, make_clerk, make_employer, settle
from .test_terms import refused, taken_back, written_anew

GUARD = import_module("shebao.hall.settlement.migrations.0020_late_fees_are_reckoned_and_nobody_is_left_out")
BORNE, CHARGE, IN_TIME = "times the factor", "a line is its base", "paid in time"


@pytest.fixture
def paid_back():
    """Months of a year ago that were paid back: each line of the pension bears a late fee and interest."""
    with at():
        clerk, reviewer, employee = back_hall("wage_hall")
        approved(clerk, reviewer, asked(employee, "2025-09", "2025-10"))
    assert list(check_ledger()) == []
    return BillLine.objects.filter(scheme="pension", month=Month(2025, 9))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [LineKind.LATE_FEE, LineKind.INTEREST])
def test_what_is_borne_is_taken_to_the_fen_and_refused_a_fen_off(paid_back, kind):
    line = paid_back.get(kind=kind)
    write = written_anew(line)
    with taken_back():
        write()
    for part in ("employer_due", "employee_due"):
        for fen in (1, -1):
            if getattr(line, part) + fen >= 0:
                with refused(BORNE):
                    write(**{part: getattr(line, part) + fen})
    with refused(BORNE):  # what bears is borne by something
        write(employer_evidence_id=None, employer_due=0)


@pytest.mark.django_db
def test_the_evidence_of_a_late_fee_is_none_of_interest_and_none_of_a_charge(paid_back):
    fee, interest = paid_back.get(kind=LineKind.LATE_FEE), paid_back.get(kind=LineKind.INTEREST)
    base = paid_back.get(kind=LineKind.BACK_PAYMENT)
    with refused(BORNE):
        written_anew(interest)(
            employer_evidence_id=fee.employer_evidence_id, employee_evidence_id=None, employee_due=0, kind="F2"
        )
    with refused(BORNE):
        written_anew(fee)(employer_evidence_id=base.employer_evidence_id)
    nothing = {"employer_due": 0, "employee_due": 0, "contribution_base": 0, "employee_evidence_id": None}
    with refused(CHARGE):
        written_anew(base)(employer_evidence_id=fee.employer_evidence_id, **nothing)


@pytest.mark.django_db
@trying(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    factor=st.fractions(0, LARGEST_FACTOR) | st.builds(lambda n: Fraction(n, 12_000**5), st.integers(0, 12_000**5)),
    principal=st.integers(0, LARGEST_FEN) | st.integers(0, 300_000),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
    is_capped=st.booleans(),
)
def test_the_database_reckons_what_is_borne_as_the_fractions_do(factor, principal, rounding, is_capped):
    terms = terms_of_factor(factor, rounding)
    columns = ", ".join(f"CAST({value} AS bigint) AS {name}" for name, value in zip(terms._fields, terms, strict=True))
    asked_for = GUARD.borne(f"CAST({principal} AS bigint)", "a")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked_for} FROM (SELECT {columns}, {is_capped} AS is_capped) a")
        (fen,) = cursor.fetchone()
    exactly = rounded(principal * factor.numerator, factor.denominator, rounding)
    assert fen == (min(exactly, principal) if is_capped else exactly)


@pytest.mark.django_db
def test_no_late_fee_is_taken_of_a_bill_while_no_money_for_it_came_late():
    employer = make_employer("guiyang")
    hire(employer, [720_000])
    bill = settle(employer, make_clerk(employer))

    def take(when):
        booked = LedgerTransaction(employer=employer, bill=bill, kind=Booking.CLEARED, booked_at=when, value_at=when)
        rows = [(Account.BANK, 5, bill.month), (Account.LATE_FEES, -5, bill.month, "pension", "employer")]
        write_booking(booked, rows)

    with refused(IN_TIME):
        take(bill.pay_until)
    with taken_back():
        take(bill.pay_until + timedelta(seconds=1))
        take(bill.pay_until)  # what came late bears it, whichever money pays
