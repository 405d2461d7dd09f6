"""The money of one employer lived through at random, beside a model of a few integers that shares no code with it.

`MoneyMachine` enrols, stops, changes wages, submits, reviews, settles (late where the agency decided late), voids,
pays, pays a part, is lied to, pays back, takes that back, refunds leavers and credit, undoes what nobody reviewed,
leaves a month undeclared and lets time pass, over the day on which a floor is published late. What a clerk does goes
through the hall's own pipe, and is refused where the model says so; after every step the ledger says what the model
says. CI runs it small; a drill calls `run(examples, steps)`.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from shebao.hall.clock import now, pretending, today
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import channels
from shebao.hall.payments.operations import start_payment
from shebao.hall.prepared import prepared
from shebao.hall.settlement.collecting import credit_of, owings
from shebao.hall.settlement.ledger import balances, check_ledger
from shebao.hall.settlement.models import Bill, BillLine
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.months import Month

from ..banking import Bank
from ..factories import JANUARY, enrolled, synthetic_id
from ..payments.test_operations import send, told
from .hall import make_clerk, make_employer, nothing_waits
from .late import CODE, late_city
from .machine_back import BackRules
from .machine_money import MoneyRules
from .machine_people import ANYBODY, Act, Pending, PeopleRules, services
from .model_bill import ModelBill
from .model_people import PUBLISHED, Change, Demand, ModelPerson, Spell, Wage, settled_demand
from .undeclared_months import UndeclaredMonths

AUGUST, BEFORE = Month(2026, 8), datetime(2026, 8, 10, 10)  # noqa: DTZ001 - naive local by contract
FIRST_DAY, LAST_DAY = datetime(2026, 9, 3, 10), datetime(2026, 12, 28, 10)  # noqa: DTZ001
AT_FIRST = {"李一": 800_000, "赵二": 500_000, "钱三": 900_000}
SETTLEMENTS = """
without_changes: {open: false}
with_changes: {open: false}
monthly: {title: 月报, applies: always, confirmations: 1, in_bulk: true, void: {title: 作废, route: [auto_check]}}
"""
APART = "parts: {apart: true, source: 试验, status: illustrative}\n"


@prepared
def stored(pk: int) -> QuerySet[Bill]:
    """A bill as the database has it."""
    return Bill.objects.ever().select_related("employer").filter(pk=pk)


@prepared
def dues_of(bill: int) -> QuerySet:
    """What the lines of a bill demand."""
    return BillLine.objects.live().filter(bill=bill).values_list("employer_due", "employee_due")


class MoneyMachine(PeopleRules, BackRules, MoneyRules, UndeclaredMonths, RuleBasedStateMachine):
    """See the module. `settled` has the bill of each month in force, `provisional` those that are only assessed."""

    last_day = LAST_DAY
    employer = clerk = treasurer = reviewer = august = None

    def __init__(self):
        super().__init__()
        self.block = _undone()
        self.block.__enter__()
        self.at = FIRST_DAY
        self.people = [
            ModelPerson(synthetic_id(sequence=place), name, [Spell(JANUARY)], [Wage(JANUARY, fen)])
            for place, (name, fen) in enumerate(AT_FIRST.items(), start=1)
        ]
        self.pending: Pending | None = None
        self.decisions: list[tuple[Month, date]] = []
        self.acts: list[Act] = []
        self.provisional: dict[Month, int] = {}
        self.refunds: list[Demand] = []
        self.credit = self.suspense = self.serial = 0
        self.seen: tuple | None = None
        self.rows: dict[int, Bill] = {}
        paid = ModelBill(self.august, settled_demand(self.people, AUGUST, BEFORE.date()))
        paid.demand.carry_out(self.august.pk)
        paid.receive(paid.total, BEFORE.date())
        self.settled, self.bills, self.into_bank = {AUGUST: self.august.pk}, {self.august.pk: paid}, paid.total

    @classmethod
    def begin(cls) -> None:
        """What every life starts with: people whose August is settled and paid."""
        cls.employer = make_employer(CODE)
        cls.clerk = make_clerk(cls.employer)
        cls.treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region=CODE)
        cls.reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region=CODE)
        for place, (name, fen) in enumerate(AT_FIRST.items(), start=1):
            enrolled(cls.employer, name=name, number=synthetic_id(sequence=place), wage_fen=fen)
        with pretending(BEFORE):
            cls.august = settle_month(cls.employer.pk, AUGUST, "monthly", by=cls.clerk, confirmations=1)
            assert send(told(start_payment(cls.august.pk, by=cls.clerk), paid_at=now().isoformat())) == "booked"

    def teardown(self):
        with pretending(self.at):
            broken = list(check_ledger())
            booked = balances(Bill.objects.ever().filter(pk__in=self.bills))
        self.block.__exit__(None, None, None)
        assert broken == [], broken
        wanted = {pk: (one.total, one.total - one.open()) for pk, one in self.bills.items()}
        assert {pk: booked.get(pk, (0, 0)) for pk in wanted} == wanted

    @property
    def month(self) -> Month:
        return Month.of(self.at.date())

    @rule(days=st.integers(1, 9))
    def let_time_pass(self, days):
        self.at = min(self.at + timedelta(days=days), LAST_DAY)

    @precondition(lambda self: self.month not in self.settled)
    @rule(in_bulk=st.booleans())
    def settle(self, in_bulk):
        self._settle(self.month, in_bulk=in_bulk)

    def _settle(self, month: Month, *, in_bulk: bool) -> None:
        """Whatever waits for the agency is in the way of its own month and later ones; nothing else is."""

        def deed() -> Bill:
            if not in_bulk:
                return settle_month(self.employer.pk, month, "monthly", by=self.clerk, confirmations=1)
            run = settle_employers([self.employer.pk], month)
            if run.skipped:
                raise Refused("not_ready", run.skipped[self.employer.pk])
            return run.bills[self.employer.pk]

        is_open = month == self.month or month in self.provisional or self._is_extended(month)
        if bill := self._hall(deed, is_open and (self.pending is None or self.pending.since > month)):
            demand = settled_demand(self.people, month, self.at.date())
            self._leave_back(bill, demand)
            self.settled[month] = bill.pk
            self._take_bill(bill, demand)

    def _leave_back(self, bill: Bill, demand: Demand) -> None:
        """A bill never falls below nothing: what it has no room for goes back with a later one."""
        if demand.total >= 0:
            return
        rows = BillLine.objects.live().filter(bill=bill, adjusts__isnull=False)
        taken = set(rows.values_list("employee__name", "month", "scheme"))
        falling = [one for one in demand.changes if one.fen < 0]
        rest = [fen for change in falling for fen in self._leave_schemes(demand, change, taken)]
        left = [one for one in demand.returns if (one.person.name, one.month, one.scheme) not in taken]
        demand.returns = [one for one in demand.returns if one not in left]
        assert all(fen > demand.total for fen in (*(one.fen for one in left), *rest)), "there was room"

    def _leave_schemes(self, demand: Demand, change: Change, taken: set[tuple]) -> list[int]:
        """Of a charge that is corrected downwards there may be room for some schemes; the others, fen."""
        before, after = change.before.dues, change.after.dues
        moved = [key for key in after if after[key] != before[key]]
        left = [key for key in moved if (change.person.name, change.month, key) not in taken]
        place = demand.changes.index(change)
        if len(left) == len(moved):
            del demand.changes[place]
        elif left:
            kept = change.after._replace(dues=after | {key: before[key] for key in left})
            demand.changes[place] = change._replace(after=kept)
        return [before[key] - after[key] for key in left]

    def _take_bill(self, bill: Bill, demand: Demand, *, is_own: bool = False) -> None:
        """A bill was made of what the model expects; what was paid before and credit pay it."""
        assert bill.total_due == demand.total == sum(a + b for a, b in dues_of(bill.pk))
        demand.carry_out(bill.pk)
        made = self.bills[bill.pk] = ModelBill(bill, demand, is_own=is_own)
        if not is_own and bill.month in self.provisional:
            self._carry_over(bill.month, made)
        self.credit -= made.use(self.credit, self.at.date())

    @precondition(lambda self: any(one.demand.changes for one in self.bills.values()))
    @rule(which=ANYBODY)
    def void(self, which):
        """Often the newest bill."""
        standing = [pk for pk, one in self.bills.items() if one.demand.changes]
        pk = standing[-1 - max(which - 50, 0) % len(standing)]
        made, month = self.bills[pk], next((month for month, of in self.settled.items() if of == pk), None)
        others = [*self.refunds, *(one.demand for one in self.bills.values())]
        is_legal = not made.money and self.at.date() <= made.due and not any(pk in one.stands_on for one in others)
        is_legal = is_legal and (made.is_own or month == max(self.settled))
        assessment = self._row(pk).assessment_id
        if self._hall(lambda: ask_to_void(assessment, by=self.clerk, reason="重来"), is_legal):
            self.settled.pop(month, None)
            self.credit += sum(fen for fen, _ in made.paid)
            made.demand.undo()
            made.total, made.paid, made.demand = 0, [], Demand()

    def _row(self, pk: int) -> Bill:
        """A bill as it is in the database, which lets nobody change it."""
        if pk not in self.rows:
            (self.rows[pk],) = stored(pk)
        return self.rows[pk]

    @invariant()
    def the_ledger_says_what_the_model_says(self):
        """After every step; what follows from the same entries on the same day is not asked twice.

        What a bill asks for and the credit are of no entries of the bank and of suspense. In a hall each step commits:
        what the database judges then it judges here.
        """
        nothing_waits()
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, SUM(amount_fen), MAX(id) FROM settlement_ledgerentry GROUP BY account")
            rows = cursor.fetchall()
        held = {account: fen for account, fen, _ in rows}
        assert held.get("bank", 0) == self.into_bank
        assert -held.get("suspense", 0) == self.suspense
        assert -held.get("credit", 0) == self.credit
        assert -held.get("late_fees", 0) == sum(one.fees for one in self.bills.values())
        last = max((pk for account, _, pk in rows if account not in ("bank", "suspense")), default=0)
        day = self.at.date()
        if self.seen == (last, day):
            return
        with pretending(self.at):
            if self.seen is None or self.seen[0] != last:
                assert credit_of(self.employer.pk) == self.credit
            asked = owings([self._row(pk) for pk in self.bills], today())
            for pk, made in self.bills.items():
                fee = made.fee(today()) if made.total else 0
                assert (asked[pk].principal, asked[pk].late_fee) == (made.open(), fee)
        self.seen = last, day


@contextmanager
def _undone() -> Iterator[None]:
    """Everything inside is undone; an operation may ask to be outermost."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def run(examples: int, steps: int, seed: int | None = None, life: type[MoneyMachine] = MoneyMachine) -> None:
    """Live through `examples` lives of `steps` steps each; raises AssertionError with the steps that failed.

    A seed gives the same lives in every run.
    """
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # a life is short enough to read as it failed
        database=None,
    )
    bank = Bank()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shebao-city-")))
        city = stack.enter_context(late_city(root))
        (city.folder / "settlements.yaml").write_text(SETTLEMENTS, "utf-8")
        (city.folder / "services.yaml").write_text(services(), "utf-8")
        (city.folder / "collection.yaml").write_text(APART, "utf-8")
        city.publish(base_floor=[("2026-09", f"{PUBLISHED}", 5200)])
        stack.enter_context(override_settings(SHEBAO_BANK_URL="https://bank.invalid"))
        stack.enter_context(patch.object(channels, "BankClient", lambda *_: bank))
        # Hypothesis draws one number in twenty from those of the modules that happen to be imported.
        stack.enter_context(patch.object(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None))
        stack.enter_context(_undone())
        lived = type("MoneyMachine", (life,), {})  # the seed is of this run, not of the class
        lived.begin()
        run_state_machine_as_test(lived if seed is None else seeded(seed)(lived), settings=chosen)
