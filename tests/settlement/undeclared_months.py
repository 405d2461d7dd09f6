"""Rules of the money's random lives: months that were not declared are assessed, and declared after all."""

from datetime import date, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shebao.hall.clock import pretending
from shebao.hall.settlement.models import Assessment, ProvisionalLine
from shebao.hall.settlement.provisional import assess_undeclared, withdraw_provisional
from shebao.rules.months import Month

from .model_bill import ModelBill
from .model_people import Demand

FIRST = Month(2026, 8)
RESTS = {date(2026, 9, 25), *(date(2026, 10, day) for day in range(1, 8))}
WORKS = {date(2026, 9, 20), date(2026, 10, 10)}


def working_days_after(day: date, count: int) -> date:
    """The date so many working days after one of that autumn."""
    while count:
        day += timedelta(days=1)
        count -= day in WORKS or (day.weekday() < 5 and day not in RESTS)
    return day


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
        paid = [one for one in self.people if month in {*one.charged, *one.waiting} and one.is_insured(month)]
        deed = partial(assess_undeclared, self.employer.pk, month, by=self.reviewer)
        if not (bill := self._hall(deed, not paid and not self._is_extended(month))):
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

    def _is_extended(self, month: Month) -> bool:
        """Who waited for the agency when a month ended may settle it for five working days after the decision."""
        if self.pending and self.pending.since <= month < self.month:
            return True
        late = [on for since, on in self.decisions if since <= month < Month.of(on)]
        return bool(late) and self.at.date() <= working_days_after(max(late), 5)

    def _late_month(self) -> Month | None:
        """A month that is over, for which somebody waits or waited."""
        if not (self.pending or self.decisions):
            return None
        some = (self.month.previous(), self.month.previous(2))
        return next((one for one in some if one > FIRST and one not in {*self.settled, *self.provisional}), None)

    @precondition(_late_month)
    @rule(in_bulk=st.booleans())
    def settle_late(self, in_bulk):
        self._settle(self._late_month(), in_bulk=in_bulk)

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
