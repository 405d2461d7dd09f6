"""What was charged and paid: by month and scheme, by person, by bill; corrections apart."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Count, F, Q, QuerySet, Sum

from shebao.rules.months import Month, months_between

from ..clock import day_of
from ..payments.paid_lines import PaidLines, paid_lines
from ..roster.models import Person
from ..roster.queries import people_named
from ..settlement.ledger import balances, settling
from ..settlement.models import Bill, BillLine, LedgerEntry, LineKind, ProvisionalLine
from ..settlement.paying_state import paying_of
from ..settlement.queries import PROVISIONAL
from .report import KIND, MONTHS, PERSON, SCHEME, Asked, Link, Report, Shown

REGULAR = Q(kind=LineKind.REGULAR)


def lines(asked: Asked) -> QuerySet[BillLine]:
    """The charges in question."""
    found = (
        BillLine.objects.visible_to(asked.actor)
        .live()
        .filter(bill__employer=asked.employer, month__gte=asked.first_month, month__lte=asked.last_month)
    )
    if asked.scheme:
        found = found.filter(scheme=asked.scheme)
    if asked.kind:
        found = found.filter(kind=asked.kind)
    if asked.q:
        found = found.filter(employee__in=people_named(asked.actor, asked.q).filter(employer=asked.employer))
    return found


def charged(asked: Asked) -> list[dict]:
    """What each month costs by scheme, the latest first, in two queries; of what was assessed provisionally (暂核定) a
    row of its own, which names its bill and no people.
    """
    both = Sum(F("employer_due") + F("employee_due"))
    sums = {"employer": Sum("employer_due"), "employee": Sum("employee_due"), "total": both}
    people = {
        "heads": Count("employee", distinct=True),
        "base": Sum("contribution_base", filter=REGULAR, default=0),
    }
    rows = [
        row | {"bill": None, "base": row["base"] or None}
        for row in lines(asked).order_by().values("month", "scheme").annotate(**people, **sums)
    ]
    provisional = ProvisionalLine.objects.visible_to(asked.actor).filter(bill__in=bills_in(asked))
    if asked.scheme:
        provisional = provisional.filter(scheme=asked.scheme)
    nobody = {"heads": None, "base": None}
    named = provisional.order_by().values("bill", "scheme", month=F("bill__month"))
    rows += [row | nobody for row in named.annotate(**sums)]
    order = {key: place for place, key in enumerate(asked.region.schemes)}
    return sorted(
        rows,
        key=lambda row: (-row["month"].index, order.get(row["scheme"], len(order)), row["scheme"], row["bill"] or 0),
    )


def _contributions(asked: Asked) -> list[dict]:
    rows = charged(asked)
    paid = paid_of(asked, rows)
    return [row | {"paid": paid[row["month"], row["scheme"], row["bill"]]} for row in rows]


def _show_contributions(asked: Asked, rows: Iterable) -> list[dict]:
    shown = []
    for row in rows:
        month, scheme, title = str(row["month"]), row["scheme"], asked.region.scheme_title(row["scheme"])
        if row["bill"]:
            shown.append(row | {"scheme": Link(f"{title}（{PROVISIONAL}）", "bill", (row["bill"],))})
            continue
        query = (("from", month), ("to", month), ("scheme", scheme))
        shown.append(row | {"scheme": Link(title, "lines", (), query), "heads": Link(row["heads"], "lines", (), query)})
    return shown


def paid_of(asked: Asked, rows: list[dict]) -> Counter:
    """What the ledger says was paid of these rows, in fen, by month, scheme and the provisional bill."""
    months, apart = {row["month"] for row in rows}, {row["bill"] for row in rows}
    entries = LedgerEntry.objects.visible_to(asked.actor).filter(transaction__employer=asked.employer, month__in=months)
    sums = settling(entries).values_list("month", "scheme", "transaction__bill").annotate(Sum("amount_fen"))
    paid: Counter = Counter()
    for month, scheme, bill, fen in sums.order_by():
        paid[month, scheme, bill if bill in apart else None] -= fen
    return paid


def billed(asked: Asked) -> tuple[dict[Month, int], dict[str, int]]:
    """What the months of the span cost, in fen: by month (0 where nothing was billed), and by scheme; two queries.

    Both are sums of the rows that the query of contributions lists.
    """
    by_month = dict.fromkeys(months_between(asked.first_month, asked.last_month), 0)
    by_scheme: dict[str, int] = defaultdict(int)
    for row in charged(asked):
        by_month[row["month"]] += row["total"]
        by_scheme[row["scheme"]] += row["total"]
    return by_month, by_scheme


def _lines(asked: Asked) -> QuerySet[BillLine]:
    return lines(asked).select_related("employee").order_by("-month", "employee__name_pinyin", "employee", "pk")


def _show_lines(asked: Asked, rows: Iterable) -> list[dict]:
    rows = list(rows)
    numbers = dict(Person.objects.filter(pk__in={row.person_id for row in rows}).values_list("pk", "id_number"))
    paid = paid_lines({row.bill_id for row in rows})
    return [_line(asked, row, numbers.get(row.person_id, ""), paid) for row in rows]


def _line(asked: Asked, row: BillLine, number: str, paid: PaidLines) -> dict:
    def part(name: str):
        amount = getattr(row, f"{name}_due")
        has_why = asked.actor.may("settle") and getattr(row, f"{name}_evidence_id") is not None
        return Link(amount, "explain", (row.pk, name), (("month", str(row.month)),)) if has_why else amount

    return {
        "month": row.month,
        "booking_month": row.booking_month,
        "name": Link(row.employee.name, "employee", (row.employee_id,)),
        "id_number": number,
        "scheme": asked.region.scheme_title(row.scheme),
        "kind": row.get_kind_display(),
        "wage": row.declared_wage,
        "base": row.contribution_base or None,  # a fixed amount has no base
        "employer": part("employer"),
        "employee": part("employee"),
        "total": row.employer_due + row.employee_due,
        "paid_mark": paid.mark(row),
        "paid_on": day_of(at) if (at := paid.paid_at(row)) else None,
    }


def _scheme_roster(asked: Asked) -> QuerySet[BillLine]:
    return _lines(asked).select_related("employee__person", "bill")


def _show_scheme_roster(asked: Asked, rows: Iterable) -> list[dict]:
    rows = list(rows)
    paid = paid_lines({row.bill_id for row in rows})
    return [
        _line(asked, row, row.employee.person.id_number, paid)
        | {
            "person_number": row.employee.person_number,
            "bill": Link(row.bill.number, "bill", (row.bill_id,)) if asked.actor.may("settle") else row.bill.number,
        }
        for row in rows
    ]


def _corrections(asked: Asked) -> QuerySet[BillLine]:
    return _lines(asked).exclude(kind=LineKind.REGULAR)


def bills_in(asked: Asked) -> QuerySet[Bill]:
    """The bills of the span."""
    return (
        Bill.objects.visible_to(asked.actor)
        .live()
        .filter(employer=asked.employer, month__gte=asked.first_month, month__lte=asked.last_month)
    )


def _bills_in_all(asked: Asked, rows: QuerySet) -> dict[str, int]:
    booked = balances(rows).values()
    return {"paid": sum(paid for _, paid in booked), "open": sum(due - paid for due, paid in booked)}


def _show_bills(asked: Asked, rows: Iterable) -> list[dict]:
    rows = list(rows)
    booked, states = defaultdict(lambda: (0, 0), balances(rows)), paying_of(rows)
    shown = []
    for bill in rows:
        due, paid = booked[bill.pk]
        shown.append(
            {
                "month": bill.month,
                "number": Link(bill.number, "bill", (bill.pk,)),
                "heads": None if bill.is_provisional else bill.head_count,
                "employer_due": bill.employer_due,
                "employee_due": bill.employee_due,
                "total_due": due,
                "paid": paid,
                "open": due - paid,
                "pay_until": bill.pay_until,
                "state": states[bill.pk].word if paid >= due else "未缴清",
            }
        )
    return shown


AMOUNTS = (
    Shown("employer", "单位应缴（元）", "yuan", True),
    Shown("employee", "个人应缴（元）", "yuan", True),
    Shown("total", "合计（元）", "yuan", True),
)
LINE_COLUMNS = (
    Shown("month", "费款所属期", "month"),
    Shown("booking_month", "做账期", "month"),
    Shown("name", "姓名"),
    Shown("id_number", "证件号码", "id"),
    Shown("scheme", "险种"),
    Shown("kind", "应缴类型"),
    Shown("wage", "申报工资（元）", "yuan"),
    Shown("base", "缴费基数（元）", "yuan"),
    Shown("employer", "单位应缴（元）", "yuan", True, "employer_due"),
    Shown("employee", "个人应缴（元）", "yuan", True, "employee_due"),
    Shown("total", "合计（元）", "yuan", True, F("employer_due") + F("employee_due")),
    Shown("paid_mark", "缴费标志"),
    Shown("paid_on", "到账日期", "date"),
)
REPORTS = {
    "contributions": Report(
        (
            Shown("month", "费款所属期", "month"),
            Shown("scheme", "险种"),
            Shown("heads", "人数", "whole"),
            Shown("base", "缴费基数合计（元）", "yuan"),
            *AMOUNTS,
            Shown("paid", "实缴（元）", "yuan", True),
        ),
        (MONTHS, SCHEME),
        _contributions,
        _show_contributions,
        permission="settle",
    ),
    "contribution_lines": Report(
        LINE_COLUMNS, (MONTHS, SCHEME, PERSON, KIND), _lines, _show_lines, permission="settle"
    ),
    "scheme_roster": Report(
        (
            Shown("month", "费款所属期", "month"),
            Shown("name", "姓名"),
            Shown("id_number", "证件号码", "id"),
            Shown("person_number", "个人编号"),
            *LINE_COLUMNS[5:6],
            *LINE_COLUMNS[8:],
            Shown("bill", "账单号"),
        ),
        (MONTHS, PERSON),
        _scheme_roster,
        _show_scheme_roster,
        "笔",
        heads="employee",
    ),
    "corrections": Report(LINE_COLUMNS, (MONTHS, SCHEME, PERSON, KIND), _corrections, _show_lines, permission="settle"),
    "bills": Report(
        (
            Shown("month", "费款所属期", "month"),
            Shown("number", "账单号"),
            Shown("heads", "人数", "whole"),
            Shown("employer_due", "单位应缴（元）", "yuan", True),
            Shown("employee_due", "个人应缴（元）", "yuan", True),
            Shown("total_due", "应缴合计（元）", "yuan", True),
            Shown("paid", "实缴（元）", "yuan"),
            Shown("open", "未缴（元）", "yuan"),
            Shown("pay_until", "缴费截止", "moment"),
            Shown("state", "状态"),
        ),
        (MONTHS,),
        bills_in,
        _show_bills,
        "张账单",
        "settle",
        more_totals=_bills_in_all,
    ),
}  # fmt: skip
