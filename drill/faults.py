"""Faults planted in the books by raw SQL with the triggers lifted: check-ledger must report each, and name the place.

To add one, write a line into FAULTS: its name, what is done, and what the report must name (a field of `Books`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shebao.rules.months import Month

from .outcome import Outcome

TITLE = "Faults planted in the books"
LINE, ENTRY, BOOKING = "settlement_billline", "settlement_ledgerentry", "settlement_ledgertransaction"
BILL, PAYMENT, EVIDENCE = "settlement_bill", "payments_payment", "settlement_evidence"
ASSESSMENT = "settlement_assessment"
SPELL, WAGE = "roster_spell", "roster_declaredwage"


EARLIER, BETWEEN = Month(2026, 9), Month(2026, 10)
"""The first employer's month that was settled before, and one that nobody settled."""


@contextmanager
def lifted() -> Iterator[None]:
    """Inside this block, in a transaction, the database forgets its triggers: what a superuser can do."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, made in triggers:
            cursor.execute(made)


@dataclass
class Books:
    """Two employers with a settled and paid month each; the faults are planted in the first one's.

    The first has an earlier month settled too; at the other somebody, `newcomer`, begins with the month after.
    """

    bill: int
    number: str
    payment: int
    payment_number: str
    line: int
    evidence: str
    name: str
    other_bill: int
    other_employer: int
    other_employee: int
    newcomer: str

    def sql(self, statement: str, *values) -> None:
        """Raw SQL; `{bill}`, `{line}` and so on are this book's ids, `{LINE}` and so on the tables."""
        from django.db import connection

        known = {key: value for key, value in globals().items() if key.isupper() and isinstance(value, str)}
        with connection.cursor() as cursor:
            cursor.execute(statement.format(**vars(self), **known), values)


def books(chance: random.Random) -> Books:
    """Open the books: settled, paid, and proved clean."""
    from tests.settlement.hall import NOVEMBER, hire, make_clerk, make_employer, settle

    from shebao.hall.payments.models import Payment

    made = []
    for number in (chance.randrange(700_000, 800_000), chance.randrange(800_000, 900_000)):
        employer = make_employer(number=str(number))
        people = hire(employer, [chance.randrange(450_000, 2_000_000) for _ in range(4)])
        clerk = make_clerk(employer)
        if not made:
            settle(employer, clerk, EARLIER)
        bill = settle(employer, clerk)
        _pay(bill, clerk, f"YH{number}")
        made.append((employer, people, bill, Payment.objects.get(bill=bill)))
    (_, people, bill, payment), (other, _, other_bill, _) = made
    (stranger,) = hire(other, [500_000], NOVEMBER.next())
    line = bill.lines.filter(scheme="pension", employee=people[1]).get()
    return Books(
        bill.pk, bill.number, payment.pk, payment.number, line.pk,
        line.employer_evidence.digest, people[1].name,
        other_bill.pk, other.pk, stranger.pk, stranger.name,
    )  # fmt: skip


def _pay(bill, clerk, serial: str) -> None:
    """Pay the bill as the bank's signed word does."""
    import json

    from django.conf import settings
    from tests.settlement.hall import on_day

    from shebao.bank import signing
    from shebao.hall import clock
    from shebao.hall.payments import operations

    from .notices import placed

    with on_day(), placed():
        payment = operations.start_payment(bill.pk, by=clerk)
        said = {"message_id": serial, "order_id": payment.number, "state": "succeeded", "bank_serial": serial}
        body = json.dumps(said | {"amount_fen": payment.amount_fen}).encode()
        secret = settings.SHEBAO_BANK_SECRET.encode()
        headers = signing.sign(secret, body, at=clock.now().timestamp(), nonce=serial)
        assert operations.receive_notice(headers, body) == "booked"


def _set(table: str, what: str, where: str) -> Callable[[Books], None]:
    return lambda books: books.sql(f"UPDATE {{{table}}} SET {what} WHERE {where}")


def _delete(table: str, where: str) -> Callable[[Books], None]:
    return lambda books: books.sql(f"DELETE FROM {{{table}}} WHERE {where}")


MINE, THIS = "bill_id = {bill}", "id = {line}"
ASSESSED = "transaction_id IN (SELECT id FROM {BOOKING} WHERE bill_id = {bill} AND kind = 'assessed')"
PAID = "transaction_id IN (SELECT id FROM {BOOKING} WHERE bill_id = {bill} AND kind = 'paid')"
PENSION = "scheme = 'pension' AND part = 'employer'"


def _copy_line(books: Books) -> None:
    from shebao.hall.settlement.models import BillLine

    line = BillLine._base_manager.get(pk=books.line)
    line.pk, line.scheme = None, "made_up"
    BillLine._base_manager.bulk_create([line])


def _booked_twice(books: Books) -> None:
    """The same arrival once more, in a booking that names no payment."""
    from shebao.hall.settlement.models import LedgerEntry, LedgerTransaction

    booked = LedgerTransaction._base_manager.get(bill=books.bill, kind="paid")
    entries = list(LedgerEntry._base_manager.filter(transaction=booked))
    booked.pk, booked.payment = None, None
    LedgerTransaction._base_manager.bulk_create([booked])
    for entry in entries:
        entry.pk, entry.transaction = None, booked
    LedgerEntry._base_manager.bulk_create(entries)


def _bill_gone(books: Books) -> None:
    for table, where in (
        ("ENTRY", "transaction_id IN (SELECT id FROM {BOOKING} WHERE bill_id = {bill})"),
        ("BOOKING", MINE),
        ("LINE", MINE),
    ):
        books.sql(f"DELETE FROM {{{table}}} WHERE {where}")
    books.sql("DELETE FROM payments_banknotice WHERE payment_id = {payment}")
    books.sql("DELETE FROM {PAYMENT} WHERE id = {payment}")
    books.sql("DELETE FROM {BILL} WHERE id = {bill}")


def _evidence_edited(books: Books) -> None:
    """Only the source of a value is another one: no amount changes."""
    from shebao.hall.settlement.models import BillLine, Evidence

    evidence = BillLine.objects.get(pk=books.line).employer_evidence
    Evidence.objects.filter(pk=evidence.pk).update(data=evidence.data | {"made_up": "文件"})


def _approved(books: Books) -> dict:
    """A person of the bill, and a declaration about them that was approved before the bill was made."""
    from datetime import timedelta

    from shebao.hall.declarations.models import Declaration
    from shebao.hall.regions import region
    from shebao.hall.settlement.models import BillLine

    line = BillLine.objects.get(pk=books.line)
    assessment, employer = line.bill.assessment, line.bill.employer
    service = next(one.key for one in region(employer.region).services.values() if one.looks_back)
    declaration = Declaration.objects.create(
        employer=employer, region=employer.region, service=service, state="approved", month=line.month,
        first_month=line.month, subject_name=books.name, subject_digest=service, answers={}, employee=line.employee,
        declared_by=assessment.made_by, declared_at=assessment.made_at, decided_by=assessment.made_by,
        decided_at=assessment.made_at - timedelta(hours=1),
    )  # fmt: skip
    return {"employee": line.employee, "declared_in": declaration}


def _back_payment_forgotten(books: Books) -> None:
    from shebao.hall.settlement.models import BackPayment

    said = _approved(books)
    BackPayment.objects.create(
        person=said["employee"].person, region=said["declared_in"].region, scheme="pension", month=BETWEEN,
        values_month=BETWEEN, declared_wage=500_000, **said,
    )  # fmt: skip


def _refund_forgotten(books: Books) -> None:
    from shebao.hall.settlement.models import Refund

    Refund.objects.create(month=EARLIER, **_approved(books))


def _year_forgotten(books: Books) -> None:
    from shebao.hall.supplements.models import YearlyCover

    said = _approved(books)
    YearlyCover.objects.create(
        person=said["employee"].person, region=said["declared_in"].region, scheme="serious_illness", year=2026,
        pay_by="transfer", amount_fen=4_000, charged_in=said["declared_in"].month, **said,
    )  # fmt: skip


#: name → (what is done, what the report must name: a field of Books)
FAULTS: dict[str, tuple[Callable[[Books], None], str]] = {
    "employer's part of a bill changed": (
        _set("BILL", "employer_due = employer_due + 1, total_due = total_due + 1", "id = {bill}"), "number"),
    "employees' part of a bill changed": (
        _set("BILL", "employee_due = employee_due - 100, total_due = total_due - 100", "id = {bill}"), "number"),
    "a fen moved between the parts of a bill": (
        _set("BILL", "employee_due = employee_due - 1, employer_due = employer_due + 1", "id = {bill}"), "number"),
    "head count of a bill changed": (_set("BILL", "head_count = head_count + 1", "id = {bill}"), "number"),
    "bill of another employer": (_set("BILL", "employer_id = {other_employer}", "id = {bill}"), "number"),
    "bill of another month": (_set("BILL", "month = '2026-12'", "id = {bill}"), "number"),
    "bill of a month to come": (_set("BILL", "last_month = '2026-10'", "id = {bill}"), "number"),
    "assessment without a bill": (_bill_gone, "assessment_number"),
    "employer's part of a line changed": (_set("LINE", "employer_due = employer_due + 1", THIS), "number"),
    "employee's part of a line changed": (_set("LINE", "employee_due = employee_due - 1", THIS), "number"),
    "a fen moved between two lines": (
        lambda books: [_set("LINE", "employer_due = employer_due + 1", THIS)(books),
                       books.sql("UPDATE {LINE} SET employer_due = employer_due - 1 WHERE id = (SELECT min(id) FROM "
                                 "{LINE} WHERE bill_id = {bill} AND scheme = 'pension' AND id <> {line})")], "number"),
    "base of a line changed": (_set("LINE", "contribution_base = contribution_base + 1", THIS), "number"),
    "wage of a line changed": (_set("LINE", "declared_wage = declared_wage + 10000", THIS), "number"),
    "limit of a line changed": (_set("LINE", '"limit" = 1 - "limit"', THIS), "number"),
    "evidence of a line exchanged": (
        _set("LINE", "employer_evidence_id = employee_evidence_id", THIS), "number"),
    "evidence of a line removed": (
        _set("LINE", "employer_evidence_id = NULL, employee_evidence_id = NULL", THIS), "number"),
    "line removed": (_delete("LINE", THIS), "number"),
    "line made up": (_copy_line, "number"),
    "line on another bill": (_set("LINE", "bill_id = {other_bill}", THIS), "number"),
    "line for another month": (_set("LINE", "month = '2026-10'", THIS), "name"),
    "line booked in another month": (_set("LINE", "booking_month = '2026-12'", THIS), "name"),
    "line of another scheme": (_set("LINE", "scheme = 'made_up'", THIS), "number"),
    "line of another employer's person": (_set("LINE", "employee_id = {other_employee}", THIS), "number"),
    "line of another natural person": (
        _set("LINE", "person_id = (SELECT person_id FROM roster_employee WHERE id = {other_employee})", THIS), "name"),
    "line of another region": (_set("LINE", "region = 'elsewhere'", THIS), "name"),
    "somebody insured is on no bill": (
        _set("SPELL", "first_month = '2026-01'", "employee_id = {other_employee}"), "newcomer"),
    "somebody insured in two regions": (
        _set("SPELL", "person_id = (SELECT person_id FROM {LINE} WHERE id = {line}), region = 'elsewhere', "
             "last_month = '2027-01'", "employee_id = {other_employee}"), "newcomer"),
    "another wage declared than charged": (
        _set("WAGE", "amount_fen = amount_fen + 100",
             "employee_id = (SELECT employee_id FROM {LINE} WHERE id = {line})"), "name"),
    "back payment on no bill": (_back_payment_forgotten, "name"),
    "refund on no bill": (_refund_forgotten, "name"),
    "year on no bill": (_year_forgotten, "name"),
    "evidence edited afterwards": (_evidence_edited, "evidence"),
    "terms of an evidence changed": (
        _set("EVIDENCE", "numerator = numerator + 1", "digest = '{evidence}'"), "evidence"),
    "limits of an evidence changed": (
        _set("EVIDENCE", "lowest_fen = 0", "digest = '{evidence}'"), "evidence"),
    "one side of a booking changed": (
        _set("ENTRY", "amount_fen = amount_fen + 1", f"account = 'receivable' AND {PENSION} AND {ASSESSED}"), "number"),
    "one side of a booking removed": (
        _delete("ENTRY", f"account = 'contributions' AND {PENSION} AND {ASSESSED}"), "number"),
    "both sides of a booking changed": (
        _set("ENTRY", "amount_fen = amount_fen * 2", f"{PENSION} AND {ASSESSED}"), "number"),
    "both sides of a booking removed": (_delete("ENTRY", f"{PENSION} AND {ASSESSED}"), "number"),
    "booking under another scheme": (_set("ENTRY", "scheme = 'injury'", f"{PENSION} AND {ASSESSED}"), "number"),
    "booking under the other part": (_set("ENTRY", "part = 'employee'", f"{PENSION} AND {ASSESSED}"), "number"),
    "booking under another month": (_set("ENTRY", "month = '2026-10'", f"{PENSION} AND {ASSESSED}"), "number"),
    "booking of another employer": (
        _set("BOOKING", "employer_id = {other_employer}", "bill_id = {bill} AND kind = 'assessed'"), "number"),
    "arrival removed from the books": (
        lambda books: [_delete("ENTRY", PAID)(books), _delete("BOOKING", "bill_id = {bill} AND kind = 'paid'")(books)],
        "number"),
    "arrival booked twice": (_booked_twice, "number"),
    "arrival booked on another bill": (
        _set("BOOKING", "bill_id = {other_bill}", "bill_id = {bill} AND kind = 'paid'"), "payment_number"),
    "arrival negative": (_set("ENTRY", "amount_fen = -amount_fen", PAID), "number"),
    "payment of another amount": (_set("PAYMENT", "amount_fen = amount_fen - 1", "id = {payment}"), "number"),
    "payment taken back, booking left": (_set("PAYMENT", "state = 'refused'", "id = {payment}"), "number"),
    "payment voided by nobody": (_set("PAYMENT", "state = 'voided'", "id = {payment}"), "payment_number"),
    "assessment voided by nobody": (
        _set("ASSESSMENT", "voided_at = made_at", "id = (SELECT assessment_id FROM {BILL} WHERE id = {bill})"),
        "assessment_number"),
    "payment of another employer": (
        _set("PAYMENT", "employer_id = {other_employer}", "id = {payment}"), "payment_number"),
}  # fmt: skip


class _TakenBack(Exception):
    """Ends the transaction of one trial."""


def planted(name: str, opened: Books) -> tuple[list[str], str]:
    """What check-ledger says with this fault in the books, and what it must name; the fault is taken back."""
    from django.db import transaction

    from shebao.hall.settlement.ledger import check_ledger
    from shebao.hall.settlement.models import Assessment

    plant, named = FAULTS[name]
    wanted = Assessment.objects.get(bill=opened.bill).number if named == "assessment_number" else getattr(opened, named)
    try:
        with transaction.atomic():
            with lifted():
                plant(opened)
            sentences = list(check_ledger())
            raise _TakenBack
    except _TakenBack:
        return sentences, wanted


def run(count: int, seed: int) -> Outcome:
    """Every fault in `count` different books, one at a time."""
    from shebao.hall.settlement.ledger import check_ledger

    found = Outcome(TITLE, seed, count)
    chance = random.Random(seed)  # noqa: S311
    found.counts.update({"planted": 0, "reported": 0, "named": 0, "false alarms": 0})
    for number in range(count):
        opened = books(chance)
        for name in FAULTS:
            sentences, wanted = planted(name, opened)
            found.counts["planted"] += 1
            found.counts["reported"] += bool(sentences)
            is_named = any(wanted in sentence for sentence in sentences)
            found.counts["named"] += is_named
            if not is_named:
                found.fail(f"{seed}/{number} {name}: {wanted} is not named: {sentences[:2]}")
        if alarms := list(check_ledger()):
            found.counts["false alarms"] += len(alarms)
            found.fail(f"{seed}/{number}: clean books are called broken: {alarms[:2]}")
    found.counts["kinds"] = len(FAULTS)
    return found
