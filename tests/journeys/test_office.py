"""An agency's office: the counter for an employer, money taken, its own words, the monitor, files by two people."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall import clock, regions
from shebao.hall.configuring.models import FolderProposal
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import return_declaration
from shebao.hall.mail.models import Mail
from shebao.hall.payments.models import CounterReceipt
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement
from shebao.rules.months import Month
from shebao.rules.proposals import with_value, written
from tests.configuring.test_proposals import DAYS, NEW_REASON, own_folder  # noqa: F401 - a fixture
from tests.factories import NOW, EmployerFactory, OperatorFactory, enrolled

from .steps import all_believe, fill, unfold
from .test_review import state, submitted, typed

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """The tenth of November for the server's threads too: every window is open."""
    all_believe(monkeypatch, timezone.make_aware(NOW))


def by_menu(page, label: str) -> None:
    unfold(page)
    named = re.compile(rf"^{label}(?![一-龥])")  # what waits may stand behind it
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=named).first.click()
    page.wait_for_load_state()


def test_the_counter_enters_for_an_employer_another_approves_and_the_money_is_taken_there(
    page_of, live_server, transactional_db
):
    # 社保前台: what the office enters and takes, the employer finds among its cases and its payments.
    clerk = OperatorFactory(clerk=True, name="王敏")
    employer, home, month = clerk.employer, live_server.url, Month.of(clock.today())
    enrolled(employer, name="李在册")
    desk = page_of(OperatorFactory(reviewer=True, name="李娜"), f"/a/employers/{employer.pk}")
    desk.get_by_role("link", name="窗口录入").click()
    desk.get_by_text("录入的人不能审核").wait_for()
    desk.get_by_role("link", name="单位职工增加", exact=True).click()
    fill(desk, typed(name="", declared_wage="8000"))
    desk.get_by_role("button", name="录入并提交").click()
    desk.get_by_role("alert").get_by_text("请填写“姓名”").wait_for()
    assert not Declaration.objects.exists()
    fill(desk, {"name": "王示例"})
    desk.get_by_role("button", name="核对", exact=True).click()
    desk.get_by_text("没有问题").wait_for()
    desk.get_by_role("button", name="录入并提交").dblclick()
    desk.get_by_text(re.compile("已录入并提交，办件号")).wait_for()
    case = Declaration.objects.get()
    desk.goto(f"{home}/a/cases/{case.pk}")
    desk.get_by_text("由别人审核").first.wait_for()
    expect(desk.get_by_role("button", name="通过")).to_have_count(0)
    desk.keyboard.press("a")
    assert state(case) == "submitted"

    page = page_of(clerk, "/e/cases/")
    expect(page.get_by_role("row").filter(has_text="王示例")).to_contain_text("窗口录入")
    head = page_of(OperatorFactory(agency_admin=True, name="陈志远"), f"/a/cases/{case.pk}")
    assert "窗口录入 李娜" in head.locator("#main").inner_text()
    head.keyboard.press("a")
    head.wait_for_selector("text=已审核通过")
    page.get_by_role("link", name="王示例").click()
    assert "窗口录入" in page.locator(".case-h").inner_text() and "李娜" in page.locator(".tl").inner_text()
    page.goto(home + "/e/roster/")
    assert "王示例" in page.get_by_role("main").inner_text()

    kind = applicable_settlement(employer, month)
    bill = settle_month(employer.pk, month, kind.key, by=clerk, confirmations=kind.confirmations)
    assert bill.head_count == 2
    by_menu(head, "窗口收款")
    head.get_by_label("账单号").fill(bill.number)
    head.get_by_role("button", name="查账单").click()
    head.get_by_label("收据号").fill("S-20261101")
    head.get_by_label("收款金额").fill("100")
    head.get_by_role("button", name="登记收款").click()
    head.get_by_text("请选择收款方式").first.wait_for()
    head.get_by_label("收款方式").select_option(label="现金")
    head.get_by_role("button", name="登记收款").dblclick()
    head.get_by_text("收据 S-20261101 已登记入账").wait_for()
    assert CounterReceipt.objects.count() == 1
    head.get_by_label("收据号").fill("S-20261102")
    head.get_by_label("收款方式").select_option(label="现金")
    head.get_by_role("button", name="登记收款").click()
    head.get_by_text("这张账单已经缴清").wait_for()
    assert balance(bill) == (bill.total_due, bill.total_due) and list(check_ledger()) == []
    page.goto(home + "/e/pay/")
    main = page.get_by_role("main")
    assert "没有待缴的账单" in main.inner_text() and main.locator("tbody tr").count() == 2
    expect(main.get_by_role("row").filter(has_text="100.00").first).to_contain_text("缴费成功")

    # One was entered wrongly: it is voided with a reason, and the employer owes that much again.
    head.get_by_label("作废原因：S-20261101").fill("金额录错")
    head.get_by_role("button", name=re.compile("^作废.*S-20261101")).click()
    head.get_by_text("收据 S-20261101 已作废，账上已冲回").wait_for()
    page.reload()
    assert "100.00" in main.locator(".card").first.inner_text()
    assert list(check_ledger()) == []


def test_an_office_writes_its_own_words_and_the_next_message_bears_them(page_of, live_server, transactional_db):
    # 消息模板: a version of the region's own, refused where a place is unknown, used by the next message, taken back.
    employer = EmployerFactory(region="lijiang", phone="13911110000", contact_name="沈示例", address="示例路 8 号")
    clerk = OperatorFactory(clerk=True, employer=employer)
    desk = page_of(OperatorFactory(agency_admin=True, region="lijiang", name="陈志远"), "/a/")
    by_menu(desk, "消息模板")
    row = desk.get_by_role("row").filter(has_text="告知原联系人（短信）")
    expect(row).to_contain_text("默认")
    row.get_by_role("link").click()
    desk.get_by_label("正文").fill("【丽江社保】{employer}：{who}")
    desk.get_by_role("button", name="保存为新版本").click()
    desk.get_by_text("{who} 没有内容可填").first.wait_for()
    desk.get_by_label("正文").fill("【丽江社保】{employer}{change}，如非本人办理请致电窗口。")
    desk.get_by_role("button", name="看预览").click()
    desk.get_by_text("【丽江社保】示例制造有限公司变更了法定代表人").wait_for()
    desk.get_by_role("button", name="保存为新版本").click()
    desk.get_by_text("已保存，以后发出的按新的文字").wait_for()

    page = page_of(clerk, "/e/employer/")
    page.get_by_role("main").get_by_role("link", name="企业基本信息变更").first.click()
    page.get_by_label("联系电话").fill("13944440000")
    page.get_by_role("button", name="确定").click()
    page.get_by_text("已生效").first.wait_for()
    (told,) = Mail.objects.filter(channel="sms")
    assert told.to == "13911110000"
    assert told.text == f"【丽江社保】{employer.name}变更了联系电话，如非本人办理请致电窗口。"

    # 发件记录: whoever runs the system sees that it went, masked, and not a word of it.
    outbox = page_of(OperatorFactory(system_admin=True, region="lijiang"), "/a/system/letters")
    line = outbox.get_by_role("row").filter(has_text="告知原联系人")
    expect(line).to_contain_text("139****00")
    assert "丽江社保】" not in outbox.content() and "13911110000" not in outbox.content()
    desk.get_by_role("button", name="恢复默认文字").click()
    desk.get_by_text("已恢复默认文字").wait_for()
    by_menu(desk, "消息模板")
    expect(row).to_contain_text("默认")


def numbers(page, chart: str) -> dict[str, str]:
    """What a chart says beside its drawing: number by label."""
    rows = page.locator("table", has=page.get_by_text(chart, exact=True)).locator("tbody tr").all()
    return {one.locator("th").inner_text(): one.locator("td").inner_text() for one in rows}


def put_into_force(page) -> None:
    """Whoever did not propose it agrees, and has it written."""
    page.get_by_role("button", name="同意", exact=True).click()
    page.get_by_role("button", name="启用：写入地区文件夹").click()
    page.get_by_text("已写入地区文件夹，马上按新的办理").first.wait_for()


def test_the_monitor_counts_and_a_value_a_day_and_a_reason_take_two_people_before_they_are_used(
    own_folder,  # noqa: F811
    page_of,
    live_server,
    transactional_db,
):
    clerk, month = OperatorFactory(clerk=True), Month.of(clock.today())
    one, other = (OperatorFactory(agency_admin=True, name=name) for name in ("陈志远", "周敏"))
    first, second = submitted(clerk, typed(1, name="甲一"), typed(2, name="乙二"))
    reason = next(item.title for item in regions.region("tianjin").codes["return_reasons"].items)
    return_declaration(second.pk, by=OperatorFactory(reviewer=True), marks={"contract_from": f"{reason}：2 日"})
    desk, home = page_of(one, "/a/"), live_server.url
    by_menu(desk, "运行监控")
    assert numbers(desk, "待审核的办件，按等待时间")["当天、次日"] == "1"
    today = f"{clock.today():%m-%d}"
    assert (numbers(desk, "每天提交的办件")[today], numbers(desk, "每天办结的办件")[today]) == ("2", "1")
    chart = desk.get_by_role("group", name="每天提交的办件")
    assert chart.locator("rect.bar").count() == 14 and chart.locator("text.now").text_content() == "2"
    assert reason in desk.locator(".hbars").inner_text()

    # 系统配置: proposed by one, not approved by the same one, and nothing is used before it is in the folder.
    floor = regions.region("tianjin").schemes["pension"].floor
    parameter = regions.region("tianjin").parameters[floor]
    by_menu(desk, "系统配置")
    desk.get_by_role("link", name="提出数值修改").click()
    text = written([with_value(parameter, month, clock.today(), 599_900, "津示例〔2026〕1 号", "illustrative")])
    desk.get_by_label("或粘贴要改的参数").fill(text.replace("unit: yuan", "unit: 两"))
    desk.get_by_label("依据和原因").fill("按年度文件调整下限")
    desk.get_by_role("button", name="提出", exact=True).click()
    desk.get_by_role("alert").first.wait_for()
    desk.get_by_label("或粘贴要改的参数").fill(text)
    desk.get_by_role("button", name="提出", exact=True).click()
    desk.get_by_text("已提出，等另一位管理员审批").wait_for()
    desk.get_by_text("由另一位管理员审批", exact=True).wait_for()
    assert not desk.get_by_role("button", name="同意", exact=True).count()

    mine = page_of(other, "/a/")
    by_menu(mine, "系统配置")
    mine.get_by_role("row").filter(has_text="按年度文件调整下限").get_by_role("link").click()
    assert "5,999.00 元" in mine.get_by_role("main").inner_text()
    mine.get_by_role("button", name="不同意").click()
    mine.get_by_text("不同意的原因").first.wait_for()
    mine.get_by_label("审批意见").fill("与文件一致")
    mine.get_by_role("button", name="同意", exact=True).click()
    mine.get_by_text("已同意，可以启用").wait_for()
    page = page_of(clerk, "/rates/tianjin")
    assert "5,999.00" not in page.get_by_role("main").inner_text()
    desk.reload()
    desk.get_by_role("button", name="启用：写入地区文件夹").dblclick()
    desk.get_by_text("已写入地区文件夹，马上按新的办理").first.wait_for()

    # From then on it is the value in force, and a wage below it is asked about.
    page.reload()
    assert "5,999.00" in page.get_by_role("main").inner_text()
    assert "津示例〔2026〕1 号" in (own_folder / "parameters.yaml").read_text("utf-8")
    page.goto(home + "/e/declare/employee_enrolment/")
    fill(page, typed(3, declared_wage="5990"))
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text(re.compile("5,999.00")).first.wait_for()
    page.locator("[name=ok_wage_limits]").wait_for()

    # A day of the calendar and one more reason go the same way; the desk offers the reason from then on.
    main = mine.get_by_role("main")
    for name, more, told in (("申报期与缴费期", DAYS, "2026-11-21"), ("退回原因", NEW_REASON, "合同照片看不清")):
        by_menu(desk, "系统配置")
        for fold in desk.locator("summary").filter(has_text=re.compile(f"^{name}")).all():
            fold.click()
        desk.get_by_role("link", name=f"提出修改：{name}", exact=True).click()
        box = desk.get_by_label("或直接在这里改")
        text = box.input_value()
        box.fill(text + more.replace("title", "titel").replace("work", "wrok"))
        desk.get_by_label("依据和原因").fill(f"加上{told}")
        desk.get_by_role("button", name="提出", exact=True).click()
        desk.get_by_role("alert").get_by_text(re.compile(r"^tianjin/.*\.yaml:\d+: ")).first.wait_for()
        box.fill(text + more)
        desk.get_by_role("button", name="提出", exact=True).dblclick()
        desk.get_by_text("已提出，等另一位管理员审批").wait_for()
        by_menu(mine, "系统配置")
        mine.get_by_role("row").filter(has_text=f"加上{told}").get_by_role("link").click()
        expect(main.locator("tbody")).to_contain_text(told)
        put_into_force(mine)
    assert FolderProposal.objects.count() == 3
    assert (own_folder / "calendar.yaml").read_text("utf-8") == DAYS
    mine.goto(f"{home}/a/cases/{first.pk}")
    mine.keyboard.press("r")
    mine.locator("#return [name=flag_contract_from]").check()
    mine.locator("[name=code_contract_from]").select_option(label="合同照片看不清")

    # 停用 beside the code, on a phone without a script, by keys: the desk offers it no more; 恢复使用 brings it back.
    phone = page_of(one, width=390, java_script_enabled=False)
    for deed, count in (("停用", 0), ("恢复使用", 1)):
        phone.goto(f"{home}/a/configuration/")
        phone.locator("summary").filter(has_text=re.compile("^退回原因")).press("Enter")
        phone.get_by_role("link", name=f"{deed}：合同照片看不清").press("Enter")
        phone.get_by_label("依据和原因").fill(f"{deed}这个原因")
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        phone.keyboard.press("Enter")
        phone.get_by_text("由另一位管理员审批", exact=True).wait_for()
        assert "合同照片看不清；停用" in phone.locator("tbody").inner_text()
        mine.goto(phone.url)
        put_into_force(mine)
        mine.goto(f"{home}/a/cases/{first.pk}")
        expect(mine.locator("[name=code_contract_from] option", has_text="合同照片看不清")).to_have_count(count)
    assert (own_folder / "codes/return_reasons.yaml").read_text("utf-8").endswith(NEW_REASON)
