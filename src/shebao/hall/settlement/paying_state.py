"""Where paying a bill stands, decided once for every page: principal first, then the late fee that is still open."""

from collections.abc import Iterable
from dataclasses import dataclass

from shebao.rules.money import yuan
from shebao.rules.region import NoValue

from ..clock import now, today
from .collecting import Owing, owings
from .ledger import balances
from .models import Bill

WORDS = {
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

    `key` is one of WORDS: "fee_open" where the principal is paid and the late fee (滞纳金) is not.
    """

    due: int
    paid: int
    late_fee: int
    key: str

    @property
    def word(self) -> str:
        """In a word, for a tag."""
        return WORDS[self.key]

    @property
    def note(self) -> str:
        """What the word leaves out; "" where it says everything."""
        return fee_note(self.late_fee) if self.key == "fee_open" else ""


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
    """How each of these bills, with its assessment and employer, stands today, by id; one query."""
    bills = list(bills)
    asked = asked_of(bills)
    return {bill.pk: paying(bill, asked[bill.pk]) for bill in bills}


def paying(bill: Bill, asked: Owing) -> Paying:
    """How a bill stands that asks for so much today; what was voided asks for nothing."""
    if bill.assessment.voided_at:
        return Paying(bill.total_due, 0, 0, "void")
    left, fee = asked.principal, asked.late_fee
    paid = bill.total_due - left
    if left > 0:
        key = "overdue" if now() > bill.pay_until else "part_paid" if paid else "unpaid"
    else:
        key = "fee_open" if asked.total > 0 else "paid"
    return Paying(bill.total_due, paid, fee, key)
