"""The halls' own words: what no other journey walks, each from the menu under the name that its manual gives it."""

import io
import re

import openpyxl
import pytest
from pypdf import PdfReader

from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.operations import save_declarations
from shebao.hall.documents.models import Document
from shebao.hall.employers.models import EmployerChange
from shebao.hall.roster.models import AccountLetter, DeclaredWage, Spell
from shebao.hall.settlement.models import Bill
from shebao.hall.settlement.operations import settle_month
from shebao.hall.settlement.progress import applicable_settlement
from tests.documents.test_operations import pay
from tests.factories import MONTH, enrolled, synthetic_id
from tests.papers import upload_papers

from .conftest import fetched
from .steps import fill, print_from_menu, submit_basket, taken_with_reason, until
from .test_halls import approve, choose, hall, keep, newcomer, pick
from .test_papers import as_file, november  # noqa: F401 - a fixture: the tenth of a month, for every thread

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


OWN_DATA = {
    "fujian": "参保单位维护",
    "lijiang": "企业基本信息变更",
    "shenzhen": "非审批事项变更",
    "guiyang": "基本信息变更",
    "leshan": "单位基础信息",
}
"""FJ-7, LJ-2, SZ-6, GY-7, LS-1. Yunnan's are walked in test_employer_data."""


@pytest.mark.parametrize("code", OWN_DATA)
def test_an_employer_changes_its_own_data_at_once_and_finds_it_in_the_log(page_of, live_server, code):
    (clerk, _), title = hall(code), OWN_DATA[code]
    page = page_of(clerk, "/e/")
    choose(page, title)
    stars = page.locator("main label:has(.req), main .f:has(.req)").count()
    assert stars, "what can be changed is marked"
    page.get_by_label("联系人").fill("周联系")
    page.get_by_label(re.compile("联系电话|手机|电话")).first.fill("13900000001")
    page.get_by_label("单位地址").fill("新路 2 号")
    page.get_by_label("邮政编码").fill("650000")
    page.get_by_role("button", name="确定").click()
    page.get_by_text(f"{title}已生效").wait_for()
    page.goto(live_server.url + "/e/employer/changes/")
    said = page.locator("main").inner_text()
    assert "单位变更信息" in said and all(word in said for word in ("周联系", "新路 2 号", clerk.name))
    assert EmployerChange.objects.exists()


def test_shenzhens_reviewed_change_and_lijiangs_change_of_a_person(page_of, live_server):
    (clerk, reviewer), home = hall("shenzhen"), live_server.url
    page = page_of(clerk, "/e/")
    choose(page, "审批事项变更")
    page.get_by_label("法定代表人").fill("钱新任")
    page.get_by_role("button", name=re.compile("^(暂存并去提交|保存，上传材料)$")).click()
    page.wait_for_url(re.compile("/e/(basket|cases)/"))
    submit_basket(page, home)
    approve(page_of, reviewer, home)
    clerk.employer.refresh_from_db()
    assert clerk.employer.legal_representative == "钱新任"

    clerk, _ = hall("lijiang")
    employee = enrolled(clerk.employer, name="王在册", department="财务部")
    page = page_of(clerk, "/e/")
    choose(page, "职工基本信息变更")
    pick(page, employee)
    fill(page, {"department": "生产部"})
    page.get_by_role("button", name="确定").click()
    page.get_by_text("已生效").first.wait_for()
    employee.refresh_from_db()
    assert employee.department == "生产部"


def test_tianjin_declares_a_wage_that_a_reviewer_approves(page_of, live_server):
    """TJ-7: a wage above the ceiling is confirmed with a reason, and the reviewer reads it."""
    (clerk, reviewer), home = hall("tianjin"), live_server.url
    employee = enrolled(clerk.employer, name="王在册")
    page = page_of(clerk, "/e/")
    choose(page, "工资申报")
    pick(page, employee)
    fill(page, {"first_month": str(MONTH), "declared_wage": "98000"})
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text(re.compile("高于.*将按上下限确定缴费基数")).first.wait_for()
    page.locator("[name=ok_wage_limits]").check()
    page.locator("[name=why_wage_limits]").fill("新任总经理，合同约定")
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text("已加入待提交").first.wait_for()
    submit_basket(page, home)
    desk = page_of(reviewer, f"/a/cases/{Declaration.objects.get().pk}")
    assert "新任总经理，合同约定" in desk.locator("#main").inner_text()
    approve(page_of, reviewer, home)
    assert DeclaredWage.objects.filter(is_voided=False).latest("pk").amount_fen == 9_800_000


def test_leshan_downloads_its_roster_fills_in_the_wages_and_sees_heads_and_sum_first(page_of, live_server):
    """LS-9: the template is the roster; heads and the whole wage are shown before anything is added."""
    clerk, _ = hall("leshan")
    for n in (1, 2):
        enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n)
    page = page_of(clerk, "/e/")
    choose(page, "批量导入")
    page.get_by_role("link", name=re.compile(r"^在册人员\s*：人员申报工资")).click()
    template = taken_with_reason(page)
    book = openpyxl.load_workbook(io.BytesIO(template.path().read_bytes()))
    sheet = book.worksheets[0]
    heads = next(r for r in sheet.iter_rows() if any("证件号码" in str(c.value) for c in r))
    column = next(c.column for c in heads if "工资" in str(c.value))
    for n, row_number in enumerate(range(heads[0].row + 1, heads[0].row + 3)):
        sheet.cell(row_number, column).value = f"{9000 + n}"
    kept = io.BytesIO()
    book.save(kept)
    choose(page, "批量导入")
    page.get_by_label("人员工资申报批量导入", exact=True).check()
    page.locator("#file").set_input_files(as_file("工资.xlsx", kept.getvalue(), XLSX))
    page.get_by_role("button", name="上传并核对").click()
    until(page, lambda: page.get_by_role("link", name="下一步：核对").count() == 1)
    page.get_by_role("link", name="下一步：核对").click()
    page.get_by_role("button", name="确认办理 2 人").wait_for()
    assert "18,001.00" in page.locator("main").inner_text()
    page.get_by_role("button", name="确认办理 2 人").click()
    until(page, lambda: Declaration.objects.filter(state="approved").count() == 2)
    assert set(DeclaredWage.objects.filter(is_voided=False).values_list("amount_fen", flat=True)) >= {900_000, 900_100}


def test_shanghai_confirms_its_data_sets_its_password_and_declares_the_month(page_of, live_server):
    """SH-2 单位信息确认、更新单位信息、申报密码设置; SH-4 日常申报: what was assessed is shown, confirmed, declared."""
    (clerk, _), home = hall("shanghai"), live_server.url
    enrolled(clerk.employer, name="王在册")
    page = page_of(clerk, "/e/")
    choose(page, "更新单位信息")
    fill(page, {"contact_name": "吴联系", "phone": "13900000001", "address": "新路 1 号", "postcode": "200000"})
    page.get_by_role("button", name="确定").click()
    page.get_by_text("更新单位信息已生效").wait_for()
    choose(page, "单位信息确认")
    assert "吴联系" in page.locator("main").inner_text()
    page.get_by_role("button", name="确定").click()
    page.get_by_text("单位信息确认已生效").wait_for()
    choose(page, "日常申报")
    page.get_by_role("button", name="日常申报").click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))
    assert Bill.objects.get().head_count == 1

    page.goto(home + "/password")
    page.get_by_role("heading", name="申报密码设置").wait_for()
    page.get_by_label("当前密码").fill("right-Password-1")
    page.locator("[name=new]").fill("another-Password-2")
    page.get_by_role("button", name="修改密码").click()
    until(page, lambda: type(clerk).objects.get(pk=clerk.pk).check_password("another-Password-2"))


def settled(clerk) -> Bill:
    kind = applicable_settlement(clerk.employer, MONTH)
    return settle_month(clerk.employer_id, MONTH, kind.key, by=clerk, confirmations=kind.confirmations)


@pytest.mark.parametrize(
    ("code", "label", "paper"),
    [("lijiang", "企业职工社会保险核定表打印", "企业职工社会保险核定表"), ("guiyang", "打印电子票据", "电子票据")],
)
def test_the_paper_of_a_settled_month_is_printed_from_the_menu(page_of, live_server, code, label, paper):
    """LJ-5 and GY-6."""
    clerk, _ = hall(code)
    enrolled(clerk.employer, name="王在册")
    bill = settled(clerk)
    if code == "guiyang":
        pay(bill, clerk)
    page = page_of(clerk, "/e/")
    print_from_menu(page, label)
    made = Document.objects.get(title=paper)
    text = (
        PdfReader(io.BytesIO(fetched(page, f"{live_server.url}/e/documents/file/{made.pk}/"))).pages[0].extract_text()
    )
    assert paper in text.replace(" ", "")


@pytest.mark.slow
def test_shenzhen_changes_schemes_by_sheet_and_manages_what_it_declared(page_of, live_server):
    """SZ-9 批量上传参保险种变更 and SZ-10 申报数据管理."""
    (clerk, _), home = hall("shenzhen"), live_server.url
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    people = [
        enrolled(clerk.employer, name=f"李示例{n}", sequence=900 + n, household="521", facts=facts) for n in (1, 2)
    ]
    page = page_of(clerk, "/e/")
    choose(page, "业务申报批量上传")
    for title in ("批量上传新增", "批量上传停交", "批量上传修改工资", "批量上传参保险种变更", "批量上传调入"):
        page.get_by_label(title, exact=True).wait_for()
    page.get_by_label("批量上传参保险种变更", exact=True).check()
    lines = ["证件号码,姓名,变更月份,生育保险"] + [f"{p.person.id_number},{p.name},{MONTH.next()},参加" for p in people]
    page.locator("#file").set_input_files(as_file("险种.csv", "\n".join(lines).encode(), "text/csv"))
    page.get_by_role("button", name="上传并核对").click()
    until(page, lambda: page.get_by_role("link", name="下一步：核对").count() == 1)
    page.get_by_role("link", name="下一步：核对").click()
    page.get_by_role("button", name="确认办理 2 人").click()
    until(page, lambda: Spell.objects.filter(scheme="maternity", first_month=MONTH.next()).count() == 2)

    answers = {"id_number": people[0].person.id_number, "name": people[0].name, "new_name": "李改名", "note": "更正"}
    (one,) = save_declarations(clerk.employer_id, "sensitive_employee_change", [answers], by=clerk)
    upload_papers(one, clerk)
    choose(page, "申报数据管理")
    page.get_by_role("main").locator("[name=q]").fill(people[0].name)
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name=people[0].name).first.click()
    page.get_by_role("button", name="删除").first.click()
    until(page, lambda: Declaration.objects.get(pk=one.pk).state == "deleted")
    page.get_by_role("button", name=re.compile("撤销|恢复")).first.click()
    until(page, lambda: Declaration.objects.get(pk=one.pk).state == "draft")
    page.goto(f"{home}/e/cases/{one.pk}/")
    page.get_by_role("main").get_by_role("link", name="修改").first.click()
    page.locator("[name=new_name]").fill("李又改")
    page.get_by_role("button", name=re.compile("^保存")).first.click()
    until(page, lambda: Declaration.objects.get(pk=one.pk).answers["new_name"] == "李又改")


def test_the_wage_hall_has_earlier_months_assessed_apart(page_of, live_server):
    """WT-6 单位往月补缴核定申请; 单位当月缴费核定申请 is walked in test_halls."""
    (clerk, reviewer), home = hall("wage_hall"), live_server.url
    employee = enrolled(clerk.employer, name="王在册", since=MONTH)
    page = page_of(clerk, "/e/")
    choose(page, "单位往月补缴核定申请")
    pick(page, employee)
    fill(page, {"first_month": "2026-08", "last_month": "2026-09", "declared_wage": "9000"})
    until(page, lambda: "单独核定" in page.locator("#declare-rail").inner_text())
    page.get_by_role("button", name="暂存并去提交").click()
    page.get_by_text("已加入待提交").first.wait_for()
    submit_basket(page, home)
    approve(page_of, reviewer, home)
    bill = Bill.objects.get()
    page.goto(f"{home}/e/bills/{bill.pk}/")
    assert "2026-11 补缴" in page.locator("main").inner_text() and bill.head_count == 1


def test_certificate_city_submits_reads_the_refusal_deletes_and_declares_anew(page_of, live_server):
    """CA-2, flow A: 信息提交, the branch decides, a refused one is deleted under 业务删除 and declared anew."""
    (clerk, reviewer), home = hall("certificate_city"), live_server.url
    page = page_of(clerk, "/e/")
    choose(page, "增员申报")
    fill(page, newcomer("certificate_city", 1))
    keep(page, "王示例1")
    choose(page, "信息提交")
    submit_basket(page, home)
    one = Declaration.objects.get()
    desk = page_of(reviewer, f"/a/cases/{one.pk}")
    desk.keyboard.press("r")
    desk.locator("[name=flag_declared_wage]").check()
    desk.locator("[name=reason_declared_wage]").fill("与合同不符")
    desk.get_by_role("button", name="审核不通过").click()
    until(desk, lambda: Declaration.objects.filter(state="rejected").exists())
    choose(page, "业务删除")
    page.get_by_role("main").get_by_role("link", name="王示例1").click()
    page.get_by_text("与合同不符").first.wait_for()
    page.get_by_role("button", name="业务删除").click()
    until(page, lambda: Declaration.objects.get(pk=one.pk).state == "deleted")
    choose(page, "增员申报")
    fill(page, newcomer("certificate_city", 1) | {"declared_wage": "9000"})
    keep(page, "王示例1")
    assert Declaration.objects.filter(state="draft").count() == 1


def test_the_general_hall_adds_edits_finds_and_removes_a_person_and_prints_the_account(page_of, live_server):
    """GX-3 员工管理: 新增, 编辑, 查询, 删除; without an address the account goes on paper to the person."""
    (clerk, _), home = hall("general_hall"), live_server.url
    leaver = enrolled(clerk.employer, name="李在册")
    page = page_of(clerk, "/e/")
    choose(page, "新增员工")
    fill(page, newcomer("general_hall", 1))
    keep(page, "王示例1")
    choose(page, "编辑员工")
    pick(page, leaver)
    fill(page, {"department": "财务部"})
    page.get_by_role("button", name="确定").click()
    page.get_by_text("已生效").first.wait_for()
    choose(page, "删除员工")
    pick(page, leaver)
    fill(page, {"cessation_month": str(MONTH), "reason": "6301"})
    page.get_by_role("button", name="确定").click()
    until(page, lambda: not leaver.spells.filter(last_month=None).exists())
    leaver.refresh_from_db()
    assert leaver.department == "财务部"
    page.goto(home + "/e/roster/?q=王示例1")
    page.get_by_role("main").get_by_role("link", name="王示例1").first.click()
    page.get_by_text("待交给本人").first.wait_for()
    letter = AccountLetter.objects.get()
    page.goto(f"{home}/e/letters/{letter.pk}/")
    page.get_by_text("社保账号告知书").first.wait_for()
    page.get_by_role("button", name=re.compile("已交给本人|交给本人")).first.click()
    until(page, lambda: AccountLetter.objects.get().sent_at is not None)


def test_jinan_downloads_the_sheet_with_its_example_and_enrols_somebody_with_a_residence_permit(page_of, live_server):
    """JN-2: 港澳台 with a permit that begins 8100, household, its address; JN-4: 下载报盘 with its example."""
    clerk, _ = hall("jinan")
    page = page_of(clerk, "/e/")
    choose(page, "导入报盘")
    with page.expect_download() as template:
        page.get_by_role("link", name=re.compile(r"^空白模板\s*：增员申报")).click()
    book = openpyxl.load_workbook(io.BytesIO(template.value.path().read_bytes()))
    assert "示例" in "".join(book.sheetnames)
    choose(page, "增员申报")
    number = synthetic_id(area="810000")
    fill(page, newcomer("jinan", 1) | {"id_kind": "16", "id_number": number, "household": "30", "name": "陈示例"})
    keep(page, "陈示例")
    made = Declaration.objects.get()
    assert made.answers["id_number"] == number and made.answers["household_address"]
