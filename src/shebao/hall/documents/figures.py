"""The figures of a bill's papers: by them a paper is of today, or has to be issued anew."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..crypto import blind_index
from ..settlement.collecting import by_scheme, fee_by_scheme, owing
from ..settlement.models import DUES, Account, Bill, Booking


@dataclass(frozen=True)
class Figures:
    """What the papers of a bill say of its money on a day, fen: what it demands; by scheme its late fees, paid and
    still asked for, and what the employer's credit paid of it; and what is left to pay."""

    due: int
    fees: Mapping[str, int]
    credits: Mapping[str, int]
    left: int

    @property
    def total(self) -> int:
        """What is collected of the employer in money, paid or not."""
        return self.due + sum(self.fees.values()) - sum(self.credits.values())

    @property
    def paid(self) -> int:
        """What has come in of it."""
        return self.total - self.left

    def digest(self, spec: Mapping) -> str:
        """A keyed digest of what a paper of the region says of them: only a notice says what has been paid."""
        said = [self.due, self.fees, self.credits, self.left if spec["layout"] == "notice" else None]
        return blind_index("document", json.dumps(said, sort_keys=True))


def figures_of(bill: Bill, on: date) -> Figures:
    """The money of a bill as it stands on a day."""
    asked = owing(bill, on)
    fees: dict[str, int] = {}
    for more in (
        *(by_scheme(bill, kind, Account.LATE_FEES) for kind in (Booking.PAID, Booking.CLEARED, Booking.CARRIED)),
        fee_by_scheme(bill, asked.late_fee),
    ):
        for scheme, fen in more.items():
            fees[scheme] = fees.get(scheme, 0) + fen
    return Figures(bill.total_due, fees, by_scheme(bill, Booking.CREDIT_USED, *DUES), asked.total)
