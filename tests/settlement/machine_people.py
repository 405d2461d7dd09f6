"""Rules of the money's random lives: what clerks declare about people, through the hall's own pipe."""

from collections.abc import Callable
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shebao.hall.clock import pretending
from shebao.hall.declarations.operations import (
    InvalidDeclaration,
    approve_declarations,
    delete_declarations,
    return_declaration,
    save_declarations,
    submit_declarations,
    withdraw_declaration,
)
from shebao.hall.errors import Refused
from shebao.hall.settlement.models import Bill
from shebao.rules.months import Month, months_between

from ..factories import synthetic_id
from .model_people import Change, Charge, Demand, ModelPerson, Return, month_dues

WAGES = st.integers(200_000, 3_000_000)
ANYBODY = st.integers(0, 99)
REASONS = dict.fromkeys(("month_window", "wage_limits"), "已核对")
BACK_MONTHS = 3
IN_TIME, PAYING_BACK = "month_window, wage_limits", "enrolled_first, already_declared, back_payment_months, wage_limits"
SERVICES = {
    "employee_enrolment": f"""
  operation: enrol_employees
  form: employee_enrolment
  checks: [id_number_valid, already_declared, already_enrolled, enrolled_elsewhere, age_limits, {IN_TIME}]""",
    "employee_cessation": """
  operation: cease_employees
  form: employee_cessation
  checks: [id_number_valid, not_enrolled, already_declared, month_window, has_arrears]""",
    "wage_declaration": f"""
  operation: declare_wages
  form: wage_declaration
  checks: [id_number_valid, not_enrolled, already_declared, {IN_TIME}]""",
    "back_payment": f"""
  operation: make_back_payments
  form: back_payment
  checks: [id_number_valid, {PAYING_BACK}]""",
    "back_payment_apart": f"""
  operation: make_back_payments
  form: back_payment
  back_paying: {{bill: own}}
  checks: [id_number_valid, {PAYING_BACK}]""",
    "leaver_refund": """
  operation: refund_leavers
  form: leaver_refund
  refund: next_bill
  checks: [id_number_valid, already_declared, refundable_months]""",
    "leaver_credit": """
  operation: refund_leavers
  form: leaver_refund
  refund: credit
  checks: [id_number_valid, already_declared, refundable_months]""",
}
ROUTES = {"": "[auto_check]", "_reviewed": "[auto_check, first_review]\n  decide_within: 3"}
REVIEWED = st.sampled_from([False, False, False, True])


def services() -> str:
    """services.yaml: everything may take effect at once, and everything may be reviewed."""
    rows = ((key + more, text, route) for key, text in SERVICES.items() for more, route in ROUTES.items())
    return "".join(f"{key}:\n  title: {key}{text}\n  route: {route}\n" for key, text, route in rows)


def in_words(fen: int) -> str:
    """An amount as somebody types it."""
    return f"{fen / 100:.2f}"


class PeopleRules:
    """What `MoneyMachine` declares about people; each rule knows before whether the hall may refuse it."""

    def _hall(self, deed: Callable, is_legal: bool | None):
        """What the hall makes of a deed: refused exactly where the model says so (None: as it likes)."""
        with pretending(self.at):
            try:
                done = deed()
            except (Refused, InvalidDeclaration) as no:
                assert not is_legal, f"refused: {no} {[one.blocking for one in getattr(no, 'previews', ())]}"
                return None
        assert is_legal is not False, "not refused"
        return done

    def _save(self, service: str, raw: dict, is_legal: bool | None) -> int | None:
        """A clerk's case; None where it was refused. One that waits is submitted."""
        saved = partial(save_declarations, self.employer.pk, service, [raw], by=self.clerk, confirmed=[REASONS])
        if not (made := self._hall(saved, is_legal)):
            return None
        if made[0].waits:
            with pretending(self.at):
                assert submit_declarations([made[0].pk], by=self.clerk).submitted
        return made[0].pk

    def _declare(self, service: str, raw: dict, is_legal: bool | None, *, is_reviewed: bool) -> bool:
        """A clerk's case on its whole way: what may be saved may be submitted and approved."""
        pk = self._save(service + "_reviewed" * is_reviewed, raw, is_legal)
        if pk and is_reviewed:
            with pretending(self.at):
                approve_declarations([pk], by=self.reviewer)
        return bool(pk)

    def _person(self, number: int) -> ModelPerson:
        return self.people[number % len(self.people)]

    def _is_in_reach(self, month: Month, ahead: int) -> bool:
        """Neither settled nor too far away."""
        free, latest = max(self.settled).next() if self.settled else None, self.month.next(ahead)
        if free == self.month.next():
            latest = max(latest, free)
        return max(self.month.previous(BACK_MONTHS), free or Month(2026, 1)) <= month <= latest

    @rule(fen=WAGES, months=st.sampled_from([0, 0, 1, -1, -2]), who=st.none() | ANYBODY, is_reviewed=REVIEWED)
    def enrol(self, fen, months, who, is_reviewed):
        """Somebody new or, where a number is drawn, somebody who may have left."""
        count, month = len(self.people) + 1, self.month.next(months)
        new = ModelPerson(synthetic_id(sequence=count), f"李{chr(0x4E00 + count)}", [], {})
        one = new if who is None else self._person(who)
        is_back = bool(one.reaching(month))
        raw = {
            "id_kind": "07", "id_number": one.number, "name": one.name, "enrolment_kind": "11", "household": "11",
            "employment_kind": "41", "contract_from": "2026-01-01", "position": "2", "enrolment_month": str(month),
            "declared_wage": in_words(fen),
        }  # fmt: skip
        is_legal = self._is_in_reach(month, 0) and not is_back
        if self._declare("employee_enrolment", raw, is_legal, is_reviewed=is_reviewed):
            self.people += [new] if who is None else []
            one.spells.append((month, None))
            one.wages[month] = fen

    @rule(who=ANYBODY, months=st.sampled_from([0, 0, 1, 1, -1, -2]), is_reviewed=REVIEWED)
    def stop(self, who, months, is_reviewed):
        """Not the first of them, so that there is somebody to be settled; now and then somebody who left before."""
        others = [one for one in self.people[1:] if one.is_open or who > 80] or self.people[1:]
        self._end(others[who % len(others)], self.month.next(months), is_reviewed=is_reviewed)

    def _end(self, one: ModelPerson, month: Month, *, is_reviewed: bool) -> None:
        open_since = max((first for first, last in one.spells if last is None), default=month)
        is_legal = self._is_in_reach(month, 1) and open_since < month and not self._is_in_arrears(one)
        raw = {"id_number": one.number, "name": one.name, "cessation_month": str(month), "reason": "6301"}
        if self._declare("employee_cessation", raw, is_legal, is_reviewed=is_reviewed):
            one.end(month.previous())

    def _is_in_arrears(self, one: ModelPerson) -> bool:
        bills = (bill for bill in self.bills.values() if one in bill.demand.people)
        return any(bill.open() > 0 and bill.due < self.at.date() for bill in bills)

    def _wage(self, one: ModelPerson, month: Month, fen: int) -> tuple[dict, bool]:
        is_legal = self._is_in_reach(month, 1) and min(one.reaching(month), default=month.next()) <= month
        raw = {"id_number": one.number, "name": one.name, "first_month": str(month), "declared_wage": in_words(fen)}
        return raw, is_legal

    @rule(who=ANYBODY, months=st.integers(-1, 1), fen=WAGES, is_reviewed=REVIEWED)
    def change_base(self, who, months, fen, is_reviewed):
        one, month = self.people[1:][who % (len(self.people) - 1)], self.month.next(months)
        if self._declare("wage_declaration", *self._wage(one, month, fen), is_reviewed=is_reviewed):
            one.wages[month] = fen

    @precondition(lambda self: self.pending is None)
    @rule(fen=st.integers(600_000, 2_200_000), months=st.sampled_from([0, 0, 0, 1]))
    def submit(self, fen, months):
        """A wage of the first of them, whom no other rule declares."""
        month = self.month.next(months)
        if pk := self._save("wage_declaration_reviewed", *self._wage(self.people[0], month, fen)):
            self.pending, self.pending_since, self.pending_wage = pk, self.month, (month, fen)

    @precondition(lambda self: self.pending is not None)
    @rule(how=st.sampled_from(["approve", "return", "withdraw"]))
    def review(self, how):
        with pretending(self.at):
            if how == "approve":
                approve_declarations([self.pending], by=self.reviewer)
                month, fen = self.pending_wage
                self.people[0].wages[month] = fen
            elif how == "return":
                return_declaration(self.pending, by=self.reviewer, marks={}, note="请核对")
            else:
                withdraw_declaration(self.pending, by=self.clerk)
            if how != "approve":
                delete_declarations([self.pending], by=self.clerk)
        self.pending, self.decided_on = None, self.at.date()

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
        if is_legal and any(month in self.provisional for month in unsettled):
            is_legal = False
        elif is_legal and unsettled and (self.pending or self._was_just_decided()):
            is_legal = None
        service = "back_payment_apart" if is_apart else "back_payment"
        if not self._declare(service, raw, is_legal, is_reviewed=is_reviewed):
            return
        one.waiting |= dict.fromkeys(months, fen)
        if is_apart:
            on = self.at.date()
            demand = Demand(Change(one, month, None, Charge(fen, month_dues(month, fen, on)), fen) for month in months)
            self._take_bill(Bill.objects.live().order_by("pk").last(), demand, is_own=True)

    @precondition(lambda self: any(one.charged for one in self.people[1:]))
    @rule(
        who=ANYBODY, count=st.sampled_from([1, 1, 2, 3]), off=st.sampled_from([0, 0, 0, 0, -1, 1]),
        is_credit=st.booleans(), is_reviewed=REVIEWED,
    )  # fmt: skip
    def refund_leaver(self, who, count, off, is_credit, is_reviewed):
        """Usually the last months that were charged, of somebody who left or leaves now, too late for them."""
        some = [one for one in self.people[1:] if one.charged]
        one = some[who % len(some)]
        if one.is_open and who < 80:
            self._end(one, max(self.month, max(self.settled).next()), is_reviewed=is_reviewed)
        last = max(one.charged).next(off)
        months = months_between(last.previous(count - 1), last)
        raw = {
            "id_number": one.number, "name": one.name, "first_month": str(months[0]), "last_month": str(last),
            "note": "早已离职",
        }  # fmt: skip
        service = "leaver_credit" if is_credit else "leaver_refund"
        is_legal = self._is_refundable(one, months, is_credit)
        if not self._declare(service, raw, is_legal, is_reviewed=is_reviewed):
            return
        one.claimed |= set(months)
        one.end_before(months[0])
        if is_credit:
            dues = [(month, *due) for month in months for due in one.charged[month].dues.items()]
            demand = Demand((), [Return(one, *due) for due in dues])
            bill = Bill.objects.live().order_by("pk").last()
            assert bill.total_due == demand.total
            demand.carry_out(bill.pk)
            self.credit -= demand.total
            self.refunds.append(demand)

    def _is_refundable(self, one: ModelPerson, months: list[Month], is_credit: bool) -> bool:
        if one.is_open or not set(months) <= one.charged.keys() - one.claimed or months[-1] != max(one.charged):
            return False
        if months[-1] >= self.month or months[0] < self.month.previous(BACK_MONTHS):
            return False
        if months[0] <= min(first for first, _ in one.spells):
            return False
        behind = {pk for month in months for pk in one.charged[month].bills}
        return not (is_credit and any(self.bills[pk].open() > 0 for pk in behind))
