"""Receipts list everything that paid a bill: when, which way, under which numbers; the amounts sum to the fen."""

import pytest

from shebao.hall.clock import today
from shebao.hall.documents.issuing import rendered
from shebao.hall.documents.models import Document
from shebao.hall.documents.operations import issue_document
from shebao.hall.documents.receipts import arrivals_of
from shebao.hall.documents.rendering import render
from shebao.hall.operators.models import Operator
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.suspense import suspend
from shebao.hall.settlement.collecting import owing
from shebao.rules.money import yuan
from shebao.rules.months import Month

from ..settlement.hall import NOVEMBER, OCTOBER, hire, make_clerk, make_employer, on_day, settle
from .test_figures import part_of, text_of
from .test_operations import make_bill

pytestmark = pytest.mark.django_db
DECEMBER = Month(2026, 12)


def from_suspense(bill, fen, serial):
    """Money that named no order, and that the agency booked to the bill."""
    suspend({"message_id": serial, "amount_fen": fen, "bank_serial": serial}, "没有对应的缴费")
    officer = Operator.objects.create(username="o1", name="李审", role="agency_admin", region=bill.employer.region)
    clear_suspense(SuspenseItem.objects.get().pk, "bill", by=officer, number=bill.number, note="按单位来函入账")


def table(document):
    return document.content["paper"]["payments"]


def test_a_receipt_lists_every_payment_late_fees_included_and_sums_to_the_fen():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 12):
        part_of(bill, clerk, 100_001, "YH1")
    with on_day(NOVEMBER, 13):
        part_of(bill, clerk, 20_000, "SJ-77", channel="counter")
    with on_day(DECEMBER, 20):
        from_suspense(bill, owing(bill, today()).total, "YH9")
        document = issue_document(bill.pk, "receipt", by=clerk)
        text = text_of(document)
    assert [(one.money, one.serial) for one in arrivals_of(bill)] == [
        (100_001, "YH1"), (20_000, "SJ-77"), (document.total_fen - 120_001, "YH9"),
    ]  # fmt: skip
    assert document.total_fen > bill.total_due, "the late fee was paid too"
    for word in (
        "缴费明细",
        "1,000.01",
        "YH1",
        "SJ-77",
        "经办窗口",
        "YH9",
        "待查款入账",
        "2026-11-1209:30",
        "2026-12-2009:30",
    ):
        assert word in text, word
    assert table(document)["total"][-1] == yuan(document.total_fen)
    assert "缴费截止" not in text and "3笔" in text


def test_a_receipt_of_a_bill_that_credit_paid_shows_the_credit_and_what_became_credit():
    employer = make_employer()
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    october = settle(employer, clerk, OCTOBER)
    with on_day(OCTOBER, 12):
        part_of(october, clerk, october.total_due + 5_000)
        first = issue_document(october.pk, "receipt", by=clerk)
    bill = settle(employer, clerk)
    with on_day(NOVEMBER, 12):
        part_of(bill, clerk, bill.total_due - 5_000, "YH2")
        second = issue_document(bill.pk, "receipt", by=clerk)
    titles = [column["title"] for column in table(first)["columns"]]
    assert titles[-2:] == ["转入待转金", "实缴金额"]
    assert table(first)["rows"][0][-2:] == ["50.00", yuan(first.total_fen)]
    assert [column["title"] for column in table(second)["columns"]][-2:] == ["待转金抵扣", "实缴金额"]
    assert [row[-2:] for row in table(second)["rows"]] == [["50.00", "0.00"], ["0.00", yuan(second.total_fen)]]
    assert second.total_fen + 5_000 == bill.total_due
    assert "YH2" in text_of(second) and "待转金抵扣" in text_of(second)


def test_a_receipt_paid_by_credit_alone_says_so_and_no_deadline():
    employer = make_employer()
    hire(employer, [720_000])
    clerk = make_clerk(employer)
    october = settle(employer, clerk, OCTOBER)
    with on_day(OCTOBER, 12):
        part_of(october, clerk, 3 * october.total_due)
    bill = settle(employer, clerk)
    with on_day(NOVEMBER, 12):
        receipt = issue_document(bill.pk, "receipt", by=clerk)
        text = text_of(receipt)
    assert "待转金抵扣" in text and "2026-11-1009:30" in text and "缴费截止" not in text
    assert table(receipt)["total"][-2:] == [yuan(bill.total_due), "0.00"]


def test_a_receipt_of_an_earlier_edition_keeps_its_bytes():
    bill, clerk = make_bill()
    with on_day(NOVEMBER, 12):
        part_of(bill, clerk, bill.total_due)
        document = issue_document(bill.pk, "receipt", by=clerk)
    said = {key: value for key, value in document.content["paper"].items() if key != "payments"}
    old = render("receipt", said, verify_url=document.content["verify_url"], version=2)
    Document.objects.update(layout_version=2)
    document.refresh_from_db()
    assert rendered(document) == old, "the second edition knows no table of payments"
