"""补缴 by the manuals' labels: reviewed and billed, at once and taken back, paid apart by self-service."""

import io
import re
from datetime import date

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from shebao.hall import clock
from shebao.hall.declarations.models import Declaration
from shebao.hall.documents.models import Document
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import BackPayment, Bill, LineKind
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled, synthetic_id

from .conftest import fetched
from .steps import save_to_basket, submit_basket, until
from .test_changes import begin
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def hall(code, **more):
    """A clerk, a reviewer, somebody insured since this month, and the two months before it."""
    clerk, month = person(clerk=True, name="王敏", employer=EmployerFactory(region=code)), Month.of(clock.today())
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    employee = enrolled(clerk.employer, household="521", facts=facts, since=month, **more)
    return clerk, person(reviewer=True, name="李娜", region=code), employee, month.previous(2), month.previous()


def fill_months(page, first, last, wage="") -> None:
    page.get_by_role("textbox", name="开始月份").fill(str(first))
    page.get_by_role("textbox", name="终止月份").fill(str(last))
    if wage:
        page.locator("[name=declared_wage]").fill(wage)


def approve(page_of, reviewer, home):
    """The reviewer sees the whole amount of each case and lets it pass."""
    desk = page_of(reviewer, "/a/")
    for pk in Declaration.objects.filter(state="submitted").values_list("pk", flat=True):
        desk.goto(f"{home}/a/cases/{pk}")
        assert "补缴影响" in desk.locator("#main").inner_text()
        desk.get_by_role("button", name=re.compile("^通过")).click()
        until(desk, lambda pk=pk: Declaration.objects.get(pk=pk).state == "approved")


def test_tianjin_pays_two_months_back_and_the_bill_says_why(page_of, live_server):
    clerk, reviewer, employee, first, last = hall("tianjin")
    page, home = page_of(clerk, "/e/"), live_server.url
    begin(page, home, employee, "核定基数补缴")
    fill_months(page, last.next(), last.next(), "8000")
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector(".errsum, .sum-err, [role=alert]")
    assert f"只能补缴 {last.next()} 以前的月份" in page.locator("main").inner_text()
    fill_months(page, first, last, "8000")
    until(page, lambda: str(first) in page.locator("#declare-rail").inner_text())
    page.get_by_role("button", name="暂存并去提交").click()
    page.wait_for_selector("text=已加入待提交")
    submit_basket(page, home)
    approve(page_of, reviewer, home)

    # The workbench counts it, the person's page shows where it stands.
    page.goto(f"{home}/e/")
    until(page, lambda: re.search(r"补缴 1 人 · [\d–]+ 月", page.locator("main").inner_text()))
    page.goto(f"{home}/e/roster/{employee.pk}/")
    assert "待计入账单" in page.locator("#back").inner_text()
    assert page.locator(".ribbon rect.back").count() == 2 * BackPayment.objects.values("scheme").distinct().count()

    # It comes with the month's settlement; each amount tells how it came about.
    page.goto(home + "/e/settle/")
    page.get_by_role("button", name="有变动结算").click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))
    bill = Bill.objects.get()
    page.get_by_role("link", name="补缴", exact=True).first.click()
    page.wait_for_url(re.compile("tab=back"))
    page.locator("table a.money").first.click()
    page.wait_for_selector("#why :text('补缴依据')")
    assert "核定基数补缴" in page.locator("#why").inner_text()

    # The notice has the months paid back and sums to the fen.
    page.goto(f"{home}/e/documents/")
    page.locator('form[action*="/payment_notice/"] button').click()
    page.wait_for_load_state()
    paper = Document.objects.get(bill=bill, kind="payment_notice")
    pages = PdfReader(io.BytesIO(fetched(page, f"{home}/e/documents/file/{paper.pk}/"))).pages
    text = "".join(p.extract_text() for p in pages).replace(" ", "").replace("\n", "")
    assert f"{bill.total_due / 100:,.2f}" in text and "基本养老保险补缴" in text
    back = bill.lines.filter(kind=LineKind.BACK_PAYMENT, scheme="pension")
    assert f"{sum(one.employer_due for one in back) / 100:,.2f}" in text
    assert list(check_ledger()) == []


def test_guiyang_pays_back_at_once_and_takes_it_back(page_of, live_server):
    clerk, _, employee, first, last = hall("guiyang")
    page, home = page_of(clerk, "/e/"), live_server.url
    begin(page, home, employee, "单位职工保险补缴")
    fill_months(page, first, last, "8000")
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    assert BackPayment.objects.filter(is_voided=False, scheme="pension").count() == 2
    begin(page, home, employee, "单位职工保险补缴回退")
    fill_months(page, last, last)
    until(page, lambda: "−" in page.locator("#declare-rail").inner_text())
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    assert list(BackPayment.objects.filter(is_voided=False, scheme="pension").values_list("month", flat=True)) == [
        first
    ]
    page.goto(f"{home}/e/roster/{employee.pk}/")
    assert "已回退" in page.locator("#back").inner_text() and "待计入账单" in page.locator("#back").inner_text()


def test_shenzhen_pays_its_pension_apart_by_self_service(page_of, live_server):
    number = synthetic_id(born=date(1968, 3, 1), sequence=6)
    clerk, reviewer, employee, first, last = hall("shenzhen", number=number)
    page, home = page_of(clerk, "/e/"), live_server.url
    for title, months in (
        ("补交养老（92年8月以后）", (first, last)),
        ("补交养老（92年8月以前）", ("1992-06", "1992-07")),
    ):
        begin(page, home, employee, title)
        fill_months(page, *months, "8000")
        save_to_basket(page)
    submit_basket(page, home)
    approve(page_of, reviewer, home)
    begin(page, home, employee, "撤销补交养老")
    fill_months(page, last, last)
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    page.goto(f"{home}/e/declare/self_service_back_payment/?employee={employee.pk}")
    expect(page.get_by_role("heading", name="补交养老", exact=True).first).to_be_visible()
    fill_months(page, "1992-06", first)
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生效")
    bill = Bill.objects.get()
    # 8,000 元 × (16% + 8%) × 3 个月
    assert (bill.series, bill.total_due) == (1, 5760_00)
    page.goto(f"{home}/e/pay/")
    assert "补缴应缴" in page.locator("main").inner_text().replace(" ", "")
    assert list(check_ledger()) == []


def test_shanghai_declares_a_back_payment_and_its_late_fee_as_items_of_their_own(page_of, live_server):
    clerk, _, employee, first, last = hall("shanghai")
    page, home = page_of(clerk, "/e/"), live_server.url
    begin(page, home, employee, "特殊缴费申报")
    fill_months(page, first, last, "12000")
    until(page, lambda: "单独核定，本次应缴" in page.locator("#declare-rail").inner_text())
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生成单独的账单")
    back = Bill.objects.get()

    # The late fee is declared apart; its amount is shown by month before, and the bill explains it.
    begin(page, home, employee, "特殊缴费申报—滞纳金")
    fill_months(page, first, last)
    until(page, lambda: str(first) in page.locator("#declare-rail").inner_text())
    rail = page.locator("#declare-rail").inner_text()
    page.get_by_role("button", name="确定").click()
    page.wait_for_selector("text=已生成单独的账单")
    fees = Bill.objects.exclude(pk=back.pk).get()
    assert f"{fees.total_due / 100:,.2f}" in rail and fees.employee_due == 0
    page.goto(f"{home}/e/bills/{fees.pk}/?tab=back")
    assert "滞纳金" in page.locator("table").inner_text()
    page.locator("table a.money").first.click()
    page.wait_for_selector("#why :text('逾期天数')")
    assert "社会保险法第八十六条" in page.locator("#why").inner_text()

    # It can be paid for itself; the back payment waits on a bill of its own.
    page.goto(f"{home}/e/pay/")
    text = page.locator("main").inner_text()
    assert fees.label in text and back.label in text
    assert list(check_ledger()) == []
