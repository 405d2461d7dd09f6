"""无变动结算 without JavaScript, double presses, and a bank that dies in the middle of a payment."""

import io
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from shebao.hall.documents.models import Document
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill

from .conftest import fetched
from .steps import until

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_a_month_without_changes_is_settled_paid_and_filed_without_javascript(sign_in, live_server):
    clerk = sign_in("tianjin-clerk-2", javascript=False)

    # The manual's way: 无变动结算, 确定, 是; and a hand that presses twice.
    clerk.get_by_role("link", name=re.compile(r"办理 \d+ 月结算")).click()
    expect(clerk.get_by_text("本月没有变动")).to_be_visible()
    clerk.get_by_role("button", name="无变动结算").click()
    clerk.get_by_role("button", name="确定").click()
    clerk.get_by_role("button", name="是", exact=True).dblclick()
    clerk.wait_for_url(re.compile(r"/e/bills/\d+/"))
    until(clerk, lambda: Bill.objects.filter(employer__name__endswith="清泉食品有限公司").count() > 11)
    bill = Bill.objects.filter(employer__region="tianjin", employer__name__endswith="清泉食品有限公司").first()
    assert bill.assessment.kind == "without_changes"
    expect(clerk.get_by_text(re.compile("单位无变动核定成功|这是结算结果")).first).to_be_visible()
    expect(clerk.get_by_text(f"{bill.total_due / 100:,.2f}").first).to_be_visible()

    # Who goes back and presses once more sees the result, and nothing new happens.
    clerk.goto(f"{live_server.url}/e/settle/")
    assert clerk.get_by_role("button", name="无变动结算").count() == 0
    assert Bill.objects.filter(employer=bill.employer, month=bill.month).count() == 1

    # Every amount opens its derivation, with the words to copy.
    clerk.get_by_role("link", name="查看账单").click()
    clerk.get_by_role("link", name="逐人", exact=True).click()
    clerk.locator("table a.money").first.click()
    clerk.get_by_text("文字说明，可以复制").click()
    assert clerk.locator("#explain-text").inner_text().count("\n") > 5

    # The notice.
    clerk.goto(f"{live_server.url}/e/documents/")
    clerk.locator('form[action*="/payment_notice/"] button').click()
    paper = Document.objects.get(bill=bill, kind="payment_notice")
    assert paper.number in clerk.content()

    # Paying: two presses, one order.
    clerk.goto(f"{live_server.url}/e/pay/{bill.pk}/")
    clerk.get_by_role("button", name="确认缴费").dblclick()
    clerk.get_by_role("link", name="前往银行付款").click()
    assert Payment.objects.filter(bill=bill).count() == 1
    clerk.get_by_role("button", name="确认付款").click()
    until(clerk, lambda: balance(bill) == (bill.total_due, bill.total_due))
    clerk.wait_for_url(re.compile(f"/e/payments/{bill.payments.get().pk}/"))
    expect(clerk.get_by_text("缴费成功").first).to_be_visible()

    # The receipt, and anybody can check it by the address in its QR code.
    clerk.get_by_role("link", name="本月单据").click()
    clerk.locator('form[action*="/receipt/"] button').click()
    receipt = Document.objects.get(bill=bill, kind="receipt")
    pages = PdfReader(io.BytesIO(fetched(clerk, f"{live_server.url}/e/documents/file/{receipt.pk}/"))).pages
    assert receipt.verification_code in pages[0].extract_text()
    clerk.goto(receipt.content["verify_url"])
    clerk.get_by_label("金额").fill(f"{bill.total_due / 100:.2f}")
    clerk.keyboard.press("Enter")
    clerk.get_by_text("单据真实有效").wait_for()
    assert list(check_ledger()) == []


def test_a_bank_that_dies_in_the_middle_is_waited_for_and_the_money_counts_once(sign_in, live_server, bank):
    clerk = sign_in("leshan-clerk-2")
    clerk.get_by_role("link", name="去缴费").first.click()
    clerk.get_by_role("button", name="确认缴费").dblclick()
    clerk.get_by_role("link", name="前往银行付款").wait_for()
    payment = Payment.objects.get(bill__employer__region="leshan", state="sent")
    bill = payment.bill

    # The bank is gone: the page says in words that nobody knows, and never offers to pay anew.
    bank.kill()
    clerk.get_by_role("button", name="查询结果").click()
    clerk.get_by_text("银行没有应答，现在不知道结果").wait_for()
    expect(clerk.get_by_text("请勿换别的方式重复付款").first).to_be_visible()
    assert Payment.objects.get(pk=payment.pk).state == "unknown"
    assert clerk.get_by_role("link", name="前往银行付款").count() == 0

    # It returns with its books: nobody had paid, so the payer goes on with the same order.
    bank.start()
    clerk.get_by_role("button", name="查询结果").click()
    clerk.get_by_role("link", name="前往银行付款").click()
    clerk.get_by_role("button", name="超时无应答").click()
    until(clerk, lambda: Payment.objects.get(pk=payment.pk).state == "unknown")

    # The money moved but the answer was lost; asking finds out, after one more death of the bank.
    bank.kill()
    bank.start()
    clerk.goto(f"{live_server.url}/e/payments/{payment.pk}/")
    clerk.get_by_role("button", name="查询结果").click()
    clerk.get_by_text("缴费成功").first.wait_for()
    assert balance(bill) == (bill.total_due, bill.total_due)
    assert bill.payments.count() == 1
    assert list(check_ledger()) == []
    # The hall answers the press during the bank's absence with a page, not with a fault; that the dead bank's own
    # pages do not load is the bank's affair.
    assert [complaint for complaint in clerk.complaints if bank.url not in complaint] == []


def test_coming_back_to_the_confirmation_after_settling_sends_nothing_again(sign_in, live_server):
    clerk = sign_in("tianjin-clerk-2")
    clerk.goto(live_server.url + "/e/settle/")
    clerk.get_by_role("button", name="无变动结算").click()
    clerk.get_by_role("button", name="确定").click()
    clerk.get_by_role("button", name="是", exact=True).click()
    clerk.wait_for_url(re.compile(r"/e/bills/\d+/"))
    clerk.go_back()
    assert "结算" in clerk.locator("h1").inner_text()
    assert (
        Bill.objects.filter(month=Bill.objects.latest("pk").month, employer__name="天津清泉食品有限公司").count() == 1
    )
