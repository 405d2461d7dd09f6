"""What a month costs and why."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.declarations.states import State
from shebao.hall.roster.models import DeclaredWage
from shebao.hall.settlement.comparing import bridge, chart
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.models import BillLine
from shebao.hall.settlement.queries import bill_people, bill_summary, estimate, people_of_bill
from shebao.rules.contributions import recompute

from .hall import NOVEMBER, OCTOBER, declare, dismiss, hire, make_clerk, make_employer, on_day, raise_wage, settle

pytestmark = pytest.mark.django_db
WAGES = [720_000, 800_000, 900_000, 1_000_000]


@pytest.mark.parametrize("code", ["tianjin", "leshan"])
def test_the_estimate_is_what_the_bill_will_say(code):
    employer = make_employer(code)
    hire(employer, WAGES)
    with on_day():
        before = estimate(employer, NOVEMBER)
    bill = settle(employer, make_clerk(employer))
    assert (before.total, before.head_count) == (bill.total_due, bill.head_count)
    assert before.schemes == bill_summary(bill)


def test_the_bridge_adds_up_to_the_difference_with_every_reason():
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, WAGES)
    last = settle(employer, clerk, OCTOBER)
    hire(employer, [600_000, 700_000], first_month=NOVEMBER)
    dismiss(people[0], OCTOBER)
    raise_wage(people[1], 950_000, NOVEMBER)
    with on_day():
        rows = bridge(employer, NOVEMBER)
        assert sum(row.delta for row in rows) == estimate(employer, NOVEMBER).total - last.total_due
    assert [row.label for row in rows] == ["增员 2 人", "减员 1 人", "基数调整 1 人"]
    bill = settle(employer, clerk)
    with on_day():
        assert bridge(employer, NOVEMBER) == rows
    assert sum(row.delta for row in rows) == bill.total_due - last.total_due


def test_somebody_put_out_of_a_scheme_has_a_row_that_says_so():
    employer = make_employer()
    people = hire(employer, WAGES)
    last = settle(employer, make_clerk(employer), OCTOBER)
    people[0].spells.filter(scheme="unemployment").update(last_month=OCTOBER)
    with on_day():
        rows = bridge(employer, NOVEMBER)
        assert [row.label for row in rows] == ["险种增减 1 人"]
        assert rows[0].delta == estimate(employer, NOVEMBER).total - last.total_due < 0


def test_what_is_not_in_force_yet_counts_only_when_asked_for():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    declare(employer, clerk, State.DRAFT, effect_fen=12_345)
    declare(employer, clerk, State.RETURNED, effect_fen=99)
    with on_day():
        plain, waiting = estimate(employer, NOVEMBER), estimate(employer, NOVEMBER, pending=True)
        assert waiting.total - plain.total == waiting.pending_fen == 12_345
        rows = bridge(employer, NOVEMBER, waiting)
        assert sum(row.delta for row in rows) == waiting.total - estimate(employer, OCTOBER).total


def test_the_people_of_a_bill_add_up_and_can_be_searched():
    employer = make_employer()
    people = hire(employer, WAGES)
    bill = settle(employer, make_clerk(employer))
    rows = bill_people(bill)
    assert sum(row.total for row in rows) == bill.total_due
    assert [row.employee for row in bill_people(bill, people_of_bill(bill, people[2].name))] == [people[2]]


def test_every_line_is_explained_by_steps_that_end_at_its_amount():
    employer = make_employer()
    clerk = make_clerk(employer)
    people = hire(employer, WAGES[:1])
    source = declare(employer, clerk, State.APPROVED, month=OCTOBER)
    DeclaredWage.objects.filter(employee=people[0]).update(declared_in=source)
    settle(employer, clerk, OCTOBER)
    settle(employer, clerk)
    for line in BillLine.objects.filter(month=NOVEMBER).select_related("employer_evidence", "employee_evidence"):
        for share in ("employer", "employee"):
            evidence = getattr(line, f"{share}_evidence")
            if evidence is None:
                continue
            told = explain_line(clerk, line.pk, share)
            assert told.amount == recompute(evidence.data, line.declared_wage).amount == told.previous
            assert told.steps[-1].label == "上月"
            assert told.title in told.text
            if evidence.data["fixed"] is None:
                assert "王敏" in told.steps[0].note


def test_a_line_of_another_employer_cannot_be_explained():
    mine, other = make_employer(), make_employer(number="120002")
    hire(other, WAGES[:1])
    bill = settle(other, make_clerk(other))
    with pytest.raises(BillLine.DoesNotExist):
        explain_line(make_clerk(mine), bill.lines.first().pk, "employer")


def test_the_chart_ends_with_an_estimate_until_the_month_is_settled():
    employer = make_employer()
    clerk = make_clerk(employer)
    hire(employer, WAGES)
    october = settle(employer, clerk, OCTOBER)
    with on_day():
        rows = chart(employer)
        assert len(rows) == 12
        assert rows[-2] == (OCTOBER, october.total_due, False)
        assert rows[-1] == (NOVEMBER, estimate(employer, NOVEMBER).total, True)


def test_reading_a_bill_needs_a_constant_number_of_queries():
    counts = []
    for number, heads in (("120001", 10), ("120002", 300)):
        employer = make_employer(number=number)
        hire(employer, [500_000 + 100 * i for i in range(heads)])
        with on_day(), CaptureQueriesContext(connection) as captured:
            estimate(employer, NOVEMBER)
            bridge(employer, NOVEMBER)
        bill = settle(employer, make_clerk(employer))
        with CaptureQueriesContext(connection) as more:
            bill_people(bill)
            bill_summary(bill)
        counts.append((len(captured), len(more)))
    assert counts[0] == counts[1]
