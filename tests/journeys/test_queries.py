"""查询 in Chromium, by the manuals' labels: what is looked up, how far it leads, and what is taken along."""

import re
from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall.regions import region
from shebao.hall.reimbursements.models import Reimbursement
from shebao.hall.roster.models import Employee
from tests.factories import NOW, EmployerFactory, OperatorFactory, enrolled
from tests.settlement.hall import OCTOBER, hire, make_clerk, make_employer, settle

from .conftest import fetched
from .steps import all_believe

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
OF_EMPLOYER = [
    "单位缴费查询", "单位台账信息查询", "单位参保名册", "单位参保信息", "业务办理情况", "城镇职工补缴、退款补差查询",
    "单位人员转移查询", "单位人员增减查询", "单位缴费清单查询导出", "单位人员险种异常检查", "符合单位做账人员查询",
]  # fmt: skip


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """The server's threads, too, believe that it is the tenth of November."""
    moment = timezone.make_aware(NOW)
    all_believe(monkeypatch, moment)


@pytest.fixture
def queries_of(page_of):
    def enter(code: str, width: int = 1440):
        employer = make_employer(code, number="520001")
        clerk = make_clerk(employer)
        hire(employer, [600_000, 1_000_000, 2_000_000])
        settle(employer, clerk, OCTOBER)
        return page_of(clerk, "/e/", width=width)

    return enter


def test_guiyang_looks_up_its_employer_and_its_people_down_to_the_reason_of_an_amount(queries_of, live_server):
    page = queries_of("guiyang")
    for title in OF_EMPLOYER:
        page.get_by_role("navigation", name="主菜单").get_by_role("link", name="查询统计").click()
        page.get_by_role("main").get_by_role("link", name=title, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.goto(live_server.url + "/e/queries/")
    page.get_by_role("main").get_by_role("link", name="单位缴费查询").click()
    page.get_by_role("textbox", name="开始年月").fill("2026-10")
    page.get_by_role("textbox", name="终止年月").fill("2026-10")
    page.get_by_label("险种").select_option(label="失业保险")
    page.get_by_role("button", name="查询").click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    row.get_by_role("link", name="3").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tfoot")).to_contain_text("合计")
    href = page.get_by_role("link", name="导出表格").get_attribute("href")
    assert fetched(page, live_server.url + href)[:2] == b"PK"
    page.locator("tbody a.money").first.click()
    expect(page.get_by_role("main")).to_contain_text("失业保险")
    page.go_back()
    page.get_by_label("姓名、拼音").fill("职工1")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a", has_text="职工1").click()
    page.wait_for_url(re.compile(r"/e/roster/\d+/"))


def test_shenzhen_looks_up_an_employees_file_and_contributions_on_a_phone(queries_of, live_server):
    page = queries_of("shenzhen", width=390)
    for title in ("参保员工档案信息", "参保员工缴费信息"):
        page.goto(live_server.url + "/e/queries/")
        page.get_by_role("link", name=title).click()
        page.get_by_label("姓名、拼音").fill("职工0")
        page.get_by_role("button", name="查询").click()
        expect(page.get_by_role("main")).to_contain_text("职工0")
        expect(page.get_by_role("main")).not_to_contain_text("职工2")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def look_up(page, live_server, title: str, name: str = "") -> None:
    """From the menu to a query, and by name to one person."""
    page.goto(live_server.url + "/e/queries/")
    page.get_by_role("main").get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    if name:
        page.get_by_label("姓名、拼音").fill(name)
        page.get_by_role("button", name="查询").click()


def test_guiyang_looks_up_one_persons_insurance_contributions_and_changes(queries_of, live_server):
    page = queries_of("guiyang")
    look_up(page, live_server, "个人参保信息查询", "职工1")
    expect(page.locator("tbody tr")).to_contain_text("养、失")
    look_up(page, live_server, "个人缴费明细查询", "职工1")
    expect(page.locator("tbody tr").first).to_contain_text("2026-10")
    expect(page.locator("tfoot")).to_contain_text("合计")
    look_up(page, live_server, "个人变更信息查询", "职工1")
    expect(page.get_by_role("main")).to_contain_text("没有符合条件的记录")


def test_the_counter_enters_what_it_paid_back_by_hand_and_guiyangs_clerk_finds_it(page_of, live_server):
    clerk = OperatorFactory(clerk=True, employer=EmployerFactory(region="guiyang"))
    hurt = enrolled(clerk.employer, name="周平")
    desk = page_of(OperatorFactory(reviewer=True, region="guiyang", name="李娜"), "/a/")
    desk.get_by_role("navigation", name="主菜单").get_by_role("link", name="工伤手工报销").click()
    desk.get_by_role("link", name="登记报销").first.click()
    slip = {
        "单位编号": clerk.employer.employer_number, "证件号码": hurt.person.id_number, "姓名": "周平",
        "事故日期": "2026-08-03", "就诊医院": "示例医院", "治疗开始": "2026-08-03", "治疗结束": "2026-08-20",
        "报销单号": "GS-1", "发票张数": "4", "费用总额": "12864.50", "核定报销": "99999", "核定日期": "2026-10-12",
    }  # fmt: skip
    for label, text in slip.items():
        desk.get_by_label(label).fill(text)
    desk.get_by_label("收款人").select_option(label="单位")
    desk.get_by_role("button", name="登记报销").click()
    desk.get_by_role("alert").get_by_text("多于费用总额 12,864.50 元").wait_for()
    desk.get_by_label("核定报销").fill("11382")
    desk.get_by_role("button", name="登记报销").dblclick()
    desk.get_by_text("报销单 GS-1 已登记").wait_for()
    expect(desk.locator("tbody tr")).to_have_count(1)
    desk.get_by_label("支付日期：GS-1").fill("2026-10-20")
    desk.get_by_role("button", name="登记支付").click()
    desk.get_by_text("报销单 GS-1 已登记支付").wait_for()

    page = page_of(clerk, "/e/")
    look_up(page, live_server, "工伤医疗中心手工报销查询", "周平")
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    for text in ("示例医院", "12,864.50", "11,382.00", "1,482.50", "2026-10-20", "单位"):
        expect(row).to_contain_text(text)
    expect(page.locator("tfoot")).to_contain_text("11,382.00")
    href = page.get_by_role("link", name="导出表格").get_attribute("href")
    assert fetched(page, live_server.url + href)[:2] == b"PK"
    page.get_by_role("textbox", name="核定开始年月").fill("2026-11")
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("main")).to_contain_text("没有符合条件的记录")

    desk.get_by_label("作废原因：GS-1").fill("金额录错")
    desk.get_by_role("button", name=re.compile("^作废")).click()
    desk.get_by_text("报销单 GS-1 已作废").wait_for()
    look_up(page, live_server, "工伤医疗中心手工报销查询", "周平")
    expect(page.get_by_role("main")).to_contain_text("没有符合条件的记录")


def test_shenzhen_looks_up_the_employers_file_clinics_grade_and_contributions(queries_of, live_server):
    page = queries_of("shenzhen")
    someone = Employee.objects.get(name="职工1")
    someone.details = {"clinic": "梅林社区健康服务中心"}
    someone.save()
    look_up(page, live_server, "单位档案信息")
    expect(page.get_by_role("main")).to_contain_text("法定代表人")
    look_up(page, live_server, "社康绑定信息", "职工1")
    expect(page.locator("tbody tr")).to_contain_text("梅林社区健康服务中心")
    look_up(page, live_server, "工伤浮动费率信息")
    expect(page.locator("tbody tr").first).to_contain_text("%")
    look_up(page, live_server, "保险费缴交信息")
    expect(page.get_by_role("main")).to_contain_text("合计")


def test_the_general_hall_looks_up_an_employee_by_name_and_says_which_benefits_it_holds(queries_of, live_server):
    page = queries_of("general_hall", width=390)
    look_up(page, live_server, "社保查询", "职工1")
    expect(page.get_by_role("main")).to_contain_text("其他待遇请向经办机构查询")
    expect(page.locator("tbody tr").first).to_contain_text("职工1")
    page.get_by_label("姓名、拼音").fill(Employee.objects.get(name="职工2").person.id_number)
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr").first).to_contain_text("职工2")

    hurt, day = Employee.objects.get(name="职工1"), date(2026, 10, 12)
    Reimbursement.objects.create(
        employee=hurt, region="general_hall", number="GS-7", accident_on=date(2026, 8, 3), hospital="示例医院",
        treated_from=date(2026, 8, 3), treated_until=date(2026, 8, 20), invoices=4, claimed_fen=1_286_450,
        approved_fen=1_138_200, approved_on=day, payee="1", entered_by=OperatorFactory(reviewer=True),
        entered_at=timezone.make_aware(NOW),
    )  # fmt: skip
    look_up(page, live_server, "社保待遇查询", "职工1")
    main = page.get_by_role("main")
    expect(main).to_contain_text("本网厅只有这一种待遇")
    expect(main).to_contain_text("没有数据，请向经办机构查询")
    expect(page.locator("tbody tr")).to_contain_text("GS-7")
    expect(page.locator("tfoot")).to_contain_text("11,382.00")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    look_up(page, live_server, "社保待遇查询", "职工2")
    expect(main).to_contain_text("没有符合条件的记录")
    expect(main).to_contain_text("本网厅只有这一种待遇")


LINES = """cell => { const all = document.createRange(); all.selectNodeContents(cell);
    return new Set([...all.getClientRects()].filter(one => one.width > 1).map(one => Math.round(one.top / 8))).size }"""
FITS = "() => { const box = document.querySelector('.tw'); return box.scrollWidth <= box.clientWidth }"


@pytest.mark.parametrize("code", ["guiyang", "tianjin", "shenzhen"])
def test_a_name_is_never_broken_and_a_table_fits_the_common_screen(queries_of, live_server, code):
    page = queries_of(code)
    for query in region(code).queries.values():
        page.goto(f"{live_server.url}/e/queries/{query.key}/")
        for cell in page.locator("tbody td:not(.long)").all()[:60]:
            assert cell.evaluate(LINES) <= 1, (query.key, cell.inner_text())
        assert not page.locator("table.t").count() or page.evaluate(FITS), query.key


def test_on_a_narrow_screen_the_name_stays_while_the_rest_is_moved(queries_of, live_server):
    page = queries_of("guiyang", width=800)
    page.goto(f"{live_server.url}/e/queries/contribution_list/")
    assert not page.evaluate(FITS) and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box, name = page.locator(".tw"), page.locator("tbody tr .pin").first
    box.evaluate("box => box.scrollTo(300, 0)")
    assert abs(name.bounding_box()["x"] - box.bounding_box()["x"]) < 2
    assert page.locator(".tw").get_attribute("tabindex") == "0", "the keyboard moves it, too"


def test_on_a_phone_a_record_is_a_line_or_two_and_a_touch_shows_the_rest(queries_of, live_server):
    page = queries_of("guiyang", width=390)
    for key, found in region("guiyang").queries.items():
        page.goto(f"{live_server.url}/e/queries/{key}/")
        for row in page.locator(".folds tbody tr").all():
            assert row.bounding_box()["height"] < 100, found.title
    page.goto(f"{live_server.url}/e/queries/contribution_list/")
    row = page.locator("tbody tr").first
    expect(row.get_by_text("缴费基数")).to_be_hidden()
    row.click(position={"x": 150, "y": 40})
    expect(row.locator("td[data-label^=缴费基数]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_double_click_on_a_row_opens_what_its_first_link_opens(queries_of, live_server):
    """LS-8 单位缴费信息 and LS-2 职工花名册: 双击."""
    page = queries_of("leshan")
    page.goto(f"{live_server.url}/e/queries/employer_contributions/")
    page.locator("tbody tr").first.locator("td").nth(4).dblclick()  # on an amount that is no link
    page.wait_for_url(re.compile("from=2026-10&to=2026-10&scheme="))
    expect(page.locator("tbody tr")).to_have_count(3)
    page.goto(f"{live_server.url}/e/roster/")
    box = page.get_by_role("checkbox", name=re.compile("^选择")).first
    box.dblclick()  # a control keeps its own meaning
    expect(page).to_have_url(re.compile("/e/roster/$"))
    page.locator("tbody tr").first.locator("td[data-label=部门]").dblclick()
    page.wait_for_url(re.compile(r"/e/roster/\d+/"))


@pytest.mark.parametrize(("code", "title"), [("langfang", "统计查询"), ("shanghai", "查询统计")])
def test_the_statistics_show_what_was_billed_and_by_which_scheme(queries_of, code, title):
    page = queries_of(code)
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("main")).to_contain_text("按险种")
    expect(page.get_by_role("main")).to_contain_text("养老")
