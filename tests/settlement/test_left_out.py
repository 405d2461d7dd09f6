"""I-8 the other way round: what was known when a month was settled is on its bill; what came later is no fault of it.

That each kind of what is left out is seen and named is planted in tests/drill/test_faults.py.
"""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.clock import now
from shebao.hall.declarations import operations
from shebao.hall.declarations.states import State
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.settlement.left_out import left_out
from shebao.hall.settlement.models import BackPayment, Refund
from tests.factories import at
from tests.services.test_back_payments import BACK, asked, declared, settled
from tests.services.test_back_payments import hall as back_hall

from .hall import NOVEMBER, OCTOBER, declare, hire, make_clerk, make_employer, on_day, settle, unguarded_writing

pytestmark = pytest.mark.django_db
DECEMBER = NOVEMBER.next()


@pytest.fixture
def hall():
    """Two people settled for November; what is decided in the test is decided on the day that `decided` says."""
    employer = make_employer("guiyang")
    people = hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    settle(employer, clerk)
    assert list(left_out()) == []
    return employer, clerk, people[0]


def decided(hall, day: int):
    """A declaration that was approved on a day of November; the month is settled on its tenth."""
    employer, clerk, employee = hall
    with on_day(day=day):
        return declare(employer, clerk, State.APPROVED, employee=employee, decided_at=now())


def test_who_came_with_a_later_decision_is_not_left_out(hall):
    employer, _, employee = hall
    (late,) = hire(employer, [500_000], DECEMBER)
    with unguarded_writing():
        Spell.objects.filter(employee=late).update(first_month=OCTOBER, opened_by=decided(hall, 20))
    assert list(left_out()) == []
    with unguarded_writing():
        Spell.objects.filter(employee=late).update(opened_by=decided(hall, 5))
    found = list(left_out())
    assert found and all(text.startswith("I-8：") and late.name in text for text in found)


@pytest.mark.parametrize("word", ["replaced_wage", "wages_ahead"])
def test_a_wage_that_was_replaced_since_is_the_one_that_counted(hall, word):
    employer, clerk, employee = hall
    old = DeclaredWage.objects.get(employee=employee)
    told = {word: old.pk if word == "replaced_wage" else [old.pk]}
    DeclaredWage.objects.filter(pk=old.pk).update(is_voided=True)
    new = decided(hall, 20)
    DeclaredWage.objects.create(
        employee=employee, first_month=old.first_month, amount_fen=900_000, declared_in=new, declared_at=new.decided_at
    )
    assert any("720,000" in text or "7,200.00" in text or "7200.00" in text for text in left_out()), (
        "nobody replaced it"
    )
    new.before = told
    new.save(update_fields=["before"])
    assert list(left_out()) == []
    DeclaredWage.objects.filter(declared_in=new).update(declared_at=decided(hall, 5).decided_at)
    assert [text for text in left_out() if employee.name in text], "it was replaced before"


def test_what_was_declared_after_the_bill_waits_for_the_next_one(hall):
    employer, clerk, employee = hall
    with unguarded_writing():
        BackPayment.objects.create(
            employee=employee, person=employee.person, region=employer.region, scheme="pension", month=OCTOBER,
            values_month=OCTOBER, declared_wage=500_000, declared_in=decided(hall, 20),
        )  # fmt: skip
        Refund.objects.create(employee=employee, month=NOVEMBER, declared_in=decided(hall, 20))
    assert list(left_out()) == []


def test_a_refund_hides_no_correction_that_a_bill_before_it_left_out(hall):
    employer, clerk, employee = hall
    settle(employer, clerk, DECEMBER)
    said = decided(hall, 20)
    DeclaredWage.objects.create(
        employee=employee, first_month=NOVEMBER, amount_fen=900_000, is_correction=True, declared_in=said,
        declared_at=said.decided_at,
    )  # fmt: skip
    with on_day(DECEMBER, 20):
        refunded = declare(employer, clerk, State.APPROVED, employee=employee, decided_at=now())
    Refund.objects.create(employee=employee, month=NOVEMBER, declared_in=refunded)

    def told() -> list[str]:
        return [text for text in left_out() if "工资更正" in text]

    assert len(told()) == 1 and employee.name in told()[0]
    refunded.decided_at = decided(hall, 25).decided_at
    refunded.save(update_fields=["decided_at"])
    assert told() == [], "that bill was to give it back whole"


def test_what_was_withdrawn_while_the_month_was_settled_was_not_left_out():
    with at(datetime(2026, 11, 9, 9)):  # noqa: DTZ001 - naive local by contract
        clerk, _, employee = back_hall("guiyang")
        declared(clerk, asked(employee))
    with at(datetime(2026, 11, 9, 10)):  # noqa: DTZ001
        withdrawn = declared(clerk, asked(employee), BACK)
    with at(datetime(2026, 11, 10, 10)):  # noqa: DTZ001
        settled(clerk)
    with at(datetime(2026, 11, 11, 10)):  # noqa: DTZ001
        operations.undo_declarations([withdrawn.pk], by=clerk)
    assert BackPayment.objects.filter(is_voided=False).exists()
    assert list(left_out()) == []
    with at(datetime(2026, 12, 10, 10)):  # noqa: DTZ001
        settled(clerk, DECEMBER)
    assert list(left_out()) == []


def test_however_many_people_there_are_the_questions_are_as_many(hall):
    employer, clerk, _ = hall
    with CaptureQueriesContext(connection) as few:
        list(left_out())
    other = make_employer("guiyang", number="120002")
    hire(other, [500_000] * 40)
    settle(other, make_clerk(other))
    with CaptureQueriesContext(connection) as many:
        assert list(left_out()) == []
    assert len(many) == len(few)
