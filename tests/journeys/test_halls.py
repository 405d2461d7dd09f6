"""The halls that only their folders make, by the manuals' labels: from the menu to the page and to the bill."""

import re
from contextlib import suppress
from dataclasses import dataclass

import pytest
from playwright.sync_api import TimeoutError

from shebao.hall.declarations.models import Declaration
from shebao.hall.documents.models import Document
from shebao.hall.regions import region
from shebao.hall.roster.models import DeclaredWage, Spell
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill
from tests.factories import (
    CITIZENS,
    MONTH,
    NOW,
    EmployerFactory,
    enrolled,
    enrolment,
    labour_registered,
    synthetic_id,
    wage,
)
from tests.factories import cessation as leaving
from tests.papers import PDF

from .steps import fill, sheet_of, submit_basket, taken_with_reason, until
from .test_papers import as_file, november  # noqa: F401 - a fixture: the tenth of a month, for every thread
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def hall(code):
    """A clerk of a new employer, and a reviewer."""
    return person(clerk=True, name="王敏", employer=EmployerFactory(region=code)), person(
        reviewer=True, name="李娜", region=code
    )


def choose(page, title: str) -> None:
    """An entry of the menu, unfolding the manual's heading above it; of the page that comes, not of one that leaves."""
    with suppress(TimeoutError):  # a page that loads still has its menu
        page.wait_for_load_state(timeout=5_000)
    menu = page.get_by_role("navigation", name="主菜单")
    entry = menu.locator("a").filter(has_text=re.compile(rf"^\s*{title}\s*\d*\s*$")).first

    def press(**patience) -> None:
        if not entry.is_visible():
            entry.locator("xpath=ancestor::details/summary").click()
        entry.click(**patience)

    try:
        press(timeout=3_000)
    except TimeoutError:  # the page was replaced in between, with the heading folded again
        press()
    page.get_by_role("heading", name=title, exact=True).first.wait_for()


def approve(page_of, reviewer, home) -> None:
    """The reviewer approves what waits, one after the other."""
    desk = page_of(reviewer, "/a/")
    for pk in Declaration.objects.filter(state="submitted").values_list("pk", flat=True):
        desk.goto(f"{home}/a/cases/{pk}")
        desk.get_by_role("button", name=re.compile("^通过")).click()
        until(desk, lambda pk=pk: Declaration.objects.get(pk=pk).state == "approved")


def test_shenzhen_asks_to_pay_the_wage_guarantee_and_finds_every_result_and_help(page_of, live_server):
    (clerk, reviewer), home = hall("shenzhen"), live_server.url
    employee = enrolled(clerk.employer, name="王在册", household="521")
    page = page_of(clerk, "/e/")
    choose(page, "打印申请表")
    with (
        page.context.expect_event("response", lambda one: one.request.method == "POST") as answer,
        page.expect_popup() as paper,
    ):
        page.get_by_role("button", name=re.compile(r"打印\s*缴纳欠薪保障金申请表")).click()
    assert answer.value.header_value("content-type") == "application/pdf" and not Document.objects.exists()
    paper.value.close()

    choose(page, "缴纳欠薪保障金申请")
    fill(page, {"deposit_year": str(NOW.year), "deposit_sum": "2360", "deposit_reason": "年度缴纳"})
    page.get_by_role("button", name="保存，上传材料").click()
    page.locator("input[type=file][multiple]").set_input_files([as_file("申请表.pdf", PDF, "application/pdf")])
    page.get_by_role("button", name=re.compile("^上传")).first.click()
    page.get_by_text("已上传").first.wait_for()
    submit_basket(page, home)
    approve(page_of, reviewer, home)
    for title in ("申报成功数据", "缴纳欠薪保障金办理结果"):
        choose(page, title)
        page.get_by_role("row", name=re.compile("缴纳欠薪保障金申请.*审核通过")).wait_for()
    for title in ("申报失败数据", "单位信息变更办理结果", "员工信息变更办理结果", "补交养老保险费办理结果"):
        choose(page, title)
        page.get_by_text("还没有办件").wait_for()

    choose(page, "在册人员批量工资下载")
    page.get_by_role("link", name=re.compile(r"在册人员\s*：修改工资")).click()
    assert taken_with_reason(page).suggested_filename.endswith("在册人员.xlsx") and employee.name == "王在册"
    choose(page, "下载批量上传文件模板")
    with page.expect_download() as template:
        page.get_by_role("link", name=re.compile(r"空白模板\s*：停交")).click()
    assert template.value.suggested_filename == "停交模板.xlsx"
    for title in ("下载网上申报操作须知", "下载征收业务办理流程"):
        choose(page, title)
        with page.expect_download() as guide:
            page.get_by_role("button", name="下载", exact=True).click()
        assert guide.value.suggested_filename.startswith(title.removeprefix("下载"))


@dataclass(frozen=True)
class Hall:
    """What a hall calls its services and their sheets (coming, going, wages), its basket, cases and settlement."""

    single: tuple[str, ...]
    sheets: tuple[str, ...]
    importing: str
    basket: str
    cases: str
    settle: str


HALLS = {
    "yunnan": Hall(
        ("企业职工参保申报", "企业职工停保申报"), ("企业职工批量参保", "企业职工批量停保"),
        "批量导入", "申请提交", "审核结果", "社会保险费核定",
    ),
    "langfang": Hall(
        ("人员新增", "人员减少"), ("人员批量新增", "人员批量减少"), "批量导入", "待提交", "办件进度", "缴费申报",
    ),
    "jinan": Hall(
        ("增员申报", "减员申报"), ("增员申报—导入报盘", "减员申报—导入报盘"),
        "导入报盘", "申报提交", "办件进度", "社会保险费核定",
    ),
    "guiyang": Hall(
        ("人员参保", "人员停保", "社保缴费基数变更"), ("人员批量参保", "批量停保", "社保缴费基数批量变更"),
        "批量导入", "", "业务办理情况", "应缴社会保险费核定",
    ),
    "wage_hall": Hall(
        ("社保增员", "社保减员"), ("社保批量增员", "社保减员"),
        "批量导入", "待提交", "办件进度", "单位当月缴费核定申请",
    ),
}  # fmt: skip
KEYS = ("employee_enrolment", "employee_cessation", "wage_declaration")


def newcomer(code, number):
    """Somebody new, as a clerk types it: the household by its code here."""
    house = (
        {"household": "51", "household_address": "济南市历下区示例路 1 号"} if code == "jinan" else {"household": "11"}
    )
    codes = {"enrolment_kind": "11", "employment_kind": "41", "position": "2", **house}
    return enrolment(number, name=f"王示例{number}", **codes)


def keep(page, name: str) -> None:
    """Press the first button; where saving is not all, the list below the form has the person."""
    first = re.compile("^(暂存|保存)，继续录下一个$|^确定$")
    page.get_by_role("button", name=first).click()
    until(page, lambda: Declaration.objects.filter(subject_name=name).exists())
    page.get_by_role("main").get_by_text(re.compile(rf"{name}|已加入待提交")).first.wait_for()


def pick(page, employee) -> None:
    """Choose somebody from the roster beside the form."""
    page.get_by_label("从花名册选人").fill(employee.name)
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=re.compile(rf"选择\s*{employee.name}")).click()
    until(page, lambda: page.locator("[name=name]").first.input_value() == employee.name)


def send_sheet(page, hall: Hall, title: str, form, rows) -> None:
    """导入报盘: choose by the sheet's title, upload, go on while there is something to confirm."""
    choose(page, hall.importing)
    page.get_by_label(title, exact=True).check()
    page.locator("#file").set_input_files(as_file("报盘.csv", sheet_of(rows, form), "text/csv"))
    page.get_by_role("button", name="上传并核对").click()
    until(page, lambda: page.get_by_role("link", name="下一步：核对").count() == 1)
    page.get_by_role("link", name="下一步：核对").click()
    before = Declaration.objects.count()
    page.get_by_role("button", name=re.compile(rf"(加入待提交|确认办理) {len(rows)} 人")).click()
    until(page, lambda: Declaration.objects.count() == before + len(rows))


@pytest.mark.parametrize("code", HALLS)
def test_people_come_and_go_singly_and_by_sheet_and_the_month_is_settled(page_of, live_server, code):
    (clerk, reviewer), home, names = hall(code), live_server.url, HALLS[code]
    forms = [region(code).forms[region(code).services[key].form] for key in KEYS]
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n, household="11") for n in (1, 2, 3, 4)]
    if code == "wage_hall":
        for n in (1, 2):
            labour_registered(clerk.employer, name=f"王示例{n}", number=synthetic_id(sequence=n, area=CITIZENS))
    page = page_of(clerk, "/e/")
    choose(page, names.single[0])
    fill(page, newcomer(code, 1))
    keep(page, "王示例1")
    if names.basket:
        assert "本次已录 1 人" in page.locator("main").inner_text()
    choose(page, names.single[1])
    pick(page, people[0])
    fill(page, {"cessation_month": str(MONTH), "reason": "6301"})
    keep(page, people[0].name)
    send_sheet(page, names, names.sheets[0], forms[0], [newcomer(code, 2)])
    if names.sheets[1] != names.single[1]:
        send_sheet(page, names, names.sheets[1], forms[1], [leaving(people[1])])
    if len(names.single) > 2:
        choose(page, names.single[2])
        pick(page, people[2])
        fill(page, {"first_month": str(MONTH), "declared_wage": "8800"})
        keep(page, people[2].name)
        send_sheet(page, names, names.sheets[2], forms[2], [wage(people[3], "9100")])
        assert set(DeclaredWage.objects.filter(is_voided=False).values_list("amount_fen", flat=True)) >= {
            880000,
            910000,
        }
    if names.basket:
        choose(page, names.basket)
        submit_basket(page, home)
        approve(page_of, reviewer, home)
    choose(page, names.cases)
    page.get_by_role("row", name=re.compile("王示例2")).first.wait_for()
    assert not Declaration.objects.exclude(state="approved").exists()
    gone = 2 if names.sheets[1] != names.single[1] else 1
    assert Spell.objects.filter(last_month=MONTH.previous()).values("employee").distinct().count() == gone

    choose(page, names.settle)
    page.get_by_role("button", name=names.settle).click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))
    assert Bill.objects.get().head_count == 6 - gone
    assert list(check_ledger()) == []


def test_shanghai_declares_a_one_off_item_apart_from_the_month(page_of, live_server):
    (clerk, _), home = hall("shanghai"), live_server.url
    employee = enrolled(clerk.employer, name="李补缴", since=MONTH)
    page = page_of(clerk, "/e/")
    choose(page, "特殊缴费申报")
    pick(page, employee)
    fill(page, {"first_month": "2026-08", "last_month": "2026-09", "declared_wage": "12000"})
    until(page, lambda: "单独核定，本次应缴" in page.locator("#declare-rail").inner_text())
    page.get_by_role("button", name="确定").click()
    page.get_by_role("link", name="去缴费").click()
    page.get_by_text("2026-11 补缴").first.wait_for()
    assert (Bill.objects.get().series, page.url) == (1, f"{home}/e/pay/")
