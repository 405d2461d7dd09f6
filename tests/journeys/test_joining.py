"""Somebody wants to register an employer that has accounts, is told so at the field, asks to join, and works there."""

import re
from datetime import datetime, time

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall.operators.models import Operator
from shebao.hall.registration.models import JoinRequest
from tests.registration.applying import credit_code
from tests.registration.applying import desk as somebody_at
from tests.registration.joining import PHONE, asked, wish, with_administrator
from tests.short_messages import code_of

from .steps import all_believe, fill, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def boss(db, monkeypatch, settings, live_server):
    """The administrator of an employer of 云南."""
    moment = timezone.make_aware(datetime.combine(timezone.localdate().replace(day=10), time(10)))
    all_believe(monkeypatch, moment)
    settings.SHEBAO_BASE_URL = live_server.url
    somebody_at("yunnan")
    return with_administrator()


def focused(page) -> str:
    return page.evaluate("document.activeElement.innerText || document.activeElement.name")


def test_by_keyboard_from_the_field_of_the_code_to_an_account_of_ones_own(page_of, live_server, boss, gateway):
    home, page, keys = live_server.url, page_of(), None
    page.goto(home + "/register/yunnan/1")
    keys, field = page.keyboard, page.get_by_label("统一社会信用代码")

    # A wrong check character is said as the field is left; what is typed next is not disturbed.
    field.focus()
    keys.type(credit_code(1)[:-1] + "0")
    keys.press("Tab")
    page.get_by_text("校验位不符").first.wait_for()
    assert focused(page) == "name"
    keys.type("示例")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#code-told")).to_contain_text("校验位不符")

    # The right one: the employer is there, and two ways on lie between this field and the next.
    keys.press("Shift+Tab")
    keys.press("Control+A")
    keys.type(credit_code(1))
    keys.press("Tab")
    page.get_by_text("该单位已有账号，管理员手机尾号 4420").first.wait_for()
    assert page.get_by_label("单位名称").input_value() == "示例"
    page.get_by_label("单位名称").focus()
    keys.press("Shift+Tab")
    assert focused(page) == "申请加入"
    keys.press("Shift+Tab")
    assert focused(page) == "找回密码"
    keys.press("Tab")
    keys.press("Enter")

    # 申请加入: the code is there already.
    page.get_by_role("heading", name="申请加入单位").wait_for()
    assert page.get_by_label("统一社会信用代码").input_value() == credit_code(1)
    for label, typed in (("姓名", "周示例"), ("手机号码", PHONE), ("电子邮箱", "zhou@example.com")):
        page.get_by_label(label).focus()
        keys.type(typed)
    page.get_by_label("证件类型").select_option("07")
    page.get_by_label("证件号码").fill(wish()["id_number"])
    page.get_by_label("部门和要办的业务").focus()
    keys.type("人力资源部，办理职工增减员")
    keys.press("Enter")
    page.get_by_role("heading", name="验证手机号").wait_for()
    page.get_by_role("button", name="发送验证码").press("Enter")
    page.get_by_text("验证码已发出").wait_for()
    until(page, lambda: gateway.taken)
    page.get_by_label("短信验证码").focus()
    keys.type(code_of(gateway))
    keys.press("Enter")
    page.get_by_text("申请已提交，等单位管理员处理").wait_for()
    number = page.locator("#number").inner_text()

    # The administrator: 待办 on the workbench, the request, a role, the link.
    theirs = page_of(boss)
    theirs.goto(home + "/e/")
    theirs.get_by_role("link", name=re.compile("去处理.*1 人申请加入本单位")).press("Enter")
    theirs.get_by_text("花名册里没有这个证件号码的人").wait_for()
    theirs.get_by_text("138****8888").wait_for()
    assert wish()["id_number"] not in theirs.content()
    theirs.get_by_label("社保专管员").focus()
    theirs.keyboard.press("Space")
    theirs.keyboard.press("Enter")
    theirs.get_by_role("heading", name="账号已开通").wait_for()
    link = theirs.locator("#activation-link").inner_text()
    theirs.get_by_role("link", name="设定权限").press("Enter")
    theirs.get_by_role("heading", name="周示例").wait_for()
    theirs.goto(home + "/e/")
    expect(theirs.get_by_text("申请加入本单位")).to_have_count(0)

    # Another day, another browser: number and telephone; then the link, a password, the first page.
    page = page_of()
    page.goto(home + "/login")
    page.get_by_role("link", name="查询申请进度").press("Enter")
    page.get_by_label("申请号").fill(number)
    page.get_by_label("手机号").fill(PHONE)
    page.keyboard.press("Enter")
    page.get_by_text("单位管理员已同意").first.wait_for()
    page.get_by_text(f"{credit_code(1)}-2").wait_for()
    page.goto(link)
    page.get_by_label("新密码").fill("first-Month-2026")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/e/"))
    assert Operator.objects.get(name="周示例").employer == boss.employer


def test_on_a_phone_a_request_is_declined_with_a_reason_and_made_anew(page_of, live_server, boss):
    made, home = asked(), live_server.url
    theirs = page_of(boss, width=390)
    theirs.goto(home + "/e/notices/")
    theirs.get_by_role("link", name="去处理").click()
    theirs.get_by_role("link", name=re.compile("办理.*周示例")).click()
    theirs.get_by_text("不同意：写明原因").click()
    theirs.get_by_role("button", name="不同意", exact=True).click()
    theirs.get_by_role("alert").get_by_text("请写明不同意的原因").wait_for()
    theirs.get_by_label("原因").fill("请先到人力资源部登记")
    theirs.get_by_role("button", name="不同意", exact=True).click()
    theirs.get_by_text("已办理").wait_for()
    page = page_of(width=390)
    page.goto(home + "/register/status")
    page.get_by_label("申请号").fill(made.number)
    page.get_by_label("手机号").fill(PHONE)
    page.get_by_role("button", name="查询").click()
    page.get_by_text("请先到人力资源部登记").first.wait_for()
    page.get_by_role("link", name="重新申请").click()
    fill(page, wish())
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("等单位管理员处理").wait_for()
    page.get_by_role("button", name="撤回申请").click()
    page.get_by_text("已撤回").first.wait_for()
    assert sorted(JoinRequest.objects.values_list("state", flat=True)) == ["rejected", "withdrawn"]
    assert not Operator.objects.filter(name="周示例").exists()
