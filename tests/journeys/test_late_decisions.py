"""A case submitted in time is approved after the last settling day: its employer settles that month all the same."""

from datetime import datetime

import pytest

from shebao.hall import clock
from shebao.hall.declarations import operations
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month
from tests.factories import OperatorFactory, enrolment

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_the_month_is_settled_after_a_late_approval_and_every_page_says_why(page_of, live_server):
    clerk, reviewer = OperatorFactory(clerk=True, name="王敏"), OperatorFactory(reviewer=True, name="李娜")
    last, home = Month.of(clock.today()).previous(), live_server.url
    with clock.pretending(datetime.combine(last.last_day, datetime.min.time()).replace(hour=10)):
        raw = enrolment(1, enrolment_month=str(last), contract_from=f"{last}-01", labour_registered_on=f"{last}-01")
        (case,) = operations.save_declarations(clerk.employer_id, "employee_enrolment", [raw], by=clerk)
        operations.submit_declarations([case.pk], by=clerk)

    # Before the decision the employer reads that the month waits for it.
    page = page_of(clerk, "/e/")
    row = page.get_by_role("listitem").filter(has_text=f"{last.label}还没有结算")
    assert "办结后 5 个工作日内可以结算" in row.inner_text()

    desk = page_of(reviewer, f"/a/cases/{case.pk}")
    desk.get_by_text("办结已在结算截止之后").wait_for()
    desk.get_by_text("单位有 5 个工作日可以结算").wait_for()
    desk.keyboard.press("a")
    desk.wait_for_selector("text=已审核通过")

    page.goto(home + "/e/")
    page.get_by_role("listitem").filter(has_text=f"{last.label}还没有结算").get_by_role("link").click()
    window = page.get_by_role("listitem").filter(has_text="在结算时间内").inner_text()
    assert "已满足" in window and "可以结算到" in window and "缴费截止仍是" in window
    page.get_by_role("button", name="有变动结算").click()
    while page.get_by_role("button", name="确定").count():
        page.get_by_role("button", name="确定").click()
    if page.get_by_role("button", name="是", exact=True).count():
        page.get_by_role("button", name="是", exact=True).click()
    page.wait_for_url("**/e/bills/**")
    bill = Bill.objects.get(employer=clerk.employer)
    assert bill.month == last and bill.head_count == 1
    assert clock.day_of(bill.pay_until) == last.last_day
