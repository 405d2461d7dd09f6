"""The rulebook in Chromium: what it costs, why, what a late value changes, and what a new one would."""

import re
from datetime import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall.operators.models import Operator
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import LineKind
from tests.settlement.hall import hire, make_clerk, make_employer, settle
from tests.settlement.test_adjusting import AUGUST, JULY, SEPTEMBER

from .conftest import fetched
from .steps import all_believe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def september(monkeypatch):
    """The server's threads, too, believe that it is the tenth of September, when the year's limits are out at last."""
    moment = timezone.make_aware(datetime(2026, 9, 10, 9, 30))  # noqa: DTZ001 - made aware in the hall's zone
    all_believe(monkeypatch, moment)


@pytest.fixture
def clerk():
    """July and August are billed by last year's limits."""
    employer = make_employer("shanghai", number="310001")
    made = make_clerk(employer)
    hire(employer, [300_000, 746_000, 1_000_000, 9_000_000])
    for month in (JULY, AUGUST):
        settle(employer, made, month)
    return made


def test_a_clerk_sees_what_late_values_change_settles_and_reads_both_derivations(page_of, clerk, live_server):
    page = page_of(clerk)
    page.goto(live_server.url + "/e/settle/")
    page.get_by_role("link", name=re.compile("补差")).first.click()
    row = page.locator("tr", has_text="2026-07").filter(has_text="1,193.60").first
    expect(row).to_contain_text("1,207.36")
    row.get_by_role("link", name="+13.76").click()
    why = page.locator("#why")
    expect(why).to_contain_text("原·下限")
    expect(why).to_contain_text("新·下限")
    expect(why).to_contain_text("13.76")

    page.goto(live_server.url + "/e/settle/")
    while not re.search(r"/e/bills/\d+/", page.url):
        page.locator("main form button.p").first.click()
        page.wait_for_load_state()
    bill = clerk.employer.bills.get(month=SEPTEMBER)
    corrected = bill.lines.exclude(kind=LineKind.REGULAR)
    assert corrected.count() and {line.adjusts.bill.month for line in corrected} == {JULY, AUGUST}
    page.get_by_role("link", name=re.compile("^补差")).first.click()
    page.locator("main a.money", has_text="13.76").first.click()
    expect(page.locator("body")).to_contain_text("新应缴 − 原应缴")
    assert list(check_ledger()) == []


@pytest.mark.slow
def test_the_agency_tries_a_new_floor_on_last_months_bills_and_takes_the_folder_along(page_of, clerk, live_server):
    admin = Operator.objects.create(username="sh", name="管理", role="agency_admin", region="shanghai")
    page = page_of(admin)
    page.goto(live_server.url + "/a/sandbox/")
    page.get_by_label("养老保险缴费基数下限的新数值").or_(page.get_by_label("缴费基数下限的新数值")).first.fill("八千")
    page.get_by_role("button", name="试算上月账单").click()
    expect(page.locator(".errsum")).to_contain_text("下限")
    page.get_by_label("缴费基数下限的新数值").first.fill("8000")
    page.get_by_role("button", name="试算上月账单").click()
    page.wait_for_url(re.compile(r"/a/sandbox/\d+"))
    expect(page.locator("main")).to_contain_text("测试单位310001")
    expect(page.locator("main")).to_contain_text("没有保存任何数值")
    address = page.get_by_role("link", name=re.compile("下载|parameters")).first.get_attribute("href")
    assert b"value: 8000" in fetched(page, live_server.url + address)
    assert clerk.employer.bills.count() == 2


def test_anybody_looks_up_the_rates_and_tries_a_wage_in_two_places_on_a_phone(page_of, live_server):
    page = page_of(None, width=390)
    page.goto(live_server.url + "/rates/shanghai?month=2026-09")
    expect(page.locator("main")).to_contain_text("执行的标准")
    page.get_by_role("link", name="用这些数试算").click()
    page.get_by_label("月缴费工资").fill("8000")
    page.get_by_role("button", name="试算").click()
    expect(page.locator(".money-line")).to_contain_text("每月合计")
    page.get_by_text("与另一个地区或月份比较").click()
    page.get_by_label("一起算").check()
    page.get_by_role("button", name="试算").click()
    expect(page.locator("main")).to_contain_text("并排比较")
    page.locator("details.how summary", has_text="养老保险").first.click()
    expect(page.locator("details[open]").last).to_contain_text("8,000.00")
    shared = page.url
    again = page_of(None)
    again.goto(shared)
    assert again.locator(".money-line").inner_text() == page.locator(".money-line").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
