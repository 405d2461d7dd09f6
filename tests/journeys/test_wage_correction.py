"""缴费工资更正 by the page: from the number that seems wrong to its correction, the review and the bill; and a tier."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import approve_declarations
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import ADJUSTING
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled
from tests.settlement.hall import settle

from .steps import save_to_basket, submit_basket, until
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_a_wage_that_seems_wrong_on_the_bill_is_corrected_and_reviewed(page_of, live_server):
    month, home = Month.of(clock.today()), live_server.url
    clerk = person(clerk=True, name="王敏", employer=EmployerFactory(region="guiyang"))
    reviewer = person(reviewer=True, name="李娜", region="guiyang")
    employee = enrolled(clerk.employer, since=month.previous(3))
    bill = settle(clerk.employer, clerk, month.previous())

    # The number leads to what sets it right, for that person and month.
    page = page_of(clerk, "/e/")
    line = bill.lines.get(employee=employee, scheme="pension")
    page.goto(f"{home}/e/bills/lines/{line.pk}/employer/")
    page.get_by_text("这个数不对？").click()
    page.locator(".doubt").get_by_role("link", name=re.compile("缴费工资更正")).click()
    page.wait_for_url(re.compile("wage_correction"))
    expect(page.get_by_role("heading", name="缴费工资更正", exact=True).first).to_be_visible()
    for label in ("更正开始月份", "更正终止月份"):
        assert page.get_by_role("textbox", name=label).input_value() == str(month.previous())
    page.locator("[name=declared_wage]").fill("9000")
    page.locator("[name=note]").fill("奖金漏报")
    until(page, lambda: "补差金额" in page.locator("#declare-rail").inner_text() and "+" in rail(page))
    save_to_basket(page)
    submit_basket(page, home)

    desk = page_of(reviewer, "/a/")
    case = Declaration.objects.get(state="submitted")
    desk.goto(f"{home}/a/cases/{case.pk}")
    assert f"{case.effect_fen / 100:,.2f}" in desk.locator("#main").inner_text()
    desk.get_by_role("button", name=re.compile("^通过")).click()
    until(desk, lambda: Declaration.objects.get(pk=case.pk).state == "approved")

    # The employer sees what waits, and the month's bill has it.
    page.goto(f"{home}/e/adjustments/")
    until(page, lambda: f"{case.effect_fen / 100:,.2f}" in page.get_by_role("main").inner_text())
    made = settle(clerk.employer, clerk, month)
    found = made.lines.filter(kind__in=ADJUSTING)
    assert sum(one.employer_due + one.employee_due for one in found) == case.effect_fen > 0
    page.goto(f"{home}/e/bills/lines/{found.first().pk}/employer/")
    assert "8,000.00 元 → 9,000.00 元" in page.get_by_role("main").inner_text()
    assert list(check_ledger()) == []


def test_the_tier_alone_is_corrected_and_the_bill_says_from_which_to_which(page_of, live_server):
    month, home = Month.of(clock.today()), live_server.url
    clerk = person(clerk=True, name="王敏", employer=EmployerFactory(region="shenzhen"))
    reviewer = person(reviewer=True, name="李娜", region="shenzhen")
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    employee = enrolled(clerk.employer, since=month.previous(2), facts=facts)
    settle(clerk.employer, clerk, month.previous())

    # Nothing is filled in of what may stay as it was charged.
    page = page_of(clerk, "/e/")
    page.goto(f"{home}/e/declare/wage_correction/?employee={employee.pk}&month={month.previous()}")
    tier, wage = page.locator("[name=medical_tier]"), page.locator("[name=declared_wage]")
    assert tier.input_value() == wage.input_value() == ""
    tier.select_option("2")
    page.locator("[name=note]").fill("档次选错")
    until(page, lambda: "−480.00" in rail(page))
    save_to_basket(page)
    submit_basket(page, home)
    approve_declarations([Declaration.objects.get(state="submitted").pk], by=reviewer)
    made = settle(clerk.employer, clerk, month)
    (line,) = made.lines.filter(kind__in=ADJUSTING)
    page.goto(f"{home}/e/bills/lines/{line.pk}/employer/")
    told = page.get_by_role("main").inner_text()
    assert "医疗缴费档次更正" in told and "职工一档 → 职工二档" in told
    assert list(check_ledger()) == []


def rail(page) -> str:
    return page.locator("#declare-rail").inner_text()
