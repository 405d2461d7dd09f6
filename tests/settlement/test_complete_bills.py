"""I-8 the other way round in the database itself: a settlement that leaves somebody or something out is not booked.

Here the program forgets; the rows that the roster, the declarations and the refunds hold say so.
"""

import numpy as np
import pytest
from django.db import IntegrityError

from shebao.hall.settlement import assessing, operations
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.progress import applicable_settlement
from tests.factories import at
from tests.services.test_back_payments import approved, asked, hall, settled
from tests.services.test_refunds import KEY, OCTOBER, billed_in_october
from tests.services.test_refunds import asked as claimed

from .hall import NOVEMBER, hire, make_clerk, make_employer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with at():
        yield


def settled_raw(clerk, month=NOVEMBER):
    """As a clerk settles, with what the database says of it as it says it."""
    kind = applicable_settlement(clerk.employer, month)
    operations._settle(clerk.employer_id, month, kind.key, by=clerk, confirmations=kind.confirmations)


def refused_and_nothing_kept(clerk, words: str) -> None:
    bills = Bill.objects.count()
    with pytest.raises(IntegrityError, match=words):
        settled_raw(clerk)
    assert Bill.objects.count() == bills


@pytest.fixture
def clerk():
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    return make_clerk(employer)


def test_whom_the_program_forgets_the_database_remembers(clerk, monkeypatch):
    whole = assessing.columns_of_many

    def forgetting(*given):
        employees, owners, people = whole(*given)
        covered = {scheme: np.array([True, False]) & column for scheme, column in people.covered.items()}
        return employees, owners, type(people)(people.declared_wage, people.facts, covered)

    with monkeypatch.context() as forgetful:
        forgetful.setattr(assessing, "columns_of_many", forgetting)
        refused_and_nothing_kept(clerk, "leaves nobody out")
    assert settled(clerk).head_count == 2


def test_one_scheme_of_one_person_that_is_forgotten_is_enough(clerk, monkeypatch):
    whole = assessing.columns_of_many

    def forgetting(*given):
        employees, owners, people = whole(*given)
        covered = people.covered | {"injury": np.array([True, False]) & people.covered["injury"]}
        return employees, owners, type(people)(people.declared_wage, people.facts, covered)

    monkeypatch.setattr(assessing, "columns_of_many", forgetting)
    refused_and_nothing_kept(clerk, "leaves nobody out")


def test_a_settlement_says_in_which_schemes_it_charges_everybody(clerk, monkeypatch):
    insert = assessing.insert_rows

    def saying_nothing(rows):
        for one in rows:
            if hasattr(one, "monthly_schemes"):
                one.monthly_schemes = None
        insert(rows)

    monkeypatch.setattr(assessing, "insert_rows", saying_nothing)
    refused_and_nothing_kept(clerk, "leaves nobody out")


def test_a_back_payment_that_waits_is_on_the_next_bill_or_there_is_no_bill(monkeypatch):
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    with monkeypatch.context() as forgetful:
        forgetful.setattr(assessing, "employers_waiting", lambda *_: set())
        refused_and_nothing_kept(clerk, "leaves no back payment out")
    assert settled(clerk).lines.filter(back_payment__isnull=False).exists()
    assert list(check_ledger()) == []


def test_a_refund_that_the_bill_has_room_for_is_on_it_or_there_is_no_bill(monkeypatch):
    clerk, reviewer, employee, _ = billed_in_october("guiyang", is_paid=False)
    approved(clerk, reviewer, claimed(employee), KEY)
    with monkeypatch.context() as forgetful:
        forgetful.setattr(assessing, "may_have_differences", lambda *_: [])
        refused_and_nothing_kept(clerk, "leaves no refund out")
    assert settled(clerk).lines.filter(month=OCTOBER, adjusts__isnull=False).exists()
    assert list(check_ledger()) == []
