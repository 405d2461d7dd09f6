"""Every rule of the money, broken by hand behind the product's back, is seen by `check-ledger` and named.

The database refuses most of these by itself; its triggers and constraints are taken away first, as somebody with the
keys of the database could.
"""

from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.roster.models import Spell
from shebao.hall.settlement.ledger import check_ledger
from shebao.hall.settlement.models import TERMS, Bill, BillLine, LedgerTransaction, LineKind
from shebao.hall.settlement.proving import relation_breaks
from shebao.rules.months import Month
from tests.factories import at
from tests.services.test_back_payments import approved, asked
from tests.services.test_back_payments import hall as back_hall
from tests.services.test_refunds import refunded_hall

from ..banking import bank  # noqa: F401 - a fixture
from .hall import NOVEMBER, hire, make_clerk, make_employer, settle
from .test_collecting import pay, stray
from .test_voiding import void

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(bank):  # noqa: F811
    """A voided bill, one paid late, one unpaid, and an amount in suspense: all sound."""
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    void(settle(employer, clerk), clerk)
    pay(settle(employer, clerk), clerk, days=7)
    settle(employer, clerk, NOVEMBER.next())
    stray(clerk, 5_000)
    assert list(check_ledger()) == []
    return employer


@contextmanager
def unguarded():
    """A cursor past the triggers; on SQLite also past the checks and unique indexes that stand in the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET session_replication_role = replica")
            yield cursor
            cursor.execute("SET session_replication_role = origin")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        yield cursor
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


LIVE = "(SELECT MAX(id) FROM settlement_bill)"
OLD = "(SELECT MIN(id) FROM settlement_bill)"
PAID = "(SELECT id FROM settlement_ledgertransaction WHERE kind = 'paid')"
FIRST_LINE = f"(SELECT MIN(id) FROM settlement_billline WHERE bill_id = {LIVE})"
ENTRY = "settlement_ledgerentry (transaction_id, account, scheme, part, month, amount_fen)"
FAULTS = {
    "I-3 one side of a booking is changed": (
        f"UPDATE settlement_ledgerentry SET amount_fen = amount_fen + 1 WHERE id = "
        f"(SELECT MIN(id) FROM settlement_ledgerentry WHERE transaction_id = {PAID})",
        "借贷不平",
    ),
    "I-4 a payment is said to have failed": ("UPDATE payments_payment SET state = 'refused'", "I-4：缴费"),
    "I-4 a payment is said to be more": ("UPDATE payments_payment SET amount_fen = amount_fen + 1", "I-4：缴费"),
    "I-4 suspense is cleared without a booking": (
        "UPDATE payments_suspenseitem SET clearing = 'refund', "
        "cleared_by_id = (SELECT MIN(id) FROM operators_operator)",
        "I-4：待查款",
    ),
    "I-4 suspense is said to be less": ("UPDATE payments_suspenseitem SET amount_fen = 1", "I-4：待查款"),
    "I-4 suspense has no owner": (
        f"INSERT INTO {ENTRY} VALUES ({PAID}, 'suspense', '', '', '2026-11', -7)",
        "不属于任何一笔待查款",
    ),
    "I-4 paid is below nothing": (
        f"UPDATE settlement_ledgerentry SET amount_fen = -amount_fen WHERE transaction_id = {PAID}",
        "的实缴是负数",
    ),
    "I-5 credit is spent that was not there": (
        f"INSERT INTO {ENTRY} VALUES ({PAID}, 'credit', '', '', '2026-11', 9)",
        "I-5：",
    ),
    "I-6 a voided bill has an entry more": (
        f"INSERT INTO {ENTRY} SELECT id, 'receivable', 'pension', 'employer', '2026-11', 5 "
        f"FROM settlement_ledgertransaction WHERE bill_id = {OLD} AND kind = 'voided'",
        "I-6：作废的账单",
    ),
    "I-6 a voided line is made to count": (
        f"UPDATE settlement_billline SET is_voided = true WHERE id = {FIRST_LINE}",
        "I-6：账单",
    ),
    "I-6 a bill is voided without its mirror": (
        f"UPDATE settlement_assessment SET voided_at = made_at WHERE id = "
        f"(SELECT assessment_id FROM settlement_bill WHERE id = {LIVE})",
        "I-6：",
    ),
    "I-6 a voided bill comes back to life": (
        f"UPDATE settlement_assessment SET voided_at = NULL, month = '2026-10' WHERE id = "
        f"(SELECT assessment_id FROM settlement_bill WHERE id = {OLD})",
        "没有作废，账上却有冲回",
    ),
    "I-6 nobody knows who voided": ("DELETE FROM settlement_voidrequest", "没有是谁"),
    "I-6 nobody knows who voided a payment": ("UPDATE payments_payment SET state = 'voided'", "没有是谁"),
    "I-7 a late fee is taken on top": (
        f"INSERT INTO {ENTRY} VALUES ({PAID}, 'late_fees', 'pension', 'employer', '2026-11', -100)",
        "I-7：",
    ),
    "I-8 a charge has no spell": ("UPDATE roster_spell SET is_voided = true", "I-8："),
    "I-11 spells overlap": (
        "INSERT INTO roster_spell (employee_id, person_id, region, scheme, first_month, last_month, kind, end_reason, "
        "is_exclusive, is_voided) SELECT employee_id, person_id, region, scheme, '2026-03', '2026-05', '', '', "
        "is_exclusive, false FROM roster_spell WHERE id = (SELECT MIN(id) FROM roster_spell)",
        "I-11：",
    ),
    "I-12 a charge is before the employer began": (
        "UPDATE employers_employer SET first_month = '2027-01'",
        "I-12：账单",
    ),
    "I-12 a bill is for a month to come": (
        f"UPDATE settlement_bill SET last_month = '2026-10' WHERE id = {LIVE}",
        "核定时最晚可以核定",
    ),
    "I-12 a child is charged": ("UPDATE roster_person SET born_on = '2020-05-05'", "还不满 16 周岁"),
    "I-1 a bill says another total": (
        f"UPDATE settlement_bill SET total_due = total_due + 1, employer_due = employer_due + 1 WHERE id = {LIVE}",
        "明细之和",
    ),
    "I-2 a line says another amount": (
        f"UPDATE settlement_billline SET employer_due = employer_due + 1 WHERE id = {FIRST_LINE}",
        "按依据应为",
    ),
    "I-10 a base is outside its limits": (
        f"UPDATE settlement_billline SET contribution_base = 1 WHERE id = {FIRST_LINE}",
        "的缴费基数",
    ),
    "I-2 an evidence says other terms than its content": (
        "UPDATE settlement_evidence SET numerator = numerator + 1 WHERE numerator > 0",
        "I-2：计算依据",
    ),
    "I-2 an evidence says no terms": (
        f"UPDATE settlement_evidence SET {', '.join(f'{name} = NULL' for name in TERMS)}",
        "I-2：计算依据",
    ),
    "I-8 somebody insured is left out of a bill": (
        f"UPDATE settlement_billline SET is_voided = true WHERE bill_id = {LIVE} AND employee_id = "
        f"(SELECT MAX(employee_id) FROM settlement_billline)",
        "的账单漏了",
    ),
    "I-13 a spell counts twice": (
        "INSERT INTO roster_spell (employee_id, person_id, region, scheme, first_month, last_month, kind, end_reason, "
        "is_exclusive, is_voided) SELECT employee_id, person_id, region, scheme, '2026-02', '2026-05', '', '', "
        "is_exclusive, false FROM roster_spell WHERE id = (SELECT MIN(id) FROM roster_spell)",
        "I-13：",
    ),
    "a month cannot be read": (
        f"UPDATE settlement_billline SET month = '2026-00' WHERE id = {FIRST_LINE}",
        "不是年月，读不出来",
    ),
    "a month of a booking cannot be read": (
        f"UPDATE settlement_ledgerentry SET month = 'x' WHERE transaction_id = {PAID}",
        "不是年月，读不出来",
    ),
    "I-13 a head is missing": (
        f"UPDATE settlement_bill SET head_count = head_count - 1 WHERE id = {LIVE}",
        "明细里有",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen_and_named(hall, fault):
    statement, words = FAULTS[fault]
    with unguarded() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
        found = list(check_ledger())
        assert any(words in text for text in found), found


ASTRAY = {
    "不是本单位的人员": "roster_employee SET employer_id = 0",
    "不是同一个人": f"settlement_billline SET person_id = 0 WHERE id = {FIRST_LINE}",
    "的地区与单位不符": f"settlement_billline SET region = 'elsewhere' WHERE id = {FIRST_LINE}",
    "的做账期不是账单的月份": f"settlement_billline SET booking_month = '2027-02' WHERE id = {FIRST_LINE}",
    "早于账单记的最早所属期": f"settlement_billline SET month = '2020-01' WHERE id = {FIRST_LINE}",
    "是正常应缴，费款所属期却不是做账期": f"settlement_billline SET month = '2026-06' WHERE id = {FIRST_LINE}",
}


def test_a_line_that_went_astray_is_seen_and_named(hall):
    for words, change in ASTRAY.items():
        with transaction.atomic():
            with unguarded() as cursor:
                cursor.execute(f"UPDATE {change}")
                assert any(words in text for text in relation_breaks()), words
            transaction.set_rollback(True)
    assert list(relation_breaks()) == []


@pytest.mark.parametrize("of", ["region", "'elsewhere'"])
def test_a_person_charged_twice_is_seen_even_without_the_unique_index(hall, of):
    name = "one_charge_for_a_person_scheme_and_month"
    other = "one_charge_for_an_employee_scheme_and_month"
    columns = ", ".join(f.column if f.column != "limit" else '"limit"' for f in BillLine._meta.fields if f.name != "id")
    with unguarded() as cursor:
        cursor.execute(f"DROP INDEX {name}")
        cursor.execute(f"DROP INDEX {other}")
        cursor.execute(
            f"INSERT INTO settlement_billline ({columns}) SELECT {columns.replace(' region,', f' {of},')} "
            f"FROM settlement_billline WHERE id = {FIRST_LINE}"
        )
        assert any(text.startswith("I-9：") for text in check_ledger())


def test_the_database_refuses_to_pay_more_than_is_owed(hall):
    bill = Bill.objects.live().order_by("-month").first()
    booked = LedgerTransaction.objects.create(
        employer=hall, bill=bill, kind="paid", booked_at=bill.pay_until
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="beyond what it owes"), transaction.atomic():
        booked.entries.create(account="receivable", month=NOVEMBER, amount_fen=-bill.total_due - 1)


def test_the_database_refuses_to_spend_credit_that_is_not_there(hall):
    booked = LedgerTransaction.objects.create(
        employer=hall, kind="refunded", booked_at=Bill.objects.live().first().pay_until
    )
    with pytest.raises(IntegrityError, match="no more credit"), transaction.atomic():
        booked.entries.create(account="credit", month=NOVEMBER, amount_fen=1)


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE settlement_ledgertransaction SET reverses_id = NULL WHERE kind = 'voided' AND bill_id = {OLD}",
        "DELETE FROM payments_banknotice",
        "UPDATE payments_banknotice SET outcome = 'booked'",
    ],
)
def test_what_was_heard_and_booked_is_not_rewritten(hall, change):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_a_refund_without_its_declaration_or_of_a_bill_that_is_not_paid_is_seen():
    with at(datetime(2026, 11, 10, 10, 0)):  # noqa: DTZ001 - naive local by contract
        clerk, bill = refunded_hall()
    assert list(check_ledger()) == []
    with unguarded() as cursor:
        cursor.execute("UPDATE settlement_refund SET is_voided = true")
        assert any("没有退费申报" in text for text in check_ledger())
        cursor.execute(
            "UPDATE settlement_ledgerentry SET amount_fen = 0 WHERE account = 'receivable' AND transaction_id IN "
            "(SELECT id FROM settlement_ledgertransaction WHERE kind = 'paid')"
        )
        assert any(text.startswith("I-5：退费") and "还欠" in text for text in check_ledger())


BORNE = {
    "I-7 a late fee is more than its evidence": (
        "UPDATE settlement_billline SET employer_due = employer_due + 1 WHERE id = {fee}",
        "I-7：",
    ),
    "I-7 a late fee stands on what is no back payment": (
        "UPDATE settlement_billline SET principal_id = {fee} WHERE id = {fee}",
        "不是所对应那笔补缴的",
    ),
    "I-7 a late fee is booked as principal": (
        "UPDATE settlement_ledgerentry SET account = 'receivable' WHERE account = 'late_fees_due'",
        "应收滞纳金单位部分",
    ),
    "I-7 a late fee counts days that were none": (
        "UPDATE settlement_assessment SET known_on = '2026-11-09'",
        "算到 2026-11-10",
    ),
}


@pytest.mark.parametrize("fault", BORNE)
def test_a_fault_in_what_a_back_payment_bears_is_seen_and_named(fault):
    statement, words = BORNE[fault]
    with at():
        clerk, reviewer, employee = back_hall("wage_hall")
        approved(clerk, reviewer, asked(employee))
    assert list(check_ledger()) == []
    fee = BillLine.objects.filter(kind=LineKind.LATE_FEE).first()
    with unguarded() as cursor:
        cursor.execute(statement.format(fee=fee.pk))
        assert cursor.rowcount > 0
        found = list(check_ledger())
        assert any(words in text for text in found), found


def test_the_database_refuses_a_booking_with_one_side(hall):
    booked = LedgerTransaction.objects.create(
        employer=hall, kind="refunded", booked_at=Bill.objects.live().first().pay_until
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        booked.entries.create(account="bank", month=NOVEMBER, amount_fen=-700)
        booked.entries.create(account="contributions", month=NOVEMBER, amount_fen=600)
        connection.check_constraints()
    with transaction.atomic():
        booked.entries.create(account="bank", month=NOVEMBER, amount_fen=-700)
        booked.entries.create(account="contributions", month=NOVEMBER, amount_fen=700)
        connection.check_constraints()


@pytest.mark.parametrize("months", [("2026-02", "2026-03"), ("2026-05", None), ("2025-12", "2026-01")])
def test_the_database_refuses_a_spell_over_another(hall, months):
    spell = Spell.objects.first()
    spell.pk, (first, last) = None, months
    spell.first_month, spell.last_month = Month.parse(first), last and Month.parse(last)
    with pytest.raises(IntegrityError), transaction.atomic():
        spell.save(force_insert=True)
    spell.first_month, spell.last_month = Month(2025, 11), Month(2025, 12)
    spell.save(force_insert=True)
    with pytest.raises(IntegrityError, match="do not overlap"), transaction.atomic():
        Spell.objects.filter(pk=spell.pk).update(last_month=Month(2026, 1))


GUARDS = (
    "settlement_billline_only_voids settlement_billline_no_delete settlement_ledgerentry_no_update "
    "settlement_ledgerentry_no_delete settlement_ledgertransaction_no_update settlement_ledgertransaction_no_delete "
    "settlement_bill_no_update settlement_assessment_only_voids settlement_evidence_no_update "
    "a_bill_is_not_paid_beyond_what_it_owes credit_is_never_negative a_booking_is_balanced spells_do_not_overlap "
    "settlement_provisionalline_no_update settlement_provisionalline_no_delete a_posted_bill_takes_no_more_lines "
    "a_posted_bill_takes_no_more_provisional_lines a_bill_is_the_sum_of_its_lines a_bill_is_posted "
    "what_is_owed_is_owed_for_a_bill a_payment_is_booked_as_it_arrived a_booking_is_of_its_bill a_mirror_is_exact "
    "a_void_is_whole a_void_leaves_nothing a_line_is_voided_with_its_bill a_line_charges_what_happened "
    "a_line_is_in_its_time the_spells_of_a_person_do_not_overlap a_back_payment_on_a_bill_is_not_taken_back "
    "a_back_payment_comes_back_as_it_went payments_payment_no_update payments_suspenseitem_no_update "
    "settlement_backpayment_no_update settlement_refund_no_update a_line_is_what_its_evidence_says "
    "an_adjustment_is_what_its_evidence_says a_back_payment_bears_what_its_evidence_says "
    "what_is_paid_in_time_bears_no_late_fee a_settled_month_charges_everybody a_settled_month_takes_what_is_paid_back "
    "a_settled_month_returns_what_is_claimed settlement_voidrequest_no_update payments_counterreceipt_no_update "
    "a_payment_is_voided_with_its_receipt a_payment_is_voided_with_its_receipt_4 a_void_says_who_and_why "
    "a_void_says_who_and_why_2 a_mirror_ends_what_it_reverses "
    "what_waits_in_suspense_is_an_item an_item_is_held_until_it_is_cleared an_item_is_held_until_it_is_cleared_3 "
    "a_payment_is_booked_as_it_ended a_payment_is_booked_as_it_ended_4 paid_is_never_below_nothing "
    "a_bill_is_for_no_month_to_come a_regular_line_is_of_the_declared_wage"
)
GIVEN_BACK = "a_charge_leaves_its_month_only_when_it_was_given_back"


def test_every_guard_of_the_money_stands_after_all_migrations():
    question = "SELECT tgname FROM pg_trigger" if connection.vendor == "postgresql" else (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(question)
        # On SQLite a trigger of updates is called so.
        names = {name.removesuffix("_by_update") for (name,) in cursor.fetchall()}
        assert {*GUARDS.split(), GIVEN_BACK} <= names
