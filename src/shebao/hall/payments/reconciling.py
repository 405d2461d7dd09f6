"""The bank's statement of a day against the ledger (对账): what is missing is booked, what differs is listed."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from shebao.bank.client import BankRefused, BankUnreachable
from shebao.rules.money import yuan

from ..audit.operations import record
from ..clock import now, today
from ..errors import Refused, permit
from ..regions import all_regions
from ..settlement.collecting import day_of
from .channels import bank_client
from .models import UNDECIDED, Payment, PaymentState, Reconciliation, SuspenseItem
from .operations import apply_answer
from .suspense import suspend_proven

MOST_DAYS = 7


def reconcile_day(day: date, *, by, region: str) -> Reconciliation:
    """Compare a day's statement of the bank with what the ledger of a region says arrived, and keep the outcome.

    An attempt whose result was unknown gets it; money without an order goes to suspense. Safe to repeat. `by` is None
    for the nightly run. Raises Refused when the bank does not answer.
    """
    if by is not None:
        permit(by, "reconcile", "对账")
    rows = statement_of(day)
    attempts = Payment.objects.select_related("bill", "employer").in_bulk(
        [row["order_id"] for row in rows], field_name="number"
    )
    ours = [row for row in rows if (one := attempts.get(row["order_id"])) is None or one.employer.region == region]
    differences = [text for row in ours if (text := _compare(row, attempts.get(row["order_id"])))]
    lines = {row["bank_serial"]: row["amount_fen"] for row in ours}
    differences += _missing_at_bank(day, region, {row["order_id"] for row in ours}, lines)
    with transaction.atomic():
        arrived = list(_arrived(day, region))
        made = Reconciliation.objects.create(
            region=region,
            day=day,
            bank_count=len(ours),
            bank_fen=sum(row["amount_fen"] for row in ours),
            ledger_count=len(arrived),
            ledger_fen=sum(arrived),
            differences=differences,
            lines=lines,
            made_by=by,
            made_at=now(),
        )
        record("bank.reconciled", made, by=by, count=len(ours), findings=len(differences))
    return made


def reconcile_what_is_over() -> list[Reconciliation]:
    """Every region's days that are over and were not compared since the last one that was, a week back at most.

    What `serve` does by itself; nothing where no bank is connected. Raises Refused when the bank does not answer.
    """
    if not settings.SHEBAO_BANK_URL:
        return []
    over = Reconciliation.objects.filter(made_at__date__gt=F("day")).order_by()
    last = dict(over.values_list("region").annotate(Max("day")))
    made, yesterday = [], today() - timedelta(days=1)
    for region in all_regions():
        behind = min((yesterday - last.get(region, yesterday - timedelta(days=1))).days, MOST_DAYS)
        for ago in reversed(range(behind)):
            made.append(reconcile_day(yesterday - timedelta(days=ago), by=None, region=region))
    return made


def statement_of(day: date) -> list[dict]:
    """What the bank says arrived on a day, line by line; Refused where it does not answer."""
    try:
        return bank_client().statement(day.isoformat())
    except (BankUnreachable, BankRefused) as no:
        raise Refused("bank_unreachable", f"没有取到银行对账单：{no}。请稍后再试。", status=503) from None


def prove_by_statement(item: SuspenseItem) -> None:
    """Hold an amount in suspense against the bank's statement of its day, and do what can be done about a difference.

    Nothing where no bank is connected. Raises Refused when the bank does not answer.
    """
    if not settings.SHEBAO_BANK_URL:
        return
    for row in statement_of(day_of(item.arrived_at)):
        if row["bank_serial"] == item.bank_serial or (item.payment and row["order_id"] == item.payment.number):
            attempt = Payment.objects.select_related("bill", "employer").filter(number=row["order_id"]).first()
            _compare(row, attempt)


def _compare(row: Mapping, attempt: Payment | None) -> str:
    """What is wrong with one line of the statement, after doing what can be done about it; "" where nothing is."""
    name = f"银行流水 {row['bank_serial']}，{yuan(row['amount_fen'])} 元"
    before = _held(row["bank_serial"])
    misreported = before is not None and before.amount_fen != row["amount_fen"]
    if attempt is None:
        held = _suspend(row, "对账单上有这笔款，没有对应的缴费。")
        if held and held.clearing and not misreported:
            return ""
        return f"{name}：没有对应的缴费，已列入待查款。{_put_right(before, row)}"
    if attempt.state in UNDECIDED or (misreported and not before.clearing):
        apply_answer(attempt, row)
        attempt.refresh_from_db()
        if attempt.state == PaymentState.SUCCEEDED and attempt.bank_serial == row["bank_serial"]:
            return f"{name}：缴费 {attempt.number} 原来没有结果，已按对账单补记到账。{_put_right(before, row)}"
    if attempt.state == PaymentState.SUCCEEDED and attempt.bank_serial == row["bank_serial"]:
        if attempt.amount_fen == row["amount_fen"]:
            return ""
        return f"{name}：与缴费 {attempt.number} 记的 {yuan(attempt.amount_fen)} 元不符。"
    is_second = attempt.state == PaymentState.SUCCEEDED
    why = "这笔缴费已经到账，对账单上还有另一笔。" if is_second else "对账单上有这笔款，缴费已告知未扣款。"
    held = _suspend(row, why, attempt)
    if held and held.amount_fen != row["amount_fen"]:
        told = held.get_clearing_display()
        return (
            f"{name}：待查款登记的是 {yuan(held.amount_fen)} 元，已经处理（{told}），金额不符，请核对后按对账单更正。"
        )
    if held and held.clearing:
        return ""
    told = "已经到账，这是另一笔" if is_second else "没有成功"
    return f"{name}：缴费 {attempt.number} {told}，款项在待查款，请处理。{_put_right(before, row)}"


def _held(serial: str) -> SuspenseItem | None:
    return SuspenseItem.objects.that_came().filter(bank_serial=serial).first()


@transaction.atomic
def _suspend(row: Mapping, why: str, attempt: Payment | None = None) -> SuspenseItem | None:
    return suspend_proven(row, why, payment=attempt)


def _put_right(before: SuspenseItem | None, row: Mapping) -> str:
    """What is said of an amount in suspense that the bank misreported and its statement put right; "" of any other."""
    if before is None or before.clearing or before.amount_fen == row["amount_fen"]:
        return ""
    return f"待查款原来登记 {yuan(before.amount_fen)} 元，已按对账单更正。"


def _missing_at_bank(day: date, region: str, known: set[str], lines: Mapping[str, int]) -> Iterator[str]:
    first, last = _span(day)
    paid = Payment.objects.filter(employer__region=region, state=PaymentState.SUCCEEDED, paid_at__range=(first, last))
    for attempt in paid.exclude(number__in=known).exclude(channel="counter").order_by("pk"):
        yield f"缴费 {attempt.number}，{yuan(attempt.amount_fen)} 元：账上已到账，银行对账单上没有。"
    held = SuspenseItem.objects.that_came().filter(region__in=(region, ""), arrived_at__range=(first, last))
    for item in held.exclude(bank_serial__in=lines).order_by("pk"):
        yield f"待查款 {item.bank_serial}，{yuan(item.amount_fen)} 元：银行对账单上没有。"


def _arrived(day: date, region: str) -> Iterator[int]:
    """What the ledger says the bank brought that day, fen."""
    span = _span(day)
    paid = Payment.objects.filter(employer__region=region, state=PaymentState.SUCCEEDED, paid_at__range=span)
    yield from paid.exclude(channel="counter").values_list("amount_fen", flat=True)
    held = SuspenseItem.objects.that_came().filter(region__in=(region, ""), arrived_at__range=span)
    yield from held.values_list("amount_fen", flat=True)


def _span(day: date) -> tuple[datetime, datetime]:
    start = timezone.make_aware(datetime.combine(day, time(0)))
    return start, start + timedelta(days=1) - timedelta(microseconds=1)
