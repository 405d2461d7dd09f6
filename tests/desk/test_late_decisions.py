"""A case submitted in time and decided after the last settling day: the month stays open for that employer."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from shebao.hall.clock import today
from shebao.hall.declarations import operations, review
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.states import State
from shebao.hall.errors import Refused
from shebao.hall.regions import region
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.late_decisions import extended_months, extensions
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.hall.settlement.progress import applicable_settlement, standing
from shebao.hall.settlement.provisional import assess_undeclared
from shebao.hall.workbench.todos import todo_items
from shebao.rules.months import Month
from tests.factories import at, enrolment, region_saying
from tests.settlement.hall import NOVEMBER, hire, make_clerk, make_employer

pytestmark = pytest.mark.django_db
DECEMBER = Month(2026, 12)
ENROL = "employee_enrolment"


def on(month, day, hour=10):
    return at(datetime(2026, month, day, hour))  # noqa: DTZ001 - naive local by contract


def submit(clerk, day=30, number=1) -> Declaration:
    """An enrolment submitted on that day of November."""
    with on(11, day):
        (made,) = operations.save_declarations(clerk.employer_id, ENROL, [enrolment(number)], by=clerk)
        operations.submit_declarations([made.pk], by=clerk)
    return Declaration.objects.get(pk=made.pk)


def settle(clerk, month=NOVEMBER) -> Bill:
    kind = applicable_settlement(clerk.employer, month)
    return settle_month(clerk.employer_id, month, kind.key, by=clerk, confirmations=kind.confirmations)


@contextmanager
def rule(code: str, **changes):
    """The region as its folder would say it with this rule."""
    late = replace(region(code).calendar.late_decisions, **changes)
    with region_saying(code, "calendar", late_decisions=late):
        yield


def test_what_is_approved_after_the_last_settling_day_can_be_settled_for_some_working_days(clerk, reviewer):
    one = submit(clerk)
    with on(12, 1):
        assert extensions([clerk.employer], NOVEMBER)[clerk.employer_id].waiting == 1
        with pytest.raises(Refused, match="审核中的申报都已办结：还有 1 笔") as no:
            settle(clerk)
        assert "截止" not in no.value.message, "the time is not what stands in the way"
    with on(12, 2):
        review.approve_declarations([one.pk], by=reviewer)
        until = extensions([clerk.employer], NOVEMBER)[clerk.employer_id].until
        assert until == datetime(2026, 12, 9, 23, 59)  # noqa: DTZ001 - five working days after
    with on(12, 9, 23):
        bill = settle(clerk)
    assert bill.month == NOVEMBER and bill.head_count == 1
    assert Spell.objects.filter(first_month=NOVEMBER).exists()


def test_the_bill_is_due_when_the_month_was_and_bears_late_fees_from_then(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2):
        review.approve_declarations([one.pk], by=reviewer)
        bill = settle(clerk)
        assert f"{bill.pay_until:%m-%d}" == "11-30"
        assert owing(bill, today()).late_fee > 0


def test_where_the_region_says_so_the_due_day_moves_with_the_decision(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2), rule(clerk.region, due="moved"):
        review.approve_declarations([one.pk], by=reviewer)
        bill = settle(clerk)
        assert f"{bill.pay_until:%m-%d}" == "12-09"
        assert owing(bill, today()).late_fee == 0


def test_the_days_end(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2):
        review.approve_declarations([one.pk], by=reviewer)
    with on(12, 10), pytest.raises(Refused, match="请到经办窗口办理"):
        settle(clerk)
    assert not Bill.objects.exists()


def test_a_region_may_give_no_days(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2), rule(clerk.region, settle_within=0):
        review.approve_declarations([one.pk], by=reviewer)
        with pytest.raises(Refused, match="请到经办窗口办理"):
            settle(clerk)
        assert extended_months(clerk.employer, DECEMBER) == {}


def test_what_was_decided_in_time_opens_nothing(clerk, reviewer):
    one = submit(clerk, day=20)
    with on(11, 30):
        review.approve_declarations([one.pk], by=reviewer)
    with on(12, 1), pytest.raises(Refused, match="请到经办窗口办理"):
        settle(clerk)


def test_what_was_returned_in_time_and_repaired_too_late_opens_nothing(clerk, reviewer):
    one = submit(clerk, day=20)
    with on(11, 25):
        review.return_declaration(one.pk, by=reviewer, marks={}, note="请核对")
    with on(12, 1):
        assert extensions([clerk.employer], NOVEMBER) == {}


def test_after_a_late_return_the_month_is_settled_without_the_case_which_goes_on_in_the_next(clerk, reviewer):
    hire(clerk.employer, [900_000])
    one = submit(clerk)
    with on(12, 2):
        review.return_declaration(one.pk, by=reviewer, marks={}, note="请核对")
        assert extensions([clerk.employer], NOVEMBER)[clerk.employer_id].until.day == 9
        with pytest.raises(Refused, match="退回的申报都已处理：还有 1 笔"):
            settle(clerk)
    with on(12, 8):
        raw = enrolment(1) | {"declared_wage": "8100"}
        version = Declaration.objects.get(pk=one.pk).version
        operations.repair_declaration(one.pk, raw, by=clerk, confirmed={"month_window": "退回后补正"}, version=version)
        assert operations.submit_declarations([one.pk], by=clerk).refused == []
        assert Declaration.objects.get(pk=one.pk).month == DECEMBER
        assert settle(clerk).head_count == 1


def test_a_later_decision_about_the_same_case_gives_no_further_days(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2):
        review.return_declaration(one.pk, by=reviewer, marks={}, note="请核对")
    with on(12, 8):
        raw = enrolment(1) | {"declared_wage": "8100"}
        version = Declaration.objects.get(pk=one.pk).version
        operations.repair_declaration(one.pk, raw, by=clerk, confirmed={"month_window": "退回后补正"}, version=version)
        operations.submit_declarations([one.pk], by=clerk)
    with on(12, 14):
        review.approve_declarations([one.pk], by=reviewer)
        assert extensions([clerk.employer], NOVEMBER) == {}


def test_another_employer_gains_nothing_by_it(clerk, reviewer):
    submit(clerk)
    other = make_employer(clerk.region, number="990001")
    hire(other, [900_000])
    with on(12, 1), pytest.raises(Refused, match="请到经办窗口办理"):
        kind = applicable_settlement(other, NOVEMBER)
        settle_month(other.pk, NOVEMBER, kind.key, by=make_clerk(other), confirmations=kind.confirmations)


def test_the_employer_is_told_on_the_first_page_and_only_as_long_as_it_may(clerk, reviewer):
    def titles():
        return [one.title for one in todo_items(clerk, standing(clerk.employer, DECEMBER, clerk), None)]

    one = submit(clerk)
    with on(12, 2):
        assert "2026 年 11 月还没有结算" in titles()
        review.approve_declarations([one.pk], by=reviewer)
        assert "2026 年 11 月还没有结算" in titles()
        settle(clerk)
        assert "2026 年 11 月还没有结算" not in titles()
    with on(12, 20):
        assert extended_months(clerk.employer, DECEMBER) == {}


def test_the_agency_does_not_assess_as_undeclared_who_waits_for_it(clerk, reviewer):
    hire(clerk.employer, [900_000])
    submit(clerk)
    with on(12, 2), pytest.raises(Refused, match="截止时有按时提交的申报还在审核"):
        assess_undeclared(clerk.employer_id, NOVEMBER, by=reviewer)


def test_the_agencys_own_run_takes_such_a_month_too(clerk, reviewer):
    one = submit(clerk)
    with on(12, 2):
        assert settle_employers([clerk.employer_id], NOVEMBER).skipped
        review.approve_declarations([one.pk], by=reviewer)
        run = settle_employers([clerk.employer_id], NOVEMBER)
    assert run.bills or "集中核定" in run.skipped[clerk.employer_id]
    assert "截止" not in "".join(run.skipped.values())
    assert Declaration.objects.get(pk=one.pk).state == State.APPROVED
