"""The frame around every page, in a browser: the end of a session, single keys, the bar under a list."""

import re

import pytest

from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import Employee
from tests.settlement.hall import hire, make_clerk, make_employer

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-Password-of-6-words"


@pytest.fixture
def page(browser, live_server):
    """The roster of an employer with thirty people, on a telephone, signed in."""
    employer = make_employer()
    clerk: Operator = make_clerk(employer)
    clerk.set_password(PASSWORD)
    clerk.save()
    hire(employer, [800_000] * 30)
    context = browser.new_context(viewport={"width": 390, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(live_server.url + "/login?next=/e/roster/?q=zhigong")
    page.get_by_label("账号").fill(clerk.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    yield page
    context.close()


def test_the_bar_of_a_list_stays_at_the_bottom_and_adds_up_what_is_ticked(page):
    bar = page.locator("[data-batch]")
    page.get_by_label("选择 职工1", exact=True).check()
    page.get_by_label("选择 职工2", exact=True).check()
    assert "已选 2 人，申报工资合计 16,000.00" in bar.inner_text()
    box = bar.bounding_box()
    assert box["y"] > 450
    assert box["y"] + box["height"] <= 901
    page.get_by_label("选择 职工2", exact=True).focus()
    focused = page.get_by_label("选择 职工2", exact=True).bounding_box()
    assert focused["y"] + focused["height"] <= box["y"]


def test_the_page_warns_before_the_session_ends_stays_when_asked_and_leads_back(page, settings):
    settings.SHEBAO_IDLE_SECONDS = 124
    page.reload()
    page.get_by_role("button", name="继续使用").wait_for(timeout=15_000)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="继续使用").wait_for(state="hidden")
    settings.SHEBAO_IDLE_SECONDS = 2
    page.reload()
    page.wait_for_url(re.compile(r"/login\?next=%2Fe%2Froster%2F"), timeout=20_000)
    assert "已自动退出" in page.inner_text("body")
    assert page.complaints == []


def test_a_whole_number_appears_for_a_reason_and_only_once(page):
    page.get_by_role("row").filter(has=page.get_by_role("link", name="职工3", exact=True)).locator("summary").click()
    page.get_by_label("显示 职工3 的完整证件号码").click()
    page.get_by_role("heading", name="查看完整号码").wait_for()
    page.get_by_label("登录密码").fill(PASSWORD)
    page.get_by_role("button", name="查看完整号码").click()
    number = page.locator("#id-number").inner_text()
    assert number == Employee.objects.get(name="职工3").person.id_number
    page.goto(page.url.replace("reveal/", ""))
    page.get_by_role("link", name="查看完整号码").wait_for()
    assert page.locator("#id-number").count() == 0
    assert page.complaints == []


def test_single_keys_can_be_turned_off_and_on_again_without_them(page):
    def finds_the_search() -> bool:
        page.keyboard.press("/")
        return page.evaluate("document.activeElement.hasAttribute('data-search')")

    page.keyboard.press("?")
    page.get_by_label("关闭单键快捷键").check()
    page.keyboard.press("Escape")
    assert not finds_the_search()
    page.locator(".who > summary").click()
    page.get_by_role("button", name="快捷键").click()
    page.get_by_label("关闭单键快捷键").uncheck()
    page.get_by_role("button", name="关闭", exact=True).click()
    page.locator("main").click(position={"x": 5, "y": 5})
    assert finds_the_search()


def test_the_amount_of_the_month_is_the_largest_on_its_card_even_in_the_first_month(page, live_server):
    page.goto(live_server.url + "/e/")
    amount = page.locator("#home-due .money.hero")
    amount.wait_for()
    assert amount.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 24
    assert page.complaints == []
