"""Where paying a bill stands, decided once for every page: principal first, then the late fee that is still open."""

from collections.abc import Iterable
from dataclasses import dataclass

from shebao.rules.money import yuan
from shebao.rules.region import NoValue

from ..clock import now, today
from ..payments.models import Payment, PaymentState
from ..payments.queries import running_payments
from .collecting import Owing, owings
from .ledger import balances
from .models import Bill

WORDS = {
    "unknown": PaymentState.UNKNOWN.label,
    "paid": "已缴清",
    "fee_open": "滞纳金未缴",
    "overdue": "已逾期",
    "part_paid": "部分已缴",
    "unpaid": "待缴费",
    "void": "已作废",
}


@dataclass(frozen=True)
class Paying:
    """How a bill stands: what it demands, what was paid of that and the late fee that is open, fen.

    `key` is one of WORDS: "fee_open" where the principal is paid and the late fee (滞纳金) is not, "unknown" where
    nobody knows yet whether the bank took the money. `running` is the attempt to pay it that has no result.
    """

    due: int
    paid: int
    late_fee: int
    key: str
    running: Payment | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether the result of an attempt is not known: who pays again may pay twice."""
        return self.key == "unknown"

    @property
    def offer(self) -> str:
        """What a button to pay it says; with an attempt under way it leads to that one."""
        return offer_of(self.running)

    @property
    def word(self) -> str:
        """In a word, for a tag."""
        return WORDS[self.key]

    @property
    def note(self) -> str:
        """What the word leaves out; "" where it says everything."""
        return fee_note(self.late_fee) if self.key == "fee_open" else ""


def offer_of(running: Payment | None) -> str:
    """What is offered for a bill that asks for money: to pay, or to look at the attempt that is under way."""
    if running is None:
        return "去缴费"
    return "查看缴费状态" if is_unknown(running) else "查看正在办理的缴费"


def is_unknown(running: Payment | None) -> bool:
    """Whether an attempt is one of which nobody knows the result (结果待查)."""
    return running is not None and running.state == PaymentState.UNKNOWN


def fee_note(fen: int) -> str:
    """What is said of a bill whose principal is paid and whose late fee (滞纳金), fen, is not; "" for none."""
    return f"本金已缴清，滞纳金 {yuan(fen)} 元未缴" if fen else ""


def asked_of(bills: Iterable[Bill]) -> dict[int, Owing]:
    """What bills ask for today, by id; the principal alone where a day has no rate: a list is shown all the same."""
    bills = list(bills)
    try:
        return owings(bills, today())
    except NoValue:
        booked = balances(bills)
        return {bill.pk: Owing({"": due - paid}, 0) for bill in bills for due, paid in [booked.get(bill.pk, (0, 0))]}


def paying_of(bills: Iterable[Bill]) -> dict[int, Paying]:
    """How each of these bills, with its assessment and employer, stands today, by id; two queries."""
    bills = list(bills)
    asked, running = asked_of(bills), running_payments(bills)
    return {bill.pk: paying(bill, asked[bill.pk], running.get(bill.pk)) for bill in bills}


def paying(bill: Bill, asked: Owing, running: Payment | None) -> Paying:
    """How a bill stands that asks for so much today, with the attempt to pay it that has no result yet.

    What was voided asks for nothing.
    """
    if bill.assessment.voided_at:
        return Paying(bill.total_due, 0, 0, "void")
    left, fee = asked.principal, asked.late_fee
    paid = bill.total_due - left
    if asked.total > 0 and is_unknown(running):
        key = "unknown"
    elif left > 0:
        key = "overdue" if now() > bill.pay_until else "part_paid" if paid else "unpaid"
    else:
        key = "fee_open" if asked.total > 0 else "paid"
    return Paying(bill.total_due, paid, fee, key, running)
