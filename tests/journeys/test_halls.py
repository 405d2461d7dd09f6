"""The halls that only their folders make, by the manuals' labels: from the menu to the page and to the bill."""

import re

import pytest

from shebao.hall.declarations.models import Declaration
from shebao.hall.documents.models import Document
from tests.factories import NOW, EmployerFactory, enrolled  # noqa: F401
from tests.papers import PDF

from .steps import fill, submit_basket, until
from .test_papers import as_file, november  # noqa: F401 - a fixture: the tenth of a month, for every thread
from .test_review import enter, person  # noqa: F401 - a fixture and who signs in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def hall(code):
    """A clerk of a new employer, and a reviewer."""
    return person(clerk=True, name="王敏", employer=EmployerFactory(region=code)), person(
        reviewer=True, name="李娜", region=code
    )


def choose(page, title: str, under: str = "") -> None:
    """An entry of the menu, unfolding the manual's heading above it."""
    menu = page.get_by_role("navigation", name="主菜单")
    if under:
        fold = menu.locator("details", has=page.locator("summary", has_text=under)).first
        if not fold.evaluate("e => e.open"):
            fold.locator("summary").click()
    menu.get_by_role("link", name=title, exact=True).first.click()
    page.get_by_role("heading", name=title, exact=True).first.wait_for()


def approve(enter, reviewer, home) -> None:  # noqa: F811
    """The reviewer approves what waits, one after the other."""
    desk = enter(reviewer, "/a/")
    for pk in Declaration.objects.filter(state="submitted").values_list("pk", flat=True):
        desk.goto(f"{home}/a/cases/{pk}")
        desk.get_by_role("button", name=re.compile("^通过")).click()
        until(desk, lambda pk=pk: Declaration.objects.get(pk=pk).state == "approved")


def test_shenzhen_asks_to_pay_the_wage_guarantee_and_finds_every_result_and_help(enter, live_server):  # noqa: F811
    (clerk, reviewer), home = hall("shenzhen"), live_server.url
    employee = enrolled(clerk.employer, name="王在册", household="521")
    page = enter(clerk, "/e/")
    choose(page, "打印申请表")
    with page.expect_popup() as paper:
        page.get_by_role("button", name=re.compile(r"打印\s*缴纳欠薪保障金申请表")).click()
    until(page, lambda: Document.objects.filter(title="缴纳欠薪保障金申请表").exists())
    paper.value.close()

    choose(page, "缴纳欠薪保障金申请")
    fill(page, {"deposit_year": str(NOW.year), "deposit_sum": "2360", "deposit_reason": "年度缴纳"})
    page.get_by_role("button", name="保存，上传材料").click()
    page.locator("input[type=file][multiple]").set_input_files([as_file("申请表.pdf", PDF, "application/pdf")])
    page.get_by_role("button", name=re.compile("^上传")).first.click()
    page.get_by_text("已上传").first.wait_for()
    submit_basket(page, home)
    approve(enter, reviewer, home)
    for title in ("申报成功数据", "缴纳欠薪保障金办理结果"):
        choose(page, title, "网上申报业务结果查询")
        page.get_by_role("row", name=re.compile("缴纳欠薪保障金申请.*审核通过")).wait_for()
    for title in ("申报失败数据", "单位信息变更办理结果", "员工信息变更办理结果", "补交养老保险费办理结果"):
        choose(page, title, "网上申报业务结果查询")
        page.get_by_text("还没有办件").wait_for()

    choose(page, "在册人员批量工资下载", "批量下载")
    with page.expect_download() as sheet:
        page.get_by_role("link", name=re.compile(r"在册人员\s*：修改工资")).click()
    assert sheet.value.suggested_filename.endswith("在册人员.xlsx") and employee.name == "王在册"
    choose(page, "下载批量上传文件模板", "批量下载")
    with page.expect_download() as template:
        page.get_by_role("link", name=re.compile(r"空白模板\s*：停交")).click()
    assert template.value.suggested_filename == "停交模板.xlsx"
    for title in ("下载网上申报操作须知", "下载征收业务办理流程"):
        choose(page, title)
        with page.expect_download() as guide:
            page.get_by_role("button", name="下载", exact=True).click()
        assert guide.value.suggested_filename.startswith(title.removeprefix("下载"))
