"""A clerk whose bill is overdue asks why its late fee is what it is, with the keys alone; the parts sum to the fen."""

import re
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from shebao.hall import clock
from shebao.hall.payments.models import Payment
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.ledger import book_paid, check_ledger
from shebao.rules.money import yuan
from shebao.rules.months import Month
from tests.settlement.hall import hire, make_clerk, make_employer, settle

from .steps import all_believe, press

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
DAILY = Fraction(5, 10_000)
PAID_AFTER, LOOKED_AFTER = 9, 20
"""Days of arrears after which a part is paid, and after which the clerk looks."""


def fen(text: str) -> Fraction:
    """An amount in yuan as a page writes it, which may be less than a fen."""
    return Fraction(re.search(r"[\d,]+(\.\d+)?", text)[0].replace(",", "")) * 100


def overdue(monkeypatch):
    """A bill of last month of which 1,000.01 yuan were paid late; the clerk looks later still."""
    employer = make_employer()
    hire(employer, [720_000, 533_300])
    clerk = make_clerk(employer)
    bill = settle(employer, clerk, Month.of(clock.today()).previous())
    paid = bill.pay_until + timedelta(days=PAID_AFTER)
    with transaction.atomic():
        payment = Payment.objects.create(
            employer=employer, bill=bill, number="P1", amount_fen=100_001, state="succeeded", channel="voucher",
            started_by=clerk, started_at=paid, paid_at=paid,
        )  # fmt: skip
        book_paid(bill, payment)
    looks = timezone.localtime(bill.pay_until) + timedelta(days=LOOKED_AFTER)
    all_believe(monkeypatch, looks.replace(hour=10, minute=0, second=0, microsecond=0))
    return bill, clerk


def explained(page) -> dict[str, str]:
    """The steps of the explanation by their label."""
    rows = page.get_by_role("main").get_by_role("row").all()
    return {row.get_by_role("rowheader").inner_text(): row.get_by_role("cell").inner_text() for row in rows}


def test_the_late_fee_of_an_overdue_bill_is_explained_to_the_fen_without_the_mouse(
    monkeypatch, page_of, live_server, transactional_db
):
    bill, clerk = overdue(monkeypatch)
    page = page_of(clerk, "/e/bills/")
    press(page, "link", re.compile(bill.label))
    page.wait_for_url(f"**/e/bills/{bill.pk}/")
    told = page.get_by_role("paragraph").filter(has_text="截至今天，逾期")
    assert f"逾期 {LOOKED_AFTER} 天" in told.inner_text()
    fee = owing(bill, clock.today()).late_fee
    assert fen(told.inner_text()) == fee > 0

    press(page, "link", yuan(fee))
    page.wait_for_url(f"**/e/bills/{bill.pk}/late-fee/")
    expect(page.get_by_role("heading", name=f"账单 {bill.label} · 滞纳金")).to_be_visible()
    steps = explained(page)
    parts = {
        "已缴部分": 100_001 * DAILY * PAID_AFTER,
        "未缴部分": (bill.total_due - 100_001) * DAILY * LOOKED_AFTER,
    }
    for label, exact in parts.items():
        assert fen(steps[label].partition("=")[2]) == exact, label
    summed = sum(parts.values())
    assert fen(steps["相加"].partition("=")[2]) == summed
    assert fen(steps["进位"]) == fee == (summed + Fraction(1, 2)) // 1, "half a fen goes up, once for the bill"

    press(page, "link", "返回账单")
    page.wait_for_url(f"**/e/bills/{bill.pk}/")
    assert list(check_ledger()) == []
