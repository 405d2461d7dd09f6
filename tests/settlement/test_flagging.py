"""请看一眼: what on a bill is shown once more, and in which words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shebao.hall.roster.models import Spell
from shebao.hall.settlement.explaining_sums import explain_sum
from shebao.hall.settlement.flagging import flags
from shebao.hall.settlement.models import BillLine, LineKind
from shebao.hall.settlement.queries import bill_summary
from tests.factories import NOW, at
from tests.services.test_back_payments import approved, asked, settled
from tests.services.test_refunds import KEY, billed_in_october
from tests.services.test_refunds import asked as refund_of

from .hall import NOVEMBER, OCTOBER, dismiss, hire, make_clerk, make_employer, settle

pytestmark = pytest.mark.django_db


def two_months(joining: int = 0, leaving: int = 0):
    """An employer of ten, its bills of October and November, and who settled them."""
    employer = make_employer()
    clerk, people = make_clerk(employer), hire(employer, [600_000 + 10_000 * n for n in range(10)])
    last = settle(employer, clerk, OCTOBER)
    if joining:
        hire(employer, [700_000] * joining, first_month=NOVEMBER)
    for one in people[:leaving]:
        dismiss(one, OCTOBER)
    return clerk, last, settle(employer, clerk)


def test_a_head_count_that_jumped_is_told_with_both_numbers_and_a_small_move_is_not():
    _, first, bill = two_months(joining=3)
    assert flags(first) == [], "there is nothing before it"
    (flag,) = flags(bill)
    assert flag.text.startswith("缴费 13 人，上月 10 人，多 3 人") and flag.tab == "changes"


def test_two_more_of_ten_are_no_jump():
    assert flags(two_months(joining=2)[2]) == []


def test_people_who_left_are_counted_as_fewer():
    assert "少 4 人" in flags(two_months(leaving=4)[2])[0].text


def test_a_rate_that_changed_is_told_by_its_scheme_from_what_to_what():
    employer = make_employer()
    clerk, _ = make_clerk(employer), hire(employer, [600_000] * 4)
    before = {row.scheme: row.employer_rate for row in bill_summary(settle(employer, clerk, OCTOBER))}
    employer.float_grade = "150"
    employer.save()
    bill = settle(employer, clerk)
    after = {row.scheme: row.employer_rate for row in bill_summary(bill)}
    (flag,) = flags(bill)
    assert f"工伤保险单位部分的费率由 {before['injury']} 变为 {after['injury']}" in flag.text and flag.tab == "rules"


def test_a_month_that_was_given_back_and_is_paid_back_again_is_told_by_name():
    with at(NOW):
        clerk, reviewer, employee, _ = billed_in_october("wage_hall")
        approved(clerk, reviewer, refund_of(employee), KEY)
        Spell.objects.filter(employee=employee).update(last_month=None, end_reason="")
        approved(clerk, reviewer, asked(employee, "2026-10", "2026-10"))
        line = BillLine.objects.filter(kind=LineKind.BACK_PAYMENT).first()
        bill = line.bill if line else settled(clerk)
    (flag,) = [one for one in flags(bill) if one.tab == "back"]
    assert flag.text.startswith(f"{employee.name}补缴的 2026-10 以前缴过并已退费")


def test_the_flags_cost_the_same_questions_for_many_people_as_for_few():
    counts = []
    for number, heads in (("120001", 4), ("120002", 40)):
        employer = make_employer(number=number)
        clerk, _ = make_clerk(employer), hire(employer, [600_000 + 1000 * i for i in range(heads)])
        settle(employer, clerk, OCTOBER)
        hire(employer, [700_000] * heads, first_month=NOVEMBER)
        bill = settle(employer, clerk)
        with CaptureQueriesContext(connection) as queries:
            assert flags(bill)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize("share", ["employer", "employee"])
def test_the_part_of_a_scheme_is_explained_by_its_people_bases_values_and_sum(share):
    clerk, last, bill = two_months(joining=1)
    for row in bill_summary(bill):
        due = getattr(row, f"{share}_due")
        if not due:
            continue
        found = explain_sum(clerk, bill.pk, row.scheme, share)
        assert found.amount == due and row.title in found.title
        labels = [step.label for step in found.steps]
        assert (
            labels[0] == "人数" and found.steps[0].value == f"{row.head_count} 人" and labels[-2:] == ["计算", "上月"]
        )
        before = {one.scheme: getattr(one, f"{share}_due") for one in bill_summary(last)}
        assert found.previous == before[row.scheme]
