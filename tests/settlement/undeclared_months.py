"""Rules of the money's random lives: months that were not declared are assessed, and declared after all."""

from datetime import timedelta
from functools import partial

from hypothesis.stateful import precondition, rule

from shebao.hall.clock import pretending
from shebao.hall.settlement.models import Assessment, ProvisionalLine
from shebao.hall.settlement.provisional import assess_undeclared, withdraw_provisional
from shebao.rules.months import Month

from .model_bill import ModelBill
from .model_people import Demand


class UndeclaredMonths:
    """What `MoneyMachine` does with the month before this one, when nobody settled it."""

    @rule()
    def let_a_month_pass(self):
        self.at = min(self.at + timedelta(days=30), self.last_day)

    def _is_undeclared(self) -> bool:
        """Last month was neither settled nor assessed, and there is a month before to go by."""
        month, known = self.month.previous(), {*self.settled, *self.provisional}
        return month not in known and month.previous() in known

    @precondition(_is_undeclared)
    @rule()
    def assess_undeclared(self):
        """A month that somebody of it was paid back for is not assessed by multiples, nor one that waited in time."""
        month = self.month.previous()
        is_open = None if self.pending or self._was_just_decided() else True
        paid = [one for one in self.people if month in {*one.charged, *one.waiting} and one.is_insured(month)]
        deed = partial(assess_undeclared, self.employer.pk, month, by=self.reviewer)
        if not (bill := self._hall(deed, False if paid else is_open)):
            return
        rows = ProvisionalLine.objects.filter(bill=bill)
        rows = list(rows.values_list("employer_base", "employee_base", "employer_due", "employee_due"))
        assert all(a + b == ((c + d) * 11 + 5) // 10 for c, d, a, b in rows)
        before = month.previous()
        basis = self.bills[{**self.settled, **self.provisional}[before]]
        assert sum(c + d for c, d, *_ in rows) == (basis.demand.regular or basis.total)
        made = self.bills[bill.pk] = ModelBill(bill, Demand())
        assert made.total == sum(a + b for *_, a, b in rows)
        self.provisional[month] = bill.pk
        self.credit -= made.use(self.credit, self.at.date())

    def _was_just_decided(self) -> bool:
        """Who waited for the agency has five working days more; a long holiday may lie between."""
        return self.decided_on is not None and self.at.date() <= self.decided_on + timedelta(days=16)

    @precondition(lambda self: self.provisional)
    @rule()
    def declare_after_all(self):
        self._settle(min(self.provisional), in_bulk=False)

    def _carry_over(self, month: Month, made: ModelBill) -> None:
        """What was paid of the provisional bill pays the settled one, as of the day it came."""
        came, credit = self.bills[self.provisional.pop(month)].leave()
        self.credit += credit
        for day, fen in came:
            self.credit += made.receive(fen, day)

    @precondition(lambda self: self.provisional)
    @rule()
    def withdraw_provisional(self):
        pk = self.provisional.pop(max(self.provisional))
        with pretending(self.at):
            withdraw_provisional(Assessment.objects.ever().get(bill=pk).pk, by=self.reviewer, reason="另行确定")
        came, credit = self.bills[pk].leave()
        self.credit += credit + sum(fen for _, fen in came)
