"""What is true of the money whatever happened (I-3 … I-12): a rule is a query, a break a sentence with its number."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from shebao.rules.money import yuan
from shebao.rules.months import Month

from ..bulk import in_chunks
from ..payments.models import Clearing, PaymentState
from ..prepared import prepared, streamed
from ..regions import region
from ..roster.models import DeclaredWage, Spell
from ..supplements.models import YearlyCover
from .bank_proving import statement_breaks, suspense_breaks
from .billed import Billed, charged_facts
from .collecting import ARRIVING, COUNTS_FROM, day_of, late_fee_of
from .evidences import data_of
from .giving_back import given_back_breaks
from .left_out import left_out
from .models import (
    BEARING,
    CHARGING,
    DUES,
    Account,
    Assessment,
    BackPayment,
    Bill,
    BillLine,
    Booking,
    LedgerEntry,
    LedgerTransaction,
    LineKind,
    Refund,
)

YOUNGEST = 16
WHOSE = "bill__number", "employee__name", "month"
WHY = "employer_evidence", "employee_evidence"
KIND = "region", "scheme", *WHY, *(f"adjusts__{name}" for name in WHY)
"""What of an adjustment says whether it is of another fact than the charge that it corrects."""
PASSING = (Account.BANK, Account.CREDIT, Account.SUSPENSE)


def broken_rules() -> Iterator[str]:
    """A sentence for every break of a rule that holds between rows; nothing where all is well."""
    for rule in (
        suspense_breaks,
        statement_breaks,
        _credit,
        _refunds,
        _voids,
        _late_fees,
        _charged_twice,
        given_back_breaks,
        _overlapping_spells,
        _months,
        _charged_without_spell,
        _adjusted_at_no_wage,
        _adjusted_by_no_fact,
        _heads,
        left_out,
    ):
        yield from rule()


def _credit() -> Iterator[str]:
    """I-5: nobody's credit is below nothing, so no refund is above what there was."""
    for name, fen in _overdrawn():
        yield f"I-5：{name}的待转金是负数：−{yuan(fen)} 元。"


@prepared
def _overdrawn() -> QuerySet:
    held = LedgerEntry.objects.filter(account=Account.CREDIT).order_by().values("transaction__employer")
    sums = held.annotate(fen=Sum("amount_fen")).filter(fen__gt=0)
    return sums.values_list("transaction__employer__name", "fen")


def _refunds() -> Iterator[str]:
    """I-5: what leavers got back was paid before, became credit whole, and was declared."""
    for bill, number, total, fen in _credited():
        if fen != -total:
            yield f"I-5：退费 {number} 应退 {yuan(-total)} 元，转入待转金的是 {yuan(fen)} 元。"
        for behind, left in _owed_behind(bill):
            yield f"I-5：退费 {number} 退的是账单 {behind} 的费用，那张账单还欠 {yuan(left)} 元。"
    for number, name, month in _returned_unasked():
        yield f"I-5：账单 {number} 全额退了 {name} {month} 的费用，没有退费申报。"


@streamed
def _credited() -> QuerySet:
    booked = LedgerTransaction.objects.filter(kind=Booking.CREDITED, reversed_by=None).order_by("pk")
    credit = Sum("entries__amount_fen", filter=Q(entries__account=Account.CREDIT), default=0)
    return booked.annotate(fen=-credit).values_list("bill", "bill__number", "bill__total_due", "fen")


@prepared
def _owed_behind(refund: int) -> QuerySet:
    behind = BillLine.objects.ever().filter(adjusted_by__bill=refund).values("bill")
    demands = LedgerEntry.objects.filter(transaction__bill__in=behind, account__in=DUES)
    sums = demands.order_by().values("transaction__bill__number").annotate(fen=Sum("amount_fen")).filter(fen__gt=0)
    return sums.values_list("transaction__bill__number", "fen")


@prepared
def _returned_unasked() -> QuerySet:
    claim = Refund.objects.filter(is_voided=False, employee=OuterRef("employee"), month=OuterRef("month"))
    returned = BillLine.objects.live().filter(adjusts__isnull=False, **dict.fromkeys(WHY))
    return returned.filter(~Exists(claim)).values_list(*WHOSE)


def _voids() -> Iterator[str]:
    """I-6: a voided bill holds nothing and charges nobody; one in force has no voided line; a mirror is exact."""
    for number, count in _lines_otherwise_voided():
        yield f"I-6：账单 {number} 有 {count} 行明细的作废与账单不一致。"
    for number, account, *_, fen in _left_on_voided():
        yield f"I-6：作废的账单 {number} 在 {account} 还有 {yuan(fen)} 元。"
    for pk, of in _mirrors_of_payments():
        for account, *_, fen in _left_of_both([pk, of])[:1]:
            yield f"I-6：第 {pk} 笔冲回与原记账不符，{account} 还差 {yuan(fen)} 元。"
    for number in _mirrored_in_force():
        yield f"I-6：账单 {number} 没有作废，账上却有冲回。"
    for number in _voided_by_nobody():
        yield f"I-6：核定 {number} 已作废，没有是谁、为什么作废的记录。"


@prepared
def _lines_otherwise_voided() -> QuerySet:
    voided = Q(bill__assessment__voided_at__isnull=False)
    wrong = BillLine.objects.ever().filter((voided & Q(is_voided=False)) | (~voided & Q(is_voided=True)))
    return wrong.order_by().values_list("bill__number").annotate(Count("pk"))


@prepared
def _left_on_voided() -> QuerySet:
    left = LedgerEntry.objects.filter(transaction__bill__assessment__voided_at__isnull=False).order_by()
    # What was paid of a provisional bill came, and went on to the settled one: neither is an account of the bill.
    left = left.exclude(transaction__bill__basis_month__isnull=False, account__in=PASSING)
    rows = left.values_list("transaction__bill__number", "account", "scheme", "part", "month")
    return rows.annotate(fen=Sum("amount_fen")).exclude(fen=0)


@streamed
def _mirrors_of_payments() -> QuerySet:
    mirrors = LedgerTransaction.objects.filter(kind=Booking.VOIDED)
    mirrors = mirrors.filter(Q(reverses__payment__isnull=False) | Q(reverses__suspense__isnull=False))
    return mirrors.values_list("pk", "reverses")


@prepared
def _left_of_both(bookings: list[int]) -> QuerySet:
    both = LedgerEntry.objects.filter(transaction__in=bookings)
    sums = both.order_by("account").values_list("account", "scheme", "part", "month").annotate(fen=Sum("amount_fen"))
    return sums.exclude(fen=0)


@prepared
def _mirrored_in_force() -> QuerySet:
    mirrors = LedgerTransaction.objects.filter(
        kind=Booking.VOIDED, bill__isnull=False, bill__assessment__voided_at__isnull=True
    )
    mirrors = mirrors.exclude(reverses__payment__state=PaymentState.VOIDED)
    mirrors = mirrors.exclude(reverses__suspense__clearing=Clearing.CORRECTED)
    return mirrors.values_list("bill__number", flat=True)


@prepared
def _voided_by_nobody() -> QuerySet:
    without = Assessment.objects.ever().filter(voided_at__isnull=False).exclude(void_requests__state="voided")
    settled = Assessment.objects.ever().filter(employer=OuterRef("employer"), month=OuterRef("month"), series=0)
    without = without.exclude(Q(basis_month__isnull=False) & Exists(settled))
    return without.values_list("number", flat=True)


def _late_fees() -> Iterator[str]:
    """I-7: no more late fee was taken than principal and days give."""
    fees: dict[int, tuple[int, date]] = {}
    for pk, at, fen in _fees_taken():
        before, last = fees.get(pk, (0, date.min))
        fees[pk] = before - fen, max(last, day_of(at))
    for pks in in_chunks(fees, 500):
        for bill in _bills(pks):
            fen, last = fees[bill.pk]
            most = late_fee_of(bill, last).whole
            if not 0 <= fen <= most:
                yield f"I-7：账单 {bill.number} 收了滞纳金 {yuan(fen)} 元，按本金和天数至多 {yuan(most)} 元。"


@streamed
def _fees_taken() -> QuerySet:
    # What a provisional bill took was let go of again: for the bill that it went on to it is asked there.
    kinds = (*ARRIVING, Booking.RELEASED)
    arriving = LedgerEntry.objects.filter(transaction__kind__in=kinds, transaction__bill__isnull=False)
    # What a voided receipt took was given back, and may have been taken again since.
    arriving = arriving.filter(transaction__reversed_by=None)
    taken = arriving.filter(account=Account.LATE_FEES).annotate(at=Coalesce(*COUNTS_FROM))
    return taken.order_by().values_list("transaction__bill", "at").annotate(Sum("amount_fen"))


@prepared
def _bills(pks: list[int]) -> QuerySet[Bill]:
    return Bill.objects.ever().filter(pk__in=pks).select_related("employer")


def _charged_twice() -> Iterator[str]:
    """I-9: one live charge, regular or paid back, for a person, scheme and month in the whole system."""
    for name, _, scheme, month, count in _charges_twice():
        yield f"I-9：{name} {month} {scheme} 有 {count} 笔应缴。"
    for name, _, month, _, count in _assessed_twice():
        yield f"I-9：{name} {month} 有 {count} 次核定。"


@prepared
def _charges_twice() -> QuerySet:
    live = BillLine.objects.live().filter(kind__in=CHARGING, is_exclusive=True, is_given_back=False).order_by()
    rows = live.values_list("person__name", "person", "scheme", "month")
    return rows.annotate(count=Count("pk")).filter(count__gt=1)


@prepared
def _assessed_twice() -> QuerySet:
    months = Assessment.objects.live().order_by().values_list("employer__name", "employer", "month", "series")
    return months.annotate(count=Count("pk")).filter(count__gt=1)


def _overlapping_spells() -> Iterator[str]:
    """I-11: an employee's spells in a scheme do not overlap, nor a person's with whichever employer.

    What several employers may have at once (part-time injury, the injury of projects) is not exclusive.
    """
    for name, scheme, month in _spells_over_another():
        yield f"I-11：{name} {scheme} 自 {month} 起的参保期间与另一段重叠。"


@prepared
def _spells_over_another() -> QuerySet:
    other = Spell.objects.filter(
        Q(last_month__isnull=True) | Q(last_month__gte=OuterRef("first_month")),
        scheme=OuterRef("scheme"),
        is_voided=False,
        first_month__lte=OuterRef("first_month"),
    ).exclude(pk=OuterRef("pk"))
    # Apart, each by its index: an OR of the two would read every spell for every spell.
    own = other.filter(employee=OuterRef("employee"))
    elsewhere = other.filter(person=OuterRef("person"), is_exclusive=True)
    wrong = Spell.objects.filter(Exists(own) | Q(Exists(elsewhere), is_exclusive=True), is_voided=False)
    return wrong.order_by("pk").values_list("employee__name", "scheme", "first_month")


def _months() -> Iterator[str]:
    """I-12: nobody is charged before the employer began, before sixteen, or for a month after it is booked; no bill is
    for a month after the latest that could be assessed when it was made.

    A month that is paid back may be earlier than the employer, however often it is corrected: the region's data says
    which.
    """
    for number, month in _outside_its_time():
        yield f"I-12：账单 {number} 有 {month} 的明细，不在单位参保起始之后、做账期之前。"
    for number, month, last in _to_come():
        yield f"I-12：账单 {number} 是 {month} 的，核定时最晚可以核定 {last}。"
    for name, day, first in _first_charges():
        if first < Month.of(day).next(12 * YOUNGEST):
            yield f"I-12：{name}在 {first} 还不满 {YOUNGEST} 周岁，已有应缴。"


@prepared
def _outside_its_time() -> QuerySet:
    same = {name: OuterRef(name) for name in ("employee", "scheme", "month")}
    paid_back = Exists(BackPayment.objects.filter(**same))
    back = Q(kind=LineKind.BACK_PAYMENT) | Q(kind__in=BEARING) | Q(adjusts__isnull=False) & paid_back
    early = Q(month__lt=F("bill__employer__first_month")) & ~back
    wrong = BillLine.objects.live().filter(early | Q(month__gt=F("booking_month")))
    return wrong.order_by("pk").values_list("bill__number", "month")


@prepared
def _to_come() -> QuerySet:
    wrong = Bill.objects.ever().filter(month__gt=F("last_month")).order_by("pk")
    return wrong.values_list("number", "month", "last_month")


@streamed
def _first_charges() -> QuerySet:
    lines = BillLine.objects.live().filter(person__born_on__isnull=False).order_by()
    return lines.values_list("person__name", "person__born_on").annotate(first=Min("month"))


def _charged_without_spell() -> Iterator[str]:
    """I-8: a regular charge has a spell of the employee that began by then, or is of a year that they joined."""
    for number, name, month, scheme in _without_spell():
        yield f"I-8：账单 {number} 有 {name} {month} {scheme} 的应缴，没有参保期间。"


@prepared
def _without_spell() -> QuerySet:
    spell = Spell.objects.filter(
        employee=OuterRef("employee"), scheme=OuterRef("scheme"), first_month__lte=OuterRef("month"), is_voided=False
    )
    cover = YearlyCover.objects.filter(
        employee=OuterRef("employee"), scheme=OuterRef("scheme"), charged_in=OuterRef("month"), is_voided=False
    )
    wrong = BillLine.objects.live().filter(~Exists(spell), ~Exists(cover), kind=LineKind.REGULAR).order_by("pk")
    return wrong.values_list(*WHOSE, "scheme")


def _adjusted_at_no_wage() -> Iterator[str]:
    """I-8: an adjustment is of the wage of the charge that it corrects, or of one that corrected the month's."""
    for number, name, month, scheme in _at_no_wage():
        yield f"I-8：账单 {number} 按另一工资给 {name} {month} {scheme} 补差，没有工资更正。"


@prepared
def _at_no_wage() -> QuerySet:
    correction = DeclaredWage.objects.filter(
        employee=OuterRef("employee"), first_month=OuterRef("month"), amount_fen=OuterRef("declared_wage"),
        is_correction=True,
    )  # fmt: skip
    other = BillLine.objects.ever().filter(~Q(declared_wage=F("adjusts__declared_wage")), adjusts__isnull=False)
    return other.filter(~Exists(correction)).order_by("pk").values_list(*WHOSE, "scheme")


def _adjusted_by_no_fact() -> Iterator[str]:
    """I-8: an adjustment is read from the tables by the facts of the charge that it corrects, or by those that
    corrected the month's, such as the tier (缴费档次). Each pair of evidences is compared once.
    """
    pairs = set(_kinds_of_adjustments())
    known, other = data_of({pk for pair in pairs for pk in pair[2:]}), {}
    for pair in pairs:
        new, old = (charged_facts(region(pair[0]), Billed(0, pair[1], 0, *pks), known) for pks in (pair[2:4], pair[4:]))
        if moved := {fact: key for fact, key in new.items() if old.get(fact, key) != key}:
            other[pair] = moved
    of_other = (Q(**{f"{name}__in": {pair[place] for pair in other}}) for place, name in enumerate(WHY, 2))
    found = _adjustments().filter(reduce(or_, of_other)).order_by("pk")
    words = "employee", "month", "bill__number", "employee__name"
    for *pair, employee, month, number, name in found.values_list(*KIND, *words) if other else ():
        said = DeclaredWage.objects.filter(employee=employee, first_month=month, is_correction=True)
        wanted = other.get(tuple(pair), {}).items()
        if wanted and not any(wanted <= (facts or {}).items() for facts in said.values_list("facts", flat=True)):
            yield f"I-8：账单 {number} 按另一档次给 {name} {month} {pair[1]} 补差，没有更正。"


@streamed
def _kinds_of_adjustments() -> QuerySet:
    return _adjustments().values_list(*KIND).distinct()


def _adjustments() -> QuerySet[BillLine]:
    return BillLine.objects.ever().filter(adjusts__isnull=False).exclude(**dict.fromkeys(WHY)).order_by()


def _heads() -> Iterator[str]:
    """I-13: month by month, an employer's heads in a scheme are those before, plus who came, less who went."""
    for (_, scheme, name), own in groupby(_spells_by_employer(), key=itemgetter(0, 1, 2)):
        yield from _head_breaks(name, scheme, [row[3:] for row in own])


@streamed
def _spells_by_employer() -> QuerySet:
    here = Spell.objects.filter(is_voided=False).order_by("employee__employer", "scheme")
    return here.values_list(
        "employee__employer", "scheme", "employee__employer__name", "employee", "first_month", "last_month"
    )


def _head_breaks(name: str, scheme: str, spells: list[tuple]) -> Iterator[str]:
    moved: Counter[int] = Counter()
    changed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for employee, first, last in spells:
        moved[first.index] += 1
        changed[first.index].append((employee, 1))
        if last is not None:
            moved[last.index + 1] -= 1
            changed[last.index + 1].append((employee, -1))
    expected, held = 0, Counter()
    for index in sorted(changed):
        expected += moved[index]
        for employee, change in changed[index]:
            held[employee] += change
        heads = sum(count > 0 for count in held.values())
        if heads != expected:
            text = f"按增减应为 {expected} 人，在保的是 {heads} 人"
            yield f"I-13：{name} {scheme} {Month.from_index(index)} {text}。"
            return
