"""A month that was not declared is assessed by the month before, paid, and declared after all."""

import io
import re

import pytest
from pypdf import PdfReader

from shebao.hall import clock
from shebao.hall.documents.models import Document
from shebao.hall.operators.models import Operator
from shebao.hall.settlement.collecting import credit_of
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month
from tests.settlement.hall import dismiss, hire, make_clerk, make_employer, settle

from .conftest import fetched
from .steps import pay_at_bank, unfold

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def late_employer(number: str, *, people: int = 2):
    """An employer that settled the month before the last one, and not the last one; both are over."""
    employer = make_employer("tianjin", number)
    clerk = make_clerk(employer)
    hired = hire(employer, [900_000] * people)
    last = Month.of(clock.today()).previous()
    return employer, clerk, hired, settle(employer, clerk, last.previous())


def desk_of(page_of):
    agent = Operator.objects.create(username="a-tianjin", name="李审", role="reviewer", region="tianjin")
    page = page_of(agent, "/a/")
    unfold(page)
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name="未按时申报").first.click()
    return page


def test_it_is_assessed_paid_and_settled_when_the_employer_declares_after_all(page_of, live_server, bank):
    employer, clerk, hired, basis = late_employer("120001")
    late_employer("120002", people=1)
    last, home = basis.month.next(), live_server.url
    desk = desk_of(page_of)
    assert last.label in desk.get_by_role("main").inner_text()
    desk.get_by_role("button", name="核对勾选的单位").click()
    desk.get_by_text("还没有勾选要暂核定的单位").first.wait_for()
    desk.get_by_role("checkbox", name=f"选择 {employer.name}").check()
    desk.get_by_role("button", name="核对勾选的单位").click()
    desk.get_by_role("heading", name="将要暂核定 1 个单位").wait_for()
    assert not Bill.objects.filter(basis_month__isnull=False).exists(), "a preview writes nothing"
    desk.get_by_role("button", name="确认暂核定").dblclick()
    desk.get_by_text("已暂核定 1 个单位").wait_for()
    bill = Bill.objects.live().get(employer=employer, month=last)
    desk.get_by_role("link", name="返回未按时申报").click()
    desk.get_by_role("link", name=employer.name).first.click()
    desk.get_by_text("110%").first.wait_for()

    # The employer sees it first of all, and why each amount is what it is; the notice can be printed.
    page = page_of(clerk, "/e/")
    page.get_by_text(f"{last.label}没有按时申报，已经暂核定").first.wait_for()
    page.goto(f"{home}/e/bills/{bill.pk}/")
    assert f"{bill.total_due / 100:,.2f}" in page.get_by_role("main").inner_text()
    page.locator("table a.money").first.click()
    page.get_by_text("社会保险法第六十二条").first.wait_for()
    page.goto(f"{home}/e/bills/{bill.pk}/")
    page.get_by_role("button", name=re.compile("^打印")).or_(
        page.get_by_role("link", name=re.compile("^打印"))
    ).first.click()
    page.goto(f"{home}/e/documents/?from={last}&to={last}")
    page.locator('form[action*="/payment_notice/"] button').first.click()
    page.wait_for_load_state()
    paper = Document.objects.get(bill=bill, kind="payment_notice")
    pages = PdfReader(io.BytesIO(fetched(page, f"{home}/e/documents/file/{paper.pk}/"))).pages
    text = "".join(one.extract_text() for one in pages).replace(" ", "").replace("\n", "")
    assert "没有按时申报" in text and "110%" in text and f"{bill.total_due / 100:,.2f}" in text

    pay_at_bank(page, home, bill, "确认付款", "succeeded")
    assert balance(bill) == (bill.total_due, bill.total_due)

    # One of the two had left: what was paid is more than the month costs.
    dismiss(hired[1], basis.month)
    page.goto(f"{home}/e/")
    page.get_by_role("link", name=re.compile("补办申报")).first.click()
    page.get_by_text("现在补办申报结算，暂核定随即结清").wait_for()
    page.get_by_role("button", name=re.compile("结算$")).click()
    page.get_by_role("button", name="确定").click()
    if page.get_by_role("button", name="是", exact=True).count():
        page.get_by_role("button", name="是", exact=True).click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))
    real = Bill.objects.live().get(employer=employer, month=last, series=0)
    assert page.url.split("?")[0].endswith(f"/e/bills/{real.pk}/")
    due, paid = balance(real)
    assert due == paid == real.total_due and balance(bill) == (0, 0)
    assert 0 < credit_of(employer.pk) <= bill.total_due - real.total_due
    page.goto(f"{home}/e/bills/{bill.pk}/")
    page.get_by_text("这个暂核定已经结清").wait_for()
    assert list(check_ledger()) == []


def test_all_are_assessed_in_one_run_and_a_wrong_one_is_taken_back(page_of, live_server):
    for number in range(3):
        late_employer(f"12000{number}", people=1)
    desk = desk_of(page_of)
    desk.get_by_role("button", name="核对全部 3 个单位").click()
    desk.get_by_role("button", name="确认暂核定").click()
    desk.get_by_text("已暂核定 3 个单位").wait_for()
    desk.get_by_role("link", name="返回未按时申报").click()
    desk.get_by_text("都已结算").wait_for()
    desk.get_by_role("link", name="测试单位120001").first.click()
    desk.get_by_label("撤销的原因").fill("单位已经注销")
    desk.get_by_role("button", name="撤销暂核定").click()
    desk.get_by_text("已经撤销").first.wait_for()
    assert Bill.objects.live().filter(basis_month__isnull=False).count() == 2
    assert list(check_ledger()) == []
