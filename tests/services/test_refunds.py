"""离职退费: who left before a month that was charged all the same gets it back, once, as the region pays refunds."""

from contextlib import contextmanager
from datetime import datetime
from shutil import copytree

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from shebao.hall import regions
from shebao.hall.declarations.operations import InvalidDeclaration
from shebao.hall.declarations.preview import preview
from shebao.hall.errors import Conflict, Refused
from shebao.hall.payments.models import Payment
from shebao.hall.roster.models import Spell
from shebao.hall.settlement.collecting import credit_of
from shebao.hall.settlement.explaining import explain_line
from shebao.hall.settlement.ledger import balance, book_paid, check_ledger
from shebao.hall.settlement.models import Bill, BillLine, Booking, LedgerEntry, LedgerTransaction, LineKind, Refund
from shebao.hall.settlement.queries import estimate
from shebao.hall.settlement.voiding import ask_to_void, obstacle
from shebao.regions_home import regions_roots
from shebao.rules.months import Month
from tests.factories import MONTH, at, enrolled, synthetic_id
from tests.settlement.hall import unguarded_writing

from .test_back_payments import NOVEMBER, approved, declared, hall, said, settled

KEY = "leaver_refund"
OCTOBER = Month(2026, 10)


@pytest.fixture(autouse=True)
def november(db):
    with at():
        yield


def asked(employee, first="2026-10", last="2026-10", **changes):
    return {
        "id_number": employee.person.id_number, "name": employee.name, "first_month": first, "last_month": last,
        "note": "9 月底离职，十月没有及时减员",
    } | changes  # fmt: skip


def billed_in_october(code, *, is_paid=True, leaves=True):
    """Two people billed for October, of whom one had left: the clerk notices in November."""
    clerk, reviewer, employee = hall(code, since=Month(2026, 1))
    enrolled(clerk.employer, name="赵留任", number=synthetic_id(sequence=77), since=Month(2026, 1))
    with at(datetime(2026, 10, 12, 10, 0)):  # noqa: DTZ001 - naive local by contract
        bill = settled(clerk, OCTOBER)
        if is_paid:
            paid(bill, clerk)
    if leaves:
        Spell.objects.filter(employee=employee).update(last_month=OCTOBER, end_reason="6301")
    return clerk, reviewer, employee, bill


def paid(bill, clerk, fen=None):
    from shebao.hall.clock import now

    fen = bill.total_due if fen is None else fen
    payment = Payment.objects.create(
        employer=bill.employer, bill=bill, number=f"P{bill.pk}", channel="counter", amount_fen=fen,
        paid_fen=fen, state="succeeded", started_by=clerk, started_at=now(), paid_at=now(),
    )  # fmt: skip
    book_paid(bill, payment)


def refunded_hall():
    """A clerk, and the bill of a refund that became credit."""
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    approved(clerk, reviewer, asked(employee), KEY)
    return clerk, Bill.objects.get(series=1)


def charged(employee, bill):
    return sum(line.employer_due + line.employee_due for line in bill.lines.filter(employee=employee))


def test_what_was_paid_becomes_credit_and_the_next_bill_takes_it():
    clerk, reviewer, employee, bill = billed_in_october("wage_hall")
    owed = charged(employee, bill)
    shown = preview(clerk.employer, KEY, asked(employee), by=clerk)
    assert shown.effect_fen == -owed
    approved(clerk, reviewer, asked(employee), KEY)
    back = Bill.objects.get(series=1)
    assert (back.total_due, back.label) == (-owed, "2026-11 退费")
    back.total_due = 0  # what was charged at nothing is given back too, and is no back payment
    assert (back.word, back.label) == ("退费", "2026-11 退费")
    back.refresh_from_db()
    assert {line.kind for line in back.lines.all()} == {LineKind.RETURNED}
    assert credit_of(clerk.employer_id) == owed
    assert {spell.last_month for spell in Spell.objects.filter(employee=employee)} == {Month(2026, 9)}
    for line in back.lines.all():
        for share in ("employer", "employee"):
            if getattr(line, f"{share}_due"):
                assert bill.number in explain_line(clerk, line.pk, share).text
    next_bill = settled(clerk)
    assert balance(next_bill)[1] == min(owed, next_bill.total_due)
    assert list(check_ledger()) == []
    assert "待转金" in obstacle(back.assessment)


def test_who_came_back_for_the_refunded_months_only_was_not_insured_in_them():
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    spells = Spell.objects.filter(employee=employee, is_voided=False)
    for spell in spells:
        Spell.objects.filter(pk=spell.pk).update(last_month=Month(2026, 8))
        spell.pk, spell.first_month, spell.last_month = None, OCTOBER, OCTOBER
        spell.save()
    approved(clerk, reviewer, asked(employee), KEY)
    assert {spell.last_month for spell in spells.all()} == {Month(2026, 8)}
    assert list(check_ledger()) == []


def test_in_another_place_it_lowers_the_next_bill():
    clerk, reviewer, employee, bill = billed_in_october("guiyang", is_paid=False)
    before, owed = estimate(clerk.employer, NOVEMBER).total, charged(employee, bill)
    approved(clerk, reviewer, asked(employee), KEY)
    assert estimate(clerk.employer, NOVEMBER).total == before - owed
    made = settled(clerk)
    assert made.total_due == before - owed and made.lines.filter(kind=LineKind.RETURNED).exists()
    assert settled_again(clerk).lines.filter(kind=LineKind.RETURNED).count() == 0
    assert list(check_ledger()) == []


def settled_again(clerk):
    with at(datetime(2026, 12, 8, 10, 0)):  # noqa: DTZ001
        return settled(clerk, NOVEMBER.next())


def test_nothing_is_returned_twice():
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    approved(clerk, reviewer, asked(employee), KEY)
    assert "没有可以退的费用" in said(clerk, asked(employee, note="再退一次"), KEY)
    with pytest.raises(InvalidDeclaration):
        declared(clerk, asked(employee, note="再退一次"), KEY)
    refund = Refund.objects.get()
    refund.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        refund.save(force_insert=True)
    line = BillLine.objects.filter(kind=LineKind.RETURNED).first()
    line.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        line.save(force_insert=True)


def test_who_is_still_insured_leaves_first():
    clerk, _, employee, _ = billed_in_october("wage_hall", leaves=False)
    assert "还在参保" in said(clerk, asked(employee), KEY)


def test_a_bill_that_is_not_paid_gives_no_credit():
    clerk, reviewer, employee, bill = billed_in_october("wage_hall", is_paid=False)
    assert f"{bill.label} 的账单还没有缴清" in said(clerk, asked(employee), KEY)
    with pytest.raises(InvalidDeclaration):
        approved(clerk, reviewer, asked(employee), KEY)
    assert credit_of(clerk.employer_id) == 0


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10", "2026-09", "早于开始月份"),
        ("2026-09", "2026-10", "2026-09 没有可以退的费用"),
        ("2026-11", "2026-11", "2026-11 没有可以退的费用"),
        ("2026-03", "2026-10", "网上最多退到 3 个月以前"),
    ],
)
def test_months_out_of_reach_are_refused_by_name(first, last, words):
    clerk, _, employee, _ = billed_in_october("wage_hall")
    assert words in said(clerk, asked(employee, first, last), KEY)


def test_a_death_that_was_heard_of_late_has_no_limit_of_months():
    clerk, _, employee, _ = billed_in_october("wage_hall")
    Spell.objects.filter(employee=employee).update(end_reason="6401")
    assert "网上最多" not in said(clerk, asked(employee, "2026-03", "2026-10"), KEY)


def test_an_approval_that_comes_too_late_leaves_no_trace():
    clerk, reviewer, employee, _ = billed_in_october("wage_hall")
    Spell.objects.filter(employee=employee).update(last_month=OCTOBER)
    one = declared(clerk, asked(employee), KEY)
    from shebao.hall.declarations import operations

    operations.submit_declarations([one.pk], by=clerk)
    Spell.objects.filter(employee=employee).update(last_month=None)
    with pytest.raises(Conflict, match="还在参保"):
        operations.approve_declarations([one.pk], by=reviewer)
    assert not Refund.objects.exists() and credit_of(clerk.employer_id) == 0
    assert MONTH == NOVEMBER


def insured_elsewhere(code):
    """The clerk of another employer of the region, where the same person is insured since October.

    The database takes that only after the first one's spell has ended: here it was written before.
    """
    with unguarded_writing():
        other, _, _ = hall(code, since=OCTOBER)
    return other


@pytest.mark.parametrize("code", ["wage_hall", "guiyang"])
def test_once_a_month_was_refunded_another_employer_charges_it(code):
    clerk, reviewer, employee, bill = billed_in_october(code)
    other = insured_elsewhere(code)
    with at(datetime(2026, 10, 20, 10, 0)), pytest.raises(Refused, match="已在其他单位核定"):  # noqa: DTZ001
        settled(other, OCTOBER)
    approved(clerk, reviewer, asked(employee), KEY)
    if code == "guiyang":
        settled(clerk)
    assert set(bill.lines.filter(employee=employee).values_list("is_given_back", flat=True)) == {True}
    assert set(bill.lines.exclude(employee=employee).values_list("is_given_back", flat=True)) == {False}
    with at(datetime(2026, 10, 20, 10, 0)):  # noqa: DTZ001
        theirs = settled(other, OCTOBER)
    assert theirs.lines.filter(person=employee.person, month=OCTOBER).exists()
    assert list(check_ledger()) == []


def test_a_refund_that_is_voided_takes_its_month_again_unless_somebody_else_has_it():
    clerk, reviewer, employee, bill = billed_in_october("guiyang")
    approved(clerk, reviewer, asked(employee), KEY)
    first = settled(clerk)
    other = insured_elsewhere("guiyang")
    ask_to_void(first.assessment_id, by=clerk, reason="重新核定")
    assert set(bill.lines.values_list("is_given_back", flat=True)) == {False}
    assert list(check_ledger()) == []
    with at(datetime(2026, 10, 20, 10, 0)), pytest.raises(Refused, match="已在其他单位核定"):  # noqa: DTZ001
        settled(other, OCTOBER)
    again = settled(clerk)
    with at(datetime(2026, 10, 20, 10, 0)):  # noqa: DTZ001
        settled(other, OCTOBER)
    with pytest.raises(Refused, match="后来已经由其他单位"):
        ask_to_void(again.assessment_id, by=clerk, reason="再来一次")
    assert list(check_ledger()) == []


def test_the_database_lets_no_charge_leave_its_month_that_was_not_given_back():
    _, _, employee, bill = billed_in_october("wage_hall")
    with pytest.raises(IntegrityError), transaction.atomic():
        BillLine.objects.filter(bill=bill).update(is_given_back=True)


def test_check_ledger_finds_a_month_that_is_kept_or_left_wrongly():
    clerk, reviewer, employee, bill = billed_in_october("wage_hall")
    approved(clerk, reviewer, asked(employee), KEY)
    BillLine.objects.filter(bill=bill, employee=employee).update(is_given_back=False)
    assert any("仍占着当月" in text for text in check_ledger())


@contextmanager
def edited(code, tmp_path, monkeypatch, name, **changes):
    """A region like another one, with other words in some of its files."""
    monkeypatch.setenv("REGIONS_DIR", str(tmp_path))
    folder = tmp_path / name
    copytree(next(root for root in regions_roots() if (root / code).is_dir()) / code, folder)
    for file, words in changes.items():
        text = (folder / f"{file}.yaml").read_text("utf-8")
        for before, after in words.items():
            assert before in text
            text = text.replace(before, after)
        (folder / f"{file}.yaml").write_text(text, "utf-8")
    regions.all_regions.cache_clear()
    try:
        yield
    finally:
        monkeypatch.undo()
        regions.all_regions.cache_clear()


def test_a_place_that_pays_out_books_the_money_as_gone_and_leaves_no_credit(tmp_path, monkeypatch):
    with edited("wage_hall", tmp_path, monkeypatch, "paycity", services={"refund: credit": "refund: paid_out"}):
        clerk, reviewer, employee, bill = billed_in_october("paycity")
        owed = charged(employee, bill)
        approved(clerk, reviewer, asked(employee), KEY)
        back = Bill.objects.get(series=1)
        assert credit_of(clerk.employer_id) == 0 and balance(back) == (-owed, -owed)
        (gone,) = LedgerTransaction.objects.filter(kind=Booking.REFUNDED)
        sums = dict(gone.entries.values_list("account", "amount_fen"))
        assert sums == {"credit": owed, "bank": -owed}
        bank = LedgerEntry.objects.filter(account="bank").aggregate(fen=Sum("amount_fen"))["fen"]
        assert bank == bill.total_due - owed
        assert set(bill.lines.filter(employee=employee).values_list("is_given_back", flat=True)) == {True}
        assert settled(clerk).transactions.filter(kind=Booking.CREDIT_USED).count() == 0
        assert list(check_ledger()) == []


NOTHING = {"value: 0.078,": "value: 0,", "value: 0.08,": "value: 0,", "value: 0.02,": "value: 0,"}


@pytest.mark.parametrize("code", ["wage_hall", "guiyang"])
def test_a_charge_of_nothing_leaves_its_month_too_when_the_month_is_refunded(tmp_path, monkeypatch, code):
    """A rate of 0 (阶段性免征): the line of nothing is a charge of its month all the same, and there is one at most."""
    text = (next(root for root in regions_roots() if (root / code).is_dir()) / code / "parameters.yaml").read_text()
    rates = {before: after for before, after in NOTHING.items() if before in text}
    with edited(code, tmp_path, monkeypatch, "zerocity", parameters=rates):
        clerk, reviewer, employee, bill = billed_in_october("zerocity")
        (free,) = bill.lines.filter(employee=employee, scheme="medical")
        assert (free.employer_due, free.employee_due) == (0, 0)
        other = insured_elsewhere("zerocity")
        approved(clerk, reviewer, asked(employee), KEY)
        if code == "guiyang":
            settled(clerk)
        assert set(bill.lines.filter(employee=employee).values_list("is_given_back", flat=True)) == {True}
        back = BillLine.objects.get(adjusts=free)
        assert (back.kind, back.employer_due, back.employee_due) == (LineKind.RETURNED, 0, 0)
        assert "没有可以退的费用" in said(clerk, asked(employee, note="再退一次"), KEY)
        with at(datetime(2026, 10, 20, 10, 0)):  # noqa: DTZ001
            theirs = settled(other, OCTOBER)
        assert theirs.lines.filter(person=employee.person, scheme="medical", month=OCTOBER).exists()
        if code == "wage_hall":
            settled(clerk)
        assert settled_again(clerk).lines.filter(kind=LineKind.RETURNED).count() == 0
        assert list(check_ledger()) == []
