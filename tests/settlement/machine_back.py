"""Rules of the money's random lives: what looks back on months that are over, and what is undone."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shebao.hall.declarations.operations import undo_declarations
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month, months_between

from .machine_people import ANYBODY, BACK_MONTHS, MOST, REVIEWED, WAGES, in_words
from .model_people import Demand, ModelPerson, Owed, Return, paid_back

REFUNDS = {"leaver_refund": "next_bill", "leaver_credit": "credit", "leaver_paid": "paid_out"}


class BackRules:
    """What `MoneyMachine` pays back, gives back, and takes back."""

    @rule(
        who=ANYBODY, back=st.integers(1, 4), length=st.integers(1, 2), fen=WAGES, is_apart=st.booleans(),
        is_reviewed=REVIEWED,
    )  # fmt: skip
    def pay_back(self, who, back, length, fen, is_apart, is_reviewed):
        one, first = self._person(who), self.month.previous(back)
        months = months_between(first, first.next(length - 1))
        raw = {
            "id_number": one.number, "name": one.name, "first_month": str(first), "last_month": str(months[-1]),
            "declared_wage": in_words(fen),
        }  # fmt: skip
        is_legal = months[-1] < self.month and bool(one.reaching(self.month))
        is_legal = is_legal and not any(month in one.charged or month in one.waiting for month in months)
        unsettled = [month for month in months if one.is_insured(month) and month not in self.settled]
        is_legal = is_legal and not any(month in self.provisional or self._is_extended(month) for month in unsettled)
        service = "back_payment_apart" if is_apart else "back_payment"
        if not (pk := self._declare(service, raw, is_legal, is_reviewed=is_reviewed)):
            return
        owed = Owed(fen)
        one.waiting |= dict.fromkeys(months, owed)
        if is_apart:
            demand = Demand(paid_back(one, month, owed, self.at.date()) for month in months)
            self._take_bill(Bill.objects.live().order_by("pk").last(), demand, is_own=True)

        def may() -> bool:
            return all(one.waiting.get(month) is owed for month in months)

        def undo() -> None:
            one.waiting = {month: other for month, other in one.waiting.items() if other is not owed}

        self._did(pk, None, may, undo, is_reviewed=is_reviewed)
        if is_apart and fen % 2:
            self._correct(one, months, fen + 100_000, is_reviewed=is_reviewed)

    @precondition(lambda self: any(one.waiting for one in self.people))
    @rule(who=ANYBODY, off=st.sampled_from([0, 0, 0, 1, -1]), length=st.integers(1, 2), is_reviewed=REVIEWED)
    def take_back(self, who, off, length, is_reviewed):
        """What is paid back, before a bill has it."""
        some = [one for one in self.people if one.waiting]
        one = some[who % len(some)]
        first = min(one.waiting).next(off)
        months = months_between(first, first.next(length - 1))
        raw = {
            "id_number": one.number, "name": one.name, "first_month": str(first), "last_month": str(months[-1]),
        }  # fmt: skip
        found = {month: one.waiting[month] for month in months if month in one.waiting}
        is_billed = any(month in one.charged and one.charged[month].owed for month in months)
        is_legal = bool(one.reaching(self.month) and found) and not is_billed
        if not (pk := self._declare("back_payment_withdrawal", raw, is_legal, is_reviewed=is_reviewed)):
            return
        one.waiting = {month: owed for month, owed in one.waiting.items() if month not in found}

        def may() -> bool:
            if any(month in self.provisional and one.is_insured(month) for month in found):
                return False
            return not any(month in one.waiting or month in one.charged for month in found)

        self._did(pk, None, may, lambda: one.waiting.update(found), is_reviewed=is_reviewed)

    @precondition(lambda self: any(one.charged for one in self.people))
    @rule(
        who=ANYBODY, back=st.integers(0, 4), length=st.sampled_from([1, 1, 2]), fen=WAGES, is_reviewed=REVIEWED,
    )  # fmt: skip
    def correct_wage(self, who, back, length, fen, is_reviewed):
        """The wage of months that are settled or paid back, or now and then of others."""
        some = [one for one in self.people if one.charged or who > MOST]
        one, last = some[who % len(some)], self.month.previous(back)
        self._correct(one, months_between(last.previous(length - 1), last), fen, is_reviewed=is_reviewed)

    def _correct(self, one: ModelPerson, months: list[Month], fen: int, *, is_reviewed: bool) -> None:
        raw = {
            "id_number": one.number, "name": one.name, "first_month": str(months[0]), "last_month": str(months[-1]),
            "declared_wage": in_words(fen), "note": "报错了",
        }  # fmt: skip
        charged = {month: one.charged[month] for month in months if month in one.charged and not one.is_leaving(month)}
        is_legal = len(charged) == len(months) and months[0] >= self.month.previous(BACK_MONTHS)
        if is_legal and all(before.wage == one.counting(month) == fen for month, before in charged.items()):
            return  # refused, but where a scheme of little was never charged at this wage
        if not (pk := self._declare("wage_correction", raw, is_legal, is_reviewed=is_reviewed)):
            return
        made, last_bill = one.correct(months, fen), max(self.bills)

        def is_billed() -> bool:
            bills = (bill for key, bill in self.bills.items() if key > last_bill)
            changes = (each for bill in bills for each in bill.demand.changes)
            return any(each.person is one and each.month in months and each.after.wage == fen for each in changes)

        def may() -> bool | None:
            if is_billed() or not all(one.may_forget(wage) for wage in made):
                return False
            # What was charged at the very wage before cannot be told from what is, within the same instant.
            return None if any(month in one.charged and one.charged[month].wage == fen for month in months) else True

        def undo() -> None:
            for wage in made:
                one.forget(wage)

        self._did(pk, None, may, undo, is_reviewed=is_reviewed)

    def _refundable(self, who: int) -> list[ModelPerson]:
        """Whose last charges may go back; from `MOST` on also others."""
        some = [one for one in self.people[1:] if one.charged]
        return [
            one for one in some if who > MOST or max(one.charged) < self.month and max(one.charged) not in one.claimed
        ]

    @precondition(lambda self: self._refundable(0))
    @rule(
        who=ANYBODY, count=st.sampled_from([1, 1, 2, 3]), off=st.sampled_from([0, 0, 0, 0, -1, 1]),
        service=st.sampled_from(list(REFUNDS)), is_reviewed=REVIEWED,
    )  # fmt: skip
    def refund_leaver(self, who, count, off, service, is_reviewed):
        """Usually the last months that were charged, of somebody who left or leaves now, too late for them."""
        some = self._refundable(who)
        one = some[who % len(some)]
        if one.is_open and who < 80:
            self._end(one, max(self.month, max(self.settled).next()), is_reviewed=is_reviewed)
        last = max(one.charged).next(off)
        months = months_between(last.previous(count - 1), last)
        raw = {
            "id_number": one.number, "name": one.name, "first_month": str(months[0]), "last_month": str(last),
            "note": "早已离职",
        }  # fmt: skip
        how = REFUNDS[service]
        is_legal = self._is_refundable(one, months, at_once=how != "next_bill")
        if not (pk := self._declare(service, raw, is_legal, is_reviewed=is_reviewed)):
            return
        self._did(pk, None, lambda: False, lambda: None, is_reviewed=is_reviewed)
        one.claimed |= set(months)
        one.end_before(months[0])
        if how == "next_bill":
            return
        dues = [(month, *due) for month in months for due in one.charged[month].dues.items()]
        demand = Demand((), [Return(one, *due) for due in dues])
        bill = Bill.objects.live().order_by("pk").last()
        assert bill.total_due == demand.total
        demand.carry_out(bill.pk)
        if how == "credit":
            self.credit -= demand.total
        else:
            self.into_bank += demand.total
        self.refunds.append(demand)

    def _is_refundable(self, one: ModelPerson, months: list[Month], *, at_once: bool) -> bool:
        if one.is_open or not set(months) <= one.charged.keys() - one.claimed or months[-1] != max(one.charged):
            return False
        if months[-1] >= self.month or months[0] < self.month.previous(BACK_MONTHS):
            return False
        if one.spells and months[0] <= min(spell.first for spell in one.spells):
            return False
        behind = {pk for month in months for pk in one.charged[month].bills}
        return not (at_once and any(self.bills[pk].open() > 0 for pk in behind))

    @precondition(lambda self: self.acts)
    @rule(which=ANYBODY)
    def undo(self, which):
        """Often the newest case that nobody reviewed."""
        act = self.acts[-1 - max(which - 50, 0) % len(self.acts)]
        is_legal = (act.month is None or max(self.settled) < act.month) and act.may()
        if self._hall(lambda: undo_declarations([act.pk], by=self.clerk), is_legal):
            self.acts.remove(act)
            act.undo()
