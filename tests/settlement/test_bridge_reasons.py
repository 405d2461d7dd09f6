"""与上月相比: every reason by its own name, and all of them together the difference to the fen."""

import pytest

from shebao.hall.declarations.states import State
from shebao.hall.regions import region
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.comparing import bridge, striking_in
from shebao.hall.settlement.queries import estimate
from shebao.hall.supplements.models import YearlyCover
from shebao.rules.months import Month
from tests.factories import enrolled

from .hall import NOVEMBER, OCTOBER, declare, hire, make_clerk, make_employer, on_day, raise_wage, settle

pytestmark = pytest.mark.django_db


def checked(employer, last, month=NOVEMBER):
    """The rows before the month is settled, which are the rows of its bill, and add up to the difference."""
    with on_day(month):
        rows = bridge(employer, month)
        assert sum(row.delta for row in rows) == estimate(employer, month).total - last.total_due
    bill = settle(employer, last.assessment.made_by, month)
    with on_day(month):
        assert bridge(employer, month) == rows and sum(row.delta for row in rows) == bill.total_due - last.total_due
    return rows


def test_a_scheme_opened_or_closed_for_somebody_is_no_change_of_limits():
    employer = make_employer()
    people = hire(employer, [720_000, 800_000, 900_000])
    people[0].spells.filter(scheme="unemployment").update(first_month=NOVEMBER)
    last = settle(employer, make_clerk(employer), OCTOBER)
    people[1].spells.filter(scheme="unemployment").update(last_month=OCTOBER)
    (row,) = checked(employer, last)
    assert row.label == "险种增减 2 人" and {one.employee for one in row.people} == {people[0].pk, people[1].pk}
    assert {one.delta > 0 for one in row.people} == {True, False}


def test_a_year_of_supplementary_medical_stands_by_itself_in_its_month_and_in_the_next():
    employer = make_employer("leshan")
    clerk = make_clerk(employer)
    (one,) = hire(employer, [720_000])
    last = settle(employer, clerk, OCTOBER)
    said = declare(employer, clerk, State.APPROVED)
    scheme = region("leshan").yearly_scheme.key
    YearlyCover.objects.create(
        employee=one, person=one.person, scheme=scheme, region="leshan", year=2026, charged_in=NOVEMBER,
        pay_by=region("leshan").codes["cover_payments"].items[0].code, amount_fen=15_500, declared_in=said,
    )  # fmt: skip
    (row,) = checked(employer, last)
    assert row.label == "按年参保 1 人" and row.delta > 0
    december = Month(2026, 12)
    with on_day(december):
        (back,) = bridge(employer, december)
    assert (back.label, back.delta) == ("按年参保 1 人", -row.delta)


def test_another_tier_is_no_change_of_rates():
    employer = make_employer("shenzhen")
    clerk = make_clerk(employer)
    one = enrolled(employer, facts={"enrolment_kind": "11", "medical_tier": "1"})
    last = settle(employer, clerk, OCTOBER)
    one.facts = one.facts | {"medical_tier": "2"}
    one.save()
    (row,) = checked(employer, last)
    assert row.label == "档次或类别调整 1 人" and row.delta < 0


def test_somebody_with_several_reasons_stands_under_each_with_what_it_moved():
    employer = make_employer()
    one, other = hire(employer, [720_000, 900_000])
    other.spells.filter(scheme="unemployment").update(last_month=OCTOBER)
    last = settle(employer, make_clerk(employer), OCTOBER)
    Spell.objects.filter(employee=one, scheme="unemployment").update(last_month=OCTOBER)
    raise_wage(one, 950_000, NOVEMBER)
    rows = checked(employer, last)
    assert [row.label for row in rows] == ["险种增减 2 人", "基数调整 1 人"]
    assert rows[0].delta < 0 < rows[1].delta
    assert striking_in(rows) == 1, "they are looked at once"


def test_a_new_floor_is_still_called_so():
    # Shenzhen's floor of the base is another one from September on; the wage lies below both.
    employer = make_employer("shenzhen")
    august, september = Month(2026, 8), Month(2026, 9)
    hire(employer, [200_000])
    last = settle(employer, make_clerk(employer), august)
    (row,) = checked(employer, last, september)
    assert row.label == "上下限或费率调整 1 人" and row.delta > 0
