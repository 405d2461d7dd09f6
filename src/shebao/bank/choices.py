"""What the payer, or the bank's operator, may make of a payment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LATE_SECONDS = 6


@dataclass(frozen=True)
class Choice:
    """What a button of the payment page makes happen."""

    state: str
    reason_code: str = ""
    paid: bool = False
    notices: int = 1
    after: float = 0
    again: bool = False
    lie: Mapping = field(default_factory=dict)


CHOICES = {
    "success": Choice("succeeded", paid=True),
    "insufficient_balance": Choice("refused", "insufficient_balance"),
    "account_not_signed": Choice("refused", "account_not_signed"),
    # Money moved, but the hall hears only that nobody knows: the next query finds out.
    "timeout": Choice("unknown", "timeout", paid=True),
    "success_twice": Choice("succeeded", paid=True, notices=2),
    "success_late": Choice("succeeded", paid=True, after=LATE_SECONDS),
    "stall": Choice("succeeded", paid=True, notices=0),
    "lie_amount": Choice("succeeded", paid=True, lie={"amount_fen": -100}),
    "lie_payer": Choice("succeeded", paid=True, lie={"payer": "冒名有限公司"}),
    # Of debits by agreement only: the account is debited a second time for the same order.
    "debit_twice": Choice("succeeded", paid=True, again=True),
}
