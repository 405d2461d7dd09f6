"""乐山: declarations take effect at once, wages are set for many together; the difference to 天津 is data only."""

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
from shebao.hall.roster.models import DeclaredWage, Employee
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill
from shebao.hall.supplements.models import YearlyCover

from .conftest import fetched
from .steps import fill, newcomers, pay_at_bank, person, sheet_of, until, upload

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
REGION = "leshan"


@pytest.mark.slow
def test_a_month_is_done(sign_in, live_server, tmp_path):
    here = region(REGION)
    month = current_month(here)
    people = newcomers("journey-direct")
    clerk = sign_in(f"{REGION}-clerk-1")
    home = live_server.url
    assert clerk.locator("nav").get_by_role("link", name="待提交").count() == 0

    # One person by hand takes effect at once.
    clerk.goto(f"{home}/e/declare/employee_enrolment/")
    joining = person(people, month)
    fill(clerk, joining)
    before = Declaration.objects.count()
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    until(clerk, lambda: Declaration.objects.count() == before + 1)
    made = Declaration.objects.order_by("-pk").first()
    employer = made.employer
    assert made.state == "approved"
    assert Employee.objects.filter(employer=employer, name=joining["name"], spells__opened_by=made.pk).exists()

    # Two by spreadsheet, after one confirmation for the whole batch.
    file = tmp_path / "参保.csv"
    file.write_bytes(sheet_of([person(people, month) for _ in range(2)], here.forms["employee_enrolment"]))
    upload(clerk, home, "employee_enrolment", file)
    clerk.get_by_role("link", name="下一步：核对").click()
    clerk.get_by_role("button", name=re.compile("确认办理")).click()
    until(clerk, lambda: Declaration.objects.filter(batch__isnull=False, state="approved").count() == 2)

    # The roster: two are ticked and get one wage together (批量设置).
    clerk.goto(f"{home}/e/roster/")
    boxes = clerk.locator('tbody input[name="chosen"]')
    chosen = [int(boxes.nth(i).get_attribute("value")) for i in (0, 1)]
    for i in (0, 1):
        boxes.nth(i).check()
    clerk.locator('button[formaction*="wage_declaration"]').first.click()
    clerk.locator('[name="declared_wage"]').fill("9876.50")
    clerk.get_by_role("button", name="下一步：逐人核对").click()
    clerk.get_by_role("button", name="确定").click()
    until(
        clerk, lambda: DeclaredWage.objects.filter(employee__in=chosen, amount_fen=987650, is_voided=False).count() == 2
    )

    _cover_the_year(clerk, sign_in(f"{REGION}-reviewer"), home, Employee.objects.filter(pk__in=chosen), month)

    # One leaves.
    leaver = (
        Employee.objects.filter(employer=employer, spells__first_month__lt=month, spells__last_month__isnull=True)
        .exclude(pk__in=chosen)
        .first()
    )
    clerk.goto(f"{home}/e/declare/employee_cessation/?employee={leaver.pk}")
    fill(clerk, {"cessation_month": str(month), "reason": "6301"})
    with clerk.expect_navigation():
        clerk.keyboard.press("Control+Enter")
    until(clerk, lambda: not leaver.spells.filter(last_month__isnull=True, is_voided=False).exists())

    # The month is assessed; the bill is the sum of its lines and every amount says why.
    settlement = next(iter(here.settlements.values()))
    clerk.goto(f"{home}/e/settle/")
    clerk.get_by_role("button", name=settlement.title).click()
    clerk.get_by_role("button", name="确定").click()
    clerk.wait_for_url(re.compile(r"/e/bills/\d+/"))
    bill = Bill.objects.get(employer=employer, month=month)
    assert bill.total_due == sum(line.employer_due + line.employee_due for line in bill.lines.all())
    assert [line.employee_due for line in bill.lines.filter(scheme="supplementary_medical")] == [15_500]
    line = bill.lines.filter(scheme="pension", employee__in=chosen).first()
    clerk.goto(f"{home}/e/bills/lines/{line.pk}/employee/")
    expect(clerk.get_by_text("9,876.50").first).to_be_visible()

    _look_up(clerk, home, bill)

    # The bank tells twice; it counts once.
    pay_at_bank(clerk, home, bill, re.compile("重复"), "succeeded")
    assert balance(bill) == (bill.total_due, bill.total_due)

    assert list(check_ledger()) == []
    assert list(broken_links()) == []
    assert clerk.complaints == []


def _look_up(clerk, home: str, bill) -> None:
    """LS-8 单位缴费信息: 险种 and 计划月度, totals, everybody of one insurance, and both papers of the month."""
    clerk.get_by_role("navigation", name="主菜单").get_by_role("link", name="单位缴费信息").click()
    clerk.get_by_role("textbox", name="计划月度起").fill(str(bill.month))
    clerk.get_by_role("textbox", name="计划月度止").fill(str(bill.month))
    clerk.get_by_role("button", name="查询").click()
    clerk.locator("tfoot").get_by_text(f"{bill.total_due / 100:,.2f}").first.wait_for()
    for paper in ("申报核定表", "缴费通知单"):
        clerk.get_by_role("link", name=re.compile(f"打印.*{paper}")).click()
        with clerk.context.expect_page() as opened:
            clerk.get_by_role("main").get_by_role("button", name=re.compile("^打印")).click()
        opened.value.close()
        made = Document.objects.get(bill=bill, title__endswith=paper)
        pages = PdfReader(io.BytesIO(fetched(clerk, f"{home}/e/documents/file/{made.pk}/"))).pages
        assert paper in pages[0].extract_text().replace(" ", "")
        clerk.go_back()
    clerk.get_by_label("险种").select_option(value="pension")
    clerk.get_by_role("button", name="查询").click()
    one = clerk.locator("tbody tr")
    until(clerk, lambda: one.count() == 1)
    assert fetched(clerk, home + clerk.get_by_role("link", name="导出表格").get_attribute("href")).startswith(b"PK")
    one.locator("td a").first.dblclick()
    clerk.get_by_role("heading", name="缴费清单", level=1).wait_for()
    heads = bill.lines.filter(scheme="pension", month=bill.month).count()
    assert f"共 {heads} 条" in clerk.locator(".toolbar").inner_text()


def _cover_the_year(clerk, reviewer, home: str, two, month) -> None:
    """职工补充医疗申报: ticked and set together; whose account is not on record pays by 转账; 缴费计划 is printed."""
    one, other = two.select_related("person")
    reviewer.goto(f"{home}/a/")
    reviewer.get_by_role("link", name="个人账户").click()
    last_day = month.previous().last_day
    fill(
        reviewer,
        {
            "id_number": one.person.id_number,
            "name": one.name,
            "balance": "155",
            "stated_on": last_day.isoformat(),
        },
    )
    reviewer.get_by_role("button", name="登记余额").click()
    expect(reviewer.get_by_text("已登记 1 人的个人账户余额")).to_be_visible()

    for pay_by, chosen in (("个账划转", (one, other)), ("转账", (other,))):
        clerk.goto(f"{home}/e/roster/")
        for employee in chosen:
            clerk.locator(f'tbody input[name="chosen"][value="{employee.pk}"]').check()
        clerk.get_by_role("button", name="批量设置职工补充医疗申报").click()
        clerk.get_by_label("缴费年度").fill(str(month.year))
        clerk.get_by_label("缴费方式").select_option(label=pay_by)
        clerk.get_by_role("button", name="下一步：逐人核对").click()
        if len(chosen) == 2:
            expect(clerk.get_by_text("没有登记该人员的个人账户余额")).to_be_visible()
        clerk.get_by_role("button", name="确定").click()
        until(clerk, lambda who=chosen[-1], way=pay_by: YearlyCover.objects.count() == (1 if way == "个账划转" else 2))
    assert set(YearlyCover.objects.values_list("employee", "pay_by")) == {(one.pk, "1"), (other.pk, "2")}

    clerk.get_by_role("navigation").get_by_role("link", name="补充医疗缴费计划").first.click()
    expect(clerk.get_by_text(f"{month.year} 年度共 2 人")).to_be_visible()
    with clerk.context.expect_page():
        clerk.get_by_role("button", name="打印缴费计划").click()
    until(clerk, lambda: Document.objects.filter(kind="yearly_plan").exists())
    paper = Document.objects.get(kind="yearly_plan")
    pages = PdfReader(io.BytesIO(fetched(clerk, f"{home}/e/documents/file/{paper.pk}/"))).pages
    assert "310.00" in pages[0].extract_text()
