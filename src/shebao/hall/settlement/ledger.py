"""The double-entry ledger: booking what is owed and what was paid, asking it, and proving it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import Case, CharField, Count, Q, QuerySet, Sum, Value, When

from shebao.rules.borne import borne_by
from shebao.rules.contributions import Amount, recompute
from shebao.rules.money import yuan
from shebao.rules.months import Month

from ..bulk import in_chunks, insert_rows
from ..clock import now
from ..prepared import prepared, streamed
from .collecting import Received, book_received, day_of, entry_of, write_booking
from .explaining import principal_of
from .invariants import broken_rules
from .models import (
    DUE_OF,
    DUES,
    INCOME,
    Account,
    Bill,
    BillLine,
    Booking,
    Evidence,
    LedgerEntry,
    LedgerTransaction,
    LineKind,
    ProvisionalLine,
)
from .proving import relation_breaks, unreadable_months
from .provisional_proving import provisional_breaks, provisional_rules, provisional_sums

PARTS = ("employer", "employee")
HEADS = Q(kind=LineKind.REGULAR) | Q(bill__series__gt=0)
"""The lines whose people a bill counts: those of its month, and all of a bill of back payments."""
# What a bill demands: its own booking, and the mirror of it once it is voided.
OWED = Q(transaction__kind=Booking.ASSESSED) | Q(transaction__reverses__kind=Booking.ASSESSED)


Demands = tuple[Bill, Mapping[tuple[Month, str, str], int], Iterable[BillLine]]


def book_assessed(bill: Bill, dues: Mapping[tuple[Month, str, str], int], borne: Iterable[BillLine] = ()) -> None:
    """Book what a bill demands: {(month it is for, scheme, part): fen}, from the receivable to the contributions.

    `borne` are its lines of late fees and interest, which are owed on accounts of their own.
    """
    book_all_assessed([(bill, dues, borne)])


def book_all_assessed(demands: Sequence[Demands]) -> None:
    """As `book_assessed`, for many bills in a constant number of statements."""
    at = now()
    booked = [
        LedgerTransaction(employer_id=bill.employer_id, bill=bill, kind=Booking.ASSESSED, booked_at=at)
        for bill, *_ in demands
    ]
    insert_rows(booked)
    entries = []
    for one, (_, dues, borne) in zip(booked, demands, strict=True):
        for (account, *key), fen in _by_account(dues, borne).items():
            if fen:
                entries += [entry_of(one, account, fen, *key), entry_of(one, INCOME[account], -fen, *key)]
    insert_rows(entries)


def _by_account(dues: Mapping[tuple[Month, str, str], int], borne: Iterable[BillLine]) -> dict[tuple, int]:
    demands = {(Account.RECEIVABLE, *key): fen for key, fen in dues.items()}
    for line in borne:
        for part in PARTS:
            key = DUE_OF[LineKind(line.kind)], line.month, line.scheme, part
            demands[key] = demands.get(key, 0) + getattr(line, f"{part}_due")
    return demands


def book_paid(bill: Bill, payment) -> Received:
    """Book what arrived for a payment, on the day it arrived."""
    on = day_of(payment.paid_at or now())
    meant = people_keys(bill, payment.people) if payment.people else None
    return book_received(
        bill, payment.amount_fen, kind=Booking.PAID, on=on, part=payment.part, payment=payment, meant=meant
    )


def people_keys(bill: Bill, people: Sequence[int]) -> dict[tuple, int]:
    """What these employees owe of a bill by (account, month, scheme, part), fen."""
    lines = bill.lines.live().filter(employee__in=people).order_by()
    found: dict[tuple, int] = defaultdict(int)
    for kind, month, scheme, employer, employee in lines.values_list("kind", "month", "scheme").annotate(
        Sum("employer_due"), Sum("employee_due")
    ):
        account = DUE_OF.get(LineKind(kind), Account.RECEIVABLE)
        found[account, month, scheme, "employer"] += employer
        found[account, month, scheme, "employee"] += employee
    return found


def book_voided(bill: Bill, *, but: Sequence[str] = ()) -> None:
    """Mirror every booking of a bill that nobody has paid: after it each balance is as before the bill (I-6).

    `but` are the kinds of bookings that let go of the bill before, and stay.
    """
    for booked in _standing(bill.pk):
        if booked.kind not in (Booking.VOIDED, *but):
            book_mirror(booked)


@prepared
def _standing(bill: int) -> QuerySet[LedgerTransaction]:
    return LedgerTransaction.objects.filter(bill=bill, reversed_by=None)


def book_mirror(booked: LedgerTransaction) -> LedgerTransaction:
    """Undo one booking by its mirror, entry by entry."""
    mirror = LedgerTransaction(
        employer_id=booked.employer_id, bill_id=booked.bill_id, suspense_id=booked.suspense_id, kind=Booking.VOIDED,
        reverses=booked, booked_at=now(),
    )  # fmt: skip
    return write_booking(mirror, [(account, -fen, *key) for account, fen, *key in _entries(booked.pk)])


@prepared
def _entries(booking: int) -> QuerySet:
    entries = LedgerEntry.objects.filter(transaction=booking).order_by("pk")
    return entries.values_list("account", "amount_fen", "month", "scheme", "part")


def balance(bill: Bill) -> tuple[int, int]:
    """(due, paid) of a bill in fen, as the ledger has it."""
    return balances([bill]).get(bill.pk, (0, 0))


def balances(bills: Iterable[Bill]) -> dict[int, tuple[int, int]]:
    """(due, paid) in fen of many bills by id, in one query."""
    return {pk: (due, -paid) for pk, due, paid in _due_and_paid([bill.pk for bill in bills])}


@prepared
def _due_and_paid(bills: list[int]) -> QuerySet[LedgerEntry]:
    """The sums of these bills."""
    return (
        LedgerEntry.objects.filter(account__in=DUES, transaction__bill__in=bills)
        .values_list("transaction__bill")
        .annotate(
            due=Sum("amount_fen", filter=OWED, default=0),
            paid=Sum("amount_fen", filter=~OWED, default=0),
        )
    )


def settling(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Of these entries, those that settle what bills demand: money and credit that paid it, fen below zero."""
    return entries.filter(~OWED, account__in=DUES)


@dataclass(frozen=True)
class Recomputed:
    """A bill proved from its stored evidence: how many lines there are, and a sentence for every disagreement."""

    bill: Bill
    lines: int
    breaks: list[str]


def recomputed(name: str) -> Recomputed | None:
    """The bill with this number or id, recomputed without any region; None where there is no such bill."""
    wanted = Q(number=name)
    if name.isascii() and name.isdigit() and len(name) < 16:
        wanted |= Q(pk=int(name))
    bill = Bill.objects.ever().select_related("assessment").filter(wanted).first()
    if bill is None:
        return None
    lines = bill.lines.count() or bill.provisional_lines.count()
    breaks = [*line_breaks(bill.pk), *provisional_breaks(bill.pk)]
    breaks += _bill_breaks(bill, _sums(bill.pk).get(bill.pk), balance(bill))
    return Recomputed(bill, lines, breaks)


def check_ledger() -> Iterator[str]:
    """Prove the money and yield a sentence for every break: balance, sums, payments, evidence, whose it is.

    A stored month that cannot be read is a break, and ends the proof: every other question reads its row too.
    """
    yield from _unbalanced()
    unreadable = list(unreadable_months())
    yield from unreadable
    if unreadable:
        return
    sums = _sums(None)
    for bills in in_chunks(_bills(), 500):
        booked = balances(bills)
        for bill in bills:
            yield from _bill_breaks(bill, sums.get(bill.pk), booked.get(bill.pk, (0, 0)))
    yield from _split_breaks()
    yield from line_breaks()
    yield from provisional_breaks()
    yield from provisional_rules()
    yield from relation_breaks()
    yield from broken_rules()


def _unbalanced() -> Iterator[str]:
    for booked in _bookings_unbalanced():
        name = f"账单 {booked.bill.number} " if booked.bill else ""
        yield f"{name}的第 {booked.pk} 笔记账借贷不平，相差 {yuan(booked.fen)} 元。"


@prepared
def _bookings_unbalanced() -> QuerySet[LedgerTransaction]:
    sums = LedgerTransaction.objects.annotate(fen=Sum("entries__amount_fen", default=0))
    return sums.exclude(fen=0).select_related("bill").order_by("pk")


def _sums(bill: int | None) -> dict[int, tuple[int, int, int]]:
    """Fen of both shares and heads of the lines of a bill, or of every bill, by bill."""
    return {pk: (unit, own, heads) for ask in (_of_people, provisional_sums) for pk, unit, own, heads in ask(bill)}


@streamed
def _of_people(bill: int | None) -> QuerySet:
    sums = _lines(bill).values_list("bill").annotate(Sum("employer_due"), Sum("employee_due"))
    return sums.annotate(heads=Count("employee", distinct=True, filter=HEADS))


def _lines(bill: int | None) -> QuerySet[BillLine]:
    return BillLine.objects.ever().filter(bill=bill) if bill else BillLine.objects.ever()


@streamed
def _bills() -> QuerySet[Bill]:
    return Bill.objects.ever().select_related("assessment").order_by("pk")


def _bill_breaks(bill: Bill, lines: tuple[int, int, int] | None, booked: tuple[int, int]) -> Iterator[str]:
    unit, own, heads = lines or (0, 0, 0)
    for title, said, found in (("单位应缴", bill.employer_due, unit), ("个人应缴", bill.employee_due, own)):
        if said != found:
            yield f"账单 {bill.number} 的{title} {yuan(said)} 元，明细之和是 {yuan(found)} 元。"
    if bill.head_count != heads:
        yield f"账单 {bill.number} 写的是 {bill.head_count} 人，明细里有 {heads} 人。"
    due, paid = booked
    owed = 0 if bill.assessment.voided_at else bill.total_due
    if owed != due:
        word = "已作废，应缴" if bill.assessment.voided_at else "应缴"
        yield f"账单 {bill.number} {word} {yuan(owed)} 元，账上记的是 {yuan(due)} 元。"
    if paid > due:
        yield f"账单 {bill.number} 实缴 {yuan(paid)} 元，多于应缴 {yuan(due)} 元。"
    if paid < min(due, 0):
        yield f"账单 {bill.number} 的实缴是负数：{yuan(paid)} 元。"


def _split_breaks() -> Iterator[str]:
    """The ledger of every bill, month, scheme and part against the lines."""
    lines: dict[tuple, int] = {}
    for *key, employer, employee in chain(_people_split(), _provisionally_split()):
        lines |= {(*key, "employer"): employer, (*key, "employee"): employee}
    booked: dict[tuple, int] = {tuple(key): fen for *key, fen in _booked_split()}
    wrong = sorted(key for key in lines.keys() | booked.keys() if lines.get(key, 0) != booked.get(key, 0))
    numbers = Bill.objects.ever().in_bulk({key[0] for key in wrong})
    for key in wrong:
        side = f"{Account(key[3]).label}{'单位' if key[4] == 'employer' else '个人'}"
        yield (
            f"账单 {numbers[key[0]].number} 的 {key[1]} {key[2]} {side}部分，明细之和 {yuan(lines.get(key, 0))} 元，"
            f"账上 {yuan(booked.get(key, 0))} 元。"
        )


@streamed
def _people_split() -> QuerySet:
    lines = BillLine.objects.ever().values_list("bill", "month", "scheme", _account())
    return lines.annotate(Sum("employer_due"), Sum("employee_due")).order_by()


def _account() -> Case:
    """The account on which a line is owed, by its kind."""
    whens = (When(kind=kind, then=Value(account.value)) for kind, account in DUE_OF.items())
    return Case(*whens, default=Value(Account.RECEIVABLE.value), output_field=CharField())


@streamed
def _provisionally_split() -> QuerySet:
    account = Value(Account.RECEIVABLE.value)
    return ProvisionalLine.objects.values_list("bill", "bill__month", "scheme", account, "employer_due", "employee_due")


@streamed
def _booked_split() -> QuerySet:
    assessed = LedgerEntry.objects.filter(transaction__kind="assessed", account__in=DUES).order_by()
    return assessed.values_list("transaction__bill", "month", "scheme", "account", "part").annotate(Sum("amount_fen"))


def line_breaks(bill: int | None = None) -> Iterator[str]:
    """Recompute every line of a bill, or of all, from its stored evidence alone, bit for bit; yield every disagreement.

    No region is asked. An adjustment is what its evidence charges less what that of the charge it corrects does.
    """
    known: dict[int, Mapping] = dict(_evidences())
    results: dict[tuple[int, int], Amount] = {}

    def charged(one: BillLine, part: str) -> Amount | None:
        pk = getattr(one, f"{part}_evidence_id")
        if pk is None:
            return None
        if (pk, one.declared_wage) not in results:
            results[pk, one.declared_wage] = recompute(known[pk], one.declared_wage)
        return results[pk, one.declared_wage]

    for line in _with_what_they_stand_on(bill):
        name = f"账单 {line.bill.number} 第 {line.pk} 行"
        if line.principal:
            yield from _borne_breaks(name, line, known)
            continue
        for part in PARTS:
            amount, said = charged(line, part), getattr(line, f"{part}_due")
            before = charged(line.adjusts, part) if line.adjusts else None
            due = (amount.amount if amount else 0) - (before.amount if before else 0)
            if amount is before is None:
                if said:
                    yield f"{name}有金额 {yuan(said)} 元，却没有计算依据。"
            elif due != said:
                yield f"{name}记的是 {yuan(said)} 元，按依据应为 {yuan(due)} 元。"
            if amount and (amount.base, amount.limit) != (line.contribution_base, line.limit):
                yield f"{name}的缴费基数 {yuan(line.contribution_base)} 元，按依据应为 {yuan(amount.base)} 元。"


@streamed
def _evidences() -> QuerySet:
    return Evidence.objects.values_list("pk", "data")


@streamed
def _with_what_they_stand_on(bill: int | None) -> QuerySet[BillLine]:
    return _lines(bill).select_related("bill", "adjusts", "principal__bill__assessment").order_by("pk")


def _borne_breaks(name: str, line: BillLine, known: Mapping[int, Mapping]) -> Iterator[str]:
    """I-7 of a late fee or interest that a back payment bears: of its principal, until that was assessed, no more."""
    on, word = line.principal, line.get_kind_display()
    for part in PARTS:
        pk, said = getattr(line, f"{part}_evidence_id"), getattr(line, f"{part}_due")
        due = borne_by(known[pk], principal_of(line, part)) if pk else 0
        if due != said:
            yield f"I-7：{name}的{word}记的是 {yuan(said)} 元，按依据应为 {yuan(due)} 元。"
        told = known[pk] if pk else None
        if told and (told["month"], told["until"]) != (str(on.month), str(on.bill.assessment.known_on)):
            yield f"I-7：{name}的{word}算到 {told['until']}，补缴 {on.month} 是 {on.bill.assessment.known_on} 核定的。"
    same = ("employee_id", "scheme", "month", "region")
    if on.kind != LineKind.BACK_PAYMENT or any(getattr(line, one) != getattr(on, one) for one in same):
        yield f"I-7：{name}的{word}不是所对应那笔补缴的。"
    if on.is_voided and not line.is_voided:
        yield f"I-7：{name}的{word}还在，补缴已经作废。"
