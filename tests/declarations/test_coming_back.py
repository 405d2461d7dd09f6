"""Somebody leaves and is enrolled again: what was declared for the first stay says nothing about the second."""

import pytest

from shebao.hall.declarations.operations import save_declarations, undo_declarations
from shebao.hall.errors import Conflict
from shebao.hall.roster.queries import wages_in
from tests.factories import MONTH, cessation, enrolled, enrolment, wage

ENROL, CEASE, WAGE = "employee_enrolment", "employee_cessation", "wage_declaration"
DECEMBER = MONTH.next()


def save(by, service, raw):
    return save_declarations(by.employer_id, service, [raw], by=by)[0]


def wages(employee) -> list[int]:
    """The declared wage of this month and of the next one, in yuan."""
    return [wages_in(employee.employer, month)[employee.pk] // 100 for month in (MONTH, DECEMBER)]


@pytest.fixture
def back(direct_clerk):
    """Who had a rise declared for December, left at the end of October and is enrolled anew for November."""
    employee = enrolled(direct_clerk.employer)
    ahead = save(direct_clerk, WAGE, wage(employee, "9000", first_month="2026-12"))
    assert wages(employee) == [8000, 9000]
    gone = save(direct_clerk, CEASE, cessation(employee))
    again = enrolment(id_number=employee.person.id_number, name=employee.name, declared_wage="5000")
    return employee, ahead, gone, save(direct_clerk, ENROL, again)


def test_a_wage_declared_ahead_before_somebody_left_is_not_the_wage_of_a_later_enrolment(back):
    assert wages(back[0]) == [5000, 5000]


def test_undoing_the_enrolment_brings_back_what_was_declared_ahead(back, direct_clerk):
    employee, ahead, gone, again = back
    with pytest.raises(Conflict, match="2026-12 的工资或重新参保，请先撤销后面那一笔"):
        undo_declarations([ahead.pk], by=direct_clerk)
    undo_declarations([again.pk], by=direct_clerk)
    undo_declarations([gone.pk], by=direct_clerk)
    assert wages(employee) == [8000, 9000]


def test_an_enrolment_is_not_undone_before_a_wage_of_a_month_that_it_would_bring_back(back, direct_clerk):
    employee, _, _, again = back
    later = save(direct_clerk, WAGE, wage(employee, "6000", first_month="2026-12"))
    with pytest.raises(Conflict, match="先撤销后面"):
        undo_declarations([again.pk], by=direct_clerk)
    undo_declarations([later.pk], by=direct_clerk)
    undo_declarations([again.pk], by=direct_clerk)
    assert wages(employee) == [8000, 9000]
