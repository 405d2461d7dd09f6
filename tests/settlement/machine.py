"""The money of one employer lived through at random, beside a model of a few integers that shares no code with it.

`MoneyMachine` enrols, stops, changes wages, settles, voids, pays, pays a part, is lied to, refunds and lets time pass;
after every step the ledger says what the model says. CI runs it small; a drill calls `run(examples, steps)`.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from shebao.hall.clock import now, pretending, today
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import channels
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import clear_suspense, refund_credit
from shebao.hall.settlement.collecting import credit_of, owing
from shebao.hall.settlement.ledger import balance, check_ledger
from shebao.hall.settlement.models import Bill, BillLine, LedgerEntry
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.months import Month

from ..banking import Bank
from ..payments.test_operations import send, told
from .hall import dismiss, hire, make_clerk, make_employer, raise_wage

LAST_DAY = datetime(2026, 12, 28, 10)  # noqa: DTZ001 - naive local by contract
WAGES = st.integers(200_000, 3_000_000)
AMOUNTS = st.integers(1, 900_000)


class ModelBill:
    """What the model knows of a bill: its total, its last day in time, and what was paid on which day."""

    def __init__(self, total: int, due):
        self.total, self.due, self.paid, self.fees, self.money = total, due, [], 0, 0

    def open(self) -> int:
        return self.total - sum(fen for fen, _ in self.paid)

    def fee(self, on) -> int:
        """万分之五 a day, half up, once for what was paid on one day and once for what is open; less what was paid."""
        by_day: dict = {}
        for fen, day in self.paid:
            by_day[day] = by_day.get(day, 0) + fen
        rows = [(fen, day) for day, fen in by_day.items()] + [(self.open(), on)]
        owed = sum((fen * 5 * max((day - self.due).days, 0) * 2 + 10_000) // 20_000 for fen, day in rows)
        return max(owed - self.fees, 0)


class MoneyMachine(RuleBasedStateMachine):
    """See the module."""

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block._from_testcase = True  # an operation may ask to be outermost
        self.block.__enter__()
        self.bank = Bank()
        self.before = channels.BankClient
        channels.BankClient = lambda *_: self.bank
        self.at = datetime(2026, 9, 3, 10)  # noqa: DTZ001
        self.employer = make_employer("guiyang")
        self.clerk = make_clerk(self.employer)
        self.treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region="guiyang")
        self.people = hire(self.employer, [500_000, 900_000])
        self.bills: dict[int, ModelBill] = {}
        self.credit = self.suspense = self.into_bank = self.serial = 0

    def teardown(self):
        with pretending(self.at):
            broken = list(check_ledger())
        channels.BankClient = self.before
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert broken == []

    @property
    def month(self) -> Month:
        return Month.of(self.at.date())

    def live(self) -> Bill | None:
        return Bill.objects.live().filter(employer=self.employer, month=self.month).first()

    @rule(wage=WAGES)
    def enrol(self, wage):
        self.people += hire(self.employer, [wage], first_month=self.month.next())

    @precondition(lambda self: len(self.people) > 1)
    @rule()
    def stop(self):
        dismiss(self.people.pop(), self.month.next())

    @rule(wage=WAGES)
    def change_base(self, wage):
        month = self.month.next()
        if not self.people[0].wages.filter(first_month=month).exists():
            raise_wage(self.people[0], wage, month)

    @rule(days=st.integers(1, 25))
    def let_time_pass(self, days):
        self.at = min(self.at + timedelta(days=days), LAST_DAY)

    @rule()
    def settle(self):
        with pretending(self.at):
            if self.live():
                return
            from shebao.hall.settlement.operations import settle_month

            bill = settle_month(self.employer.pk, self.month, "monthly", by=self.clerk, confirmations=1)
        made = self.bills[bill.pk] = ModelBill(bill.total_due, bill.pay_until.astimezone().date())
        lines = BillLine.objects.live().filter(bill=bill).values_list("employer_due", "employee_due")
        assert made.total == sum(a + b for a, b in lines)
        used = min(self.credit, made.total)
        if used:
            made.paid.append((used, self.at.date()))
            self.credit -= used

    @rule()
    def void(self):
        with pretending(self.at):
            bill = self.live()
            if bill is None:
                return
            made, used = self.bills[bill.pk], 0
            try:
                ask_to_void(bill.assessment_id, by=self.clerk, reason="重来")
            except Refused:
                assert made.money or now() > bill.pay_until
                return
        assert not made.money
        used = sum(fen for fen, _ in made.paid)
        self.credit += used
        made.total, made.paid = 0, []

    def _receive(self, made: ModelBill, fen: int, day) -> None:
        """What the model does with money for a bill: principal, late fee, credit, in this order."""
        fee = made.fee(day)
        principal = min(fen, made.open())
        if principal:
            made.paid.append((principal, day))
        taken = min(fen - principal, fee)
        made.fees += taken
        made.money += fen
        self.credit += fen - principal - taken

    def _some_open(self) -> Bill | None:
        with pretending(self.at):
            for pk, made in self.bills.items():
                if made.total and made.open() + made.fee(today()) > 0:
                    return Bill.objects.ever().get(pk=pk)
        return None

    @rule(times=st.integers(1, 3))
    def pay(self, times):
        bill = self._some_open()
        if bill is None:
            return
        with pretending(self.at):
            made = self.bills[bill.pk]
            payment = start_payment(bill.pk, by=self.clerk)
            assert payment.amount_fen == made.open() + made.fee(today())
            self.serial += 1
            message = told(
                payment, message_id=f"M{self.serial}", bank_serial=f"S{self.serial}", paid_at=now().isoformat()
            )
            for _ in range(times):
                assert send(message) == "booked"
        self.into_bank += payment.amount_fen
        self._receive(made, payment.amount_fen, self.at.date())

    @rule(fen=AMOUNTS)
    def money_arrives_without_an_order(self, fen):
        self.serial += 1
        message = {
            "message_id": f"M{self.serial}", "order_id": "P0", "state": "succeeded", "amount_fen": fen,
            "bank_serial": f"S{self.serial}", "paid_at": self.at.astimezone().isoformat(),
        }  # fmt: skip
        with pretending(self.at):
            assert send(message) == "parked"
        self.into_bank += fen
        self.suspense += fen

    @rule(how=st.sampled_from(["bill", "credit", "refund"]))
    def clear(self, how):
        item = SuspenseItem.objects.filter(clearing="").first()
        bill = self._some_open() if how == "bill" else None
        if item is None or (how == "bill" and bill is None):
            return
        arrived = item.arrived_at.astimezone().date()
        made = self.bills[bill.pk] if bill else None
        if made and made.open() + made.fee(arrived) <= 0:
            return
        number = bill.number if bill else self.employer.employer_number
        with pretending(self.at):
            clear_suspense(item.pk, how, by=self.treasurer, number=number, note="查清")
        self.suspense -= item.amount_fen
        if how == "refund":
            self.into_bank -= item.amount_fen
        elif how == "credit":
            self.credit += item.amount_fen
        else:
            self._receive(made, item.amount_fen, arrived)

    @precondition(lambda self: self.credit > 0)
    @rule(share=st.integers(1, 100))
    def refund(self, share):
        fen = max(self.credit * share // 100, 1)
        with pretending(self.at):
            refund_credit(self.employer.pk, fen, by=self.treasurer, note="退费")
        self.credit -= fen
        self.into_bank -= fen

    @invariant()
    def the_ledger_says_what_the_model_says(self):
        held = dict.fromkeys(("bank", "suspense", "late_fees"), 0)
        for account, fen in LedgerEntry.objects.values_list("account", "amount_fen"):
            if account in held:
                held[account] += fen
        assert held["bank"] == self.into_bank
        assert -held["suspense"] == self.suspense
        assert credit_of(self.employer.pk) == self.credit
        assert -held["late_fees"] == sum(one.fees for one in self.bills.values())
        with pretending(self.at):
            for bill in Bill.objects.ever().filter(pk__in=self.bills):
                made = self.bills[bill.pk]
                assert balance(bill) == (made.total, made.total - made.open())
                asked = owing(bill, today())
                assert (asked.principal, asked.late_fee) == (made.open(), made.fee(today()) if made.total else 0)


def run(examples: int, steps: int) -> None:
    """Live through `examples` lives of `steps` steps each; raises AssertionError with the steps that failed."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a life is short enough to read as it failed
    )
    with override_settings(SHEBAO_BANK_URL="https://bank.invalid"):
        run_state_machine_as_test(MoneyMachine, settings=chosen)
