"""Rules of the money's random lives: what clerks declare about people, through the hall's own pipe."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

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
from shebao.rules.months import Month

from ..factories import synthetic_id
from .model_people import ModelPerson

WAGES = st.integers(200_000, 3_000_000)
ANYBODY, MOST = st.integers(0, 99), 85
"""A number that chooses somebody; above `MOST` also somebody for whom it is refused."""
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
    "back_payment_withdrawal": """
  operation: withdraw_back_payments
  form: back_payment_waiting
  checks: [id_number_valid, enrolled_first, already_declared, back_payments_waiting]""",
    "wage_correction": f"""
  operation: correct_wages
  form: wage_correction
  months_back: {BACK_MONTHS}
  checks: [id_number_valid, already_declared, correctable_months, wage_limits]""",
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
    "leaver_paid": """
  operation: refund_leavers
  form: leaver_refund
  refund: paid_out
  checks: [id_number_valid, already_declared, refundable_months]""",
}
ROUTES = {"": "[auto_check]", "_reviewed": "[auto_check, first_review]\n  decide_within: 3"}
REVIEWED = st.sampled_from([False] * 5 + [True])


class Act(NamedTuple):
    """A case that took effect at once: from which month on (None: it looks back), and what undoes it where it may."""

    pk: int
    month: Month | None
    may: Callable[[], bool]
    undo: Callable[[], object]


class Pending(NamedTuple):
    """A case that waits for the agency since a month; whom it stops, where it does."""

    pk: int
    since: Month
    may: Callable[[], bool]
    effect: Callable[[], object]
    stops: ModelPerson | None = None


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

    def _declare(self, service: str, raw: dict, is_legal: bool | None, *, is_reviewed: bool) -> int | None:
        """A clerk's case on its whole way: what may be saved may be submitted and approved."""
        pk = self._save(service + "_reviewed" * is_reviewed, raw, is_legal)
        if pk and is_reviewed:
            with pretending(self.at):
                approve_declarations([pk], by=self.reviewer)
        return pk

    def _did(self, pk: int, month: Month | None, may: Callable, undo: Callable, *, is_reviewed: bool) -> None:
        """A case took effect: where nobody reviewed it, the employer may take it back."""
        if not is_reviewed:
            self.acts.append(Act(pk, month, may, undo))

    def _person(self, number: int) -> ModelPerson:
        return self.people[number % len(self.people)]

    def _has_others(self) -> bool:
        return any(one.is_open for one in self.people[1:])

    def _other(self, number: int) -> ModelPerson:
        """Not the first of them, so that there is somebody to be settled; now and then somebody who left before."""
        others = [one for one in self.people[1:] if one.is_open or number > MOST]
        return others[number % len(others)]

    def _is_in_reach(self, month: Month, ahead: int) -> bool:
        """Neither settled nor too far away."""
        free, latest = max(self.settled).next() if self.settled else None, self.month.next(ahead)
        if free == self.month.next():
            latest = max(latest, free)
        return max(self.month.previous(BACK_MONTHS), free or Month(2026, 1)) <= month <= latest

    @rule(fen=WAGES, months=st.sampled_from([0, 0, 1, -1, -2]), who=st.none() | ANYBODY, is_reviewed=REVIEWED)
    def enrol(self, fen, months, who, is_reviewed):
        """Somebody new or, where a number is drawn, somebody who left; now and then somebody who did not."""
        count, month = len(self.people) + 1, self.month.next(months)
        new = ModelPerson(synthetic_id(sequence=count), f"李{chr(0x4E00 + count)}")
        some = [] if who is None else [one for one in self.people if not one.is_open or who > MOST]
        self._enrol(some[who % len(some)] if some else new, month, fen, is_reviewed=is_reviewed)

    def _enrol(self, one: ModelPerson, month: Month, fen: int, *, is_reviewed: bool) -> None:
        is_back = bool(one.reaching(month))
        raw = {
            "id_kind": "07", "id_number": one.number, "name": one.name, "enrolment_kind": "11", "household": "40",
            "employment_kind": "41", "contract_from": "2026-01-01", "position": "2", "enrolment_month": str(month),
            "declared_wage": in_words(fen),
        }  # fmt: skip
        is_legal = self._is_in_reach(month, 0) and not is_back
        if not (pk := self._declare("employee_enrolment", raw, is_legal, is_reviewed=is_reviewed)):
            return
        self.people += [] if one in self.people else [one]
        spell, wage = one.enrol(month), one.declare(month, fen, is_anew=True)

        def may() -> bool:
            return not one.waiting and one.may_forget(wage) and not (spell in one.spells and spell.is_stopped)

        def undo() -> None:
            one.spells = [other for other in one.spells if other is not spell]
            one.forget(wage)

        self._did(pk, month, may, undo, is_reviewed=is_reviewed)

    @precondition(_has_others)
    @rule(who=ANYBODY, months=st.sampled_from([0, 0, 1, 1, -1, -2]), is_reviewed=REVIEWED, fen=st.none() | WAGES)
    def stop(self, who, months, is_reviewed, fen):
        """Who leaves may be enrolled anew at once, at another wage."""
        one, month = self._other(who), self.month.next(months)
        if self._end(one, month, is_reviewed=is_reviewed) and fen:
            self._enrol(one, month, fen, is_reviewed=is_reviewed)

    def _end(self, one: ModelPerson, month: Month, *, is_reviewed: bool) -> bool:
        raw, is_legal = self._stop(one, month)
        if is_reviewed and self.pending and self.pending.stops is one:
            is_legal = False
        if pk := self._declare("employee_cessation", raw, is_legal, is_reviewed=is_reviewed):
            spell = one.end(month.previous())
            self._did(pk, month, lambda: one.may_reopen(spell), spell.reopen, is_reviewed=is_reviewed)
        return bool(pk)

    def _stop(self, one: ModelPerson, month: Month) -> tuple[dict, bool]:
        is_legal = self._is_in_reach(month, 1) and one.may_end(month) and not self._is_in_arrears(one)
        return {
            "id_number": one.number, "name": one.name, "cessation_month": str(month), "reason": "6301",
        }, is_legal  # fmt: skip

    def _is_in_arrears(self, one: ModelPerson) -> bool:
        bills = (bill for bill in self.bills.values() if one in bill.demand.people)
        return any(bill.open() > 0 and bill.due < self.at.date() for bill in bills)

    def _wage(self, one: ModelPerson, month: Month, fen: int) -> tuple[dict, bool]:
        is_legal = self._is_in_reach(month, 1) and min(one.reaching(month), default=month.next()) <= month
        raw = {"id_number": one.number, "name": one.name, "first_month": str(month), "declared_wage": in_words(fen)}
        return raw, is_legal

    @precondition(_has_others)
    @rule(who=ANYBODY, months=st.sampled_from([-1, 0, 1, 1]), fen=WAGES, is_reviewed=REVIEWED)
    def change_base(self, who, months, fen, is_reviewed):
        one, month = self._other(who), self.month.next(months)
        if pk := self._declare("wage_declaration", *self._wage(one, month, fen), is_reviewed=is_reviewed):
            wage = one.declare(month, fen)
            self._did(pk, month, lambda: one.may_forget(wage), lambda: one.forget(wage), is_reviewed=is_reviewed)

    @precondition(lambda self: self.pending is None)
    @rule(fen=st.integers(600_000, 2_200_000), months=st.sampled_from([0, 0, 0, 1]), who=st.none() | ANYBODY)
    def submit(self, fen, months, who):
        """A wage of the first of them, whom no other rule declares; or that somebody stops, which may be in vain once
        it is decided: another case stops them, or their enrolment is undone.
        """
        month = self.month.next(months)
        if who is None or not self._has_others():
            one = self.people[0]
            if pk := self._save("wage_declaration_reviewed", *self._wage(one, month, fen)):
                self.pending = Pending(pk, self.month, lambda: True, lambda: one.declare(month, fen))
            return
        one, month = self._other(who), month.previous(who % 2)
        if pk := self._save("employee_cessation_reviewed", *self._stop(one, month)):
            last = month.previous()
            self.pending = Pending(pk, self.month, lambda: one.may_end(month), lambda: one.end(last), one)

    @precondition(lambda self: self.pending is not None)
    @rule(how=st.sampled_from(["approve", "approve", "return", "withdraw"]), is_late=st.booleans())
    def review(self, how, is_late):
        """Or after a month, which its employer settles then: it was not to blame."""
        pk = self.pending.pk
        if is_late:
            self.let_a_month_pass()
        if how == "approve" and self._hall(
            lambda: approve_declarations([pk], by=self.reviewer), self.pending.may()
        ):  # fmt: skip
            self.pending.effect()
        else:
            with pretending(self.at):
                if how == "withdraw":
                    withdraw_declaration(pk, by=self.clerk)
                else:
                    return_declaration(pk, by=self.reviewer, marks={}, note="请核对")
                delete_declarations([pk], by=self.clerk)
        if how != "withdraw":
            self.decisions.append((self.pending.since, self.at.date()))
        self.pending = None
        if is_late and (month := self._late_month()):
            self._settle(month, in_bulk=False)
