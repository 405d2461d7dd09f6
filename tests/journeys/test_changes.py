"""Changes of people by the manuals' labels: some at once, important ones by review, schemes from next month on."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.roster.models import Spell
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled, synthetic_id
from tests.papers import upload_papers

from .steps import fill, submit_basket, until
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
CHANGE, IDENTITY, SCHEMES = "employee_change", "sensitive_employee_change", "insurance_change"


def hall(code):
    """A clerk, a reviewer, and somebody insured in four schemes."""
    clerk = person(clerk=True, name="王敏", employer=EmployerFactory(region=code))
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    employee = enrolled(clerk.employer, household="521", facts=facts, phone="13800138000")
    return clerk, person(reviewer=True, name="李娜", region=code), employee


def begin(page, home: str, employee, title: str) -> None:
    """From the person's own page to the form of a service."""
    page.goto(f"{home}/e/roster/{employee.pk}/")
    page.locator("main").get_by_role("link", name=title).first.click()
    page.wait_for_url(re.compile("declare"))


def test_a_phone_changes_at_once_and_a_scheme_is_added_from_next_month(page_of, live_server):
    clerk, _, employee = hall("shenzhen")
    page = page_of(clerk, "/e/")
    begin(page, live_server.url, employee, "其他信息变更")
    assert page.locator("[name=phone]").input_value() == "13800138000"
    page.locator("[name=phone]").fill("13900139000")
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    begin(page, live_server.url, employee, "参保险种变更")
    assert page.locator("[name=insured_pension]").input_value() == "1"
    following = Month.of(clock.today()).next()
    fill(page, {"first_month": str(following), "insured_maternity": "1"})
    until(page, lambda: "生育保险" in page.locator("#declare-rail .costs").inner_text())
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    assert Spell.objects.get(scheme="maternity").first_month == following
    page.goto(f"{live_server.url}/e/roster/{employee.pk}/")
    log = page.locator("section", has=page.get_by_role("heading", name="变更记录")).inner_text()
    assert "尾号 8000 → 尾号 9000" in log and "生育保险 不参加 → 参加" in log
    assert str(following) in page.locator("main").inner_text()


@pytest.mark.parametrize(("code", "title"), [("shenzhen", "重要信息变更"), ("lijiang", "企业职工信息修改")])
def test_an_important_change_goes_through_the_reviewer_who_sees_old_and_new(page_of, live_server, code, title):
    clerk, reviewer, employee = hall(code)
    number = synthetic_id(sequence=7)
    page = page_of(clerk, "/e/")
    begin(page, live_server.url, employee, title)
    assert page.locator("[name=new_name]").input_value() == ""
    fill(page, {"new_name": "李改名", "new_id_number": number, "note": "公安机关更正，附户口簿"})
    page.get_by_role("button", name=re.compile("^(暂存并去提交|保存，上传材料)$")).click()
    page.wait_for_url(re.compile("/e/(basket|cases)/"))  # the database is shared: the server is done with it
    upload_papers(Declaration.objects.get(), clerk)  # how papers are uploaded on their page: test_papers
    page.goto(live_server.url + "/e/basket/")
    assert "李示例 → 李改名" in page.locator("main").inner_text()
    submit_basket(page, live_server.url)
    desk = page_of(reviewer, f"/a/cases/{Declaration.objects.get().pk}")
    desk.keyboard.press("c")
    desk.wait_for_selector("text=已领取")
    assert number not in desk.locator("#main").inner_text()
    desk.keyboard.press("v")
    desk.wait_for_selector("text=完整内容只显示这一次")
    shown = desk.locator("#main").inner_text()
    assert all(text in shown for text in ("李示例", "李改名", employee.person.id_number, number))
    desk.get_by_role("button", name=re.compile("^通过")).click()
    desk.wait_for_selector("text=已审核通过")
    page.goto(f"{live_server.url}/e/roster/{employee.pk}/")
    expect(page.get_by_role("heading", name="李改名")).to_be_visible()
    assert "变更后姓名 李示例 → 李改名" in page.locator("main").inner_text()
