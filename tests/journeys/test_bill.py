"""账单 in Chromium: sorted by a column, every amount asked why by the keys alone, what stands out, and the paper."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.factories import NOW, OperatorFactory
from tests.settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, settle

from .steps import all_believe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def bill_page(page_of, monkeypatch):
    """The bill of November, of an employer that grew by half since October."""
    all_believe(monkeypatch, timezone.make_aware(NOW))

    def enter(width: int = 1440, **options):
        employer = make_employer()
        clerk = make_clerk(employer)
        hire(employer, [600_000, 900_000, 700_000, 300_000, 800_000, 650_000])
        settle(employer, clerk, OCTOBER)
        hire(employer, [1_000_000, 500_000, 750_000], first_month=NOVEMBER)
        bill = settle(employer, clerk)
        return page_of(clerk, f"/e/bills/{bill.pk}/", width=width, **options), bill

    return enter


def test_the_people_are_sorted_and_an_amount_is_explained_and_left_by_the_keys_alone(bill_page):
    page, bill = bill_page()
    expect(page.get_by_text("缴费 9 人，上月 6 人，多 3 人")).to_be_visible()
    page.get_by_role("link", name="逐人", exact=True).click()
    page.get_by_role("columnheader", name="申报工资（元）").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="申报工资（元）")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tbody tr").first).to_contain_text("10,000.00")
    page.get_by_role("columnheader", name="申报工资（元）").get_by_role("link").click()
    expect(page.locator("tbody tr").first).to_contain_text("3,000.00")

    amounts = page.locator("[data-explain] tbody a.money")
    first, below = amounts.first, page.locator("tbody tr").nth(1).locator("a.money").first
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(below).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("tbody tr").nth(1).locator("a.money").nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    why = page.locator("#why section")
    expect(why).to_contain_text("缴费基数")
    expect(why).to_be_focused()
    page.keyboard.press("Escape")
    expect(why).to_have_count(0)
    expect(first).to_be_focused()


FOLDED = 70
"""Pixels that somebody takes on a phone: fifty are a few screens."""


def test_on_a_phone_everybody_is_a_folded_row_that_opens_without_javascript_and_is_printed_whole(bill_page):
    page, bill = bill_page(width=390, java_script_enabled=False)
    page.goto(f"{page.url}?tab=people")
    rows = page.locator("[data-explain] tbody tr")
    assert max(row.bounding_box()["height"] for row in rows.all()) < FOLDED
    wage = rows.first.locator("td[data-label=申报工资]")
    expect(wage).to_be_hidden()
    page.locator(".more > summary").first.focus()
    page.keyboard.press("Enter")
    expect(wage).to_be_visible()
    expect(rows.nth(1).locator("td[data-label=申报工资]")).to_be_hidden()
    page.get_by_label("排序").select_option(label="合计从高到低")
    page.get_by_role("button", name="查询").click()
    page.wait_for_url(re.compile("sort=-total"))
    expect(rows.first).to_contain_text(bill.lines.order_by("-declared_wage").first().employee.name)
    page.emulate_media(media="print")
    for row in rows.all():
        expect(row.locator("td[data-label=申报工资]")).to_be_visible()


def test_on_a_phone_a_touch_on_the_name_opens_the_row_as_one_anywhere_on_it_does(bill_page):
    page, _ = bill_page(width=390)
    page.goto(f"{page.url}?tab=people")
    row = page.locator("[data-explain] tbody tr").first
    box = row.locator("th").bounding_box()
    page.mouse.click(box["x"] + 12, box["y"] + box["height"] / 2)
    expect(row.locator("td[data-label=申报工资]")).to_be_visible()


def test_the_sums_of_a_scheme_say_why_and_lead_to_its_people(bill_page):
    page, bill = bill_page(width=390)
    page.locator("[data-explain] .more > summary").first.click()  # on a phone the rest of a row lies folded
    page.locator("[data-explain] tbody a.money").nth(1).click()
    why = page.locator("#why section")
    expect(why).to_contain_text("各人分别计算、进位后相加")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    why.get_by_role("button", name="关闭").click()
    expect(why).to_have_count(0)
    page.locator("[data-explain] tbody a.money").nth(1).click()
    why.get_by_role("link", name="看每个人的").click()
    page.wait_for_url(re.compile("tab=people&scheme="))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_paper_the_bill_ends_with_the_values_it_rests_on(bill_page):
    page, _ = bill_page()
    appendix = page.get_by_role("heading", name="附：计算依据")
    expect(appendix).to_be_hidden()
    page.emulate_media(media="print")
    expect(appendix).to_be_visible()
    expect(page.get_by_text("浮动倍数").first).to_be_visible()


def test_a_number_that_seems_wrong_is_asked_about_and_answered_at_the_desk(bill_page, page_of, live_server):
    page, bill = bill_page(width=390)
    line = bill.lines.filter(scheme="pension", declared_wage=300_000).get()
    page.goto(f"{live_server.url}/e/bills/lines/{line.pk}/employer/")
    page.get_by_text("这个数不对？").click()
    page.get_by_role("link", name="提出核实").click()
    expect(page.get_by_role("heading", name="当时的依据")).to_be_visible()
    page.get_by_label("哪里不对").select_option(label="缴费基数不对")
    page.get_by_label("我单位认为应为").fill("480")
    page.get_by_role("button", name="提交经办机构核实").click()
    expect(page.get_by_role("alert")).to_contain_text("请填写“理由”")
    page.get_by_label("理由").fill("工资表上是 3,000 元")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="提交经办机构核实").click()
    expect(page.get_by_text("已提出核实，预计")).to_be_visible()
    expect(page.get_by_text("核实中").first).to_be_visible()
    # Taken back while nobody has answered, and sent again from the basket.
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已撤回，回到待提交")).to_be_visible()
    page.get_by_role("link", name="核对并提交").click()
    page.get_by_role("checkbox").last.check()
    page.get_by_role("button", name="提交 1 笔").click()

    desk = page_of(OperatorFactory(reviewer=True, region="tianjin", name="李审"), "/a/")
    desk.get_by_role("link", name=re.compile(line.employee.name)).first.click()
    expect(desk.get_by_role("heading", name="当时的依据")).to_be_visible()
    expect(desk.locator("main")).to_contain_text(line.employer_evidence.digest)
    desk.get_by_label("核实无误的答复").select_option(label="申报工资低于下限或高于上限，按上下限计算")
    desk.get_by_label("核实无误的说明").fill("下限 4,473 元")
    desk.get_by_role("button", name="核实无误").click()
    expect(desk.get_by_text("已办理，单位会看到原因")).to_be_visible()

    page.goto(f"{live_server.url}/e/cases/")
    expect(page.locator("main")).to_contain_text("按上下限计算：下限 4,473 元")
    page.get_by_role("link", name=re.compile(line.employee.name)).click()
    expect(page.get_by_text("核实无误").first).to_be_visible()
