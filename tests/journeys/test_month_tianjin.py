"""天津: one employer's month from the first change to the receipt, in Chromium, with real files and a bank."""

import io
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from shebao.hall.audit.operations import broken_links
from shebao.hall.declarations.models import Declaration
from shebao.hall.declarations.queries import current_month
from shebao.hall.documents.models import Document
from shebao.hall.regions import region
from shebao.hall.roster.models import Employee
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill

from .conftest import fetched
from .steps import fill, newcomers, pay_at_bank, person, print_from_menu, sheet_of, submit_basket, unfold, until, upload

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
REGION = "tianjin"


@pytest.mark.slow
def test_a_month_is_done(sign_in, live_server, tmp_path):
    here = region(REGION)
    month = current_month(here)
    people = newcomers("journey")
    clerk = sign_in(f"{REGION}-clerk-1")
    home = live_server.url

    # The workbench knows where the month stands.
    expect(clerk.get_by_text(f"{month.number} 月缴费进度")).to_be_visible()

    # One person by hand, at the keyboard.
    clerk.get_by_role("link", name="单位职工增加").first.click()
    fill(clerk, person(people, month))
    before = Declaration.objects.count()
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    until(clerk, lambda: Declaration.objects.count() == before + 1)
    by_hand = Declaration.objects.order_by("-pk").first()
    assert by_hand.state == "draft"

    # Three by spreadsheet, one of them with a wrong id number that is repaired in the page.
    rows = [person(people, month) for _ in range(3)]
    right = rows[1]["id_number"]
    rows[1] = rows[1] | {"id_number": right[:-1] + ("0" if right[-1] != "0" else "1")}
    file = tmp_path / "新进人员.csv"
    file.write_bytes(sheet_of(rows, here.forms["employee_enrolment"]))
    upload(clerk, home, "employee_enrolment", file)
    assert Declaration.objects.count() == before + 1
    clerk.keyboard.press("F8")  # opens the first wrong cell for typing
    clerk.keyboard.press("Control+a")
    clerk.keyboard.type(right)
    clerk.keyboard.press("Enter")
    until(clerk, lambda: clerk.get_by_role("link", name="下一步：核对").count() == 1)
    clerk.get_by_role("link", name="下一步：核对").click()
    clerk.get_by_role("button", name=re.compile("加入待提交")).click()
    clerk.wait_for_selector("text=已加入待提交")
    assert Declaration.objects.filter(batch__isnull=False, state="draft").count() == 3

    # One leaves: the id number brings up the person.
    leaving = Employee.objects.filter(
        employer=by_hand.employer, spells__first_month__lt=month, spells__last_month__isnull=True
    ).exclude(declarations__state__in=["draft", "submitted"])[0]
    clerk.goto(f"{home}/e/declare/employee_cessation/?employee={leaving.pk}")
    fill(clerk, {"cessation_month": str(month), "reason": "6301"})
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    until(clerk, lambda: Declaration.objects.filter(employee=leaving, service="employee_cessation").exists())

    # Everything that waits is submitted.
    submit_basket(clerk, home)
    employer = by_hand.employer
    assert not Declaration.objects.filter(employer=employer, state="draft").exists()

    # What was returned is repaired in place and goes again.
    returned = Declaration.objects.get(employer=employer, state="returned")
    clerk.goto(f"{home}/e/cases/{returned.pk}/repair/")
    clerk.locator('[name="contract_from"]').fill(f"{month}-02")
    clerk.get_by_label("以上申报内容真实").check()
    clerk.get_by_role("button", name="保存并重新提交").click()
    until(clerk, lambda: Declaration.objects.get(pk=returned.pk).state == "submitted")

    # The reviewer sees old and new values and approves, case after case, with one key.
    reviewer = sign_in(f"{REGION}-reviewer")
    for pk in Declaration.objects.filter(employer=employer, state="submitted").values_list("pk", flat=True):
        reviewer.goto(f"{home}/a/cases/{pk}")
        reviewer.get_by_role("button", name=re.compile("^通过")).click()
        until(reviewer, lambda pk=pk: Declaration.objects.get(pk=pk).state == "approved")
    assert not Declaration.objects.filter(employer=employer, state="submitted").exists()

    assert not leaving.spells.filter(last_month__isnull=True, is_voided=False).exists()

    # The month is settled with changes; a second press shows the result of the first.
    clerk.goto(home + "/e/settle/")
    clerk.get_by_role("button", name="有变动结算").click()
    clerk.get_by_role("button", name="确定").dblclick()
    clerk.wait_for_url(re.compile(r"/e/bills/\d+/"))
    expect(clerk.get_by_text("单位有变动核定成功")).to_be_visible()
    bill = Bill.objects.get(employer=employer, month=month)
    assert bill.total_due == sum(line.employer_due + line.employee_due for line in bill.lines.all())

    # Every amount says why.
    line = bill.lines.filter(scheme="pension").first()
    clerk.goto(f"{home}/e/bills/lines/{line.pk}/employer/")
    expect(clerk.locator("#main").get_by_text("缴费基数", exact=True).first).to_be_visible()
    expect(clerk.locator("#main").get_by_text("费率", exact=True).first).to_be_visible()

    # TJ-8 and TJ-9, 报表打印: the papers of the manual, with the ledger's total on them.
    clerk.goto(f"{home}/e/")
    for label in ("单位缴费通知单打印", "单位征集核定单打印"):
        print_from_menu(clerk, label, month)
        paper = Document.objects.get(bill=bill, title=label.removesuffix("打印"))
        text = "".join(
            p.extract_text()
            for p in PdfReader(io.BytesIO(fetched(clerk, f"{home}/e/documents/file/{paper.pk}/"))).pages
        )
        assert f"{bill.total_due / 100:,.2f}" in text.replace(" ", "")

    # TJ-11 大额医疗救助人员缴费名册查询: by months, with sums, as a workbook too, and kept to be asked again.
    clerk.goto(home + "/e/")
    unfold(clerk)
    clerk.get_by_role("link", name="大额医疗救助人员缴费名册查询").first.click()
    fill(clerk, {"from": str(month), "to": str(month)})
    clerk.get_by_role("button", name="查询").click()
    heads = bill.lines.filter(scheme="large_medical", month=month).count()
    assert heads and f"共 {heads} 人、{heads} 笔" in clerk.locator(".toolbar").inner_text()
    clerk.get_by_role("link", name="打印全部").click()  # it is longer than one page
    clerk.wait_for_url(re.compile("print=all"))
    clerk.evaluate("window.printed = 0; window.print = () => { window.printed += 1 }; 0")
    clerk.get_by_role("button", name="打印", exact=True).click()
    assert clerk.evaluate("window.printed") == 1
    clerk.go_back()
    taken = clerk.get_by_role("link", name="导出表格").get_attribute("href")
    assert fetched(clerk, home + taken).startswith(b"PK")
    clerk.get_by_label("把现在的条件存为常用查询").fill("本月大额")
    clerk.get_by_role("button", name="存为常用").click()
    clerk.get_by_role("navigation", name="常用查询").get_by_role("link", name="本月大额").wait_for()

    # Anybody may check a paper.
    stranger = clerk.context.browser.new_page()
    stranger.goto(home + "/verify")
    expect(stranger.get_by_label("验证码")).to_be_visible()
    stranger.close()

    # The bank refuses once, then takes the money; the receipt can be printed.
    pay_at_bank(clerk, home, bill, "余额不足", "refused")
    pay_at_bank(clerk, home, bill, "确认付款", "succeeded")
    assert balance(bill) == (bill.total_due, bill.total_due)
    clerk.goto(f"{home}/e/documents/?from={month}&to={month}")
    clerk.locator('form[action*="/receipt/"] button').click()
    clerk.wait_for_load_state()
    assert Document.objects.filter(bill=bill, kind="receipt").exists()

    # The books and the record hold.
    assert list(check_ledger()) == []
    assert list(broken_links()) == []
    assert [c for c in clerk.complaints + reviewer.complaints if "favicon" not in c] == []
