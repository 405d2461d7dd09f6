"""A bill as the random lives of the money know it: a few integers, sharing no code with the hall."""

from .model_people import Demand


class ModelBill:
    """What the model knows of a bill: its total, its last day in time, what was paid and came on which day.

    `demand` is what it is made of, empty for a month that is only assessed; one of its own is of no month.
    """

    def __init__(self, bill, demand: Demand, *, is_own: bool = False):
        self.total, self.due = bill.total_due, bill.pay_until.astimezone().date()
        self.paid, self.fees, self.money = [], 0, 0
        self.came: list = []
        self.demand, self.is_own = demand, is_own

    def open(self) -> int:
        return self.total - sum(fen for fen, _ in self.paid)

    def fee(self, on) -> int:
        """万分之五 a day of what was paid, until then, and of what is open, half up once; less what was taken."""
        rows = [*self.paid, (self.open(), on)]
        exact = sum(fen * 5 * max((day - self.due).days, 0) for fen, day in rows)
        return max((exact * 2 + 10_000) // 20_000 - self.fees, 0)

    def receive(self, fen: int, day) -> int:
        """Let money pay its principal, then its late fee; return what is left of it."""
        fee = self.fee(day)
        principal = min(fen, self.open())
        if principal:
            self.paid.append((principal, day))
        taken = min(fen - principal, fee)
        self.fees += taken
        self.money += fen
        self.came.append((day, principal + taken))
        return fen - principal - taken

    def use(self, credit: int, day) -> int:
        """Let credit pay its principal; return how much of it."""
        used = min(credit, self.open())
        if used:
            self.paid.append((used, day))
        return used

    def leave(self) -> tuple[list, int]:
        """Be a bill no more: the money that came for it, oldest first, and the credit that had paid it."""
        came = sorted(self.came, key=lambda one: one[0])
        credit = sum(fen for fen, _ in self.paid) + self.fees - sum(fen for _, fen in came)
        self.total, self.paid, self.fees, self.came = 0, [], 0, []
        return came, credit
