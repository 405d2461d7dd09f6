"""The money of one employer lived through at random, beside a model of a few integers that shares no code with it.

`MoneyMachine` enrols, stops, changes wages, submits, reviews, settles, voids, pays, pays a part, is lied to, refunds,
pays back, leaves a month undeclared and lets time pass, over the day on which a floor is published late; after every
step the ledger says what the model says. CI runs it small; a drill calls `run(examples, steps)`.
"""

import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from django.db import connection, transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from shebao.hall.clock import now, pretending, today
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    delete_declarations,
    return_declaration,
    save_declarations,
    submit_declarations,
    withdraw_declaration,
)
from shebao.hall.declarations.states import State
from shebao.hall.errors import Refused
from shebao.hall.operators.models import Operator
from shebao.hall.payments import channels
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import clear_suspense, refund_credit
from shebao.hall.settlement.collecting import credit_of, owing, owings
from shebao.hall.settlement.ledger import balances, check_ledger
from shebao.hall.settlement.models import BackPayment, Bill, BillLine
from shebao.hall.settlement.operations import settle_employers, settle_month
from shebao.hall.settlement.voiding import ask_to_void
from shebao.rules.months import Month

from ..banking import Bank
from ..factories import enrolled, synthetic_id, wage
from ..payments.test_operations import send, told
from .hall import declare, dismiss, hire, make_clerk, make_employer, raise_wage
from .late import CODE, late_city
from .model_bill import ModelBill
from .undeclared_months import UndeclaredMonths

LAST_DAY = datetime(2026, 12, 28, 10)  # noqa: DTZ001 - naive local by contract
WAGES = st.integers(200_000, 3_000_000)
AMOUNTS = st.integers(1, 900_000)
AUGUST, SEPTEMBER = Month(2026, 8), Month(2026, 9)
PUBLISHED, FLOOR, NEW_FLOOR, CEILING = datetime(2026, 10, 12), 450_000, 520_000, 2_250_000  # noqa: DTZ001
SETTLEMENTS = """
without_changes: {open: false}
with_changes: {open: false}
monthly: {title: 月报, applies: always, confirmations: 1, in_bulk: true, void: {title: 作废, route: [auto_check]}}
"""
SERVICES = """
wage_declaration:
  title: 工资申报
  form: wage_declaration
  operation: declare_wages
  route: [auto_check, first_review]
  decide_within: 3
  returned: repair
  checks: [id_number_valid, not_enrolled, already_declared, month_window, wage_limits]
  menu: wallet
  group: wages
"""
APART = "parts: {apart: true, source: 试验, status: illustrative}\n"


def pension(month: Month, declared: int, at: datetime) -> int:
    """The employer's pension of a month as known at a moment: 16 % of the wage within the limits, half up."""
    floor = NEW_FLOOR if at.date() >= PUBLISHED.date() and month >= SEPTEMBER else FLOOR
    return (min(max(declared, floor), CEILING) * 16 * 2 + 100) // 200


class MoneyMachine(UndeclaredMonths, RuleBasedStateMachine):
    """See the module."""

    last_day = LAST_DAY

    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block._from_testcase = True  # an operation may ask to be outermost
        self.block.__enter__()
        self.bank = Bank()
        self.before = channels.BankClient
        channels.BankClient = lambda *_: self.bank
        self.at = datetime(2026, 9, 3, 10)  # noqa: DTZ001
        self.employer = make_employer(CODE)
        self.clerk = make_clerk(self.employer)
        self.treasurer = Operator.objects.create(username="t", name="会计", role="agency_admin", region=CODE)
        self.reviewer = Operator.objects.create(username="r", name="审核", role="reviewer", region=CODE)
        self.people = hire(self.employer, [500_000, 900_000])
        self.declarer = enrolled(self.employer, number=synthetic_id())
        self.pending = self.decided_on = None
        self.settled: set[Month] = set()
        self.bills: dict[int, ModelBill] = {}
        self.declared: set[Month] = set()
        self.provisional: dict[Month, int] = {}
        self.too_late: set[Month] = set()
        self.credit = self.suspense = self.into_bank = self.serial = 0
        self.seen: tuple | None = None

    def teardown(self):
        with pretending(self.at):
            broken = list(check_ledger())
        channels.BankClient = self.before
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)
        assert broken == [], broken

    @property
    def month(self) -> Month:
        return Month.of(self.at.date())

    def live(self) -> Bill | None:
        return Bill.objects.live().filter(employer=self.employer, month=self.month, series=0).first()

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

    @rule(days=st.integers(1, 9))
    def let_time_pass(self, days):
        self.at = min(self.at + timedelta(days=days), LAST_DAY)

    @precondition(lambda self: self.pending is None and self.month not in self.declared)
    @rule(fen=st.integers(600_000, 2_200_000))
    def submit(self, fen):
        raw = wage(self.declarer, f"{fen / 100:.2f}", first_month=str(self.month))
        with pretending(self.at):
            try:
                (made,) = save_declarations(self.employer.pk, "wage_declaration", [raw], by=self.clerk)
            except (Refused, InvalidDeclaration):
                return
            self.pending = made.pk
            submit_declarations([made.pk], by=self.clerk)

    @precondition(lambda self: self.pending is not None)
    @rule(how=st.sampled_from(["approve", "return", "withdraw"]))
    def review(self, how):
        with pretending(self.at):
            try:
                if how == "approve":
                    approve_declarations([self.pending], by=self.reviewer)
                elif how == "return":
                    return_declaration(self.pending, by=self.reviewer, marks={}, note="请核对")
                else:
                    withdraw_declaration(self.pending, by=self.clerk)
            except Refused:
                return
            if how == "approve":
                self.declared.add(self.month)
            else:
                delete_declarations([self.pending], by=self.clerk)
        self.pending, self.decided_on = None, self.at.date()

    @rule(fen=WAGES)
    def pay_back(self, fen):
        (one,) = hire(self.employer, [fen], first_month=self.month.next())
        with pretending(self.at):
            case = declare(self.employer, self.clerk, State.APPROVED, month=AUGUST)
            BackPayment.objects.create(
                employee=one, person=one.person, region=CODE, scheme="pension", month=AUGUST, values_month=AUGUST,
                declared_wage=fen, declared_in=case,
            )  # fmt: skip

    @precondition(lambda self: self.month not in self.settled | self.too_late)
    @rule(in_bulk=st.booleans())
    def settle(self, in_bulk):
        with pretending(self.at):
            if self.live():
                return
            try:
                if in_bulk:
                    run = settle_employers([self.employer.pk], self.month)
                    if run.skipped:
                        raise Refused("not_ready", run.skipped[self.employer.pk])
                    (bill,) = run.bills.values()
                else:
                    bill = settle_month(self.employer.pk, self.month, "monthly", by=self.clerk, confirmations=1)
            except Refused:
                is_late = self.at > PUBLISHED.replace(month=self.at.month, day=15)
                assert self.pending or is_late, "nothing in the way"
                self.too_late |= {self.month} if is_late and not self.pending else set()
                return
        assert self.pending is None, "somebody's case was passed over"
        self._take_settled(bill)

    def _take_settled(self, bill: Bill) -> None:
        self.settled.add(bill.month)
        self._everybody_pays_what_is_known_now()
        made = self.bills[bill.pk] = ModelBill(bill.total_due, bill.pay_until.astimezone().date())
        lines = BillLine.objects.live().filter(bill=bill).values_list("employer_due", "employee_due")
        assert made.total == sum(a + b for a, b in lines)
        if bill.month in self.provisional:
            self._carry_over(bill.month, made)
        self.credit -= made.use(self.credit, self.at.date())

    def _everybody_pays_what_is_known_now(self) -> None:
        """Charge and adjustments of each month together are what the month costs as known today."""
        charged: dict = {}
        lines = BillLine.objects.live().filter(bill__employer=self.employer, scheme="pension")
        for *key, fen, declared in lines.values_list("employee", "month", "employer_due", "declared_wage"):
            before, _ = charged.get(tuple(key), (0, 0))
            charged[tuple(key)] = before + fen, declared
        for (_, month), (fen, declared) in charged.items():
            assert fen == pension(month, declared, self.at)

    @precondition(lambda self: self.month in self.settled)
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
        self.settled.discard(self.month)
        used = sum(fen for fen, _ in made.paid)
        self.credit += used
        made.total, made.paid = 0, []

    def _receive(self, made: ModelBill, fen: int, day) -> None:
        """What the model does with money for a bill: principal, late fee, credit, in this order."""
        self.credit += made.receive(fen, day)

    def _some_open(self) -> Bill | None:
        with pretending(self.at):
            for pk, made in self.bills.items():
                if made.total and made.open() + made.fee(today()) > 0:
                    return Bill.objects.ever().get(pk=pk)
        return None

    @precondition(lambda self: any(one.total and one.open() > 0 for one in self.bills.values()))
    @rule(times=st.integers(1, 3), part=st.sampled_from(["", "", "employer", "employee"]))
    def pay(self, times, part):
        bill = self._some_open()
        if bill is None:
            return
        with pretending(self.at):
            made = self.bills[bill.pk]
            if part and owing(bill, today()).asked(part) <= 0:
                return
            payment = start_payment(bill.pk, by=self.clerk, part=part)
            whole = made.open() + made.fee(today())
            assert payment.amount_fen <= whole if part else payment.amount_fen == whole
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

    @precondition(lambda self: self.suspense > 0)
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
        """After every step; what follows from the same entries on the same day is not asked twice."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, SUM(amount_fen), MAX(id) FROM settlement_ledgerentry GROUP BY account")
            rows = cursor.fetchall()
        held = {account: fen for account, fen, _ in rows}
        assert held.get("bank", 0) == self.into_bank
        assert -held.get("suspense", 0) == self.suspense
        assert -held.get("credit", 0) == self.credit
        assert -held.get("late_fees", 0) == sum(one.fees for one in self.bills.values())
        last, day = max((pk for *_, pk in rows), default=0), self.at.date()
        if self.seen == (last, day):
            return
        with pretending(self.at):
            assert credit_of(self.employer.pk) == self.credit
            bills = list(Bill.objects.ever().filter(pk__in=self.bills).select_related("employer"))
            asked, booked = owings(bills, today()), balances(bills)
            for bill in bills:
                made = self.bills[bill.pk]
                assert booked.get(bill.pk, (0, 0)) == (made.total, made.total - made.open())
                fee = made.fee(today()) if made.total else 0
                assert (asked[bill.pk].principal, asked[bill.pk].late_fee) == (made.open(), fee)
        self.seen = last, day


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
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shebao-city-")))
        city = stack.enter_context(late_city(root))
        (city.folder / "settlements.yaml").write_text(SETTLEMENTS, "utf-8")
        (city.folder / "services.yaml").write_text(SERVICES, "utf-8")
        (city.folder / "collection.yaml").write_text(APART, "utf-8")
        city.publish(base_floor=[("2026-09", f"{PUBLISHED:%Y-%m-%d}", 5200)])
        stack.enter_context(override_settings(SHEBAO_BANK_URL="https://bank.invalid"))
        # Hypothesis draws one number in twenty from those of the modules that happen to be imported.
        stack.enter_context(patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None))
        lived = type("MoneyMachine", (life,), {})  # the seed is of this run, not of the class
        run_state_machine_as_test(lived if seed is None else seeded(seed)(lived), settings=chosen)
