"""Collecting a bill: what it asks for on a day with its late fee, and booking money that arrives for it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from shebao.rules.late_fees import LateFeeTerms, daily_rates, late_fee_together, overdue_days
from shebao.rules.months import Month
from shebao.rules.region import Region
from shebao.rules.region_collection import RATE

from ..bulk import insert_rows
from ..clock import now
from ..prepared import prepared
from ..regions import region
from .models import DUES, Account, Bill, BillLine, Booking, LedgerEntry, LedgerTransaction, ProvisionalLine
from .void_wishes import close_wishes

ORDER = {Account.RECEIVABLE: 0, Account.INTEREST_DUE: 1, Account.LATE_FEES_DUE: 2}
ARRIVING = (Booking.PAID, Booking.CLEARED, Booking.CREDIT_USED, Booking.CARRIED)
COUNTS_FROM = (
    "transaction__value_at",
    "transaction__payment__paid_at",
    "transaction__suspense__arrived_at",
    "transaction__booked_at",
)
"""Of these the first that an entry has is the moment from which its money counts."""
Key = tuple[str, object, str, str]
"""(account, month it is for, scheme, part) of what is owed."""


@dataclass(frozen=True)
class Owing:
    """What a bill asks for on a day, fen: what it demands and is open, by part, and the late fee that is not paid yet
    (滞纳金).

    `days` of arrears are those of the open principal; `tomorrow` is what the late fee grows by until then. What a back
    payment bears is demanded like principal, and no late fee grows on it.
    """

    parts: Mapping[str, int]
    late_fee: int
    days: int = 0
    tomorrow: int = 0

    @property
    def principal(self) -> int:
        """Both parts."""
        return sum(self.parts.values())

    @property
    def total(self) -> int:
        """Principal and late fee."""
        return self.principal + self.late_fee

    def asked(self, part: str) -> int:
        """What a payment of one part is for: the late fee falls on the employer. "" stands for all of it.

        Where the other part gives back, no part is asked for more than the whole.
        """
        if not part:
            return self.total
        return min(self.parts.get(part, 0), self.principal) + (self.late_fee if part == "employer" else 0)


@dataclass
class _Money:
    """What the ledger has of one bill: what is open by key, principal paid and late fees paid by day."""

    open: dict[Key, int]
    paid: dict[date, int]
    fees: dict[date, int]

    @property
    def taken(self) -> int:
        """The late fees that were paid, fen."""
        return sum(self.fees.values())

    @property
    def principal(self) -> int:
        """What late fees grow on: the open principal, fen."""
        return max(sum(fen for (account, *_), fen in self.open.items() if account == Account.RECEIVABLE), 0)


def owing(bill: Bill, on: date) -> Owing:
    """What one bill asks for on a day."""
    return owings([bill], on)[bill.pk]


def owings(bills: Iterable[Bill], on: date) -> dict[int, Owing]:
    """What many bills ask for on a day, by id; a constant number of queries. Raises NoValue without a rate."""
    bills = list(bills)
    money = _read(bills)
    return {bill.pk: _owing(bill, region(bill.employer.region), money[bill.pk], on) for bill in bills}


def _read(bills: list[Bill]) -> dict[int, _Money]:
    found = {bill.pk: _Money(defaultdict(int), defaultdict(int), defaultdict(int)) for bill in bills}
    for pk, kind, account, at, month, scheme, part, fen in _standing_sums(list(found)):
        one = found[pk]
        if account == Account.LATE_FEES:
            one.fees[day_of(at)] -= fen if kind in ARRIVING else 0
            continue
        one.open[account, month, scheme, part] += fen
        if kind in ARRIVING and account == Account.RECEIVABLE:
            one.paid[day_of(at)] -= fen
    return found


@prepared
def _standing_sums(bills: list[int]) -> QuerySet:
    """What stands of these bills."""
    # A booking and the mirror that voids it are nothing together, and a day of payment least of all. A bill that is no
    # more asks for nothing: what was paid late of a provisional one bears its late fee on the bill it is carried to.
    entries = LedgerEntry.objects.filter(
        transaction__bill__in=bills,
        transaction__bill__assessment__voided_at=None,
        transaction__reversed_by=None,
        transaction__reverses=None,
        account__in=(*DUES, Account.LATE_FEES),
    ).annotate(at=Coalesce(*COUNTS_FROM))
    rows = entries.order_by().values_list(
        "transaction__bill", "transaction__kind", "account", "at", "month", "scheme", "part"
    )
    return rows.annotate(Sum("amount_fen"))


def last_arrivals(bills: Iterable[int]) -> dict[int, datetime]:
    """When money last came for these bills (ids), whatever way it took; a booking that was voided is none."""
    arrived = LedgerTransaction.objects.filter(bill__in=bills, kind__in=ARRIVING, reversed_by=None)
    moment = Coalesce(*(name.removeprefix("transaction__") for name in COUNTS_FROM))
    return dict(arrived.order_by().values_list("bill").annotate(at=Max(moment)))


def day_of(at: datetime) -> date:
    """The day of an instant in the hall's time zone: what late fees count."""
    return timezone.make_naive(at).date()


def _owing(bill: Bill, spec: Region, money: _Money, on: date) -> Owing:
    parts: dict[str, int] = defaultdict(int)
    for (*_, part), fen in money.open.items():
        parts[part] += fen
    due = day_of(bill.pay_until)
    rule = spec.collection.late_fee
    if not rule.charged or on <= due and not any(day > due for day in money.paid):
        return Owing(dict(parts), 0)
    fee, days = _fee(spec, due, money.paid, money.principal, on)
    after, _ = _fee(spec, due, money.paid, money.principal, date.fromordinal(on.toordinal() + 1))
    return Owing(dict(parts), max(fee - money.taken, 0), days, after - fee)


def _fee(spec: Region, due: date, paid: Mapping[date, int], left: int, on: date) -> tuple[int, int]:
    """The late fee of a bill until `on`, paid or not, and the days of arrears of what is left; rounded once a bill.

    A function of principal and days alone (I-7): what was paid counts until it was paid, the rest until `on`. Paying a
    part changes nothing on its day; rounded by themselves, a part and the rest would make or lose a fen.
    """
    rule = spec.collection.late_fee
    rows = [*_late_rows(due, paid), (left, on)]
    last = max(day for _, day in rows)
    if last <= due:
        return 0, 0
    rates = daily_rates(spec, RATE, due, last, known_on=last)
    fee = late_fee_together(
        np.array([fen for fen, _ in rows], dtype=np.int64),
        due,
        np.array([day for _, day in rows], dtype="datetime64[D]"),
        LateFeeTerms(rates, rule.day_count, rule.rounding, rule.capped_at_principal),
    )
    return fee, int(overdue_days(due, on, day_count=rule.day_count)[0]) if left else 0


def _late_rows(due: date, paid: Mapping[date, int]) -> list[tuple[int, date]]:
    """(fen, day) of the principal that was paid late, the earliest first."""
    return [(fen, day) for day, fen in sorted(paid.items()) if day > due and fen > 0]


@dataclass(frozen=True)
class LateFee:
    """The late fee of a bill that was due on `due`, until a day: `whole`, paid or not, and `taken` by day; fen.

    `paid` is (fen, day) of the principal that was paid late, `left` what is open of it.
    """

    due: date
    paid: list[tuple[int, date]]
    left: int
    whole: int
    taken: Mapping[date, int]


def late_fee_of(bill: Bill, on: date) -> LateFee:
    """The late fee of a bill until `on`, and what it comes from. Raises NoValue without a rate."""
    spec, money, due = region(bill.employer.region), _read([bill])[bill.pk], day_of(bill.pay_until)
    charged = spec.collection.late_fee.charged
    whole = _fee(spec, due, money.paid, money.principal, on)[0] if charged else 0
    taken = {day: fen for day, fen in sorted(money.fees.items()) if fen}
    return LateFee(due, _late_rows(due, money.paid), money.principal if on > due else 0, whole, taken)


@dataclass(frozen=True)
class Received:
    """What became of money that arrived for a bill, fen."""

    principal: int
    late_fee: int
    credit: int


def book_received(
    bill: Bill,
    fen: int,
    *,
    kind: str,
    on: date,
    part: str = "",
    payment=None,
    suspense=None,
    meant: Mapping[Key, int] | None = None,
    value_at: datetime | None = None,
) -> Received:
    """Book money for a bill: its principal first, then its late fee; what is more becomes credit (待转金).

    `on` is the day it arrived, `part` what it was paid for ("" for both), `kind` where it comes from: the bank, the
    suspense account or the employer's credit, which never pays more than is owed; `meant` is what of the bill it is
    meant to pay, where it is for some of its people, `value_at` when it arrived for another bill that this one takes
    the place of. The caller holds the bill's lock.
    """
    money = _read([bill])[bill.pk]
    asked = _owing(bill, region(bill.employer.region), money, on)
    due = {key: due for key, due in money.open.items() if due and part in ("", key[3])}
    if meant is not None:
        due = {key: min(x, due[key]) for key, x in meant.items() if x and key in due}
    taken, left = _allot(due, fen)
    # Money pays what is open of the bill before it becomes credit, whatever part it was meant for.
    if left and (part or meant is not None):
        more, left = _allot({key: due for key, due in money.open.items() if due and key not in taken}, left)
        taken |= more
    fee = min(left, asked.late_fee) if kind != Booking.CREDIT_USED else 0
    credit = left - fee
    source = {Booking.PAID: Account.BANK, Booking.CLEARED: Account.SUSPENSE}.get(kind, Account.CREDIT)
    booked = LedgerTransaction(
        employer_id=bill.employer_id, bill=bill, payment=payment, suspense=suspense, kind=kind, booked_at=now(),
        value_at=value_at,
    )  # fmt: skip
    rows = [(source, fen, bill.month, "", "")]
    # What the bill gives back comes first: the database looks after every row whether more is paid than owed.
    rows += [(key[0], -x, *key[1:]) for key, x in sorted(taken.items(), key=lambda one: one[1])]
    rows += [(Account.LATE_FEES, -x, bill.month, scheme, "employer") for scheme, x in fee_by_scheme(bill, fee).items()]
    rows += [(Account.CREDIT, -credit, bill.month, "", "")] if credit else []
    write_booking(booked, rows)
    if kind in (Booking.PAID, Booking.CLEARED, Booking.CARRIED):
        close_wishes(bill)
    return Received(sum(taken.values()), fee, credit)


def write_booking(booked: LedgerTransaction, rows: Iterable[tuple]) -> LedgerTransaction:
    """Write a new booking and its entries, in their order: (account, fen, month[, scheme, part]) each."""
    insert_rows([booked])
    insert_rows([entry_of(booked, *row) for row in rows])
    return booked


def entry_of(booked: LedgerTransaction, account: str, fen: int, month: Month, scheme="", part="") -> LedgerEntry:
    """One entry of a booking, not yet written."""
    return LedgerEntry(transaction=booked, account=account, scheme=scheme, part=part, month=month, amount_fen=fen)


def _allot(due: Mapping[Key, int], fen: int) -> tuple[dict[Key, int], int]:
    """How `fen` settles these, and what is left of it: principal, then interest, then late fees.

    Of each the oldest month comes first, and of that the people's part.
    """
    taken = {key: x for key, x in due.items() if x < 0}
    left = fen - sum(taken.values())
    if left > sum(x for x in due.values() if x > 0):
        return dict(due), fen - sum(due.values())
    for key in sorted(
        (key for key, x in due.items() if x > 0), key=lambda one: (ORDER[one[0]], one[1], one[3], one[2])
    ):
        if x := min(left, due[key]):
            taken[key], left = x, left - x
    return taken, left


def fee_by_scheme(bill: Bill, fee: int) -> dict[str, int]:
    """A late fee by scheme, in the proportion of what each was billed; the largest remainders get the last fen."""
    return fees_by_scheme({bill: fee})[bill.pk]


def fees_by_scheme(fees: Mapping[Bill, int]) -> dict[int, dict[str, int]]:
    """As `fee_by_scheme`, for many bills, by id: two queries, and none where there is no fee."""
    own, provisional = ([one for one in fees if fees[one] and one.is_provisional == told] for told in (False, True))
    weights: dict[int, dict[str, int]] = defaultdict(dict)
    of_provisional = ProvisionalLine.objects.filter(bill__in=provisional)
    for lines, bills in ((BillLine.objects.ever().of(*own), own), (of_provisional, provisional)):
        if bills:
            rows = lines.order_by().values_list("bill", "scheme")
            for pk, scheme, employer, employee in rows.annotate(Sum("employer_due"), Sum("employee_due")):
                weights[pk][scheme] = max(employer + employee, 0)
    return {bill.pk: _shared(fee, weights[bill.pk]) for bill, fee in fees.items()}


def _shared(fee: int, weights: Mapping[str, int]) -> dict[str, int]:
    if not fee:
        return {}
    whole = sum(weights.values()) or 1
    shares = {scheme: fee * weight // whole for scheme, weight in weights.items()}
    order = sorted(weights, key=lambda one: (-(fee * weights[one] % whole), one))
    for scheme in order[: fee - sum(shares.values())]:
        shares[scheme] += 1
    return {scheme: x for scheme, x in shares.items() if x}


def credit_of(employer_id: int) -> int:
    """The credit of an employer (待转金), fen."""
    return -sum(_credited(employer_id))


@prepared
def _credited(employer: int) -> QuerySet:
    """The sum of the credit account, once there is anything on it."""
    entries = LedgerEntry.objects.filter(transaction__employer=employer, account=Account.CREDIT).order_by()
    return entries.values("account").annotate(fen=Sum("amount_fen")).values_list("fen", flat=True)


def use_credit(bill: Bill) -> int:
    """Let the employer's credit pay its new bill as far as it goes; return how much, fen."""
    fen = min(credit_of(bill.employer_id), bill.total_due)
    if fen > 0:
        book_received(bill, fen, kind=Booking.CREDIT_USED, on=day_of(now()))
    return max(fen, 0)


def by_scheme(bill: Bill, kind: str, *accounts: str) -> dict[str, int]:
    """What bookings of a kind, not voided, took for a bill from these accounts, by scheme, fen."""
    return all_by_scheme([bill], [kind], *accounts)[bill.pk]


def all_by_scheme(bills: Iterable[Bill], kinds: Iterable[str], *accounts: str) -> dict[int, dict[str, int]]:
    """As `by_scheme`, of many bills by id and of several kinds together: one query."""
    found: dict[int, dict[str, int]] = {bill.pk: {} for bill in bills}
    entries = LedgerEntry.objects.filter(
        transaction__bill__in=list(found),
        transaction__kind__in=list(kinds),
        transaction__reversed_by=None,
        account__in=accounts,
    )
    for pk, scheme, fen in entries.order_by().values_list("transaction__bill", "scheme").annotate(Sum("amount_fen")):
        found[pk][scheme] = -fen
    return found
