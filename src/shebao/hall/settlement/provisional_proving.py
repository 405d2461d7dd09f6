"""What must be true of provisional bills (暂核定): their lines, what those rest on, and whom they stand for."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Value

from shebao.rules.assessed import shares_by
from shebao.rules.money import yuan

from ..prepared import prepared, streamed
from .models import Assessment, Bill, BillLine, LineKind, ProvisionalLine


def provisional_lines(bill: int | None) -> QuerySet[ProvisionalLine]:
    """The provisional lines of a bill, of every bill where none is named."""
    return ProvisionalLine.objects.filter(bill=bill) if bill else ProvisionalLine.objects.all()


@streamed
def provisional_sums(bill: int | None) -> QuerySet:
    """Bill, fen of both shares and heads of the lines of a bill, or of all bills, as those of people are told."""
    rows = provisional_lines(bill).order_by().values_list("bill")
    return rows.annotate(Sum("employer_due"), Sum("employee_due"), heads=Value(0))


@streamed
def _to_prove(bill: int | None) -> QuerySet:
    return provisional_lines(bill).select_related("bill", "basis", "evidence").order_by("pk")


def provisional_breaks(bill: int | None = None) -> Iterator[str]:
    """I-2 of the provisional lines of a bill, or of all: what they rest on is what was billed, and the amount follows
    from it to the fen.
    """
    for line in _to_prove(bill):
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
    ask = _provisionally if line.basis.is_provisional else _regularly
    return next(iter(ask(line.basis_id, line.scheme)), (0, 0))


@prepared
def _provisionally(bill: int, scheme: str) -> QuerySet:
    return provisional_lines(bill).filter(scheme=scheme).values_list("employer_due", "employee_due")


@prepared
def _regularly(bill: int, scheme: str) -> QuerySet:
    rows = BillLine.objects.ever().filter(bill=bill, scheme=scheme, kind=LineKind.REGULAR).order_by().values("bill")
    return rows.annotate(unit=Sum("employer_due"), own=Sum("employee_due")).values_list("unit", "own")


def _otherwise_assessed() -> QuerySet:
    same = Q(assessment__basis_month=F("basis_month")) | Q(assessment__basis_month=None, basis_month=None)
    return Bill.objects.ever().exclude(same).order_by("pk").values_list("number")


def _with_people() -> QuerySet:
    lines = BillLine.objects.ever().filter(bill__basis_month__isnull=False)
    return lines.order_by().values_list("bill__number").distinct()


def _of_people() -> QuerySet:
    return ProvisionalLine.objects.filter(bill__basis_month=None).order_by().values_list("bill__number").distinct()


def _beside_settled() -> QuerySet:
    settled = Assessment.objects.live().filter(employer=OuterRef("employer"), month=OuterRef("month"), series=0)
    bills = Bill.objects.live().filter(Exists(settled), basis_month__isnull=False)
    return bills.values_list("month", "number")


RULES = {
    "账单 {} 是不是暂核定，与它的核定说的不一样。": prepared(_otherwise_assessed),
    "暂核定账单 {} 有人员明细。": prepared(_with_people),
    "账单 {} 不是暂核定，却有暂核定明细。": prepared(_of_people),
    "I-17：{} 已经结算，暂核定账单 {} 还没有结清。": prepared(_beside_settled),
}


def provisional_rules() -> Iterator[str]:
    """A provisional bill has no people, its assessment says so too, and none stands beside a settled month (I-17)."""
    for sentence, wrong in RULES.items():
        for row in wrong():
            yield sentence.format(*row)
