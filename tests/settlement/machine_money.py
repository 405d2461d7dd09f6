"""Rules of the money's random lives: it is paid, paid in parts, told twice, arrives for nothing, and goes back."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shebao.hall.clock import now, pretending, today
from shebao.hall.payments.clearing import clear_suspense
from shebao.hall.payments.models import SuspenseItem
from shebao.hall.payments.operations import start_payment
from shebao.hall.payments.suspense import refund_credit
from shebao.hall.settlement.collecting import owing
from shebao.hall.settlement.models import Bill

from ..payments.test_operations import send, told
from .model_bill import ModelBill

AMOUNTS = st.integers(1, 900_000)


class MoneyRules:
    """What `MoneyMachine` does with money."""

    def _receive(self, made: ModelBill, fen: int, day) -> None:
        """What the model does with money for a bill: principal, late fee, credit, in this order."""
        self.credit += made.receive(fen, day)

    def _some_open(self) -> Bill | None:
        with pretending(self.at):
            for pk, made in self.bills.items():
                if made.total and made.open() + made.fee(today()) > 0:
                    return self._row(pk)
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
