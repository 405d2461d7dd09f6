"""Finding one's way: the first page, the guides, who retires, red marks and the phone, by the manuals' labels."""

import re
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.regions import region
from shebao.hall.settlement.ledger import balance
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month
from shebao.rules.retirement import retirement
from tests.factories import EmployerFactory, enrolled, synthetic_id
from tests.settlement.hall import settle

from .steps import all_believe, fill, until
from .test_review import person, typed

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
MONTH_PART = re.compile("/e/month/")
PHONE = {"width": 390, "height": 844}


def clerk_of(code: str):
    return person(clerk=True, name="王敏", employer=EmployerFactory(region=code))


def this_month() -> Month:
    return Month.of(clock.today())


def test_the_first_page_shows_that_it_is_loading_and_is_usable_while_a_part_is_slow_or_fails(page_of, live_server):
    clerk = clerk_of("wage_hall")
    enrolled(clerk.employer)
    page = page_of(clerk, "/e/cases/")
    held = []
    page.route(MONTH_PART, lambda route: held.append(route))

    # The amount does not come: the page says that it is at work, and everything else is there.
    page.goto(live_server.url + "/e/")
    part = page.locator("#home-due")
    expect(part.get_by_text("正在计算本月应缴")).to_be_visible()
    expect(part.locator("progress")).to_be_visible()
    for words in ("待提交", "审核中", "审核不通过", "审核通过", "缴费进度", "待办", "办理动态"):
        expect(page.locator("main").get_by_text(words).first, words).to_be_visible()
    page.locator(".stat").get_by_role("link", name=re.compile("审核通过")).click()
    page.wait_for_url(re.compile("/e/(cases|pages)/"))
    page.go_back()
    expect(part.get_by_text("正在计算本月应缴")).to_be_visible()

    # Still nothing after ten seconds: it gives up in words, and asks again when it is told to.
    part.get_by_text("服务器较忙").wait_for(timeout=20_000)
    expect(part.locator("progress")).to_be_hidden()
    for route in held:
        route.abort()
    page.unroute(MONTH_PART)

    # The line is cut, then the server fails.
    page.route(MONTH_PART, lambda route: route.abort())
    part.get_by_role("link", name="重试").click()
    part.get_by_text("没有连上服务器").wait_for()
    page.unroute(MONTH_PART)
    page.route(MONTH_PART, lambda route: route.fulfill(status=500, body="错误编号 0a1b2c3d4e"))
    part.get_by_role("link", name="重试").click()
    part.get_by_text("错误编号 0a1b2c3d4e").wait_for()
    assert page.locator(".toast").count() == 0

    page.unroute(MONTH_PART)
    part.get_by_role("link", name="重试").click()
    part.get_by_text("预估", exact=True).wait_for()
    assert part.locator(".big .num").first.inner_text().strip() not in ("", "0.00")
    assert page.locator("#home-chart svg").count() or "还没有应缴记录" in page.locator("#home-chart").inner_text()


def test_without_scripts_the_amount_is_one_press_away(page_of):
    clerk = clerk_of("wage_hall")
    enrolled(clerk.employer)
    page = page_of(clerk, "/e/", java_script_enabled=False)
    expect(page.get_by_text("正在计算本月应缴")).to_be_hidden()
    page.locator("#home-due").get_by_role("link", name="重试").click()
    expect(page.locator("#home-due").get_by_text("预估", exact=True)).to_be_visible()


def test_a_new_employer_reads_what_to_know_and_goes_where_it_is_done(page_of, browser, live_server):
    titles = ["网厅功能介绍", "业务流程", "新开户企业须知"]
    stranger = browser.new_page()
    stranger.goto(live_server.url + "/login")
    stranger.get_by_role("link", name="办事指南").click()
    stranger.get_by_role("link", name=region("wage_hall").title).click()
    stranger.get_by_role("heading", name=titles[0]).wait_for()
    assert stranger.get_by_role("heading", level=2).all_inner_texts()[:3] == titles
    assert stranger.locator(".guide li a").count() == 0
    stranger.close()

    page = page_of(clerk_of("wage_hall"), "/e/")
    page.locator(".banner").get_by_role("link", name="办事指南").click()
    flow = page.locator("#business_flows")
    states = ["待提交", "审核中业务", "审核通过业务", "审核不通过业务"]
    assert flow.locator("li > b").all_inner_texts()[:4] == states
    page.locator("#new_employer").get_by_role("link", name=re.compile("社保增员")).click()
    page.wait_for_url(re.compile("/e/declare/employee_enrolment/"))


def born_for(left: int) -> Month:
    """The month of birth of a man who reaches the statutory age in so many months."""
    months = np.arange(this_month().index - 75 * 12, this_month().index - 55 * 12, dtype=np.int64)
    found = retirement(months, np.full(len(months), "man")).statutory - this_month().index
    return Month.from_index(int(months[np.flatnonzero(found <= left)[-1]]))


REMINDERS = {
    "3个月内到龄退休的人员": {"丁本月", "丙三月"},
    "6个月内到龄退休的人员": {"丁本月", "丙三月", "乙六月"},
    "本月到龄的人员": {"丁本月"},
    "已超龄人员": {"甲超龄"},
}


def test_the_five_reminders_name_who_retires_and_what_is_owed(page_of, live_server):
    clerk = clerk_of("shenzhen")
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    for place, (name, left) in enumerate({"甲超龄": -2, "丁本月": 0, "丙三月": 3, "乙六月": 6, "戊年轻": 90}.items()):
        number = synthetic_id(born=born_for(left).first_day, sequence=2 * place + 1)
        enrolled(clerk.employer, name=name, number=number, household="521", facts=facts)
    settle(clerk.employer, clerk, this_month().previous(2))
    page = page_of(clerk, "/e/")
    assert "1 人已过法定退休年龄仍在参保" in page.locator("#home-todos").inner_text()
    page.locator(".nav summary", has_text="征收业务提醒").click()
    for title, names in REMINDERS.items():
        if not page.locator(".nav").get_by_role("link", name=title).is_visible():
            page.locator(".nav summary", has_text="征收业务提醒").click()
        page.locator(".nav").get_by_role("link", name=title).click()
        page.get_by_role("heading", name=title, level=1).wait_for()
        assert set(page.locator("tbody .head").all_inner_texts()) == names
        assert f"{title} {len(names)}" in page.locator(".tabs [aria-current]").inner_text().replace("\n", " ")

    # Narrowed to nobody and back; taken away as a workbook; and on to what is to be done.
    page.get_by_label("姓名、拼音").fill("没有这个人")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="清除条件").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="导出表格").click()
    assert saved.value.suggested_filename.startswith("已超龄人员")
    page.get_by_role("link", name=re.compile("停交.*甲超龄")).click()
    page.wait_for_url(re.compile("employee_cessation"))
    assert "甲超龄" in page.locator("main").inner_html()

    page.locator(".nav summary", has_text="征收业务提醒").click()
    page.locator(".nav").get_by_role("link", name="保险费欠费查询").click()
    row = page.locator("tbody tr")
    assert row.count() == 1 and str(this_month().previous(2)) in row.inner_text()
    page.get_by_role("link", name=re.compile("去缴费")).first.click()
    page.wait_for_url(re.compile("/e/pay/"))

    # A number that seems wrong: how it came about, what may be the cause, whom to ask.
    line = Bill.objects.get().lines.filter(scheme="pension", employee__name="戊年轻").get()
    page.goto(f"{live_server.url}/e/bills/lines/{line.pk}/employer/")
    page.get_by_text("这个数不对？").click()
    doubt = page.locator(".doubt")
    assert "12333" in doubt.inner_text() and Bill.objects.get().number in page.locator("#doubt-text").text_content()
    doubt.get_by_role("link", name=re.compile("工资、档次更正")).click()
    page.wait_for_url(re.compile("wage_correction"))


def is_red(mark) -> bool:
    red, green, blue = map(int, re.findall(r"\d+", mark.evaluate("e => getComputedStyle(e).color"))[:3])
    return red > 150 and green < 90 and blue < 90


def test_what_must_be_filled_in_is_marked_red_and_missed_all_at_once(page_of, live_server):
    page = page_of(clerk_of("certificate_city"), "/guides/certificate_city")
    expect(page.get_by_role("heading", name="一般约定")).to_be_visible()
    page.locator("#conventions").get_by_role("link", name=re.compile("必须输入项")).click()
    page.wait_for_url(re.compile("employee_enrolment"))
    form = region("certificate_city").forms["employee_enrolment"]
    needed = [field for field in form.fields if field.required]
    assert needed
    for field in form.fields:
        box = page.locator(f'.fd:has([name="{field.id}"])').first
        assert box.locator(".req").count() == int(field.required), field.id
        if field.required:
            assert is_red(box.locator(".req")), field.id
    for field in needed:
        if not field.default:
            entry = page.locator(f'[name="{field.id}"]').first
            if entry.evaluate("e => e.tagName") == "SELECT":
                entry.select_option("")
            else:
                entry.fill("")
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector(".errsum")
    missed = set(page.locator(".errsum a").evaluate_all("all => all.map(a => a.getAttribute('href'))"))
    assert {f"#id_{field.id}" for field in needed if not field.default} <= missed
    assert not Declaration.objects.exists()


@contextmanager
def on_the_tenth():
    """The whole hall, the server's threads too, is in the middle of this month's window, whatever day it is."""
    with pytest.MonkeyPatch.context() as patch:
        tenth = clock.now().replace(day=10, hour=2)
        all_believe(patch, tenth)
        yield


def fits(page) -> None:
    """Nothing is cut off at the side, and what is pressed is large enough for a thumb."""
    # A page or a part that loads would replace what is measured.
    page.wait_for_load_state()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0, timeout=15_000)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    heights = page.locator("main .btn:visible").evaluate_all("all => all.map(b => b.getBoundingClientRect().height)")
    assert min(heights, default=44) >= 36, page.url


def test_a_month_is_done_on_a_phone(page_of, bank, live_server):
    clerk, home = clerk_of("general_hall"), live_server.url
    page = page_of(clerk, "/guides/general_hall")
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("heading", name="社保企业端APP")).to_be_visible()
    fits(page)
    with on_the_tenth():
        page.goto(home + "/e/")
        page.get_by_role("link", name="打开菜单").click()
        page.locator(".nav").get_by_role("link", name="新增员工").click()
        fill(page, typed())
        fits(page)
        page.get_by_role("button", name="确定").click()
        until(page, lambda: Declaration.objects.filter(state="approved").exists())
        for address in ("/e/", "/e/roster/", "/e/cases/", "/e/reminders/past_retirement/", "/e/settle/"):
            page.goto(home + address)
            fits(page)
        page.get_by_role("button", name="社保申报").click()
        fits(page)
        page.get_by_role("button", name="确定").click()
        page.wait_for_url(re.compile(r"/e/bills/\d+/"))
        fits(page)
    bill = Bill.objects.get()
    page.get_by_role("link", name="去缴费").click()
    fits(page)
    page.get_by_role("button", name="确认缴费").click()
    page.get_by_role("link", name="前往银行付款").click()
    page.get_by_role("button", name="确认付款").click()
    # Nobody has to find the way back: the bank returns to the very payment.
    page.wait_for_url(re.compile(r"/e/payments/\d+/"))
    page.get_by_text("缴费成功").first.wait_for()
    assert balance(bill) == (bill.total_due, bill.total_due)
    fits(page)
    with page.expect_popup() as paper:
        page.get_by_role("button", name="打印缴费凭证").click()
    until(page, lambda: bill.documents.filter(kind="receipt").exists())
    paper.value.close()
    page.goto(home + "/e/documents/")
    fits(page)


def test_an_icon_in_a_line_stands_beside_its_words(browser, live_server):
    page = browser.new_page()
    page.goto(f"{live_server.url}/login")
    off = """icon => {
        const words = document.createRange();
        words.selectNode(icon.nextSibling);
        const [one, other] = [icon.getBoundingClientRect(), words.getBoundingClientRect()];
        return Math.abs((one.top + one.bottom - other.top - other.bottom) / 2);
    }"""
    assert page.locator(".more .i").last.evaluate(off) <= 1
    page.close()
