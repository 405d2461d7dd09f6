"""应缴社会保险费核定 and 回退 (GY-5), 申报记录 and 申报作废 (SH-6), as their manuals name them."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill
from tests.factories import EmployerFactory, OperatorFactory, enrolled

from .conftest import patient
from .steps import print_from_menu

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "right-Password-1"


@pytest.fixture
def hall(browser, live_server, bank):
    """A clerk of a small employer in a region, signed in, in a browser of their own."""
    opened = []

    def enter(code: str, number: int):
        employer = EmployerFactory(region=code)
        enrolled(employer, sequence=number, name="周示例")
        clerk = OperatorFactory(clerk=True, employer=employer)
        clerk.set_password(PASSWORD)
        clerk.save()
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        opened.append(context)
        page = patient(context.new_page())
        page.goto(live_server.url + "/login")
        page.get_by_label("账号").fill(clerk.username)
        page.get_by_label("密码").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page, employer

    yield enter
    for context in opened:
        context.close()


def settle(page, live_server, title: str) -> None:
    page.goto(live_server.url + "/e/settle/")
    page.get_by_role("button", name=title).click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))


def test_a_month_is_assessed_its_notice_printed_rolled_back_and_assessed_again(hall, live_server):
    page, employer = hall("guiyang", 901)
    settle(page, live_server, "应缴社会保险费核定")
    old = Bill.objects.live().get(employer=employer)
    print_from_menu(page, "打印社会保险费缴费通知单")
    notice = old.documents.get(kind="payment_notice")

    # The bank's order waits for the payer; rolling back closes it there first.
    page.goto(f"{live_server.url}/e/pay/{old.pk}/")
    page.get_by_role("button", name="确认缴费").click()
    bank_page = page.get_by_role("link", name="前往银行付款").get_attribute("href")

    page.get_by_role("link", name="应缴社会保险费核定回退").click()
    page.locator("tbody tr").first.get_by_role("link", name="应缴社会保险费核定回退").click()
    page.get_by_role("button", name="确认应缴社会保险费核定回退").click()
    expect(page.get_by_label("作废原因")).to_be_visible()  # a reason is asked for
    page.get_by_label("作废原因").fill("漏报一名新进职工")
    page.get_by_role("button", name="确认应缴社会保险费核定回退").dblclick()
    page.get_by_text("已作废，可以重新办理").wait_for()
    assert balance(old) == (0, 0)
    page.goto(bank_page)
    expect(page.get_by_text("收款方已关闭这笔订单")).to_be_visible()

    # The old bill is still there, and its paper says that it no longer counts.
    page.goto(f"{live_server.url}/e/bills/{old.pk}/")
    expect(page.get_by_text("这张账单已作废")).to_be_visible()
    page.goto(notice.content["verify_url"])
    page.get_by_label("金额").fill(f"{old.total_due / 100:.2f}")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="由本系统开具，已作废").wait_for()

    settle(page, live_server, "应缴社会保险费核定")
    assert Bill.objects.live().get(employer=employer).total_due == old.total_due
    assert list(check_ledger()) == []


def test_a_declaration_is_voided_from_the_records_while_it_is_unpaid(hall, live_server):
    page, employer = hall("shanghai", 902)
    settle(page, live_server, "日常申报")
    page.get_by_role("link", name="申报记录", exact=True).click()
    page.get_by_role("link", name=re.compile("^申报作废")).click()
    page.get_by_label("作废原因").fill("工资报错")
    page.get_by_role("button", name="确认申报作废").click()
    page.get_by_text("已作废，可以重新办理").wait_for()
    expect(page.locator("tbody tr").first.get_by_text("已作废")).to_be_visible()
    assert not Bill.objects.live().filter(employer=employer).exists()
    assert list(check_ledger()) == []
