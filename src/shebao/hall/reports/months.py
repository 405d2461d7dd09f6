"""月度汇总: what each month came to, and how that compares with the month before and with the year before."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count

from shebao.rules.months import Month

from ..settlement.models import Bill
from .money import AMOUNTS, bills_in, charged, lines, paid_of
from .report import MONTHS, SCHEME, Asked, Link, Report, Shown

A_YEAR = 12
"""So many months before the span are read too: the year before of each of its months is among them."""
TENTH_OF_PERCENT = Decimal("0.001")


def month_sums(asked: Asked) -> list[dict]:
    """A row for each month of the span that was billed, the latest first; four queries, however many months.

    The base is that of the scheme with the most: the same wage is the base of several, and is not added up. What is
    compared is the total (环比: the month before, 同比: the same month of the year before); None without one.
    """
    wider = replace(asked, first_month=asked.first_month.previous(A_YEAR))
    rows = charged(wider)
    sums: dict[Month, Counter] = defaultdict(Counter)
    for row in rows:
        sums[row["month"]].update({part: row[part] for part in ("employer", "employee", "total")})
    bases: dict[Month, int] = defaultdict(int)
    for (month, _), fen in _base_of(rows).items():
        bases[month] = max(bases[month], fen)
    wanted = [row for row in rows if row["month"] >= asked.first_month]
    paid: Counter = Counter()
    for (month, *_), fen in paid_of(asked, wanted).items():
        paid[month] += fen
    people = lines(asked).order_by().values_list("month").annotate(Count("employee", distinct=True))
    heads = dict(people)
    return [
        {
            "month": month,
            "heads": heads.get(month),
            "base": bases[month] or None,
            **{part: sums[month][part] for part in ("employer", "employee", "total")},
            "paid": paid[month],
            "on_month": growth(sums, month, month.previous()),
            "on_year": growth(sums, month, month.previous(A_YEAR)),
        }
        for month in sorted({row["month"] for row in wanted}, reverse=True)
    ]


def _base_of(rows: Iterable[dict]) -> Counter:
    found: Counter = Counter()
    for row in rows:
        found[row["month"], row["scheme"]] += row["base"] or 0
    return found


def growth(sums: dict[Month, Counter], month: Month, before: Month) -> Decimal | None:
    """By how much the total grew since the month `before`, to a tenth of a percent; None where that had none."""
    if before not in sums or sums[before]["total"] <= 0:
        return None
    old = sums[before]["total"]
    return (Decimal(sums[month]["total"] - old) / old).quantize(TENTH_OF_PERCENT, ROUND_HALF_UP)


def _show(asked: Asked, rows: Iterable[dict]) -> list[dict]:
    rows = list(rows)
    bills = _bill_of(asked, {row["month"] for row in rows})
    return [row | _links(row["month"], row["total"], bills) for row in rows]


def _links(month: Month, total: int, bills: dict[Month, int]) -> dict:
    """The month leads to its bill, its total to the schemes."""
    span = (("from", str(month)), ("to", str(month)))
    bill = bills.get(month)
    return {"month": Link(month, "bill", (bill,)) if bill else month, "total": Link(total, "schemes", (), span)}


def _bill_of(asked: Asked, months: set[Month]) -> dict[Month, int]:
    """The bill of each month; of several the one of the month itself, not one of back payments."""
    found: dict[Month, Bill] = {}
    for bill in bills_in(asked).filter(month__in=months).order_by("series", "pk"):
        found.setdefault(bill.month, bill)
    return {month: bill.pk for month, bill in found.items()}


REPORTS = {
    "month_summary": Report(
        (
            Shown("month", "费款所属期", "month"),
            Shown("heads", "缴费人数", "whole"),
            Shown("base", "缴费基数合计（元）", "yuan"),
            *AMOUNTS,
            Shown("paid", "实缴（元）", "yuan", True),
            Shown("on_month", "环比", "growth"),
            Shown("on_year", "同比", "growth"),
        ),
        (MONTHS, SCHEME),
        month_sums,
        _show,
        "个月",
        "settle",
        note="环比与上个月比，同比与上年同月比，比的都是应缴合计；缴费基数合计取各险种中最大的一项，不重复相加。",
    ),
}
