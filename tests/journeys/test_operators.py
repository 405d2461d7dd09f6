"""操作员管理 and 设定权限 as the client's manual has them (FJ-8, FJ-9), 安全密码重置 at the office's side (SY-5)."""

import re

import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.audit.models import AuditEntry
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import return_declaration, save_declarations, save_draft
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee, Spell
from shebao.rules.months import Month
from tests.factories import EmployerFactory, OperatorFactory, enrolled

from .conftest import patient
from .steps import fill, save_to_basket, sheet_of, submit_basket, until, upload
from .test_review import ENROL, FORM, submitted, typed

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
        context.set_default_timeout(15_000)
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
    admin.get_by_role("link", name="新增子用户").click()
    admin.get_by_role("textbox", name="账号").fill("chen")
    admin.get_by_role("textbox", name="姓名").fill("陈录入")
    admin.get_by_label("社保专管员").check()
    admin.get_by_role("button", name="新增子用户").click()
    password = admin.locator("#one-time-password").inner_text()
    admin.get_by_role("link", name="设定权限").click()

    # By keyboard: Space on a branch takes all its leaves away; one leaf back makes it half ticked.
    branch = admin.get_by_role("checkbox", name=re.compile("^申报缴费"))
    assert branch.get_attribute("aria-checked") == "true"
    branch.press("Space")
    assert branch.get_attribute("aria-checked") == "false"
    admin.locator("input[value=bills]").check()
    assert branch.get_attribute("aria-checked") == "mixed"
    # A heading of the menu is a branch of its own: what is taken from it leaves what stands above it half ticked.
    above, reminders = (
        admin.get_by_role("checkbox", name=re.compile(f"^{name}")) for name in ("查询与提醒", "征收业务提醒")
    )
    reminders.press("Space")
    assert [one.get_attribute("aria-checked") for one in (above, reminders)] == ["mixed", "false"]
    reminders.press("Space")
    assert [one.get_attribute("aria-checked") for one in (above, reminders)] == ["true", "true"]
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

    # 初始化密码: signed out at once; the new first password must be changed again.
    admin.get_by_role("button", name=re.compile("^初始化密码.*陈录入")).click()
    password = admin.locator("#one-time-password").inner_text()
    clerk.reload()
    clerk.wait_for_url(re.compile("/login"))
    clerk = door("chen", password)
    clerk.wait_for_url(re.compile("/password"))
    assert AuditEntry.objects.filter(action="operator.password_reset", actor=office).exists()


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
    branch = admin.get_by_role("checkbox", name=re.compile("^申报缴费"))
    branch.click()
    assert branch.get_attribute("aria-checked") == "false"
    admin.locator("input[value=bills]").check()
    admin.get_by_role("button", name="保存").last.click()
    clerk.refresh_from_db()
    assert "settle" in clerk.withheld and "bills" not in clerk.withheld


def test_whoever_leaves_hands_over_drafts_returned_cases_and_sheets_and_the_account_is_closed(
    door, live_server, transactional_db
):
    leaving = with_password(OperatorFactory(clerk=True, name="何离岗"))
    employer, home = leaving.employer, live_server.url
    boss = with_password(OperatorFactory(admin=True, employer=employer, name="林管理"))
    heir = with_password(OperatorFactory(clerk=True, employer=employer, name="陈接手"))
    unused = OperatorFactory(clerk=True, employer=employer, name="吴没用")
    submitted(leaving, typed(1, name="钱退回"))
    case = Declaration.objects.get()
    return_declaration(case.pk, by=OperatorFactory(reviewer=True), marks={"contract_from": "合同写的是 2 日"})
    save_declarations(employer.pk, ENROL, [typed(2, name="孙草稿")], by=leaving)
    save_draft(employer.pk, ENROL, {"name": "没有填完"}, by=leaving)
    page = door(leaving.username)
    sheet = sheet_of([typed(3, name="李在表")], region(employer.region).forms[ENROL])
    upload(page, home, ENROL, {"name": "新进人员.csv", "mimeType": "text/csv", "buffer": sheet})

    admin = door(boss.username)
    admin.get_by_role("link", name="操作员", exact=True).click()
    admin.get_by_role("link", name=re.compile("^权限 ?：何离岗")).click()
    admin.get_by_role("link", name="交接").click()
    main = admin.get_by_role("main")
    case.refresh_from_db()
    for row, state in (("钱退回", case.state_label), ("孙草稿", "待提交"), ("新进人员.csv", "")):
        expect(main.get_by_role("row").filter(has_text=row)).to_contain_text(state)
    assert "1 份只填了一部分" in main.inner_text()
    admin.get_by_role("button", name="交接 2 笔申报、1 批报盘").click()
    admin.get_by_text("请选择一位在用、能办申报的操作员接手").first.wait_for()
    offered = admin.get_by_label("接手人").locator("option").all_inner_texts()
    assert not any("何离岗" in one for one in offered)
    admin.get_by_label("接手人").select_option(str(heir.pk))
    admin.get_by_role("button", name="交接 2 笔申报、1 批报盘").dblclick()
    admin.get_by_text("已交接 2 笔申报、1 批报盘").wait_for()

    # In the other's hands: the basket says whose they are, the returned case goes on, and so does the sheet.
    mine = door(heir.username)
    mine.goto(home + "/e/basket/")
    for name in ("钱退回", "孙草稿"):
        expect(mine.get_by_role("row").filter(has_text=name)).to_contain_text("陈接手")
    mine.get_by_role("link", name=re.compile("^修改重报 ?钱退回")).click()
    mine.locator("[name=contract_from]").fill(f"{Month.of(clock.today())}-02")
    mine.get_by_label("以上申报内容真实").check()
    mine.get_by_role("button", name="保存并重新提交").click()
    mine.get_by_text("已重新提交").wait_for()
    assert "何离岗 → 陈接手" in mine.locator(".tl").inner_text()
    mine.goto(home + "/e/import/")
    line = mine.get_by_role("row").filter(has_text="新进人员.csv")
    expect(line).to_contain_text("陈接手")
    line.get_by_role("link").click()
    mine.get_by_role("link", name="下一步：核对").click()
    mine.get_by_role("button", name=re.compile("^加入.*1 人")).click()
    until(mine, lambda: Declaration.objects.filter(subject_name="李在表", declared_by=heir, state="draft").exists())

    # Nothing is left; the account is closed, for who is signed in too, and one that never did anything is deleted.
    admin.goto(f"{home}/e/operators/{leaving.pk}/hand-over/")
    admin.get_by_text("没有要交接的业务").wait_for()
    admin.goto(f"{home}/e/operators/{leaving.pk}/")
    admin.get_by_text("停用账号", exact=True).click()  # what was done with it stays on record: never deleted
    admin.get_by_role("button", name=f"确认停用{leaving.name}的账号").click()
    admin.get_by_text("账号已停用；操作记录须保留").wait_for()
    page.goto(home + "/e/basket/")
    assert "/login" in page.url
    page.get_by_label("账号").fill(leaving.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("alert").first.wait_for()
    assert "/login" in page.url
    admin.goto(f"{home}/e/operators/{unused.pk}/")
    admin.get_by_text("删除账号", exact=True).click()
    admin.get_by_role("button", name="确认删除吴没用的账号").click()
    admin.get_by_text("已删除吴没用的账号").wait_for()
    admin.get_by_role("link", name="操作记录").click()
    assert "删除操作员" in admin.inner_text("main")


def test_what_one_enters_another_sends_back_and_confirms_once_it_is_repaired(door, live_server, transactional_db):
    home, writer = live_server.url, with_password(OperatorFactory(clerk=True, name="王录入"))
    checker = with_password(OperatorFactory(clerk=True, employer=writer.employer, name="李复核"))
    boss = with_password(OperatorFactory(admin=True, employer=writer.employer, name="林管理"))
    admin = door(boss.username)
    admin.get_by_role("link", name="操作员", exact=True).click()
    admin.get_by_role("button", name="开启内部复核").click()
    admin.get_by_text("已开启内部复核").wait_for()

    page = door(writer.username)
    page.goto(home + FORM)
    fill(page, typed(department="写错了的部门"))
    save_to_basket(page)
    propose(page)
    row = page.get_by_role("row").filter(has_text="王示例")
    expect(row).to_contain_text("由另一位操作员确认")
    assert page.get_by_label("选择 王示例").is_disabled()
    case = Declaration.objects.get()
    page.goto(f"{home}/e/basket/check/?ids={case.pk}")
    page.get_by_text("这里没有可以提交的业务").wait_for()

    second = door(checker.username)
    second.goto(home + "/e/basket/")
    second.get_by_role("button", name="退回录入人").click()
    second.get_by_text("请写明退回的原因").wait_for()
    second.get_by_label("退回复核的原因").fill("部门应为质检部")
    second.get_by_role("button", name="退回录入人").dblclick()
    second.get_by_text("已退回 1 笔").wait_for()

    page.goto(home + "/e/basket/")
    expect(row).to_contain_text("复核退回 部门应为质检部")
    assert not page.get_by_label("选择 王示例").is_checked()
    page.get_by_role("link", name=re.compile("^修改 ?王示例")).click()
    page.locator("[name=department]").fill("质检部")
    page.get_by_role("button", name="保存修改").click()
    page.wait_for_url(re.compile("/e/basket/"))
    assert "复核退回" not in row.inner_text()
    propose(page)

    second.goto(home + "/e/basket/")
    expect(second.get_by_role("row").filter(has_text="王示例")).to_contain_text("待复核")
    submit_basket(second, home)
    case.refresh_from_db()
    assert (case.state, case.answers["department"]) == ("submitted", "质检部")
    second.goto(f"{home}/e/cases/{case.pk}/")
    steps = second.locator(".tl b").all_inner_texts()
    assert steps[:6] == ["录入", "送复核", "复核退回", "修改", "送复核", "提交"]
    told = second.locator(".tl").inner_text()
    assert "部门应为质检部" in told and "李复核" in told

    # Without the second person everybody goes straight to the agency again.
    admin.get_by_role("button", name="关闭内部复核").click()
    admin.get_by_text("已关闭内部复核").wait_for()
    page.goto(home + FORM)
    fill(page, typed(2))
    save_to_basket(page)
    submit_basket(page, home)


def propose(page) -> None:
    """核对并提交, where the answer is that somebody else confirms it first."""
    page.get_by_role("button", name="核对并提交").last.click()
    page.get_by_text("提交后先由本单位另一位操作员复核").wait_for()
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="提交 1 笔").dblclick()
    page.get_by_text("已送内部复核 1 笔").wait_for()


def test_the_office_resets_a_forgotten_password_and_the_employer_is_told(door, live_server, db):
    employer = EmployerFactory(region="tax_client", phone="13900000009")
    boss = with_password(OperatorFactory(admin=True, employer=employer, name="郑管理"))
    office = with_password(OperatorFactory(agency_admin=True, region="tax_client"))
    page = door(office.username)
    page.goto(f"{live_server.url}/a/employers/{employer.pk}")
    assert not page.get_by_label("重置郑管理的密码的原因").is_visible()
    page.locator("summary", has_text="重置密码：郑管理").click()
    page.get_by_label("重置郑管理的密码的原因").fill("介绍信核对无误")
    page.get_by_role("button", name="确认重置").click()
    link = page.locator("#reset-link").inner_text()
    boss.refresh_from_db()
    assert not boss.has_usable_password()
    assert "密码已由" in Mail.objects.get(employer=None, channel="sms").text
    page.context.clear_cookies()
    page.goto(live_server.url + "/activate/" + link.rpartition("/")[2])
    page.get_by_label("新密码").fill(OWN)
    page.get_by_role("button", name="设置密码并登录").click()
    page.wait_for_url(re.compile("/e/"))
