"""Papers of a span and of persons, by the labels of the manuals: asked, seen, printed, fetched together, verified."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.db import transaction
from playwright.sync_api import expect
from pypdf import PdfReader

from shebao.hall import clock
from shebao.hall.documents.models import Document, PrintRun
from shebao.hall.documents.operations import issue_document
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.ledger import book_paid
from shebao.hall.settlement.models import Bill
from shebao.rules.money import plain_yuan
from shebao.rules.months import Month
from tests.settlement.hall import hire, make_clerk, make_employer, settle

from .conftest import fetched
from .steps import print_from_menu, unfold

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def hall(code: str):
    """An employer of the region with a month that is settled and paid."""
    employer = make_employer(code)
    month = Month.of(clock.today())
    people = hire(employer, [500_000, 610_000], Month(month.year, 1))
    clerk = make_clerk(employer)
    bill = settle(employer, clerk, month)
    made_at = clock.now() - timedelta(hours=1)
    with transaction.atomic():
        payment = Payment.objects.create(
            employer=employer, bill=bill, number=f"P{code}", channel="bank", amount_fen=bill.total_due,
            state="succeeded", bank_serial="YH1", started_by=clerk, started_at=made_at, finished_at=clock.now(),
            paid_at=clock.now(),
        )  # fmt: skip
        book_paid(bill, payment)
    return clerk, bill, people


def printed(page, button) -> str:
    """Press a print button and return the words of the paper that opens."""
    count = Document.objects.count()
    button.click()
    for _ in range(60):
        if Document.objects.count() > count:
            break
        page.wait_for_timeout(200)
    paper = Document.objects.latest("pk")
    home = page.url.split("/e/")[0]
    content = fetched(page, f"{home}/e/documents/file/{paper.pk}/")
    return "".join("".join(one.extract_text() for one in PdfReader(io.BytesIO(content)).pages).split())


SENT = """async form => {
  const answer = await fetch(form.action, {method: "POST", body: new FormData(form)});
  return Array.from(new Uint8Array(await answer.arrayBuffer()));
}"""


def of_form(form) -> str:
    """What a form to be filled in by hand says: it is sent as its button would, and no paper is issued."""
    count = Document.objects.count()
    content = bytes(form.evaluate(SENT))
    assert Document.objects.count() == count
    return "".join("".join(one.extract_text() for one in PdfReader(io.BytesIO(content)).pages).split())


def open_from_menu(page, label: str, *, month: str = "") -> None:
    """By the menu to a statement, and 查询 for the months that are offered."""
    unfold(page)
    page.get_by_role("navigation").get_by_role("link", name=label, exact=True).first.click()
    page.get_by_role("heading", name=label).wait_for()
    if page.get_by_role("main").get_by_role("button", name="查询").count():
        page.get_by_role("main").get_by_role("button", name="查询").click()


def test_certificates_and_lists_are_queried_printed_and_verified(page_of, transactional_db):
    # TJ-10: 报表打印, 单位缴费证明打印.
    clerk, bill, _ = hall("tianjin")
    page = page_of(clerk, "/e/")
    open_from_menu(page, "单位缴费证明打印")
    page.get_by_text("已缴合计").first.wait_for()
    words = printed(page, page.get_by_role("button", name=re.compile("^打印")))
    assert "单位缴费证明" in words and clerk.employer.name in words
    paper = Document.objects.latest("pk")
    page.goto(page.url.split("/e/")[0] + f"/verify?code={paper.verification_code}&total={plain_yuan(bill.total_due)}")
    assert "单据真实有效" in page.inner_text("main")

    # LJ-3 人员缴费明细查询打印, LJ-4 企业职工养老保险参保证明打印.
    clerk, bill, people = hall("lijiang")
    page = page_of(clerk, "/e/")
    open_from_menu(page, "人员缴费明细查询打印")
    assert people[0].name in page.inner_text("main")
    assert "人员缴费明细" in printed(page, page.get_by_role("button", name=re.compile("^打印")))
    open_from_menu(page, "企业职工养老保险参保证明打印")
    words = printed(page, page.get_by_role("row").filter(has_text=people[0].name).get_by_role("button"))
    assert "企业职工养老保险参保证明" in words and people[0].name in words


def test_guiyang_prints_proofs_of_contribution_and_its_list_of_contributions(page_of, transactional_db):
    # GY-9: 参保缴费证明打印, 单位人员缴费清单打印.
    clerk, _, people = hall("guiyang")
    page = page_of(clerk, "/e/")
    open_from_menu(page, "参保缴费证明打印")
    words = printed(page, page.get_by_role("row").filter(has_text=people[0].name).get_by_role("button"))
    assert "参保缴费证明" in words and people[0].name in words
    open_from_menu(page, "单位人员缴费清单打印")
    assert "单位人员缴费清单" in printed(page, page.get_by_role("button", name=re.compile("^打印")))


def test_a_statement_of_account_the_changes_and_many_at_once(page_of, transactional_db):
    # LS-3 打印对账单: from the roster to one person, then everybody together. LS-10 打印增减表.
    clerk, bill, people = hall("leshan")
    page = page_of(clerk, f"/e/roster/{people[0].pk}/")
    page.get_by_role("main").get_by_role("link", name="打印对账单").click()
    words = printed(page, page.get_by_role("row").filter(has_text=people[0].name).get_by_role("button"))
    assert "养老保险个人对账单" in words
    page.goto(page.url.split("?")[0])
    page.get_by_label("全选").check()
    page.get_by_role("button", name="打印选中的人员").click()
    page.get_by_role("link", name="下载压缩包").wait_for()
    run = PrintRun.objects.get()
    archive = fetched(page, f"{page.url.split('/e/')[0]}/e/prints/{run.pk}/file/")
    assert len(zipfile.ZipFile(io.BytesIO(archive)).namelist()) == 2
    hire(clerk.employer, [700_000], Month.of(clock.today()))
    open_from_menu(page, "人员变动信息")
    page.get_by_role("textbox", name="月份").wait_for()
    page.get_by_role("cell", name="增加").first.wait_for()
    taken = page.get_by_role("link", name="导出表格").get_attribute("href")
    assert fetched(page, page.url.split("/e/")[0] + taken).startswith(b"PK")
    assert "增减变动情况表" in printed(page, page.get_by_role("button", name=re.compile("^打印增减表")))


def test_of_ticked_people_accounts_are_printed_from_a_bar_in_sight_and_from_the_roster(page_of, transactional_db):
    employer = make_employer("leshan", number="510077")
    clerk = make_clerk(employer)
    hire(employer, [600_000] * 40)
    page = page_of(clerk, "/e/statements/account_statement/")
    page.get_by_role("checkbox", name="选择 职工").first.check()
    button = page.get_by_role("button", name="打印选中的人员")
    expect(button).to_be_in_viewport()
    expect(page.locator("[data-batch]")).to_contain_text("已选 1 人")
    button.click()
    page.wait_for_url(re.compile(r"/e/prints/\d+/"))
    page.goto(page.url.partition("/e/")[0] + "/e/roster/")
    page.get_by_role("checkbox", name="选择 职工").first.check()
    page.get_by_role("button", name="打印对账单").click()
    page.wait_for_url(re.compile(r"/e/prints/\d+/"))


def test_receipts_records_and_rosters(page_of, transactional_db):
    # SH-8 缴费凭证打印记录, 缴费记录. SH-9 单位缴费证明打印, 电子缴费凭证打印.
    clerk, bill, _ = hall("shanghai")
    page = page_of(clerk, "/e/")
    print_from_menu(page, "电子缴费凭证打印", bill.month)
    receipt = Document.objects.get(kind="receipt")
    assert issue_document(bill.pk, "receipt", by=clerk) == receipt
    open_from_menu(page, "缴费凭证打印记录")
    page.get_by_text(receipt.number).first.wait_for()
    open_from_menu(page, "缴费记录")
    page.get_by_text("缴费成功").first.wait_for()
    open_from_menu(page, "单位缴费证明打印")
    assert "单位缴费证明" in printed(page, page.get_by_role("button", name=re.compile("^打印")))

    # WT-7 缴费通知单打印, 单位缴费明细查询, 单位在职人员查询.
    clerk, bill, people = hall("wage_hall")
    page = page_of(clerk, "/e/")
    print_from_menu(page, "缴费通知单打印", bill.month)
    assert Document.objects.filter(bill=bill, kind="payment_notice").exists()
    menu = page.get_by_role("navigation")
    open_from_menu(page, "单位缴费明细查询")
    page.get_by_role("textbox", name="开始年月").fill(str(bill.month))
    page.get_by_role("textbox", name="终止年月").fill(str(bill.month))
    page.get_by_role("main").get_by_role("button", name="查询").click()
    page.locator("tfoot").get_by_text(f"{bill.total_due / 100:,.2f}").first.wait_for()
    page.locator("tbody tr").first.get_by_role("link").first.click()
    page.get_by_role("main").get_by_role("link", name=people[0].name).first.wait_for()
    menu.get_by_role("link", name="单位在职人员查询").first.click()
    page.get_by_role("link", name=people[0].name).first.wait_for()
    open_from_menu(page, "单位在职人员打印")
    assert people[0].name in printed(page, page.get_by_role("button", name=re.compile("^打印")))
    assert Bill.objects.count() == 2

    # WT-9 社保增减表 to print and fill by hand, and the questions that are asked again and again.
    open_from_menu(page, "社保增减表")
    assert "增加或减少" in of_form(page.locator("form[action$='/print/']"))
    page.get_by_role("link", name="办事指南").first.click()
    page.get_by_text("常见问题解答").first.wait_for()
    page.get_by_text("社保增员提示没有劳动用工备案", exact=True).wait_for()
