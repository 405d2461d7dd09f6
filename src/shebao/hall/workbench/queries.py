"""The workbench (工作台): what every desk knows about an employer's month, read once and brought together.

Nothing else in the hall imports it, so it may read them all.
"""

from dataclasses import dataclass

from shebao.rules.months import Month

from ..declarations.queries import counts
from ..errors import Refused
from ..settlement.comparing import Before, BridgeRow, bridge, chart, compared_with
from ..settlement.models import Bill
from ..settlement.progress import Standing, Step, standing, steps_of
from ..settlement.queries import ADJUSTED, Estimate, SchemeSum, bill_earlier, bill_summary, estimate
from .todos import Todo, todo_items


@dataclass(frozen=True)
class Money:
    """The month's amount: `total` in fen, its schemes, what it takes from earlier months, and why it differs.

    Of earlier months, `adjusted` is 补差 and `paid_back` 补缴. `before` is what the month is compared with.

    The bridge's deltas add up to the difference. `estimated` is None once the month is settled; `refusal` says why
    nothing can be computed, everything else is then empty.
    """

    total: int = 0
    schemes: tuple[SchemeSum, ...] = ()
    adjusted: int = 0
    paid_back: int = 0
    bridge: tuple[BridgeRow, ...] = ()
    chart: tuple[tuple[Month, int, bool], ...] = ()
    estimated: Estimate | None = None
    before: Before = Before(0, "", is_first_bill=False)
    refusal: str = ""

    @property
    def difference(self) -> int:
        """This month minus last month, fen."""
        return sum(row.delta for row in self.bridge)


@dataclass(frozen=True)
class Workbench:
    """`counts` of declarations by state, as `declarations.queries.counts` gives them; to-dos, the gravest first."""

    standing: Standing
    steps: list[Step]
    counts: dict
    money: Money
    todos: list[Todo]

    @property
    def bill(self) -> Bill | None:
        """The month's bill, once it is settled."""
        return self.standing.bill


def workbench(actor, month: Month) -> Workbench:
    """All of the actor's workbench. The month is estimated at most once, however many parts speak of it."""
    now = standing(actor.employer, month, actor)
    money = money_of(now)
    return Workbench(now, steps_of(now), counts(actor, month), money, todo_items(actor, now, money.estimated))


def money_of(now: Standing) -> Money:
    """What the month costs, why it differs from the last one, and the last twelve months; the part that takes time."""
    employer, month = now.employer, now.month
    try:
        found = None if now.bill else estimate(employer, month, pending=True)
        reasons, months = bridge(employer, month, found), chart(employer, found)
    except Refused as no:
        return Money(refusal=no.message)
    total, schemes = (found.total, found.schemes) if found else (now.bill.total_due, bill_summary(now.bill))
    sums = {
        word: sum(one.total for one in rows)
        for word, rows in (found.earlier if found else bill_earlier(now.bill)).items()
    }
    adjusted = sums.pop(ADJUSTED)
    back = sum(sums.values())
    moved = tuple(row for row in reasons if row.delta)
    before = compared_with(employer, month, total - sum(row.delta for row in moved))
    return Money(total, tuple(schemes), adjusted, back, moved, tuple(months), found, before)
