"""补缴的滞纳金和利息: shown before, billed as lines of their own or apart, booked on accounts of their own, proved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview
from shebao.hall.settlement import back_fees, voiding
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Account, Bill, BillLine, LedgerEntry, LineKind
from shebao.hall.settlement.queries import bill_earlier, bill_people
from shebao.rules.months import Month
from tests.factories import at

from .test_back_payments import NOVEMBER, approved, asked, declared, hall, said, settled

SPECIAL, FEES = "special_declaration", "special_late_fees"


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def late(employee, **changes):
    raw = asked(employee, "2026-08", "2026-09")
    return {key: value for key, value in raw.items() if key != "declared_wage"} | changes


def sums(bill, kind):
    lines = bill.lines.filter(kind=kind)
    return sum(line.employer_due for line in lines), sum(line.employee_due for line in lines)


def test_the_bill_bears_what_the_preview_showed_and_every_amount_explains_itself():
    clerk, reviewer, employee = hall("wage_hall")
    raw = asked(employee, "2025-11", "2025-12", wage="9000")
    shown = preview(clerk.employer, "back_payment", raw, by=clerk)
    titles = {row.title: row.employer_due + row.employee_due for row in shown.cost}
    assert titles["补缴滞纳金"] > 0 and titles["补缴利息"] > 0
    approved(clerk, reviewer, raw)
    bill = Bill.objects.get()
    assert bill.total_due == shown.effect_fen
    assert sum(sums(bill, LineKind.LATE_FEE)) == titles["补缴滞纳金"]
    assert sum(sums(bill, LineKind.INTEREST)) == titles["补缴利息"]
    assert sums(bill, LineKind.LATE_FEE)[1] == 0  # a late fee is not passed on to the person
    assert {line.scheme for line in bill.lines.filter(kind=LineKind.INTEREST)} == {"pension"}
    booked = {a: sum(LedgerEntry.objects.filter(account=a).values_list("amount_fen", flat=True)) for a in Account}
    assert booked[Account.LATE_FEES_DUE] == -booked[Account.LATE_FEES] == titles["补缴滞纳金"]
    assert booked[Account.INTEREST_DUE] == -booked[Account.INTEREST] == titles["补缴利息"]
    for line in bill.lines.filter(principal__isnull=False):
        found = explain_line(clerk, line.pk, "employer")
        assert found.amount == line.employer_due and "补缴" in found.title
    earlier = bill_earlier(bill)
    assert sum(row.total for rows in earlier.values() for row in rows) == bill.total_due
    assert bill_people(bill)[0].total == bill.total_due
    assert list(check_ledger()) == []


def test_no_late_fee_grows_on_a_late_fee():
    clerk, reviewer, employee = hall("wage_hall")
    approved(clerk, reviewer, asked(employee, "2025-11", "2025-12", wage="9000"))
    bill = Bill.objects.get()
    day = bill.pay_until.date() + timedelta(days=10)
    principal = sum(line.employer_due + line.employee_due for line in bill.lines.filter(principal=None))
    assert principal < bill.total_due
    asked_for = owing(bill, day)
    assert asked_for.late_fee == round(principal * 5 * asked_for.days / 10_000)


def test_the_next_settlement_takes_what_a_back_payment_bears(monkeypatch):
    from dataclasses import replace

    from shebao.hall.regions import region

    here = region("tianjin")
    rule = replace(here.collection.back_late_fee, charged=True)
    monkeypatch.setattr(back_fees, "_late_fee", back_fees._late_fee.__wrapped__)
    monkeypatch.setitem(here.__dict__, "collection", replace(here.collection, back_late_fee=rule))
    clerk, reviewer, employee = hall()
    approved(clerk, reviewer, asked(employee))
    bill = settled(clerk)
    fee, _ = sums(bill, LineKind.LATE_FEE)
    assert fee > 0 and bill.total_due == sum(line.employer_due + line.employee_due for line in bill.lines.all())
    assert list(check_ledger()) == []


def test_in_shanghai_the_late_fee_is_an_item_of_its_own():
    clerk, _, employee = hall("shanghai")
    assert "没有待核定的补缴滞纳金" in said(clerk, late(employee), FEES)
    declared(clerk, asked(employee, wage="12000"), SPECIAL)
    back = Bill.objects.get()
    assert not back.lines.filter(kind=LineKind.LATE_FEE).exists()
    shown = preview(clerk.employer, FEES, late(employee), by=clerk)
    assert shown.effect_fen > 0 and [str(one.month) for one in shown.monthly] == ["2026-08", "2026-09"]
    declared(clerk, late(employee), FEES)
    bill = Bill.objects.exclude(pk=back.pk).get()
    assert (bill.series, bill.total_due, bill.employee_due) == (2, shown.effect_fen, 0)
    assert {line.kind for line in bill.lines.all()} == {LineKind.LATE_FEE}
    assert {line.principal.bill_id for line in bill.lines.all()} == {back.pk}
    assert "已经核定的不重复收" in said(clerk, late(employee), FEES)
    with pytest.raises(InvalidDeclaration):
        declared(clerk, late(employee, note="又一次"), FEES)
    assert Bill.objects.count() == 2
    assert list(check_ledger()) == []


def test_the_back_payment_under_a_late_fee_is_not_voided_before_it():
    clerk, _, employee = hall("shanghai")
    declared(clerk, asked(employee, wage="12000"), SPECIAL)
    back = Bill.objects.get()
    declared(clerk, late(employee), FEES)
    assert "滞纳金" in voiding.obstacle(back.assessment)
    fees = Bill.objects.exclude(pk=back.pk).get()
    voiding.ask_to_void(fees.assessment_id, by=clerk, reason="算错了")
    voiding.ask_to_void(back.assessment_id, by=clerk, reason="算错了")
    assert list(check_ledger()) == []


def test_the_database_refuses_a_second_late_fee_on_the_same_back_payment():
    clerk, reviewer, employee = hall("wage_hall")
    approved(clerk, reviewer, asked(employee, "2025-11", "2025-12", wage="9000"))
    line = BillLine.objects.filter(kind=LineKind.LATE_FEE).first()
    line.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save(force_insert=True)


def test_a_value_published_later_corrects_what_was_paid_back_once():
    """Covered with the published values of Shanghai 2026: July is paid back in August, the limits come on the 24th."""
    from datetime import datetime

    with at(datetime(2026, 8, 5, 10, 0)):  # noqa: DTZ001 - naive local by contract
        clerk, _, employee = hall("shanghai", since=Month(2026, 8), wage_fen=5_000_000)
        declared(clerk, asked(employee, "2026-07", "2026-07", wage="50000"), SPECIAL)
    back = Bill.objects.get()
    settled(clerk)
    bill = Bill.objects.exclude(pk=back.pk).get()
    corrected = {line.scheme: line for line in bill.lines.filter(month=Month(2026, 7))}
    pension = corrected["pension"]
    assert (pension.employer_due, pension.employee_due) == (6864, 3432)  # the case of the region
    assert pension.adjusts.kind == LineKind.BACK_PAYMENT
    with at(datetime(2026, 12, 5, 10, 0)):  # noqa: DTZ001
        settled(clerk, NOVEMBER.next())
    assert BillLine.objects.filter(adjusts=pension.adjusts).count() == 1
    assert not BillLine.objects.filter(adjusts=pension).exists()
    assert list(check_ledger()) == []
