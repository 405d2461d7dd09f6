"""缴费 (SH-7): 三方协议缴费, 银行端查询缴费 with its voucher at the bank's counter, 扫码缴费."""

import pytest
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.employers.models import Employer
from shebao.hall.payments.models import Payment
from shebao.hall.payments.reconciling import reconcile_day
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill
from tests.factories import EmployerFactory, OperatorFactory, enrolled

from .steps import until
from .test_undoing import hall, settle  # noqa: F401 - a fixture

PEOPLE = {"林管理": {"admin": True}, "陈经办": {"clerk": True}}
pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def start(page, live_server, bill, way: str) -> Payment:
    page.goto(f"{live_server.url}/e/pay/{bill.pk}/")
    page.get_by_label(way).check()
    page.get_by_role("button", name="确认缴费").dblclick()
    if way == "三方协议缴费":
        # The money moves with the next press: which account, which bank, how much is shown first.
        expect(page.get_by_role("heading", name="核对扣款")).to_be_visible()
        expect(page.locator("main")).to_contain_text(f"{bill.total_due / 100:,.2f}")
        page.get_by_role("button", name="确认扣款").dblclick()
    page.wait_for_url("**/e/payments/**")
    return bill.payments.first()


def test_a_bill_is_paid_by_agreement_by_voucher_or_by_code(hall, live_server, bank):  # noqa: F811
    page, employer = hall("shanghai", 903)
    settle(page, live_server, "日常申报")
    bill = Bill.objects.live().get(employer=employer)

    # What is read and what is pressed begin on one line, and the sentence keeps off the list below it.
    page.goto(f"{live_server.url}/e/pay/{bill.pk}/")
    form = page.locator("form.card", has=page.get_by_role("heading", name="缴费方式"))
    parts = ("header h2", ".body p >> nth=-1", ".acts .btn.p")
    assert len({round(form.locator(part).bounding_box()["x"]) for part in parts}) == 1

    # No way is chosen for anybody: without a choice nothing begins.
    page.get_by_role("button", name="确认缴费").click()
    page.get_by_role("alert").get_by_text("请先选择缴费方式").wait_for()
    assert not bill.payments.exists()

    # Without a signed account the bank says so, and nothing was taken.
    start(page, live_server, bill, "三方协议缴费")
    page.get_by_text("账户未签约").wait_for()
    gap = "list => list.getBoundingClientRect().top - list.previousElementSibling.getBoundingClientRect().bottom"
    assert page.locator("#pay-state .dl").evaluate(gap) >= 10
    Employer.objects.filter(pk=employer.pk).update(bank_account="6222000011112222")

    # The voucher: printed here, found by its number at the bank's counter; its order is closed there with its attempt.
    page.goto(f"{live_server.url}/e/pay/{bill.pk}/")
    payment = start(page, live_server, bill, "银行端查询缴费")
    page.get_by_role("link", name="银行端查询缴费凭证").click()
    expect(page.get_by_text(payment.number)).to_be_visible()
    expect(page.get_by_text(f"{bill.total_due / 100:,.2f}").first).to_be_visible()
    with page.expect_popup():
        page.get_by_role("button", name="打印凭证").click()
    until(page, lambda: employer.documents.filter(kind="bank_voucher", state="valid").count() == 1)
    page.goto(f"{bank.url}/counter")
    page.get_by_label("凭证序号").fill(payment.number)
    page.get_by_role("button", name="查询").click()
    page.get_by_role("button", name="余额不足").click()
    until(page, lambda: bill.payments.get(pk=payment.pk).state == "refused")
    assert employer.documents.get(kind="bank_voucher").state == "revoked"

    # By code: the picture to scan, and the same page for who sits at the computer.
    payment = start(page, live_server, bill, "扫码缴费")
    expect(page.locator("#pay-state svg").first).to_be_visible()
    page.goto(payment.pay_url)
    page.get_by_role("button", name="账户未签约").click()
    until(page, lambda: bill.payments.get(pk=payment.pk).state == "refused")

    # The bank stalls: the money moved and nobody was told. Asking finds out; the day's statement agrees.
    page.goto(f"{bank.url}/desk")
    page.get_by_role("button", name="超时无应答").click()
    start(page, live_server, bill, "三方协议缴费")
    page.get_by_text("结果待查").first.wait_for()
    page.get_by_role("button", name="查询结果").click()
    page.get_by_text("缴费成功").first.wait_for()
    assert balance(bill) == (bill.total_due, bill.total_due)
    made = reconcile_day(clock.today(), by=None, region="shanghai")
    assert (made.bank_count, made.bank_fen, made.differences) == (1, bill.total_due, [])
    assert list(check_ledger()) == []


def test_the_peoples_part_and_the_employers_are_paid_one_after_the_other(hall, live_server, bank):  # noqa: F811
    page, employer = hall("jinan", 905)
    settle(page, live_server, "社会保险费核定")
    bill = Bill.objects.live().get(employer=employer)
    for word, fen in (("个人部分", bill.employee_due), ("", bill.employer_due)):
        page.goto(f"{live_server.url}/e/pay/{bill.pk}/")
        if word:
            page.get_by_label(f"{word} {fen / 100:,.2f} 元").check()
        page.get_by_role("button", name="确认缴费").dblclick()
        page.get_by_role("link", name="前往银行付款").click()
        page.get_by_text(f"{fen / 100:,.2f}").first.wait_for()
        page.get_by_role("button", name="确认付款").click()
        payment = bill.payments.first()
        until(page, lambda: balance(bill) == (bill.total_due, bill.employee_due if word else bill.total_due))  # noqa: B023
        assert payment.amount_fen == fen
    assert bill.payments.count() == 2 and list(check_ledger()) == []


def test_where_two_people_are_asked_for_another_pays_what_one_settled(page_of, live_server, bank):
    employer = EmployerFactory(region="jinan")
    enrolled(employer, sequence=907, name="周示例")
    chief, clerk = (OperatorFactory(employer=employer, name=name, **who) for name, who in PEOPLE.items())
    page = page_of(chief, "/operators/")
    page.get_by_role("button", name="开启内部复核").click()
    page.get_by_text("谁办社会保险费核定谁不缴费").first.wait_for()
    settle(page, live_server, "社会保险费核定")
    page.get_by_role("link", name="去缴费").click()
    page.get_by_text("请另一位有“缴费”权限的操作员核对账单后缴费").wait_for()
    assert not page.get_by_role("button", name="确认缴费").count()
    other, bill = page_of(clerk, "/e/pay/"), Bill.objects.live().get(employer=employer)
    other.get_by_role("link", name="去缴费").click()
    other.get_by_role("button", name="确认缴费").dblclick()
    other.get_by_role("link", name="前往银行付款").click()
    other.get_by_role("button", name="确认付款").click()
    until(other, lambda: balance(bill) == (bill.total_due, bill.total_due))
    assert bill.payments.get().started_by == clerk
