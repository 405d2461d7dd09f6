"""Papers and refused cases by the manuals' own labels: 申报材料上传, 重新提交, 放大镜, 社保资料管理, 申报凭证."""

import re
from zoneinfo import ZoneInfo

import pytest
import time_machine

from shebao.hall.declarations.models import Declaration
from shebao.hall.evidence.models import EmployerPaper, Evidence
from shebao.hall.mail.models import Mail
from shebao.hall.regions import region
from shebao.rules.months import Month
from tests.factories import NOW, EmployerFactory, OperatorFactory, enrolled, enrolment, synthetic_id, wage
from tests.papers import JPEG, PDF

from .steps import fill, sheet_of, submit_basket, until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

SLOW = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture(autouse=True)
def november():
    """For the threads of the server too: the window of wage_hall closes in the middle of the month."""
    with time_machine.travel(NOW.replace(tzinfo=ZoneInfo("Asia/Shanghai")), tick=True):
        yield


def hall(code):
    employer = EmployerFactory(region=code)
    return OperatorFactory(clerk=True, employer=employer), OperatorFactory(reviewer=True, region=code)


def picked(page, files, name=re.compile("^上传"), nth=0) -> None:
    """Choose files for one paper and upload them."""
    page.locator("input[type=file][multiple]").nth(nth).set_input_files(files)
    page.get_by_role("button", name=name).nth(nth).click()
    page.get_by_text("已上传").first.wait_for()


def as_file(name, content, kind):
    return {"name": name, "mimeType": kind, "buffer": content}


def test_wages_go_with_their_papers_and_a_refused_one_is_submitted_anew(page_of, live_server, transactional_db):
    clerk, reviewer = hall("wage_hall")
    people = [enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n) for n in (1, 2)]
    page = page_of(clerk, "/e/")
    for name in ("待提交", "审核中业务", "审核通过业务", "审核不通过业务"):
        page.get_by_role("main").get_by_role("link", name=re.compile(name)).first.wait_for()
    page.goto(live_server.url + "/e/pages/wage_papers/")
    page.get_by_text("还缺职工工资申报表（盖章）、单位工资发放明细").wait_for()
    # What the hall would not take is said beside it and stays here; one that was chosen by mistake is taken out.
    chosen = [as_file("申报表.pdf", PDF, "application/pdf"), as_file("第二页.jpg", JPEG, "image/jpeg")]
    wrong = [as_file("表.docx", b"PK", "application/zip"), as_file("误选.pdf", PDF, "application/pdf")]
    page.locator("input[type=file][multiple]").first.set_input_files([*chosen, *wrong])
    page.get_by_text("不是 JPG、PNG 或 PDF，不会上传").wait_for()
    page.get_by_role("button", name=re.compile("去掉.*误选")).press("Enter")
    page.get_by_text("已选 2 个文件").wait_for()
    # On a slow line, how far each one is.
    line = page.context.new_cdp_session(page)
    line.send("Network.emulateNetworkConditions", SLOW)
    page.get_by_role("button", name=re.compile("^上传")).first.click()
    page.get_by_role("progressbar", name="第二页.jpg 的上传进度").wait_for()
    line.send("Network.emulateNetworkConditions", SLOW | {"latency": 0})
    page.get_by_text("已上传 2 个").first.wait_for()
    picked(page, [as_file("发放明细.pdf", PDF, "application/pdf")], nth=1)
    until(page, lambda: Evidence.objects.count() == 3)
    with page.expect_download() as template:
        page.get_by_role("link", name="模板下载").click()
    assert template.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("link", name="模板上传").click()
    sheet = sheet_of([wage(one) for one in people], region("wage_hall").forms["wage_declaration"])
    page.locator("#file").set_input_files(as_file("工资.csv", sheet, "text/csv"))
    page.get_by_role("button", name="上传并核对").click()
    until(page, lambda: page.get_by_role("link", name="下一步：核对").count() == 1)
    page.get_by_role("link", name="下一步：核对").click()
    page.get_by_role("button", name="加入待提交 2 人").click()
    until(page, lambda: Declaration.objects.count() == 2)
    submit_basket(page, live_server.url)
    until(page, lambda: Declaration.objects.filter(state="submitted").count() == 2)

    case = Declaration.objects.order_by("pk").first()
    desk = page_of(reviewer, f"/a/cases/{case.pk}")
    desk.get_by_role("link", name="申报表.pdf").wait_for()
    desk.keyboard.press("r")
    desk.locator("[name=flag_declared_wage]").check()
    desk.locator("[name=reason_declared_wage]").fill("工资单上是 9500 元")
    desk.get_by_role("button", name="审核不通过").click()
    until(desk, lambda: Declaration.objects.filter(state="rejected").exists())

    page.goto(live_server.url + "/e/")
    page.get_by_role("link", name=re.compile("审核不通过业务")).last.click()
    page.get_by_role("main").get_by_role("link", name=case.subject_name).click()
    assert page.get_by_role("link", name="修改").count() == 0
    page.get_by_role("button", name="重新提交").click()
    page.get_by_text("审核意见：工资单上是 9500 元").wait_for()
    page.locator("[name=declared_wage]").fill("9500")
    page.get_by_role("button", name="保存修改").click()
    page.wait_for_url("**/e/basket/")
    submit_basket(page, live_server.url)
    until(page, lambda: Declaration.objects.filter(copied_from=case, state="submitted").exists())
    desk.goto(f"{live_server.url}/a/cases/{Declaration.objects.get(copied_from=case).pk}")
    desk.get_by_text("复制重报，改了 1 项：申报工资").wait_for()
    desk.get_by_text("上次标注：工资单上是 9500 元").wait_for()


def test_jinan_looks_a_person_up_saves_passes_the_papers_and_submits(page_of, live_server, transactional_db):
    clerk, _ = hall("jinan")
    known = enrolled(clerk.employer, name="张示例", sequence=77, household="51")
    known.spells.update(last_month=Month(2026, 6), end_reason="6301")
    page = page_of(clerk, "/e/")
    page.get_by_role("navigation").get_by_role("link", name="增员申报").first.click()
    page.get_by_role("link", name="新增一行").click()
    stranger = synthetic_id(sequence=5)
    page.locator("[name=id_number]").fill(stranger)
    page.get_by_role("button", name="放大镜").click()
    page.get_by_text(f"未查询到身份证号码为【{stranger}】的数据").wait_for()
    page.locator("[name=id_number]").fill(known.person.id_number)
    page.get_by_role("button", name="放大镜").click()
    page.get_by_role("button", name=re.compile("选择.*张示例")).click()
    until(page, lambda: page.locator("[name=name]").input_value() == "张示例")
    answers = enrolment(77, name="张示例", enrolment_kind="12", household="51", employment_kind="41")
    address = {"household_address": "济南市历下区示例路 1 号"}
    fill(page, answers | address)
    page.get_by_role("button", name="保存，上传材料").click()
    page.get_by_text("单位留存备查，可以不上传").first.wait_for()
    page.get_by_role("link", name=re.compile("下一步")).click()
    page.get_by_label("以上申报内容真实").check()
    page.get_by_role("button", name="提交 1 笔").click()
    until(page, lambda: Declaration.objects.get().state == "approved")
    assert known.spells.filter(last_month=None).exists()


def test_own_papers_are_kept_and_a_voucher_is_made_and_mailed(page_of, live_server, transactional_db):
    clerk, _ = hall("general_hall")
    page = page_of(clerk, "/e/pages/employer_papers/")
    page.get_by_label("资料名称").fill("企业营业执照")
    page.locator("#files").set_input_files(as_file("执照.pdf", PDF, "application/pdf"))
    page.get_by_role("button", name="上传", exact=True).click()
    with page.expect_download() as sent:
        page.get_by_role("link", name="执照.pdf").click()
    assert sent.value.suggested_filename == "执照.pdf"
    page.get_by_text("编辑企业营业执照").click()
    page.get_by_label("名称", exact=True).fill("营业执照（正本）")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("cell", name="营业执照（正本）", exact=True).wait_for()
    page.get_by_role("button", name=re.compile("删除.*营业执照")).click()
    page.get_by_role("button", name="撤销").click()
    until(page, lambda: EmployerPaper.objects.filter(removed_at=None, title="营业执照（正本）").exists())

    page.goto(live_server.url + "/e/declare/employee_enrolment/")
    fill(page, enrolment(3, enrolment_kind="11", household="11", employment_kind="41"))
    page.get_by_role("button", name="确定").click()
    page.get_by_role("button", name="打印申报凭证").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="申报凭证", exact=True).first.click()
    page.get_by_label(re.compile("选择 王示例")).check()
    page.get_by_label("企业邮箱").fill("office@example.cn")
    page.get_by_role("button", name="提交，生成并发送凭证").click()
    page.get_by_text("office@example.cn").last.wait_for()
    until(page, lambda: Mail.objects.filter(state="kept").exists())
