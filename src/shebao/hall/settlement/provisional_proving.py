"""What must be true of provisional bills (暂核定): their lines, what those rest on, and whom they stand for."""

from collections.abc import Iterator

from django.db.models import F, Q, QuerySet, Sum

from shebao.rules.assessed import shares_by
from shebao.rules.money import yuan

from .models import Assessment, Bill, BillLine, LineKind, ProvisionalLine


def provisional_sums(lines: QuerySet[ProvisionalLine]) -> dict[int, dict]:
    """The sums of provisional lines by bill, as those of the lines of people are told."""
    rows = lines.order_by().values("bill").annotate(unit=Sum("employer_due"), own=Sum("employee_due"))
    return {row["bill"]: row | {"heads": 0} for row in rows}


def provisional_breaks(lines: QuerySet[ProvisionalLine]) -> Iterator[str]:
    """I-2 of provisional lines: what they rest on is what was billed, and the amount follows from it to the fen."""
    rows = lines.select_related("bill", "basis", "evidence").order_by("pk")
    for line in rows.iterator(chunk_size=2000):
        name = f"账单 {line.bill.number} 的暂核定 {line.scheme}"
        billed = _billed(line)
        if billed != (line.employer_base, line.employee_base):
            said, found = yuan(line.base), yuan(sum(billed))
            yield f"I-2：{name}所按的缴费额记的是 {said} 元，账单 {line.basis.number} 上是 {found} 元。"
        due = shares_by(line.evidence.data, line.employer_base, line.employee_base) if line.base else (0, 0)
        if due != (line.employer_due, line.employee_due):
            yield f"I-2：{name}记的是 {yuan(line.total)} 元，按依据应为 {yuan(sum(due))} 元。"
        if line.basis.employer_id != line.bill.employer_id or line.basis.month != line.bill.basis_month:
            yield f"I-2：{name}所按的账单 {line.basis.number} 不是这个单位 {line.bill.basis_month} 的账单。"


def _billed(line: ProvisionalLine) -> tuple[int, int]:
    """What the bill that a line rests on demanded of the scheme for its own month; voided since or not."""
    if line.basis.is_provisional:
        return ProvisionalLine.objects.filter(bill=line.basis, scheme=line.scheme).values_list(
            "employer_due", "employee_due"
        ).first() or (0, 0)
    rows = BillLine.objects.ever().filter(bill=line.basis, scheme=line.scheme, kind=LineKind.REGULAR)
    sums = rows.aggregate(unit=Sum("employer_due", default=0), own=Sum("employee_due", default=0))
    return sums["unit"], sums["own"]


def provisional_rules() -> Iterator[str]:
    """A provisional bill has no people, its assessment says so too, and none stands beside a settled month (I-17)."""
    bills = Bill.objects.ever()
    wrong = Q(assessment__basis_month=F("basis_month")) | Q(assessment__basis_month=None, basis_month=None)
    for number in bills.exclude(wrong).order_by("pk").values_list("number", flat=True):
        yield f"账单 {number} 是不是暂核定，与它的核定说的不一样。"
    both = BillLine.objects.ever().filter(bill__basis_month__isnull=False).order_by().values_list("bill__number")
    for (number,) in both.distinct():
        yield f"暂核定账单 {number} 有人员明细。"
    alone = ProvisionalLine.objects.filter(bill__basis_month=None).order_by().values_list("bill__number")
    for (number,) in alone.distinct():
        yield f"账单 {number} 不是暂核定，却有暂核定明细。"
    settled = Assessment.objects.live().filter(series=0).values("employer", "month")
    for number, employer, month in bills.filter(basis_month__isnull=False, assessment__voided_at=None).values_list(
        "number", "employer", "month"
    ):
        if settled.filter(employer=employer, month=month).exists():
            yield f"I-17：{month} 已经结算，暂核定账单 {number} 还没有结清。"
