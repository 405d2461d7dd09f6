"""离职退费 by the page: the employer asks, the agency lets it pass, the money is credit, and the agency pays it out."""

import re

import pytest
from django.db import transaction

from shebao.hall import clock
from shebao.hall.clock import now
from shebao.hall.declarations.models import Declaration
from shebao.hall.payments.models import Payment
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.collecting import credit_of
from shebao.hall.settlement.ledger import book_paid, check_ledger
from shebao.hall.settlement.models import Bill, BillLine
from shebao.rules.months import Month
from tests.factories import EmployerFactory, enrolled, synthetic_id
from tests.settlement.hall import on_day, settle

from .steps import save_to_basket, submit_basket, until
from .test_back_payments import fill_months
from .test_changes import begin
from .test_review import person

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def billed_though_gone():
    """An employer that was billed last month for two people, of whom one had left before, and paid."""
    month = Month.of(clock.today())
    last = month.previous()
    clerk = person(clerk=True, name="王敏", employer=EmployerFactory(region="wage_hall"))
    facts = {"enrolment_kind": "11", "medical_tier": "1"}
    gone = enrolled(clerk.employer, facts=facts, since=last.previous(3))
    enrolled(clerk.employer, name="赵留任", number=synthetic_id(sequence=77), facts=facts, since=last.previous(3))
    bill = settle(clerk.employer, clerk, last)
    with on_day(last, 12), transaction.atomic():
        payment = Payment.objects.create(
            employer=bill.employer, bill=bill, number="P1", channel="counter", amount_fen=bill.total_due,
            paid_fen=bill.total_due, state="succeeded", started_by=clerk, started_at=now(), paid_at=now(),
        )  # fmt: skip
        book_paid(bill, payment)
    Spell.objects.filter(employee=gone).update(last_month=last, end_reason="6301")
    return clerk, gone, bill


def test_the_employer_asks_the_agency_agrees_and_pays_it_out(page_of, live_server):
    clerk, gone, bill = billed_though_gone()
    reviewer = person(reviewer=True, name="李娜", region="wage_hall")
    treasurer = person(agency_admin=True, name="会计", region="wage_hall")
    owed = sum(line.employer_due + line.employee_due for line in bill.lines.filter(employee=gone))
    page, home = page_of(clerk, "/e/"), live_server.url
    begin(page, home, gone, "离职人员退费申请")
    fill_months(page, bill.month, bill.month)
    page.locator("[name=note]").fill("上月底离职，没有及时减员")
    until(page, lambda: f"{owed / 100:,.2f}" in page.locator("#declare-rail").inner_text())
    save_to_basket(page)
    submit_basket(page, home)

    desk = page_of(reviewer, "/a/")
    case = Declaration.objects.get(state="submitted")
    desk.goto(f"{home}/a/cases/{case.pk}")
    assert f"{owed / 100:,.2f}" in desk.locator("#main").inner_text()
    desk.get_by_role("button", name=re.compile("^通过")).click()
    until(desk, lambda: Declaration.objects.get(pk=case.pk).state == "approved")
    until(desk, lambda: Bill.objects.filter(total_due=-owed).exists())
    assert credit_of(clerk.employer_id) == owed
    assert not BillLine.objects.filter(bill=bill, employee=gone, is_given_back=False).exists()

    # The employer sees the bill of the refund, and what is to its credit.
    back = Bill.objects.get(total_due=-owed)
    page.goto(f"{home}/e/bills/")
    page.get_by_role("link", name=back.label).first.click()
    assert f"{owed / 100:,.2f}" in page.get_by_role("main").inner_text()
    page.goto(f"{home}/e/pay/")
    assert f"{owed / 100:,.2f}" in page.get_by_role("main").inner_text()

    # The agency pays the credit out; more than there is, it does not.
    money = page_of(treasurer, "/a/money/")
    row = money.locator("tr", has_text=clerk.employer.name)
    row.get_by_label("退费金额（元）").fill(f"{owed / 100 + 1:.2f}")
    row.get_by_label("退费依据").fill("单位申请退到账户")
    row.get_by_role("button", name=re.compile("^退费")).click()
    money.locator(".toast, [role=alert], [role=status]").first.wait_for()
    assert credit_of(clerk.employer_id) == owed
    row.get_by_label("退费金额（元）").fill(f"{owed / 100:.2f}")
    row.get_by_label("退费依据").fill("单位申请退到账户")
    row.get_by_role("button", name=re.compile("^退费")).click()
    money.get_by_text("已登记退费").first.wait_for()
    assert credit_of(clerk.employer_id) == 0
    assert list(check_ledger()) == []
