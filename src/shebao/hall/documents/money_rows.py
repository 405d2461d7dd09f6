"""What statements about money read: rows of plain values (fen, months) from the ledger, the lines and the payments.

Nothing is computed anew: a due amount is what a line demands, a paid amount what the ledger has booked.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from shebao.rules.months import Month
from shebao.rules.region import Region

from ..employers.models import Employer
from ..payments.channels import way_title
from ..payments.models import Payment
from ..regions import region
from ..settlement.collecting import last_arrivals
from ..settlement.ledger import OWED
from ..settlement.models import DUES, Account, Bill, BillLine, LedgerEntry
from .models import Document

Row = dict[str, Any]
PARTS = ("employer", "employee")


@dataclass(frozen=True)
class Asked:
    """What a statement is asked for: whose, by whom, which months, which people (empty: all)."""

    by: Any
    employer: Employer
    first: Month
    last: Month
    people: tuple[int, ...] = ()

    @property
    def spec(self) -> Region:
        """The rules of the employer's region."""
        return region(self.employer.region)

    def bills(self) -> QuerySet[Bill]:
        """The bills of the span, the oldest first."""
        return (
            Bill.objects.visible_to(self.by)
            .live()
            .filter(employer=self.employer, month__gte=self.first, month__lte=self.last)
            .order_by("month", "pk")
        )

    def lines(self) -> QuerySet[BillLine]:
        """The lines whose month is in the span, of the people asked for."""
        rows = (
            BillLine.objects.visible_to(self.by)
            .live()
            .filter(bill__employer=self.employer, month__gte=self.first, month__lte=self.last)
        )
        return rows.filter(employee__in=self.people) if self.people else rows


@dataclass
class Booked:
    """What the ledger has of one part: demanded, paid, and what was added for being late; fen."""

    due: int = 0
    paid: int = 0
    late_due: int = 0
    late_paid: int = 0


Key = tuple[int, Month, str, str]


@dataclass
class Ledger:
    """The ledger of some bills: by bill, month, scheme and part; and when each bill was booked and paid."""

    parts: dict[Key, Booked] = field(default_factory=lambda: defaultdict(Booked))
    booked_at: dict[int, datetime] = field(default_factory=dict)
    paid_at: dict[int, datetime] = field(default_factory=dict)

    def sums(self, bill: int | None = None, month: Month | None = None, scheme: str | None = None) -> Row:
        """The money columns of whatever fits; late fees are beside both parts, and in both totals."""
        found = [
            (key[3], one)
            for key, one in self.parts.items()
            if bill in (None, key[0]) and month in (None, key[1]) and scheme in (None, key[2])
        ]
        row: Row = {}
        for part in PARTS:
            own = [one for name, one in found if name == part]
            row[f"{part}_due"], row[f"{part}_paid"] = sum(one.due for one in own), sum(one.paid for one in own)
        row["late_fee"] = sum(one.late_due for _, one in found)
        row["total_due"] = row["employer_due"] + row["employee_due"] + row["late_fee"]
        row["paid"] = row["employer_paid"] + row["employee_paid"] + sum(one.late_paid for _, one in found)
        row["owed"] = row["total_due"] - row["paid"]
        return row | {"paid_mark": mark(row["total_due"], row["owed"])}


def mark(due: int, owed: int) -> str:
    """实缴, 欠缴 or 部分缴: what a column of marks says."""
    return "实缴" if owed <= 0 else "欠缴" if owed == due else "部分缴"


def ledger_of(bills: QuerySet[Bill]) -> Ledger:
    """What the ledger has of these bills, in three queries."""
    found = Ledger()
    entries = LedgerEntry.objects.filter(transaction__bill__in=bills, account__in=(*DUES, Account.LATE_FEES)).order_by()
    keys = ("account", "transaction__bill", "month", "scheme", "part")
    sums = entries.values_list(*keys).annotate(
        due=Sum("amount_fen", filter=OWED, default=0), paid=Sum("amount_fen", filter=~OWED, default=0)
    )
    for account, *key, due, paid in sums:
        one = found.parts[tuple(key)]
        if account == Account.LATE_FEES:
            # A late fee of arrears is booked on the day it is paid: what is due of it is what was taken.
            one.late_due, one.late_paid = one.late_due - paid, one.late_paid - paid
        elif account == Account.LATE_FEES_DUE:
            one.late_due, one.late_paid = one.late_due + due, one.late_paid - paid
        else:
            one.due, one.paid = one.due + due, one.paid - paid
    for bill, booked_at in bills.values_list("pk", "transactions__booked_at"):
        if booked_at:
            found.booked_at[bill] = min(booked_at, found.booked_at.get(bill, booked_at))
    found.paid_at.update(last_arrivals(bills.values("pk")))
    return found


def day(moment: datetime | None) -> date | None:
    """The local day of a moment."""
    return timezone.make_naive(moment).date() if moment else None


def schemes_in_order(spec: Region, keys) -> list[str]:
    """Schemes in the region's order."""
    known = [key for key in spec.schemes if key in keys]
    return known + sorted(key for key in keys if key not in spec.schemes)


def short_titles(spec: Region, keys) -> str:
    """Schemes in a few signs: 养老、医疗."""
    return "、".join(
        (spec.schemes[key].short or spec.schemes[key].title) if key in spec.schemes else key
        for key in schemes_in_order(spec, set(keys))
    )


def of_bills(asked: Asked) -> list[Row]:
    """A row for each bill."""
    bills = asked.bills()
    ledger = ledger_of(bills)
    lines = BillLine.objects.ever().of(*bills).order_by()
    bases = dict(lines.values_list("bill").annotate(base=Sum("contribution_base")))
    return [
        {"month": bill.month, "bill": bill.number}
        | ({} if bill.is_provisional else {"head_count": bill.head_count, "base": bases.get(bill.pk, 0)})
        | ledger.sums(bill.pk)
        | {"paid_on": day(ledger.paid_at.get(bill.pk))}
        for bill in bills
    ]


def of_schemes(asked: Asked) -> list[Row]:
    """A row for each bill, month it is for, and scheme (台账)."""
    bills, spec = list(asked.bills()), asked.spec
    ledger = ledger_of(asked.bills())
    counted: dict[tuple, Row] = {}
    lines = BillLine.objects.live().of(*bills).order_by()
    for *key, heads, base in lines.values_list("bill", "month", "scheme").annotate(
        heads=Count("employee", distinct=True), base=Sum("contribution_base")
    ):
        counted[tuple(key)] = {"head_count": heads, "base": base or None}  # a fixed amount has no base
    kinds: dict[tuple, set[str]] = defaultdict(set)
    for *key, kind in lines.values_list("bill", "month", "scheme", "kind").distinct():
        kinds[tuple(key)].add(BillLine(kind=kind).get_kind_display())
    rows = []
    for bill in bills:
        own = sorted({key[:3] for key in ledger.parts if key[0] == bill.pk} | {k for k in counted if k[0] == bill.pk})
        order = {key: at for at, key in enumerate(schemes_in_order(spec, {key[2] for key in own}))}
        for key in sorted(own, key=lambda key: (key[1] != bill.month, str(key[1]), order[key[2]])):
            nobody = {} if bill.is_provisional else {"head_count": 0, "base": None}
            row = nobody | counted.get(key, {}) | ledger.sums(*key)
            rows.append(
                row
                | {
                    "month": key[1],
                    "booking_month": bill.month,
                    "scheme_key": key[2],
                    "scheme": spec.scheme_title(key[2]) if key[2] else "其他",
                    "line_kind": "、".join(sorted(kinds[key])) or (bill.word if bill.is_provisional else "—"),
                    "paid_on": day(ledger.paid_at.get(bill.pk)),
                    "booked_on": day(ledger.booked_at.get(bill.pk)),
                }
            )
    return rows


def of_payments(asked: Asked) -> list[Row]:
    """Every attempt to pay a bill of the span, and what became of it."""
    return [
        {
            "month": one.bill.month,
            "bill": one.bill.number,
            "payment": one.number,
            "channel": way_title(asked.spec, one.channel),
            "amount": one.amount_fen,
            "state": one.get_state_display(),
            "bank_serial": one.bank_serial,
            "started_at": one.started_at,
            "paid_at": one.paid_at,
        }
        for one in Payment.objects.filter(bill__in=asked.bills()).select_related("bill").order_by("started_at", "pk")
    ]


def of_receipts(asked: Asked) -> list[Row]:
    """The receipts and vouchers that were issued for the months of the span, and when each was first printed."""
    stages = {kind: spec["stage"] for kind, spec in asked.spec.documents.items()}
    receipts = Q(bill__in=asked.bills(), kind__in=[kind for kind, stage in stages.items() if stage == "paid"])
    vouchers = Q(
        employer=asked.employer, month__gte=asked.first, month__lte=asked.last, bill=None,
        kind__in=[kind for kind, stage in stages.items() if stage in ("ordered", "people")],
    )  # fmt: skip
    papers = Document.objects.visible_to(asked.by).filter(receipts | vouchers).select_related("issued_by")
    return [
        {
            "month": one.month,
            "document": one.title,
            "document_number": one.number,
            "amount": one.total_fen,
            "issued_at": one.issued_at,
            "issued_by": one.issued_by.name,
            "first_printed_at": one.downloaded_at,
        }
        for one in papers.defer("content").order_by("month", "issued_at", "pk")
    ]
