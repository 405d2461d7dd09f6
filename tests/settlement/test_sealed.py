"""I-1, I-4, I-6, I-8, I-11 and I-12 in the database itself: rows written behind the product's back are refused.

The triggers stand. What they cannot refuse at the row is refused when the transaction ends.
"""

from contextlib import contextmanager
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from shebao.hall.operators.models import Operator
from shebao.hall.roster.models import DeclaredWage, Person, Spell
from shebao.hall.settlement.ledger import book_assessed, book_mirror, check_ledger
from shebao.hall.settlement.models import Assessment, BackPayment, Bill, BillLine, Booking, LedgerTransaction
from shebao.rules.months import Month

from ..banking import bank  # noqa: F401 - a fixture
from .hall import EARLIER, NOVEMBER, OCTOBER, State, declare, hire, make_clerk, make_employer, settle, unguarded_writing
from .test_collecting import pay
from .test_voiding import void

pytestmark = pytest.mark.django_db
DECEMBER = NOVEMBER.next()


@pytest.fixture
def hall(bank):  # noqa: F811
    """A voided bill of November, one that is paid, and an unpaid one of December."""
    employer = make_employer("guiyang")
    hire(employer, [720_000, 300_000])
    clerk = make_clerk(employer)
    void(settle(employer, clerk), clerk)
    pay(settle(employer, clerk), clerk)
    settle(employer, clerk, DECEMBER)
    assert list(check_ledger()) == []
    return employer


@contextmanager
def refused(words: str):
    """The database says no at the row, with these words; what was written inside is taken back."""
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


@contextmanager
def refused_at_the_end():
    """The database takes the rows, and would not commit them."""
    with pytest.raises(IntegrityError), transaction.atomic():
        yield
        connection.check_constraints()


def unpaid() -> Bill:
    return Bill.objects.live().get(month=DECEMBER)


def another(line: BillLine, **changes) -> None:
    """The line once more, with changes, as raw as it gets."""
    values = {f.attname: getattr(line, f.attname) for f in BillLine._meta.fields if f.name != "id"}
    BillLine._base_manager.bulk_create([BillLine(**values | changes)])


def open_bill(employer, month: Month, fen: int = 100, **more) -> Bill:
    """A bill that nothing is booked for yet."""
    number = f"{Assessment.objects.ever().count():020d}"
    made = Assessment.objects.create(
        employer=employer, month=month, series=1, kind="made_up", number=f"H{number}", fingerprint="f",
        known_on=EARLIER.date(), made_at=EARLIER,
    )  # fmt: skip
    return Bill.objects.create(
        assessment=made, employer=employer, month=month, series=1, number=f"Z{number}", employer_due=fen,
        employee_due=0, total_due=fen, head_count=1, pay_until=EARLIER, **{"last_month": month} | more,
    )  # fmt: skip


def booking(kind: str, bill: Bill | None, **more) -> LedgerTransaction:
    return LedgerTransaction.objects.create(
        employer=more.pop("employer", None) or bill.employer, bill=bill, kind=kind, booked_at=EARLIER, **more
    )


def book(booked: LedgerTransaction, *rows: tuple[str, int]) -> None:
    for account, fen in rows:
        booked.entries.create(account=account, scheme="pension", part="employer", month=DECEMBER, amount_fen=fen)


def test_a_posted_bill_takes_no_more_lines(hall):
    line = unpaid().lines.filter(scheme="pension").first()
    (late,) = hire(hall, [500_000])
    with refused("takes no more lines"):
        another(line, employee_id=late.pk, person_id=late.person_id, declared_wage=500_000)
    with refused("no|in the time"):  # whichever of the guards is first
        another(line, month=Month(2020, 1), scheme="made_up", declared_wage=0)


def test_a_bill_is_booked_as_the_sum_of_its_lines_and_never_left_unbooked(hall):
    with refused("the sum of its lines"):
        book_assessed(open_bill(hall, DECEMBER), {(DECEMBER, "pension", "employer"): 100})
    with refused_at_the_end():
        open_bill(hall, DECEMBER, fen=0)
    with transaction.atomic():
        book_assessed(open_bill(hall, DECEMBER, fen=0), {})
        connection.check_constraints()


def test_a_booking_demands_what_the_bill_says(hall):
    with refused_at_the_end():
        book_assessed(open_bill(hall, DECEMBER, fen=0), {(DECEMBER, "pension", "employer"): 7})
    with refused_at_the_end():
        book(unpaid().transactions.get(kind="assessed"), ("receivable", 5), ("contributions", -5))


LINES = {
    "nobody is insured in it": ({"scheme": "made_up"}, "without what it charges"),
    "the spell ended before": ({"month": Month(2027, 2), "booking_month": Month(2027, 2)}, "without what it charges"),
    "it is a back payment that was taken back": ({"kind": "2", "month": OCTOBER}, "without what it charges"),
    "it is another person's": ({"person_id": "other"}, "in the time of its employer and person"),
    "it is at another wage": ({"declared_wage": 720_001}, "of the wage in force"),
    "it is at the wage of nobody": ({"declared_wage": 0}, "of the wage in force"),
    "it is booked in another month": ({"booking_month": Month(2027, 3)}, "in the time of its employer and person"),
    "the employer began later": ({"month": Month(2025, 6), "booking_month": Month(2025, 6)}, "in the time"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_refused_if(hall, name):
    changes, words = dict(LINES[name][0]), LINES[name][1]
    line = unpaid().lines.filter(scheme="pension").first()
    Spell.objects.filter(employee=line.employee_id).update(first_month=Month(2025, 1), last_month=Month(2027, 1))
    DeclaredWage.objects.filter(employee=line.employee_id).update(first_month=Month(2025, 1))
    if "person_id" in changes:
        changes["person_id"] = Person.objects.exclude(pk=line.person_id).first().pk
    if changes.get("kind") == "2":
        case = declare(hall, Operator.objects.get(employer=hall), State.APPROVED, month=OCTOBER)
        kept = BackPayment.objects.create(
            employee=line.employee, person=line.person, region=line.region, scheme="pension", month=OCTOBER,
            values_month=OCTOBER, declared_wage=line.declared_wage, declared_in=case, is_voided=True,
        )  # fmt: skip
        changes["back_payment_id"] = kept.pk
    month = Month(2027, 1) if changes.get("kind") == "2" else changes.get("month", Month(2027, 1))
    with refused(words):
        bill = open_bill(hall, month)
        another(line, **{"bill_id": bill.pk, "month": month, "booking_month": month} | changes)


def test_a_bill_is_for_no_month_after_the_latest_that_could_be_assessed(hall):
    for last_month in (NOVEMBER, None):
        with refused("no month after the latest"):
            open_bill(hall, DECEMBER, last_month=last_month)
    for bill in Bill.objects.all():
        assert bill.last_month == bill.month  # each was settled in its month


def test_a_regular_charge_is_of_the_wage_that_was_declared_last_until_its_month(hall):
    line, january = unpaid().lines.filter(scheme="pension").first(), Month(2027, 1)

    def charged(fen: int) -> None:
        bill = open_bill(hall, january)
        same = {"bill_id": bill.pk, "month": january, "booking_month": january}
        another(line, **same | {"declared_wage": fen})

    before, others = line.declared_wage, {"employee_id": line.employee_id, "declared_at": EARLIER}
    DeclaredWage.objects.create(first_month=DECEMBER, amount_fen=1, is_voided=True, **others)
    DeclaredWage.objects.create(first_month=january.next(), amount_fen=2, **others)
    for fen in (1, 2):
        with refused("of the wage in force"):
            charged(fen)
    with transaction.atomic():
        charged(before)
        transaction.set_rollback(True)
    DeclaredWage.objects.create(first_month=january, amount_fen=3, **others)
    with refused("of the wage in force"):
        charged(before)
    with transaction.atomic():
        charged(3)
        transaction.set_rollback(True)


def test_nobody_is_charged_before_sixteen(hall):
    line = unpaid().lines.filter(scheme="pension").first()
    with transaction.atomic():
        bill, person = open_bill(hall, Month(2027, 1)), Person.objects.filter(pk=line.person_id)
        same = {"bill_id": bill.pk, "month": bill.month, "booking_month": bill.month}
        person.update(born_on=date(2011, 2, 1))
        with refused("in the time of its employer and person"):
            another(line, **same)
        person.update(born_on=date(2011, 1, 31))
        another(line, **same)
        transaction.set_rollback(True)


@pytest.mark.parametrize("kind", [Booking.REFUNDED, Booking.SUSPENDED, "made_up", Booking.CREDITED, Booking.RELEASED])
def test_no_kind_of_booking_takes_more_off_a_bill_than_it_owes(hall, kind):
    bill = unpaid()
    with refused("beyond what it owes|owed for a bill"):
        book(booking(kind, bill), ("receivable", -1_000_000_000), ("bank", 1_000_000_000))


def test_what_is_owed_is_owed_for_a_bill(hall):
    with refused("owed for a bill"):
        book(booking("refunded", None, employer=hall), ("receivable", -5), ("bank", 5))
    with refused("owed for a bill"):
        book(booking("refunded", unpaid()), ("receivable", -5), ("bank", 5))


def test_a_payment_is_booked_as_it_arrived(hall):
    paid = LedgerTransaction.objects.get(kind="paid")
    with refused("as it arrived"):
        book(paid, ("bank", 1), ("contributions", -1))


def test_a_void_mirrors_its_booking_entry_by_entry(hall):
    owed = unpaid().transactions.get(kind="assessed")
    with refused("entry by entry"):
        book(booking("voided", owed.bill, reverses=owed), ("receivable", -5), ("contributions", 5))
    with refused_at_the_end():
        one = owed.entries.filter(account="receivable").order_by("pk").first()
        mirror = booking("voided", owed.bill, reverses=owed)
        for account, fen in (("receivable", -one.amount_fen), (one.account and "contributions", one.amount_fen)):
            mirror.entries.create(
                account=account, scheme=one.scheme, part=one.part, month=one.month, amount_fen=fen
            )  # fmt: skip
    with refused_at_the_end():
        book_mirror(owed)  # whole, and the bill still stands
    with refused("none that is voided"):
        booking("paid", Bill.objects.ever().get(assessment__voided_at__isnull=False))
    mirrored = LedgerTransaction.objects.get(kind="voided")
    for booked in (mirrored, mirrored.reverses):
        with refused("entry by entry|what it says"):  # the second is a demand besides
            book(booked, ("receivable", 5), ("contributions", -5))
    with refused("a booking is of its bill"):
        booking("voided", None, employer=hall, reverses=owed)


def test_a_bill_and_its_lines_are_voided_together_and_hold_nothing_then(hall):
    bill = unpaid()
    with refused("voided with its bill"):
        BillLine.objects.filter(bill=bill).update(is_voided=True)
    with refused("holds nothing"):
        Assessment.objects.filter(pk=bill.assessment_id).update(voided_at=EARLIER)
    with refused("holds nothing"):
        book_mirror(bill.transactions.get(kind="assessed"))
        Assessment.objects.filter(pk=bill.assessment_id).update(voided_at=EARLIER)
    paid = Bill.objects.live().get(month=NOVEMBER)
    with refused("holds nothing"):
        book_mirror(paid.transactions.get(kind="assessed"))
        BillLine.objects.filter(bill=paid).update(is_voided=True)
        Assessment.objects.filter(pk=paid.assessment_id).update(voided_at=EARLIER)


def _elsewhere(hall, **changes) -> Spell:
    """A second spell of the first one's person, at another employer."""
    spell = Spell.objects.filter(scheme="injury").order_by("pk").first()
    Spell.objects.filter(pk=spell.pk).update(last_month=Month(2026, 6))
    (other,) = hire(make_employer("guiyang", number="120009"), [500_000])
    Spell.objects.filter(employee=other).update(is_voided=True)
    values = {"first_month": Month(2026, 5), "last_month": Month(2026, 9)} | changes
    return Spell(employee=other, person=spell.person, region=spell.region, scheme="injury", **values)


def test_a_person_is_not_insured_at_two_employers_in_one_month_even_if_both_have_ended(hall):
    spell = _elsewhere(hall)
    with refused("whoever the employer is"):
        spell.save(force_insert=True)
    spell.first_month = Month(2026, 7)
    spell.save(force_insert=True)
    with refused("whoever the employer is"):
        Spell.objects.filter(pk=spell.pk).update(first_month=Month(2026, 6))
    with unguarded_writing():
        Spell.objects.filter(pk=spell.pk).update(first_month=Month(2026, 6))
    assert any(text.startswith("I-11：") for text in check_ledger())


def test_part_time_injury_is_with_several_employers_at_once(hall):
    before = [text for text in check_ledger() if text.startswith("I-11")]
    _elsewhere(hall, is_exclusive=False).save(force_insert=True)
    assert [text for text in check_ledger() if text.startswith("I-11")] == before == []
