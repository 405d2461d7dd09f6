"""Collecting by the manuals' labels: 银行代扣, 社保缴费, 申报缴费方式选择, 提交结算 after the counter."""

import re
from datetime import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.documents.models import Document
from shebao.hall.mail.models import Mail
from shebao.hall.operators.models import Operator
from shebao.hall.payments.models import DebitFile
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month
from tests.factories import enrolled
from tests.settlement.hall import hire, make_clerk, make_employer, settle

from .steps import all_believe, print_from_menu, unfold, until
from .test_statements import open_from_menu, printed

WAGE = "8,000.00"
"""What the people of `enrolled` earn."""
pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def fifth(monkeypatch):
    """The fifth of next month for the hall: every window is open, and no order is over by the bank's own clock."""
    first = Month.of(clock.today()).next().first_day
    moment = timezone.make_aware(datetime(first.year, first.month, 5, 10))  # noqa: DTZ001 - made aware here
    all_believe(monkeypatch, moment)


def agency(code: str) -> Operator:
    return Operator.objects.create(username=f"a-{code}", name="会计", role="agency_admin", region=code)


def by_menu(page, label: str) -> None:
    unfold(page)
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=label, exact=True).first.click()


def this_month() -> Month:
    return Month.of(clock.today())


def test_shenzhen_pays_by_debit_file_which_stalls_lies_and_is_cleared_up(page_of, live_server, bank, transactional_db):
    # SZ-14: 银行代扣 by the employer, the file and its return at the agency, 生成台帐, 生成财务帐.
    employer = make_employer("shenzhen", "440301")
    employer.bank_account, employer.bank_name = "6222000011112222", "某银行"
    employer.save()
    hire(employer, [900_000])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk, this_month())
    page = page_of(clerk, "/e/")
    by_menu(page, "银行代扣")
    page.get_by_role("checkbox", name=bill.label).check()
    page.get_by_role("button", name="列入代扣").dblclick()
    page.get_by_role("link", name="等待银行结果").first.wait_for()
    assert bill.payments.count() == 1
    page.get_by_role("button", name="撤回代扣").click()
    page.get_by_text("这笔缴费已经撤销，没有扣款").wait_for()
    by_menu(page, "银行代扣")
    expect(page.get_by_role("main")).to_contain_text("已撤销")
    page.get_by_role("checkbox", name=bill.label).check()
    page.get_by_role("button", name="列入代扣").click()
    page.get_by_role("button", name="撤回代扣").wait_for()

    desk = page_of(agency("shenzhen"), "/a/")
    by_menu(desk, "银行代扣")
    desk.get_by_role("button", name="生成代扣文件").click()
    desk.get_by_role("button", name=re.compile("^报送银行")).click()
    desk.get_by_text("已报送银行").first.wait_for()
    bank_desk = page_of(clerk, "/e/")
    bank_desk.goto(f"{bank.url}/desk")
    bank_desk.get_by_role("button", name="积压，不回盘").click()
    desk.get_by_role("button", name=re.compile("^取回盘")).click()
    desk.get_by_text("银行还没有处理完这个文件").wait_for()
    bank_desk.get_by_role("button", name="扣款成功，回盘把第一笔写两遍").click()
    desk.get_by_role("button", name=re.compile("^取回盘")).click()
    desk.get_by_text("回盘已读入").wait_for()
    assert DebitFile.objects.get().differences == [] and balance(bill) == (bill.total_due, bill.total_due)

    by_menu(page, "银行代扣")
    expect(page.get_by_role("main")).to_contain_text("缴费成功")
    for label in ("生成台帐", "生成财务帐"):
        open_from_menu(page, label)
        assert clerk.employer.name in printed(page, page.get_by_role("main").get_by_role("button", name=label))
    assert list(check_ledger()) == []


def test_chosen_employees_are_paid_for_and_the_voucher_is_mailed(fifth, page_of, live_server, bank, transactional_db):
    # GX-4 社保缴费: choose employees, 缴费, month and base, 提交, 核对; the voucher goes to the employer's mail.
    employer = make_employer("general_hall", "990001")
    people = [enrolled(employer, sequence=number, name=f"示例{number}") for number in (911, 912)]
    page = page_of(make_clerk(employer), "/e/")
    by_menu(page, "社保缴费")
    page.get_by_role("checkbox", name=f"选择 {people[0].name}").check()
    page.get_by_role("button", name="缴费", exact=True).click()
    page.get_by_label(f"{people[0].name}的缴费基数").fill("6800")
    page.get_by_label("企业邮箱").fill("finance@example.cn")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请勾选一并申报本月社保").first.wait_for()
    assert page.get_by_label(f"{people[0].name}的缴费基数").input_value() == "6800", "nothing typed is lost"
    page.get_by_label(re.compile("一并申报全部")).check()
    page.get_by_role("button", name="提交").dblclick()
    page.get_by_role("heading", name="核对缴费").wait_for()
    main = page.get_by_role("main")
    for told in (f"{WAGE} → 6,800.00", "全部 2 名在保员工", "待提交的申报都已提交", "与上月相比"):
        expect(main).to_contain_text(told)
    assert not Bill.objects.exists(), "nothing is settled before it was looked at"
    page.get_by_role("button", name="返回修改").click()
    assert page.get_by_label(f"{people[0].name}的缴费基数").input_value() == "6800"
    page.get_by_role("button", name="提交").click()
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请把要确认的事项都勾选").first.wait_for()
    page.get_by_label(re.compile("确认办理")).check()
    page.get_by_role("button", name="提交").dblclick()
    page.wait_for_url(re.compile(r"/e/payments/\d+/$"))
    page.go_back()
    page.go_forward()
    page.get_by_role("link", name="前往银行付款").click()
    page.get_by_role("button", name="确认付款").click()
    bill = Bill.objects.live().get()
    # By the hall's clock the bank's call-back is of another day, so it is not heard: who asks is told.
    page.goto(f"{live_server.url}/e/payments/{bill.payments.get().pk}/")
    page.get_by_role("button", name="查询结果").click()
    until(page, lambda: bill.payments.get().state == "succeeded")
    line = bill.lines.filter(employee=people[0]).first()
    assert line.declared_wage == 680_000 and bill.payments.get().people == [people[0].pk]
    until(page, lambda: Mail.objects.filter(document__kind="people_voucher").exists())
    assert Mail.objects.get(document__kind="people_voucher").to == "finance@example.cn"
    assert people[0].name in str(Document.objects.get(kind="people_voucher").content)
    page.goto(live_server.url + "/e/")
    by_menu(page, "社保缴费")
    expect(page.get_by_role("row").filter(has_text=people[0].name)).to_contain_text("已缴")
    expect(page.get_by_role("main")).to_contain_text("finance@example.cn")
    assert list(check_ledger()) == []


def test_the_office_assesses_an_employer_that_chose_it(page_of, live_server, transactional_db):
    # SH-11 申报缴费方式选择: the office's assessment closes the employer's own declaration, and the other way round.
    employer = make_employer("shanghai", "310301")
    hire(employer, [900_000])
    page = page_of(make_clerk(employer), "/e/")
    by_menu(page, "申报缴费方式选择")
    page.get_by_label(re.compile("经办机构核定")).check()
    page.get_by_role("button", name="确定").click()
    page.get_by_text("已选择：经办机构核定").wait_for()
    page.goto(live_server.url + "/e/settle/")
    page.get_by_text("本单位选择了由经办机构核定").first.wait_for()
    assert not page.get_by_role("button", name="日常申报").count()
    desk = page_of(agency("shanghai"), f"/a/employers/{employer.pk}")
    desk.get_by_role("button", name=re.compile("^税务机关核定")).dblclick()
    desk.get_by_text(re.compile("已核定|已经核定")).first.wait_for()
    bill = Bill.objects.live().get(employer=employer)
    page.goto(live_server.url + "/e/pay/")
    expect(page.get_by_role("main")).to_contain_text(str(bill.month))
    by_menu(page, "申报缴费方式选择")
    page.get_by_label(re.compile("自行申报")).check()
    page.get_by_role("button", name="确定").click()
    page.get_by_text("已选择：单位按工资自行申报").wait_for()
    assert list(check_ledger()) == []


def test_a_settlement_waits_for_the_counter_and_then_makes_the_notice(fifth, page_of, live_server, transactional_db):
    # CA-3: 提交结算 only when the business on line and at the counter is done, then 单位缴费通知单.
    employer = make_employer("certificate_city", "370301")
    hire(employer, [900_000])
    desk = page_of(agency("certificate_city"), f"/a/employers/{employer.pk}")
    desk.get_by_label("业务名称").fill("单位合并登记")
    desk.get_by_role("button", name="受理").click()
    desk.get_by_text("办结以前单位不能结算").wait_for()
    page = page_of(make_clerk(employer), "/e/")
    by_menu(page, "提交结算")
    page.get_by_text("还有 1 项：单位合并登记").first.wait_for()
    by_menu(page, "社保前台的业务")
    expect(page.get_by_role("row").filter(has_text="单位合并登记")).to_contain_text("正在办理")
    desk.get_by_label("办理结果：单位合并登记").fill("已合并")
    desk.get_by_role("button", name=re.compile("^办结")).click()
    desk.get_by_text("“单位合并登记”已办结").wait_for()
    by_menu(page, "提交结算")
    page.get_by_role("button", name="提交结算").click()
    page.get_by_role("button", name="确定").click()
    page.wait_for_url(re.compile(r"/e/bills/\d+/"))
    bill = Bill.objects.live().get(employer=employer)
    print_from_menu(page, "单位缴费通知单", bill.month)
    notice = Document.objects.get(kind="payment_notice")
    page.get_by_role("main").get_by_role("button", name="查询").click()
    row = page.get_by_role("row").filter(has_text=notice.number)
    for told in (str(bill.month), bill.number, f"{bill.total_due / 100:,.2f}", "待缴费"):
        expect(row).to_contain_text(told)
    assert notice.bill == bill
