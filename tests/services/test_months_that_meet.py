"""Where refunds, back payments and months that were not declared meet: a month is charged once, and given back once."""

from datetime import datetime

import pytest

from shebao.hall.declarations.operations import approve_declarations, submit_declarations, undo_declarations
from shebao.hall.errors import Conflict, Refused
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import Bill, LineKind
from shebao.hall.settlement.provisional import assess_undeclared
from shebao.hall.settlement.undeclared import propose
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.months import Month
from tests.factories import JANUARY, at, cessation, enrolled, synthetic_id

from .test_back_payments import NOVEMBER, approved, asked, declared, hall, said, settled
from .test_refunds import asked as asked_back
from .test_refunds import billed_in_october, edited

PAY, REFUND = "back_payment", "leaver_refund"
SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


def on(month: int, day: int = 8):
    return at(datetime(2026, month, day, 10, 0))  # noqa: DTZ001 - naive local by contract


def undeclared_october(since, code="guiyang"):
    """An employer that settled September and not October; somebody of it is insured since a month."""
    clerk, reviewer, employee = hall(code, since=since)
    enrolled(clerk.employer, name="赵留任", number=synthetic_id(sequence=77), since=JANUARY)
    with on(9):
        settled(clerk, SEPTEMBER)
    return clerk, reviewer, employee


def assessed_october(since):
    """The same, whose October the agency assessed."""
    clerk, reviewer, employee = undeclared_october(since)
    assess_undeclared(clerk.employer_id, OCTOBER, by=reviewer)
    return clerk, reviewer, employee


def left(employee, last):
    Spell.objects.filter(employee=employee).update(last_month=last, end_reason="6301")


def test_what_was_refunded_by_mistake_and_paid_back_is_not_given_back_again():
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    approved(clerk, reviewer, asked_back(employee), REFUND)
    for spell in Spell.objects.filter(employee=employee):
        spell.pk, spell.first_month, spell.last_month = None, NOVEMBER, None
        spell.save()
    approved(clerk, reviewer, asked(employee, "2026-10", "2026-10"), PAY)
    month = settled(clerk)
    assert not month.lines.filter(kind=LineKind.RETURNED).exists()
    assert list(check_ledger()) == []
    Spell.objects.filter(employee=employee, last_month=None).update(last_month=NOVEMBER)
    assert "已经申报过退费" in said(clerk, asked_back(employee), REFUND)


def test_a_bill_whose_charge_another_bill_gave_back_is_not_voided_before_that_one(tmp_path, monkeypatch):
    own = {"operation: make_back_payments": "operation: make_back_payments\n  back_paying: {bill: own}"}
    with edited("guiyang", tmp_path, monkeypatch, "owncity", services=own):
        clerk, reviewer, employee = hall("owncity", since=JANUARY)
        enrolled(clerk.employer, name="赵留任", number=synthetic_id(sequence=77), since=JANUARY)
        declared(clerk, asked(employee, "2026-10", "2026-10"))
        paid_back = Bill.objects.get()
        left(employee, OCTOBER)
        approved(clerk, reviewer, asked_back(employee), REFUND)
        month = settled(clerk)
        assert month.lines.filter(kind=LineKind.RETURNED).exists()
        with pytest.raises(Refused, match="请先作废那一张"):
            ask_to_void(paid_back.assessment_id, by=clerk, reason="重来")
        ask_to_void(month.assessment_id, by=clerk, reason="重来")
        ask_to_void(paid_back.assessment_id, by=clerk, reason="重来")
        assert list(check_ledger()) == []


def test_a_month_declared_after_all_takes_nothing_that_is_paid_back_for_later_months():
    clerk, _, employee = assessed_october(since=NOVEMBER)
    declared(clerk, asked(employee, "2026-10", "2026-10"))
    assert not settled(clerk, OCTOBER).lines.filter(kind=LineKind.BACK_PAYMENT).exists()
    assert settled(clerk).lines.filter(kind=LineKind.BACK_PAYMENT).exists()
    assert list(check_ledger()) == []


def test_a_month_declared_after_all_gives_back_nothing_of_later_months():
    clerk, reviewer, employee = assessed_october(since=JANUARY)
    settled(clerk)
    with on(12):
        left(employee, NOVEMBER)
        approved(clerk, reviewer, asked_back(employee, "2026-11", "2026-11"), REFUND)
        assert not settled(clerk, OCTOBER).lines.filter(kind=LineKind.RETURNED).exists()
        assert settled(clerk, NOVEMBER.next()).lines.filter(kind=LineKind.RETURNED).exists()
        assert list(check_ledger()) == []


def test_a_month_that_is_assessed_provisionally_is_declared_and_not_paid_back():
    clerk, _, employee = assessed_october(since=JANUARY)
    assert "在参保期间内" in said(clerk, asked(employee, "2026-10", "2026-10"))


def test_a_month_of_which_somebody_was_paid_back_is_not_assessed_by_multiples():
    clerk, _, employee = undeclared_october(since=JANUARY)
    assert propose([clerk.employer], OCTOBER)[0].obstacle == ""
    declared(clerk, asked(employee, "2026-10", "2026-10"))
    assert "已有在保人员办理补缴" in propose([clerk.employer], OCTOBER)[0].obstacle


def test_a_stop_is_not_undone_once_months_before_it_were_given_back():
    clerk, reviewer, employee, _ = billed_in_october("guiyang", leaves=False)
    gone = declared(clerk, cessation(employee), "employee_cessation")
    approved(clerk, reviewer, asked_back(employee), REFUND)
    with pytest.raises(Conflict, match="已经退费，不能撤销停保"):
        undo_declarations([gone.pk], by=clerk)
    assert set(Spell.objects.filter(employee=employee).values_list("last_month", flat=True)) == {SEPTEMBER}


def test_a_stop_is_not_undone_once_a_month_after_it_was_paid_back():
    clerk, _, employee = hall("guiyang", since=JANUARY)
    gone = declared(clerk, cessation(employee), "employee_cessation")
    left(employee, SEPTEMBER)
    for spell in Spell.objects.filter(employee=employee):
        spell.pk, spell.first_month, spell.last_month, spell.closed_by = None, NOVEMBER, None, None
        spell.save()
    declared(clerk, asked(employee, "2026-10", "2026-10"))
    with pytest.raises(Conflict, match="已经补缴，不能撤销停保"):
        undo_declarations([gone.pk], by=clerk)


def test_what_was_taken_back_does_not_come_back_for_a_month_that_was_assessed_since():
    """Declared after all, the month would charge the person a second time."""
    clerk, reviewer, employee = undeclared_october(since=JANUARY)
    declared(clerk, asked(employee, "2026-10", "2026-10"))
    withdrawn = declared(clerk, asked(employee, "2026-10", "2026-10"), "back_payment_withdrawal")
    assess_undeclared(clerk.employer_id, OCTOBER, by=reviewer)
    with pytest.raises(Conflict, match="已经暂核定，由补办申报结清"):
        undo_declarations([withdrawn.pk], by=clerk)
    assert settled(clerk, OCTOBER).lines.filter(employee=employee).exists()
    with pytest.raises(Conflict, match="刚刚已经核定缴费"):
        undo_declarations([withdrawn.pk], by=clerk)
    assert list(check_ledger()) == []


def test_a_back_payment_is_not_approved_for_a_month_that_was_assessed_since():
    clerk, reviewer, employee = undeclared_october(JANUARY, "tianjin")
    waiting = declared(clerk, asked(employee, "2026-10", "2026-10"))
    submit_declarations([waiting.pk], by=clerk)
    assess_undeclared(clerk.employer_id, OCTOBER, by=reviewer)
    with pytest.raises(Conflict, match="已经暂核定，由补办申报结清"):
        approve_declarations([waiting.pk], by=reviewer)
