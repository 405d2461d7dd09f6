"""操作员管理 and 设定权限 as the client's manual has them (FJ-8, FJ-9), 安全密码重置 at the office's side (SY-5)."""

import re

import pytest

from shebao.hall.employers.models import Employer
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import Employee, Spell
from tests.factories import EmployerFactory, OperatorFactory, enrolled

from .conftest import patient

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "right-Password-1"
OWN = "long-enough-Words-7"


@pytest.fixture
def door(browser, live_server):
    """Sign in with an account and a password, in a browser of one's own, with or without scripts."""
    opened = []

    def enter(username: str, password: str = PASSWORD, **options):
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", **options)
        opened.append(context)
        page = patient(context.new_page())
        page.goto(live_server.url + "/login")
        page.get_by_label("账号").fill(username)
        page.get_by_label("密码").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield enter
    for context in opened:
        context.close()


def with_password(operator: Operator) -> Operator:
    operator.set_password(PASSWORD)
    operator.save()
    return operator


@pytest.fixture
def office(db):
    """An employer of the client's region with two departments, and its administrator."""
    employer = EmployerFactory(region="fujian")
    for n, name in enumerate(("车间", "销售部"), 951):
        enrolled(employer, sequence=n, name=f"{name}员工", department=name)
    return with_password(OperatorFactory(admin=True, employer=employer, name="林管理"))


def menu_of(page) -> str:
    return page.locator("nav.side, .side").first.inner_text()


def test_a_sub_user_is_added_given_ticks_on_the_menu_tree_and_reaches_nothing_else(door, office, live_server):
    admin = door(office.username)
    admin.get_by_role("link", name="操作员管理").click()
    admin.get_by_role("link", name="新建操作员").click()
    admin.get_by_role("textbox", name="账号").fill("chen")
    admin.get_by_role("textbox", name="姓名").fill("陈录入")
    admin.get_by_label("社保专管员").check()
    admin.get_by_role("button", name="新建操作员").click()
    password = admin.locator("#one-time-password").inner_text()
    admin.get_by_role("link", name="设定权限").click()

    # By keyboard: Space on a branch takes all its leaves away; one leaf back makes it half ticked.
    branch = admin.get_by_role("checkbox", name=re.compile("^结算缴费"))
    assert branch.get_attribute("aria-checked") == "true"
    branch.press("Space")
    assert branch.get_attribute("aria-checked") == "false"
    admin.locator("input[value=bills]").check()
    assert branch.get_attribute("aria-checked") == "mixed"
    admin.get_by_label("车间", exact=True).check()
    admin.get_by_label(re.compile("^录入")).check()
    admin.get_by_role("button", name="保存").last.click()
    admin.get_by_text("已保存陈录入的权限").wait_for()

    clerk = door("chen", password)
    clerk.locator("#current").fill(password)
    clerk.locator("#new").fill(OWN)
    clerk.get_by_role("button", name="修改密码").click()
    clerk.wait_for_url(re.compile("/e/"))
    shown = menu_of(clerk)
    assert "参保人员" in shown and "社会保险费申报" not in shown and "操作员管理" not in shown
    assert not clerk.locator('a[href^="/e/settle"], a[href^="/e/pay"], a[href^="/e/bills"]').count()
    for address in ("/e/settle/", "/e/pay/", "/operators/"):
        assert clerk.goto(live_server.url + address).status == 403
    clerk.goto(live_server.url + "/e/roster/")
    text = clerk.inner_text("main")
    assert "车间员工" in text and "销售部员工" not in text


def test_an_operator_of_one_insurance_meets_the_people_insured_in_it_and_nobody_else(door, office, live_server):
    Spell.objects.filter(employee__name="销售部员工", scheme="injury").delete()
    mate = with_password(OperatorFactory(clerk=True, employer=office.employer, name="陈工伤"))
    admin = door(office.username)
    admin.goto(f"{live_server.url}/e/operators/{mate.pk}/")
    admin.get_by_role("group", name="负责的险种").get_by_label("工伤保险").check()
    admin.get_by_role("button", name="保存").last.click()
    admin.get_by_text("已保存陈工伤的权限").wait_for()

    page = door(mate.username)
    page.goto(live_server.url + "/e/roster/")
    main = page.get_by_role("main").inner_text()
    assert "车间员工" in main and "销售部员工" not in main
    away = Employee.objects.get(name="销售部员工")
    assert page.request.get(f"{live_server.url}/e/roster/{away.pk}/").status == 404


def test_the_tree_works_without_scripts(door, office, live_server):
    clerk = with_password(OperatorFactory(clerk=True, employer=office.employer))
    admin = door(office.username, java_script_enabled=False)
    admin.goto(f"{live_server.url}/e/operators/{clerk.pk}/")
    branch = admin.get_by_role("checkbox", name=re.compile("^结算缴费"))
    branch.click()
    assert branch.get_attribute("aria-checked") == "false"
    admin.locator("input[value=bills]").check()
    admin.get_by_role("button", name="保存").last.click()
    clerk.refresh_from_db()
    assert "settle" in clerk.withheld and "bills" not in clerk.withheld


def test_whoever_leaves_hands_over_and_is_disabled_or_deleted(door, office, live_server):
    employer = Employer.objects.get(pk=office.employer_id)
    leaving = with_password(OperatorFactory(clerk=True, employer=employer, name="何离岗"))
    unused = OperatorFactory(clerk=True, employer=employer, name="吴没用")
    door(leaving.username)
    admin = door(office.username)
    admin.goto(f"{live_server.url}/e/operators/{leaving.pk}/")
    admin.get_by_role("link", name="交接").click()
    admin.get_by_text("没有要交接的业务").wait_for()
    admin.goto(f"{live_server.url}/e/operators/{leaving.pk}/")
    admin.get_by_role("button", name="删除账号").click()
    admin.get_by_text("账号已停用；操作记录须保留").wait_for()
    admin.goto(f"{live_server.url}/e/operators/{unused.pk}/")
    admin.get_by_role("button", name="删除账号").click()
    admin.get_by_text("已删除吴没用的账号").wait_for()
    admin.get_by_role("link", name="操作记录").click()
    assert "删除操作员" in admin.inner_text("main")


def test_the_office_resets_a_forgotten_password_and_the_employer_is_told(door, live_server, db):
    employer = EmployerFactory(region="tax_client", phone="13900000009")
    boss = with_password(OperatorFactory(admin=True, employer=employer, name="郑管理"))
    office = with_password(OperatorFactory(agency_admin=True, region="tax_client"))
    page = door(office.username)
    page.goto(f"{live_server.url}/a/employers/{employer.pk}")
    page.get_by_label("重置郑管理的密码的原因").fill("介绍信核对无误")
    page.get_by_role("button", name="重置密码").click()
    link = page.locator("#reset-link").inner_text()
    boss.refresh_from_db()
    assert not boss.has_usable_password()
    assert "密码已由" in Mail.objects.get(employer=None, channel="sms").text
    page.context.clear_cookies()
    page.goto(live_server.url + "/activate/" + link.rpartition("/")[2])
    page.get_by_label("新密码").fill(OWN)
    page.get_by_role("button", name="设置密码并登录").click()
    page.wait_for_url(re.compile("/e/"))
