"""What must be true between the books: bills and assessments, lines and people, payments and bookings, evidence.

`ledger.check_ledger` proves the amounts; this proves that everything belongs where it says. Reads past every scope,
because a row that fell out of its scope is what is looked for.
"""

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_

from django.apps import apps
from django.db import connection
from django.db.models import F, Model, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from shebao.rules.contributions import Evidence as Told
from shebao.rules.money import yuan

from ..fields import MonthField
from ..payments.models import BankNotice, Payment, PaymentState
from ..prepared import prepared, streamed
from .evidences import stated
from .models import TERMS, Account, Assessment, Bill, BillLine, Evidence, LedgerTransaction, LineKind

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


def unreadable_months() -> Iterator[str]:
    """A sentence for every stored month (费款所属期 …) that is none, of any table: its row cannot be read."""
    fields = _months()
    with connection.cursor() as cursor:
        asked = " UNION ALL ".join(_unreadable(place, model, field) for place, (model, field) in enumerate(fields))
        cursor.execute(f"{asked} ORDER BY 1, 2", [MONTH] * len(fields))
        found = cursor.fetchall()
    for place, pk, stored in found:
        model, field = fields[place]
        name = f"{model._meta.verbose_name}第 {pk} 行"
        yield f"{name}的{field.verbose_name}是“{stored}”，不是年月，读不出来；更正之前其他核对没有做完。"


@cache
def _months() -> list[tuple[type[Model], MonthField]]:
    """Every column of months that there is."""
    columns = ((model, field) for model in apps.get_models() for field in model._meta.concrete_fields)
    return [(model, field) for model, field in columns if isinstance(field, MonthField)]


def _unreadable(place: int, model: type[Model], field: MonthField) -> str:
    """The question after one column; all of them are one statement."""
    quote = connection.ops.quote_name
    column, key, table = quote(field.column), quote(model._meta.pk.column), quote(model._meta.db_table)
    matches = f"CAST({column} AS text) {connection.operators['regex']}"
    return f"SELECT {place}, {key}, CAST({column} AS text) FROM {table} WHERE {column} IS NOT NULL AND NOT {matches}"


def relation_breaks() -> Iterator[str]:
    """Yield a sentence for everything that belongs to two different employers, months or people, or to nothing."""
    for sentence, wrong in RELATIONS.items():
        for row in wrong():
            yield sentence.format(*row)
    yield from _line_relations()
    yield from _payment_breaks()
    yield from _evidence_breaks()


def _rows(queryset: QuerySet, *columns: str) -> QuerySet:
    return queryset.order_by("pk").values_list(*columns)


RELATIONS = {
    "核定 {}（{}）没有账单。": prepared(lambda: _rows(Assessment._base_manager.filter(bill=None), "number", "month")),
    "账单 {} 记在 {} 名下，核定却是 {} 的。": prepared(
        lambda: _rows(
            Bill._base_manager.exclude(employer=F("assessment__employer")),
            "number",
            "employer__name",
            "assessment__employer__name",
        )
    ),
    "账单 {} 写的是 {}，核定的是 {}。": prepared(
        lambda: _rows(Bill._base_manager.exclude(month=F("assessment__month")), "number", "month", "assessment__month")
    ),
    "账单 {} 的第 {} 笔记账记在 {} 名下，账单是 {} 的。": prepared(
        lambda: _rows(
            LedgerTransaction._base_manager.filter(bill__isnull=False).exclude(employer=F("bill__employer")),
            "bill__number",
            "pk",
            "employer__name",
            "bill__employer__name",
        )
    ),
    "缴费 {} 的第 {} 笔记账记到了别的账单上。": prepared(
        lambda: _rows(
            LedgerTransaction._base_manager.filter(payment__isnull=False).exclude(bill=F("payment__bill")),
            "payment__number",
            "pk",
        )
    ),
    "缴费 {} 已作废，没有是谁、为什么作废的记录。": prepared(
        lambda: _rows(
            Payment._base_manager.filter(Q(receipt=None) | Q(receipt__voided_at=None), state=PaymentState.VOIDED),
            "number",
        )
    ),
    "缴费 {} 记在 {} 名下，账单是 {} 的。": prepared(
        lambda: _rows(
            Payment._base_manager.exclude(employer=F("bill__employer")),
            "number",
            "employer__name",
            "bill__employer__name",
        )
    ),
    "银行通知 {} 记为已入账，缴费 {} 却没有成功。": prepared(
        lambda: _rows(
            BankNotice._base_manager.filter(outcome="booked").exclude(payment__state=PaymentState.SUCCEEDED),
            "message_id",
            Coalesce("payment__number", Value("（无）")),
        )
    ),
}
"""What is wrong of rows that belong together → the question after such, whose columns the sentence takes."""


LINE_RELATIONS = {
    "{}的 {} 不是本单位的人员。": ~Q(employee__employer=F("bill__employer")),
    "{}记的自然人与 {} 不是同一个人。": ~Q(person=F("employee__person")),
    "{}（{}）的地区与单位不符。": ~Q(region=F("bill__employer__region")),
    "{}（{}）的做账期不是账单的月份。": ~Q(booking_month=F("bill__month")),
    "{}（{}）早于账单记的最早所属期，账单页面上看不到它。": Q(month__lt=F("bill__first_month")),
    "{}（{}）是正常应缴，费款所属期却不是做账期。": Q(kind=LineKind.REGULAR) & ~Q(month=F("booking_month")),
}
"""What is wrong of a line → which lines: the sentence takes the line and the person."""


def _line_relations() -> Iterator[str]:
    """One pass over the lines; which rule a line breaks is asked only where there is one."""
    if _astray():
        for sentence, wrong in LINE_RELATIONS.items():
            lines = BillLine._base_manager.filter(wrong)
            for number, pk, name in _rows(lines, "bill__number", "pk", "employee__name").iterator(2000):
                yield sentence.format(f"账单 {number} 第 {pk} 行", name)


@prepared
def _astray() -> QuerySet:
    return BillLine._base_manager.filter(reduce(or_, LINE_RELATIONS.values())).values_list("pk")[:1]


def _payment_breaks() -> Iterator[str]:
    """I-4: what the bank paid in is booked with exactly that amount, and nothing is booked that it did not pay in."""
    for number, bill, state, said, booked in _payments_otherwise():
        title = PaymentState(state).label
        yield f"I-4：缴费 {number}（账单 {bill}）“{title}”{yuan(said)} 元，账上到账 {yuan(booked)} 元。"


@prepared
def _payments_otherwise() -> QuerySet:
    payments = Payment._base_manager.annotate(
        booked=Sum(
            "transactions__entries__amount_fen",
            filter=Q(transactions__entries__account=Account.BANK, transactions__reversed_by=None),
            default=0,
        )
    )
    succeeded = Q(state=PaymentState.SUCCEEDED)
    wrong = payments.filter(succeeded).exclude(booked=F("amount_fen")) | payments.exclude(succeeded).exclude(booked=0)
    return _rows(wrong, "number", "bill__number", "state", "amount_fen", "booked")


def _evidence_breaks() -> Iterator[str]:
    """Evidence is named by its content, and its terms are those of its content: what was changed afterwards is not."""
    for pk, digest, data, *terms in _evidences():
        told = Told(data)
        if told.digest != digest:
            yield f"计算依据 {digest} 的内容被改动过，涉及{_lines_of(pk)}。"
        elif tuple(terms) != stated(told):
            yield f"I-2：计算依据 {digest} 的算式与内容不符，涉及{_lines_of(pk)}。"


def _lines_of(evidence: int) -> str:
    lines = BillLine._base_manager.filter(Q(employer_evidence=evidence) | Q(employee_evidence=evidence))
    bill = lines.order_by("pk").values_list("bill__number", flat=True).first()
    return f"账单 {bill or '（无）'} 等 {lines.count()} 行"


@streamed
def _evidences() -> QuerySet:
    return _rows(Evidence._base_manager.all(), "pk", "digest", "data", *TERMS)
